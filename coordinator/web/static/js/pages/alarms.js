// Alarms by ISA-18.2: what is new comes first, then what came back to normal unseen, then what is known.
import { useState } from "preact/hooks";
import { acknowledge, shelve } from "../api.js";
import { ago, clock } from "../format.js";
import { html } from "../html.js";
import { Badge, Button, Choice, Empty, ReasonDialog, Severity, Table } from "../parts.js";
import { go, href } from "../route.js";
import { alarms, alarmState, openAlarms, plant, robots, second, severityRank } from "../store.js";
import { t, word } from "../words.js";

const STATE_TONES = { unacknowledged: "bad", returned: "warn", acknowledged: "plain", shelved: "plain" };
const SHELVE_H = ["0.25", "1", "4", "8", "24", "72", "168"];

export function AlarmsPage({ name }) {
  const [filter, setFilter] = useState("open");
  const shelved = [...alarms.value.values()].filter((alarm) => alarmState(alarm, second.value) === "shelved");
  const unseen = openAlarms.value.filter((alarm) => !alarm.is_acknowledged);
  const rows = { open: openAlarms.value, unseen, shelved }[filter];
  const options = [
    ["open", `${t("alarms.open")} (${openAlarms.value.length})`],
    ["unseen", `${t("alarms.unseen")} (${unseen.length})`],
    ["shelved", `${t("alarms.shelved")} (${shelved.length})`],
  ];
  return html`<div class="page">
    <header class="page-head">
      <h1>${t("page.alarms")}</h1>
      <${Choice} label=${t("filter")} options=${options} value=${filter} onChange=${setFilter} />
    </header>
    ${rows.length ? html`<${AlarmTable} rows=${rows} selected=${name} />` : html`<${Empty}>${t("no_alarms")}<//>`}
  </div>`;
}

function AlarmTable({ rows, selected }) {
  const columns = [
    { key: "severity", title: t("severity"), sort: severityRank, cell: (row) => html`<${Severity} severity=${row.severity} />` },
    { key: "state", title: t("state"), cell: (row) => html`<${Badge} tone=${STATE_TONES[alarmState(row, second.value)]}>${word("alarm", alarmState(row, second.value))}<//>` },
    { key: "subject", title: t("subject"), sort: (row) => row.subject, cell: (row) => html`<b class="name">${row.subject}</b>` },
    { key: "code", title: t("condition"), sort: (row) => row.code, cell: (row) => word("alarm_code", row.code) },
    { key: "text", title: t("text"), className: "wide", cell: (row) => row.text },
    { key: "raised", title: t("raised"), sort: (row) => row.raised_s, down: true, cell: (row) => html`<span title=${clock(row.raised_s, second.value)}>${ago(row.raised_s, second.value)}</span>` },
    { key: "by", title: t("seen_by"), cell: (row) => (row.shelved_until_s > second.value ? t("until", { time: clock(row.shelved_until_s, second.value) }) : row.is_acknowledged ? row.acknowledged_by || t("yes") : "–") },
    { key: "actions", title: t("actions"), cell: (row) => html`<${AlarmActions} alarm=${row} />` },
  ];
  return html`<${Table} label=${t("page.alarms")} columns=${columns} rows=${rows} rowKey=${(row) => row.alarm_id} selected=${selected} />`;
}

/** Where the alarm's thing is to be seen. */
function place(alarm) {
  const point = plant.value.points.find((item) => item.point_id === alarm.subject || item.tasks.some((task) => task.task_id === alarm.subject));
  if (point) return { point: point.point_id };
  if (plant.value.edgesById.has(alarm.subject)) return { edge: alarm.subject };
  const robot = robots.value.has(alarm.subject) ? alarm.subject : alarm.robot_id;
  return robot && robots.value.has(robot) ? { robot } : null;
}

function AlarmActions({ alarm }) {
  const [isAsked, ask] = useState(false);
  const [hours, setHours] = useState("1");
  const where = place(alarm);
  const state = alarmState(alarm, second.value);
  return html`<div class="actions">
    ${state !== "acknowledged" && state !== "shelved"
      ? html`<${Button} tone="main" icon="check" onClick=${() => acknowledge(alarm.alarm_id)}>${t("acknowledge")}<//>`
      : null}
    ${state !== "shelved" ? html`<${Button} icon="clock" onClick=${() => ask(true)}>${t("shelve")}<//>` : null}
    ${where ? html`<${Button} icon="map" onClick=${() => go("map", null, where)}>${t("page.map")}<//>` : null}
    ${where?.point ? html`<a class="button" href=${href("observations", where.point)}>${t("trend")}</a>` : null}
    ${isAsked
      ? html`<${ReasonDialog}
          title=${`${t("shelve")}: ${alarm.subject}`}
          text=${t("shelve_text")}
          action=${t("shelve")}
          act=${(reason) => shelve(alarm.alarm_id, Number(hours) * 3600, reason)}
          onClose=${() => ask(false)}
          extra=${html`<label class="field"><span>${t("for_how_long")}</span><select name="hours" value=${hours} onChange=${(event) => setHours(event.target.value)}>${SHELVE_H.map((h) => html`<option key=${h} value=${h}>${Number(h) < 1 ? t("span.min", { n: Number(h) * 60 }) : Number(h) < 48 ? t("span.h", { n: h }) : t("span.d", { n: Number(h) / 24 })}</option>`)}</select></label>`}
        />`
      : null}
  </div>`;
}
