// What was seen: the newest of all points, or one point with its trend and its limits.
import { useState } from "preact/hooks";
import { ago, percent, span } from "../format.js";
import { html } from "../html.js";
import { Button, Choice, Empty, Facts, PointBadge } from "../parts.js";
import { draft } from "../draft.js";
import { go, href } from "../route.js";
import { ageRatio, plant, points, pointState, second } from "../store.js";
import { t, word } from "../words.js";
import { ObservationTable, blobAddress, brokenLimit, isPicture, taskOf, useObservations } from "./observation_table.js";
import { Trend } from "../trend.js";

const FILTERS = ["all", "beyond", "pictures"];

export const ObservationsPage = ({ name }) =>
  name ? html`<${PointPage} key=${name} name=${name} />` : html`<${Newest} />`;

function Newest() {
  const [filter, setFilter] = useState("all");
  const rows = useObservations({ limit: 200 });
  const isWanted = ({ observation }) =>
    filter === "all" ||
    (filter === "beyond" ? brokenLimit(observation.value, taskOf(observation)?.limits) !== null : Boolean(observation.blob_sha256));
  return html`<div class="page">
    <header class="page-head">
      <h1>${t("page.observations")}</h1>
      <${Choice} label=${t("filter")} options=${FILTERS.map((key) => [key, t(`observations.${key}`)])} value=${filter} onChange=${setFilter} />
      <span class="spring"></span>
      <${PointSearch} />
    </header>
    <${ObservationTable} rows=${rows && rows.filter(isWanted)} onRow=${(row) => go("observations", row.observation.point_id)} />
  </div>`;
}

function PointSearch() {
  const show = (event) => {
    const name = event.target.value.trim();
    if (plant.value.pointsById.has(name)) go("observations", name);
  };
  return html`<label class="field inline">
    <span>${t("point")}</span>
    <input list="all-points" name="point" placeholder=${t("point_hint")} onChange=${show} />
    <datalist id="all-points">
      ${plant.value.points.map((point) => html`<option key=${point.point_id} value=${point.point_id}>${point.tag}</option>`)}
    </datalist>
  </label>`;
}

function PointPage({ name }) {
  const rows = useObservations({ point_id: name, limit: 500 });
  const spec = plant.value.pointsById.get(name);
  const [taskId, setTask] = useState(null);
  if (!spec) return html`<div class="page"><${Empty}>${t("no_such", { name })}<//></div>`;
  const task = spec.tasks.find((item) => item.task_id === taskId) ?? spec.tasks.find((item) => item.unit) ?? spec.tasks[0];
  const of = (rows ?? []).filter((row) => row.observation.task_id === task.task_id);
  const pictures = of.filter((row) => isPicture(row.observation)).slice(0, 6);
  return html`<div class="page">
    <header class="page-head">
      <h1><a href=${href("observations")}>${t("page.observations")}</a> / ${name}</h1>
      <span class="quiet">${spec.tag}</span>
      <span class="spring"></span>
      <${Button} icon="follow" onClick=${() => go("map", null, { point: name })}>${t("show_on_map")}<//>
      <${Button} icon="plus" onClick=${() => draft.add(name) || go("missions", "new")}>${t("to_mission")}<//>
    </header>
    <div class="columns">
      <section class="card wide">
        <h2>${t("trend")}</h2>
        ${spec.tasks.length > 1
          ? html`<${Choice} label=${t("task")} options=${spec.tasks.map((item) => [item.task_id, item.task_id.replace(`${name}.`, "")])} value=${task.task_id} onChange=${setTask} />`
          : null}
        ${of.some((row) => row.observation.value !== null)
          ? html`<${Trend} rows=${of} task=${task} />`
          : html`<${Empty}>${rows === null ? t("loading") : t("no_values")}<//>`}
      </section>
      <section class="card">
        <h2>${t("point")}</h2>
        <${PointFacts} spec=${spec} task=${task} />
      </section>
    </div>
    ${pictures.length
      ? html`<section class="card">
          <h2>${t("pictures")}</h2>
          <div class="pictures">
            ${pictures.map((row) => html`<a key=${row.observation.counter} href=${blobAddress(row.observation)} target="_blank" rel="noopener"><img loading="lazy" src=${blobAddress(row.observation)} alt=${t("picture_of", { point: name })} /></a>`)}
          </div>
        </section>`
      : null}
    <section class="card">
      <h2>${t("last_observations")}</h2>
      <${ObservationTable} rows=${rows} />
    </section>
  </div>`;
}

export function PointFacts({ spec, task }) {
  const point = points.value.get(spec.point_id);
  if (!point) return null;
  const ratio = ageRatio(point, second.value);
  const limits = task?.limits;
  const limitText = limits && ["low_low", "low", "high", "high_high"].filter((key) => limits[key] !== null).map((key) => `${word("limit", key)} ${limits[key]}`).join(" · ");
  return html`<${Facts}
    rows=${[
      [t("state"), html`<${PointBadge} state=${pointState(point, second.value)} />`],
      [t("last_visit"), ago(point.last_visit_s, second.value)],
      [t("period"), spec.period_s ? span(spec.period_s) : t("on_demand")],
      [t("age_ratio"), ratio === null ? null : percent(ratio)],
      [t("visits"), point.visit_count],
      [t("robot"), point.robot_id ? html`<a href=${href("robots", point.robot_id)}>${point.robot_id}</a>` : null],
      [t("node"), spec.node_id],
      [t("tasks"), spec.tasks.map((item) => word("task", item.task_type)).join(", ")],
      [t("limits"), limitText ? `${limitText} ${task.unit}` : null],
    ]}
  />`;
}
