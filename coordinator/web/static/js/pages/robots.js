// The fleet as a table, and one robot with everything known of it.
import { useEffect, useState } from "preact/hooks";
import { get, placeRobot, removeRobot, resumeRobots, stopRobots } from "../api.js";
import { ago, clock, span } from "../format.js";
import { html } from "../html.js";
import { Badge, Button, Charge, Choice, Dialog, Empty, Facts, ReasonDialog, RobotBadge, Table } from "../parts.js";
import { go, href } from "../route.js";
import { plant, replayed, robots, robotState, second } from "../store.js";
import { t, word } from "../words.js";
import { ObservationTable, useObservations } from "./observation_table.js";

const PERIOD_MS = 2000;

export function waitText(wait, at_s) {
  if (!wait) return "";
  const behind = wait.behind ? t("wait_behind", { robot: wait.behind }) : "";
  return `${word("cause", wait.cause)}: ${wait.subject} ${behind} · ${span(at_s - wait.since_s)}`;
}

const STATE_ORDER = ["faulted", "blocked", "lost", "stopped", "suspect", "waiting"];
const FILTERS = {
  all: () => true,
  waiting: (robot) => robotState(robot) === "waiting",
  trouble: (robot) => ["lost", "suspect", "stopped", "faulted", "blocked"].includes(robotState(robot)),
  charging: (robot) => robot.activity === "charging",
};

export const RobotsPage = ({ name }) => (name ? html`<${RobotPage} key=${name} name=${name} />` : html`<${FleetTable} />`);

function FleetTable() {
  const [filter, setFilter] = useState("all");
  const all = [...robots.value.values()].sort((a, b) => (a.robot_id < b.robot_id ? -1 : 1));
  const columns = [
    { key: "id", title: t("robot"), sort: (row) => row.robot_id, cell: (row) => html`<a class="name" href=${href("robots", row.robot_id)}>${row.robot_id}</a>` },
    { key: "type", title: t("type"), sort: (row) => row.robot_type_id, cell: (row) => row.robot_type_id },
    {
      key: "state",
      title: t("state"),
      sort: (row) => (STATE_ORDER.indexOf(robotState(row)) + 10) % 10,
      cell: (row) => html`<${RobotBadge} state=${robotState(row)} />`,
    },
    { key: "charge", title: t("charge"), sort: (row) => row.charge_ratio, cell: (row) => html`<${Charge} ratio=${row.charge_ratio} />` },
    { key: "node", title: t("node"), sort: (row) => row.last_node_id ?? "", cell: (row) => row.last_node_id ?? "–" },
    { key: "next", title: t("next_points"), className: "wide", cell: (row) => nextPoints(row) },
    { key: "wait", title: t("waits_for"), className: "wide", sort: (row) => row.wait?.since_s ?? Infinity, cell: (row) => waitText(row.wait, second.value) || "–" },
    { key: "missing", title: t("missing"), className: "number", sort: (row) => row.observations_missing_count, down: true, cell: (row) => row.observations_missing_count },
    { key: "heard", title: t("heard"), sort: (row) => row.heard_s ?? Infinity, cell: (row) => (row.heard_s === null ? t("now") : ago(row.heard_s, second.value)) },
  ];
  return html`<div class="page">
    <header class="page-head">
      <h1>${t("page.robots")}</h1>
      <${Choice}
        label=${t("filter")}
        options=${Object.keys(FILTERS).map((key) => [key, `${t(`robots.${key}`)} (${all.filter(FILTERS[key]).length})`])}
        value=${filter}
        onChange=${setFilter}
      />
    </header>
    <${Table}
      label=${t("page.robots")}
      columns=${columns}
      rows=${all.filter(FILTERS[filter])}
      rowKey=${(row) => row.robot_id}
      onRow=${(row) => go("robots", row.robot_id)}
    />
    ${all.length ? null : html`<${Empty}>${t("no_robots")}<//>`}
  </div>`;
}

function nextPoints(row) {
  const shown = row.next_point_ids.slice(0, 3).join(", ");
  const more = row.next_point_ids.length - 3;
  return shown ? `${shown}${more > 0 ? ` +${more}` : ""}` : "–";
}

/** The whole view of a robot, asked for again and again while it is shown; null without a name. */
export function useRobot(name) {
  const [view, setView] = useState(null);
  useEffect(() => {
    // Arrivals, speed and radio are of now: a replay has none.
    if (!name || replayed.value) return undefined;
    let isShown = true;
    const ask = () =>
      get(`/api/v1/robots/${encodeURIComponent(name)}`)
        .then((found) => isShown && setView(found))
        .catch(() => {});
    ask();
    const timer = setInterval(ask, PERIOD_MS);
    return () => {
      isShown = false;
      clearInterval(timer);
    };
  }, [name, replayed.value]);
  return replayed.value ? null : view;
}

function RobotPage({ name }) {
  const row = robots.value.get(name);
  const view = useRobot(row && name);
  const observations = useObservations({ robot_id: name, limit: 30 });
  if (!row) return html`<div class="page"><${Empty}>${t("no_such", { name })}<//></div>`;
  return html`<div class="page">
    <header class="page-head">
      <h1><a href=${href("robots")}>${t("page.robots")}</a> / ${name}</h1>
      <${RobotBadge} state=${robotState(row)} />
      <span class="spring"></span>
      <${RobotActions} row=${row} />
    </header>
    <div class="columns">
      <section class="card">
        <h2>${t("state")}</h2>
        <${RobotFacts} row=${row} view=${view} />
        ${row.faults.length
          ? html`<h3>${t("faults")}</h3>
              <ul class="plain-list">
                ${row.faults.map((fault) => html`<li key=${fault.code}><${Badge} tone=${fault.stops_driving ? "bad" : "warn"}>${fault.code}<//> ${fault.text}</li>`)}
              </ul>`
          : null}
      </section>
      <section class="card">
        <h2>${t("stops")}</h2>
        <${Stops} stops=${view?.stops ?? []} />
      </section>
    </div>
    <section class="card">
      <h2>${t("last_observations")}</h2>
      <${ObservationTable} rows=${observations} />
    </section>
  </div>`;
}

