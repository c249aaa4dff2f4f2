// What was picked on the map, and what can be done with it.
import { useState } from "preact/hooks";
import { closeEdge, openEdge } from "../api.js";
import { draft } from "../draft.js";
import { clock, span } from "../format.js";
import { html } from "../html.js";
import { Badge, Button, Empty, Facts, IconButton, PointBadge, ReasonDialog, RobotBadge } from "../parts.js";
import { go, href } from "../route.js";
import { edges, plant, pointState, points, robots, robotState, second } from "../store.js";
import { t, word } from "../words.js";
import { PointFacts } from "./observations.js";
import { RobotActions, RobotFacts, useRobot } from "./robots.js";

const CLOSE_FOR_H = ["", "0.5", "1", "2", "4", "8", "24"];

function Head({ kind, id, badge, close }) {
  return html`<header class="panel-head">
    <div><small>${word("kind", kind)}</small><h2>${id}</h2></div>
    ${badge}
    <${IconButton} icon="close" label=${t("close_window")} onClick=${close} />
  </header>`;
}

export function RobotPanel({ id, following, follow, close }) {
  const row = robots.value.get(id);
  const view = useRobot(row && id);
  if (!row) return html`<${Empty}>${t("no_such", { name: id })}<//>`;
  return html`<${Head} kind="robot" id=${id} badge=${html`<${RobotBadge} state=${robotState(row)} />`} close=${close} />
    <div class="actions">
      <button type="button" class="button" aria-pressed=${following} onClick=${() => follow(!following)}>${t("follow")}</button>
      <a class="button" href=${href("robots", id)}>${t("open_page")}</a>
    </div>
    <${RobotFacts} row=${row} view=${view} />
    <h3>${t("next_points")}</h3>
    <p>${row.next_point_ids.length ? row.next_point_ids.map((point, i) => html`${i ? ", " : ""}<a href=${href("observations", point)}>${point}</a>`) : "–"}</p>
    <${RobotActions} row=${row} />`;
}

export function PointPanel({ id, close }) {
  const spec = plant.value.pointsById.get(id);
  const row = points.value.get(id);
  if (!spec || !row) return html`<${Empty}>${t("no_such", { name: id })}<//>`;
  return html`<${Head} kind="point" id=${id} badge=${html`<${PointBadge} state=${pointState(row, second.value)} />`} close=${close} />
    <p class="quiet">${spec.tag}</p>
    <div class="actions">
      <${Button} icon="observations" onClick=${() => go("observations", id)}>${t("trend")}<//>
      <button type="button" class="button" aria-pressed=${draft.has(id)} onClick=${() => draft.toggle(id)}>${draft.has(id) ? t("in_mission") : t("to_mission")}</button>
    </div>
    <${PointFacts} spec=${spec} task=${spec.tasks.length === 1 ? spec.tasks[0] : null} />
    <p class="quiet">${t("shift_hint")}</p>`;
}

/** Robots that were released onto an edge, in either direction. */
function holders(edge) {
  const isOn = (nodes) => nodes.some((node, i) => i && [node, nodes[i - 1]].sort().join(" ") === [edge.start, edge.end].sort().join(" "));
  return [...robots.value.values()].filter((robot) => isOn(robot.base)).map((robot) => robot.robot_id);
}

export function EdgePanel({ id, close }) {
  const [isAsked, ask] = useState(false);
  const [hours, setHours] = useState("");
  const edge = plant.value.edgesById.get(id);
  if (!edge) return html`<${Empty}>${t("no_such", { name: id })}<//>`;
  const rows = [id, edge.reverse_id].map((name) => edges.value.get(name)).filter(Boolean);
  const closed = rows.find((row) => row.is_closed);
  const badge = edge.is_locked
    ? html`<${Badge} tone="plain">${t("locked")}<//>`
    : closed
      ? html`<${Badge} tone="bad">${closed.is_blockage ? t("blocked_way") : t("closed")}<//>`
      : html`<${Badge} tone="good">${t("open")}<//>`;
  const delay = Math.max(1, ...rows.map((row) => row.delay_ratio));
  return html`<${Head} kind="edge" id=${id} badge=${badge} close=${close} />
    <div class="actions">
      ${edge.is_locked
        ? html`<p class="quiet">${t("locked_text")}</p>`
        : closed
          ? html`<${Button} tone="main" onClick=${() => openEdge(closed.edge_id)}>${t("open_edge")}<//>`
          : html`<${Button} tone="stop" icon="lock" onClick=${() => ask(true)}>${t("close_edge")}<//>`}
    </div>
    <${Facts}
      rows=${[
        [t("reason"), closed?.reason],
        [t("by"), closed?.source],
        [t("opens"), closed ? (closed.until_s ? clock(closed.until_s, second.value) : t("by_hand")) : null],
        [t("held_by"), holders(edge).map((robot, i) => html`${i ? ", " : ""}<a href=${href("robots", robot)}>${robot}</a>`)],
        [t("travel_time"), delay > 1.05 ? t("times", { n: delay.toFixed(1) }) : t("as_usual")],
        [t("from_to"), `${edge.start} → ${edge.end}${edge.reverse_id ? " ↔" : ""}`],
        [t("length"), `${edge.length_m.toFixed(1)} m`],
        [t("width"), `${edge.width_m.toFixed(1)} m`],
        [t("speed_limit"), `${edge.max_speed_mps.toFixed(1)} m/s`],
        [t("door"), edge.device_id],
        [t("only_for"), edge.robot_type_ids.join(", ")],
      ]}
    />
    ${isAsked
      ? html`<${ReasonDialog}
          title=${`${t("close_edge")}: ${id}`}
          text=${t("close_edge_text")}
          action=${t("close_edge")}
          tone="stop"
          act=${(reason) => closeEdge(id, reason, hours ? Number(hours) * 3600 : null)}
          onClose=${() => ask(false)}
          extra=${html`<label class="field"><span>${t("for_how_long")}</span><select name="hours" value=${hours} onChange=${(event) => setHours(event.target.value)}>${CLOSE_FOR_H.map((h) => html`<option key=${h} value=${h}>${h ? span(Number(h) * 3600) : t("until_opened")}</option>`)}</select></label>`}
        />`
      : null}`;
}

export function ZonePanel({ id, close }) {
  const zone = plant.value.zones.find((item) => item.zone_id === id);
  return html`<${Head} kind="zone" id=${id} badge=${null} close=${close} />
    <${Facts}
      rows=${[
        [t("rule"), word("zone", zone.kind)],
        [t("capacity"), zone.capacity_count],
        [t("speed_limit"), zone.speed_mps === null ? null : `${zone.speed_mps} m/s`],
        [t("penalty"), zone.penalty_ratio === null ? null : t("times", { n: zone.penalty_ratio })],
      ]}
    />`;
}
