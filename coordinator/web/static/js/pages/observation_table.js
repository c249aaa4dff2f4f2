// Results of inspections, newest first, asked for again as new ones are stored.
import { useEffect, useState } from "preact/hooks";
import { get } from "../api.js";
import { clock, number, percent } from "../format.js";
import { html } from "../html.js";
import { Badge, Empty, Table } from "../parts.js";
import { href } from "../route.js";
import { plant, replayed, second, totals } from "../store.js";
import { t, word } from "../words.js";

const SHOWN_TYPES = ["image/png", "image/jpeg", "image/webp"];

/** Rows of REST's observations; refreshed whenever the coordinator has stored another one. */
export function useObservations(query) {
  const [rows, setRows] = useState(null);
  const stored = totals.value?.observations_stored_count ?? 0;
  const key = new URLSearchParams(query).toString();
  useEffect(() => {
    let isShown = true;
    get(`/api/v1/observations?${key}`)
      .then((found) => isShown && setRows(found))
      .catch(() => {});
    return () => {
      isShown = false;
    };
  }, [key, stored]);
  return rows && (replayed.value ? rows.filter((row) => row.stored_s <= second.value) : rows);
}

export function taskOf(observation) {
  const point = plant.value.pointsById.get(observation.point_id);
  return point?.tasks.find((task) => task.task_id === observation.task_id);
}

/** Which limit a value breaks: high_high, high, low, low_low, or null. */
export function brokenLimit(value, limits) {
  if (value === null || !limits) return null;
  if (limits.high_high !== null && value >= limits.high_high) return "high_high";
  if (limits.low_low !== null && value <= limits.low_low) return "low_low";
  if (limits.high !== null && value >= limits.high) return "high";
  if (limits.low !== null && value <= limits.low) return "low";
  return null;
}

export function Value({ observation }) {
  if (observation.value === null) return html`<span class="quiet">${t("no_value")}</span>`;
  const broken = brokenLimit(observation.value, taskOf(observation)?.limits);
  return html`<b class="digits">${number(observation.value)}</b> ${observation.unit}
    ${broken ? html` <${Badge} tone=${broken.includes("_") ? "bad" : "warn"}>${word("limit", broken)}<//>` : null}`;
}

export const blobAddress = (observation) =>
  `/api/v1/blobs/${observation.blob_sha256}?media_type=${encodeURIComponent(observation.blob_type)}`;

export const isPicture = (observation) => observation.blob_sha256 && SHOWN_TYPES.includes(observation.blob_type);

function Picture({ observation }) {
  if (!observation.blob_sha256) return "–";
  return html`<a href=${blobAddress(observation)} target="_blank" rel="noopener">${isPicture(observation) ? t("picture") : t("file")}</a>`;
}

export function ObservationTable({ rows, onRow, selected }) {
  if (rows === null) return html`<${Empty}>${t("loading")}<//>`;
  if (!rows.length) return html`<${Empty}>${t("no_observations")}<//>`;
  const columns = [
    { key: "taken", title: t("taken"), sort: (row) => row.observation.taken_s, down: true, cell: (row) => clock(row.observation.taken_s, second.value) },
    { key: "point", title: t("point"), sort: (row) => row.observation.point_id, cell: (row) => html`<a class="name" href=${href("observations", row.observation.point_id)}>${row.observation.point_id}</a>` },
    { key: "task", title: t("task"), cell: (row) => row.observation.task_id.replace(`${row.observation.point_id}.`, "") },
    { key: "value", title: t("value"), cell: (row) => html`<${Value} observation=${row.observation} />` },
    { key: "quality", title: t("quality"), className: "number", sort: (row) => row.observation.quality_ratio, cell: (row) => percent(row.observation.quality_ratio) },
    { key: "robot", title: t("robot"), sort: (row) => row.robot_id, cell: (row) => html`<a href=${href("robots", row.robot_id)}>${row.robot_id}</a>` },
    { key: "picture", title: t("picture"), cell: (row) => html`<${Picture} observation=${row.observation} />` },
  ];
  return html`<${Table}
    label=${t("page.observations")}
    columns=${columns}
    rows=${rows}
    rowKey=${(row) => `${row.robot_id}.${row.observation.counter}`}
    onRow=${onRow}
    selected=${selected}
  />`;
}
