// The rounds board: every inspection point with how long ago it was visited, against its period.
import { useState } from "preact/hooks";
import { draft } from "../draft.js";
import { ago, percent, span } from "../format.js";
import { html } from "../html.js";
import { Bar, Button, Empty, PointBadge, Table, Tile } from "../parts.js";
import { go, href } from "../route.js";
import { ageRatio, plant, points, pointState, second, totals } from "../store.js";
import { t } from "../words.js";

// The bar is full at twice the period.
const BAR_RATIO = 2;
const TONES = { ok: "good", due: "warn", overdue: "bad", none: "plain" };
const STATES = ["all", "ok", "due", "overdue", "none"];

export function RoundsPage() {
  const [wanted, setWanted] = useState("all");
  const [search, setSearch] = useState("");
  const at_s = second.value;
  const all = [...points.value.values()].map((point) => ({
    ...point,
    spec: plant.value.pointsById.get(point.point_id),
    ratio: ageRatio(point, at_s),
    state: pointState(point, at_s),
  }));
  const count = (state) => all.filter((row) => state === "all" || row.state === state).length;
  const text = search.toLowerCase();
  const rows = all.filter(
    (row) =>
      (wanted === "all" || row.state === wanted) &&
      `${row.point_id} ${row.spec.tag} ${row.spec.node_id} ${row.robot_id ?? ""}`.toLowerCase().includes(text),
  );
  const late = totals.value && totals.value.visits_count ? totals.value.late_visits_count / totals.value.visits_count : 0;
  return html`<div class="page">
    <header class="page-head">
      <h1>${t("page.rounds")}</h1>
      <span class="spring"></span>
      <label class="field inline"><span>${t("search")}</span><input name="search" value=${search} placeholder=${t("point_hint")} onInput=${(event) => setSearch(event.target.value)} /></label>
      <${Button} icon="plus" onClick=${() => draft.addAll(rows.map((row) => row.point_id)) || go("missions", "new")} disabled=${!rows.length || rows.length > 10000}>
        ${t("mission_of_these", { n: rows.length })}
      <//>
    </header>
    <div class="tiles">
      ${STATES.filter((state) => state !== "none" || count("none")).map(
        (state) =>
          html`<${Tile} key=${state} label=${t(`rounds.${state}`)} value=${count(state)} tone=${count(state) ? (TONES[state] ?? "") : ""} pressed=${wanted === state} onClick=${() => setWanted(state)} />`,
      )}
      <${Tile} label=${t("visits")} value=${totals.value?.visits_count ?? 0} />
      <${Tile} label=${t("late_visits")} value=${percent(late)} />
    </div>
    ${rows.length ? html`<${Board} rows=${rows} at_s=${at_s} />` : html`<${Empty}>${t("no_points")}<//>`}
  </div>`;
}

function dueText(row, at_s) {
  if (row.state === "none") return t("on_demand");
  return row.due_s > at_s ? t("in", { span: span(row.due_s - at_s) }) : t("late_by", { span: span(at_s - row.due_s) });
}

function Board({ rows, at_s }) {
  const level = (row) => plant.value.nodesById.get(row.spec.node_id)?.level_id;
  const columns = [
    { key: "id", title: t("point"), sort: (row) => row.point_id, cell: (row) => html`<a class="name" href=${href("observations", row.point_id)}>${row.point_id}</a>` },
    { key: "tag", title: t("tag"), className: "wide", sort: (row) => row.spec.tag, cell: (row) => row.spec.tag },
    { key: "state", title: t("state"), sort: (row) => STATES.indexOf(row.state), down: true, cell: (row) => html`<${PointBadge} state=${row.state} />` },
    {
      key: "age",
      title: t("age_of_period"),
      sort: (row) => row.ratio ?? -1,
      down: true,
      cell: (row) => (row.ratio === null ? "–" : html`<span class="progress"><${Bar} ratio=${row.ratio / BAR_RATIO} mark=${1 / BAR_RATIO} tone=${TONES[row.state]} /><span class="digits">${percent(row.ratio)}</span></span>`),
    },
    { key: "due", title: t("due"), sort: (row) => row.due_s ?? Infinity, cell: (row) => dueText(row, at_s) },
    { key: "last", title: t("last_visit"), sort: (row) => row.last_visit_s ?? 0, cell: (row) => ago(row.last_visit_s, at_s) },
    { key: "period", title: t("period"), className: "number", sort: (row) => row.spec.period_s ?? Infinity, cell: (row) => (row.spec.period_s ? span(row.spec.period_s) : "–") },
    { key: "robot", title: t("robot_on_way"), sort: (row) => row.robot_id ?? "~", cell: (row) => (row.robot_id ? html`<a href=${href("robots", row.robot_id)}>${row.robot_id}</a>` : "–") },
    { key: "level", title: t("level"), sort: level, cell: level },
    { key: "visits", title: t("visits"), className: "number", sort: (row) => row.visit_count, down: true, cell: (row) => row.visit_count },
  ];
  return html`<${Table} label=${t("page.rounds")} columns=${columns} rows=${rows} rowKey=${(row) => row.point_id} onRow=${(row) => go("observations", row.point_id)} initialSort=${{ key: "age", down: true }} />`;
}
