// Missions: what was asked for besides the rounds, how far it is, and a new one from points.
import { useState } from "preact/hooks";
import { changeMission, createMission } from "../api.js";
import { ago, clock } from "../format.js";
import { draft } from "../draft.js";
import { html } from "../html.js";
import { Bar, Button, Choice, Empty, IconButton, MissionBadge, PointBadge, ReasonDialog, Table } from "../parts.js";
import { go, href } from "../route.js";
import { missions, now_s, plant, points, pointState, second } from "../store.js";
import { t, word } from "../words.js";

const OPEN = ["waiting", "running", "paused"];
const FILTERS = {
  open: (mission) => OPEN.includes(mission.state),
  ended: (mission) => !OPEN.includes(mission.state),
  all: () => true,
};
const DEADLINES_MIN = ["", "15", "30", "60", "120", "240", "480"];

export function MissionsPage({ name }) {
  if (name === "new") return html`<${NewMission} />`;
  return name ? html`<${MissionPage} key=${name} name=${name} />` : html`<${MissionList} />`;
}

const doneCount = (mission) => mission.points.filter((point) => point.state === "done").length;

function MissionList() {
  const [filter, setFilter] = useState("all");
  const all = [...missions.value.values()].sort((a, b) => b.created_s - a.created_s);
  const columns = [
    { key: "id", title: t("mission"), sort: (row) => row.mission_id, cell: (row) => html`<a class="name" href=${href("missions", row.mission_id)}>${row.name || row.mission_id}</a>` },
    { key: "state", title: t("state"), sort: (row) => row.state, cell: (row) => html`<${MissionBadge} state=${row.state} />` },
    { key: "done", title: t("done"), sort: (row) => doneCount(row) / row.points.length, cell: (row) => html`<span class="progress"><${Bar} ratio=${doneCount(row) / row.points.length} tone=${row.state === "failed" ? "bad" : "good"} /><span class="digits">${doneCount(row)}/${row.points.length}</span></span>` },
    { key: "priority", title: t("priority"), className: "number", sort: (row) => row.priority, down: true, cell: (row) => row.priority },
    { key: "created", title: t("created"), sort: (row) => row.created_s, down: true, cell: (row) => ago(row.created_s, second.value) },
    { key: "deadline", title: t("deadline"), sort: (row) => row.deadline_s ?? Infinity, cell: (row) => clock(row.deadline_s, second.value) },
    { key: "actions", title: t("actions"), cell: (row) => html`<${MissionActions} mission=${row} />` },
  ];
  return html`<div class="page">
    <header class="page-head">
      <h1>${t("page.missions")}</h1>
      <${Choice} label=${t("filter")} options=${Object.keys(FILTERS).map((key) => [key, `${t(`missions.${key}`)} (${all.filter(FILTERS[key]).length})`])} value=${filter} onChange=${setFilter} />
      <span class="spring"></span>
      <${Button} icon="plus" tone="main" onClick=${() => go("missions", "new")}>${t("new_mission")}<//>
    </header>
    ${all.filter(FILTERS[filter]).length
      ? html`<${Table} label=${t("page.missions")} columns=${columns} rows=${all.filter(FILTERS[filter])} rowKey=${(row) => row.mission_id} onRow=${(row) => go("missions", row.mission_id)} />`
      : html`<${Empty}>${t("no_missions")}<//>`}
  </div>`;
}

function MissionActions({ mission }) {
  const [isAsked, ask] = useState(false);
  const id = mission.mission_id;
  const isOpen = OPEN.includes(mission.state);
  const hasFailed = mission.points.some((point) => point.state !== "done");
  return html`<div class="actions">
    ${mission.state === "paused"
      ? html`<${Button} onClick=${() => changeMission(id, "resume")}>${t("go_on")}<//>`
      : isOpen
        ? html`<${Button} onClick=${() => changeMission(id, "pause")}>${t("pause")}<//>`
        : null}
    ${isOpen ? html`<${Button} onClick=${() => ask(true)}>${t("cancel_mission")}<//>` : null}
    ${!isOpen && hasFailed ? html`<${Button} onClick=${() => changeMission(id, "rerun-failed")}>${t("rerun_failed")}<//>` : null}
    ${isAsked
      ? html`<${ReasonDialog} title=${`${t("cancel_mission")}: ${mission.name || id}`} action=${t("cancel_mission")} tone="stop" act=${(reason) => changeMission(id, "cancel", { reason })} onClose=${() => ask(false)} />`
      : null}
  </div>`;
}

function MissionPage({ name }) {
  const mission = missions.value.get(name);
  if (!mission) return html`<div class="page"><${Empty}>${t("no_such", { name })}<//></div>`;
  const columns = [
    { key: "point", title: t("point"), sort: (row) => row.point_id, cell: (row) => html`<a class="name" href=${href("observations", row.point_id)}>${row.point_id}</a>` },
    { key: "tag", title: t("tag"), cell: (row) => plant.value.pointsById.get(row.point_id)?.tag ?? "–" },
    { key: "state", title: t("state"), sort: (row) => row.state, cell: (row) => word("mission_point", row.state) },
    { key: "attempts", title: t("attempts"), className: "number", cell: (row) => row.attempt_count },
    { key: "robot", title: t("robot"), cell: (row) => points.value.get(row.point_id)?.robot_id ?? "–" },
    { key: "reason", title: t("reason"), className: "wide", cell: (row) => row.reason || "–" },
  ];
  return html`<div class="page">
    <header class="page-head">
      <h1><a href=${href("missions")}>${t("page.missions")}</a> / ${mission.name || mission.mission_id}</h1>
      <${MissionBadge} state=${mission.state} />
      <span class="spring"></span>
      <${MissionActions} mission=${mission} />
    </header>
    <p class="quiet">
      ${mission.mission_id} · ${t("created")} ${clock(mission.created_s, second.value)} · ${t("priority")} ${mission.priority} ·
      ${t("deadline")} ${clock(mission.deadline_s, second.value)}${mission.reason ? ` · ${mission.reason}` : ""}
    </p>
    <${Table} label=${t("points")} columns=${columns} rows=${mission.points} rowKey=${(row) => row.point_id} />
  </div>`;
}