export function RobotFacts({ row, view }) {
  const quality = view?.quality;
  return html`<${Facts}
    rows=${[
      [t("type"), row.robot_type_id],
      [t("waits_for"), waitText(row.wait, second.value)],
      [t("charge"), html`<${Charge} ratio=${row.charge_ratio} />`],
      [t("node"), row.last_node_id],
      [t("home"), row.home],
      [t("speed"), view ? `${view.speed_mps.toFixed(1)} m/s` : null],
      [t("link"), html`${word("link", row.link)}${row.heard_s === null ? "" : ` · ${ago(row.heard_s, second.value)}`}`],
      [t("radio"), quality?.rsrp_dbm != null ? `${quality.rsrp_dbm.toFixed(0)} dBm${quality.sinr_db != null ? ` · SINR ${quality.sinr_db.toFixed(0)} dB` : ""}${quality.cell_id ? ` · ${quality.cell_id}` : ""}${quality.rtt_s != null ? ` · ${Math.round(quality.rtt_s * 1000)} ms` : ""}` : null],
      [t("released"), t("route_text", { base: Math.max(0, row.base.length - 1), horizon: row.horizon.length })],
      [t("results"), t("results_text", { stored: row.observations_stored_count, missing: row.observations_missing_count })],
    ]}
  />`;
}