function NewMission() {
  const [name, setName] = useState("");
  const [priority, setPriority] = useState(50);
  const [within, setWithin] = useState("");
  const [search, setSearch] = useState("");
  const [isBusy, setBusy] = useState(false);
  const wanted = search.toLowerCase();
  const found = plant.value.points.filter((point) => `${point.point_id} ${point.tag} ${point.node_id}`.toLowerCase().includes(wanted));
  const late = plant.value.points.map((point) => point.point_id).filter((id) => points.value.has(id) && ["due", "overdue"].includes(pointState(points.value.get(id), second.value)));
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    const mission = { point_ids: draft.points, name: name.trim(), priority };
    const made = await createMission(within ? { ...mission, deadline_s: now_s() + Number(within) * 60 } : mission);
    setBusy(false);
    if (made) {
      draft.clear();
      go("missions", made.subject);
    }
  };
  return html`<div class="page">
    <header class="page-head"><h1><a href=${href("missions")}>${t("page.missions")}</a> / ${t("new_mission")}</h1></header>
    <form class="columns" onSubmit=${submit}>
      <section class="card">
        <h2>${t("points")}</h2>
        <div class="row">
          <label class="field grow">
            <span>${t("search")}</span>
            <input name="search" value=${search} placeholder=${t("point_hint")} onInput=${(event) => setSearch(event.target.value)} />
          </label>
          <${Button} onClick=${() => draft.addAll(late)} disabled=${!late.length}>${t("add_due", { n: late.length })}<//>
        </div>
        <ul class="picker">
          ${found.map((point) => html`<li key=${point.point_id}><${PickLine} point=${point} /></li>`)}
        </ul>
        <p class="quiet">${t("pick_hint")} <a href=${href("map")}>${t("page.map")}</a></p>
      </section>
      <section class="card form">
        <h2>${t("mission")}</h2>
        <label class="field"><span>${t("name")}</span><input name="name" maxlength="100" value=${name} onInput=${(event) => setName(event.target.value)} /></label>
        <label class="field"><span>${t("priority_hint", { n: priority })}</span><input type="range" min="0" max="100" name="priority" value=${priority} onInput=${(event) => setPriority(Number(event.target.value))} /></label>
        <label class="field">
          <span>${t("deadline")}</span>
          <select name="deadline" value=${within} onChange=${(event) => setWithin(event.target.value)}>
            ${DEADLINES_MIN.map((minutes) => html`<option key=${minutes} value=${minutes}>${minutes ? t("within", { n: minutes }) : t("no_deadline")}</option>`)}
          </select>
        </label>
        <h3>${t("picked", { n: draft.points.length })}</h3>
        <ul class="chips">
          ${draft.points.map((id) => html`<li key=${id}>${id}<${IconButton} icon="close" label=${t("take_out", { name: id })} onClick=${() => draft.remove(id)} /></li>`)}
        </ul>
        <footer>
          <${Button} onClick=${() => draft.clear()} disabled=${!draft.points.length}>${t("clear")}<//>
          <button class="button main" disabled=${isBusy || !draft.points.length}>${t("send_out")}</button>
        </footer>
      </section>
    </form>
  </div>`;
}

function PickLine({ point }) {
  const row = points.value.get(point.point_id);
  return html`<label class="pick">
    <input type="checkbox" checked=${draft.has(point.point_id)} onChange=${() => draft.toggle(point.point_id)} />
    <b>${point.point_id}</b><span class="quiet grow">${point.tag}</span>
    ${row ? html`<${PointBadge} state=${pointState(row, second.value)} />` : null}
  </label>`;
}