function Stops({ stops }) {
  if (!stops.length) return html`<${Empty}>${t("no_stops")}<//>`;
  const columns = [
    { key: "point", title: t("point"), cell: (stop) => (stop.point_id ? html`<a class="name" href=${href("observations", stop.point_id)}>${stop.point_id}</a>` : t("charging")) },
    { key: "node", title: t("node"), cell: (stop) => stop.node_id },
    { key: "mission", title: t("mission"), cell: (stop) => stop.mission_id ?? t("patrol") },
    { key: "released", title: t("released"), cell: (stop) => (stop.is_released ? html`<${Badge} tone="busy">${t("base")}<//>` : t("planned")) },
    { key: "p50", title: t("arrives"), className: "number", cell: (stop) => clock(stop.p50_s, second.value) },
    { key: "p90", title: t("surely_by"), className: "number", cell: (stop) => clock(stop.p90_s, second.value) },
  ];
  return html`<${Table} label=${t("stops")} columns=${columns} rows=${stops} rowKey=${(stop) => `${stop.node_id} ${stop.point_id} ${stop.mission_id}`} />`;
}

/** Stop, resume, and what only a person who has looked may confirm. */
export function RobotActions({ row }) {
  const [asked, ask] = useState(null);
  const close = () => ask(null);
  const ids = [row.robot_id];
  return html`<div class="actions">
    <${Button} icon="follow" onClick=${() => go("map", null, { robot: row.robot_id })}>${t("show_on_map")}<//>
    ${row.is_stopped
      ? html`<${Button} icon="play" tone="main" onClick=${() => ask("resume")}>${t("resume")}<//>`
      : html`<${Button} icon="stop" onClick=${() => ask("stop")}>${t("stop")}<//>`}
    <${Button} onClick=${() => ask("place")}>${t("place")}<//>
    <${Button} onClick=${() => ask("remove")}>${t("remove")}<//>
    ${asked === "stop"
      ? html`<${ReasonDialog} title=${`${t("stop")} ${row.robot_id}`} isNeeded=${false} action=${t("stop")} tone="stop" act=${(reason) => stopRobots(ids, reason)} onClose=${close} />`
      : null}
    ${asked === "resume"
      ? html`<${ReasonDialog} title=${`${t("resume")} ${row.robot_id}`} action=${t("resume")} act=${(reason) => resumeRobots(ids, reason)} onClose=${close} />`
      : null}
    ${asked === "place" ? html`<${PlaceDialog} row=${row} onClose=${close} />` : null}
    ${asked === "remove" ? html`<${RemoveDialog} row=${row} onClose=${close} />` : null}
  </div>`;
}

function PlaceDialog({ row, onClose }) {
  const [node, setNode] = useState(row.last_node_id ?? "");
  return html`<${TwoSteps}
    title=${`${t("place")} ${row.robot_id}`}
    text=${t("place_text")}
    send=${(token) => placeRobot(row.robot_id, node, token)}
    onClose=${onClose}
  >
    <label class="field">
      <span>${t("node")}</span>
      <input data-first list="all-nodes" name="node" value=${node} onInput=${(event) => setNode(event.target.value)} />
      <datalist id="all-nodes">${plant.value.nodes.map((item) => html`<option key=${item.node_id} value=${item.node_id} />`)}</datalist>
    </label>
  <//>`;
}

const RemoveDialog = ({ row, onClose }) =>
  html`<${TwoSteps}
    title=${`${t("remove")} ${row.robot_id}`}
    text=${t("remove_text")}
    send=${(token) => removeRobot(row.robot_id, token)}
    onClose=${onClose}
  />`;

/** The coordinator asks back once: only its token, given within a minute, makes the command act. */
function TwoSteps({ title, text, send, onClose, children }) {
  const [token, setToken] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    const answer = await send(token?.token ?? "");
    if (answer?.confirm_token) setToken({ token: answer.confirm_token, text: answer.text });
    else if (answer) onClose();
    else setToken(null);
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form class="form" onSubmit=${submit}>
      <p>${text}</p>
      ${children} ${token ? html`<p class="warning-box" role="alert">${token.text}</p>` : null}
      <footer>
        <${Button} onClick=${onClose}>${t("cancel")}<//>
        <button class=${`button ${token ? "stop" : "main"}`}>${token ? t("confirm") : t("next")}</button>
      </footer>
    </form>
  <//>`;
}

