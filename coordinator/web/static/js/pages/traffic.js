// Why robots wait: who waits for what and behind whom, where they queue, where time is lost.
import { useEffect, useState } from "preact/hooks";
import { get } from "../api.js";
import { span } from "../format.js";
import { html } from "../html.js";
import { Badge, Button, Empty, Table } from "../parts.js";
import { go, href } from "../route.js";
import { replayed, second, totals } from "../store.js";
import { t, word } from "../words.js";

const PERIOD_MS = 2000;

function useTraffic() {
  const [traffic, setTraffic] = useState(null);
  useEffect(() => {
    let isShown = true;
    const ask = () =>
      get("/api/v1/traffic?limit=20")
        .then((found) => isShown && setTraffic(found))
        .catch(() => {});
    ask();
    const timer = setInterval(ask, PERIOD_MS);
    return () => {
      isShown = false;
      clearInterval(timer);
    };
  }, []);
  return traffic;
}

const robotLink = (id) => (id ? html`<a href=${href("robots", id)}>${id}</a>` : "–");

export function TrafficPage() {
  const traffic = useTraffic();
  if (replayed.value) return html`<div class="page"><${Empty}>${t("not_in_replay")}<//></div>`;
  if (!traffic) return html`<div class="page"><${Empty}>${t("loading")}<//></div>`;
  return html`<div class="page">
    <header class="page-head"><h1>${t("page.traffic")}</h1></header>
    <section class="card">
      <h2>${t("waiting_now")}</h2>
      <${Waiting} rows=${traffic.waiting} />
    </section>
    <div class="columns">
      <section class="card">
        <h2>${t("queues")}</h2>
        <${Queues} rows=${traffic.queues} />
      </section>
      <section class="card">
        <h2>${t("waited_so_far")}</h2>
        <${Causes} sums=${totals.value?.wait_s_by_cause ?? {}} />
      </section>
    </div>
    <section class="card">
      <h2>${t("hot_edges")}</h2>
      <${HotEdges} rows=${traffic.hot_edges} />
    </section>
  </div>`;
}

function Waiting({ rows }) {
  if (!rows.length) return html`<${Empty}>${t("nobody_waits")}<//>`;
  const columns = [
    { key: "robot", title: t("robot"), sort: (row) => row.robot_id, cell: (row) => robotLink(row.robot_id) },
    { key: "cause", title: t("cause"), sort: (row) => row.cause, cell: (row) => html`<${Badge} tone="warn">${word("cause", row.cause)}<//>` },
    { key: "subject", title: t("waits_for"), className: "wide", cell: (row) => row.subject },
    { key: "behind", title: t("behind"), cell: (row) => robotLink(row.behind[0]) },
    { key: "since", title: t("since"), className: "number", sort: (row) => row.since_s, cell: (row) => span(second.value - row.since_s) },
    { key: "root", title: t("to_blame"), cell: (row) => (row.circle.length ? t("circle", { robots: row.circle.join(" → ") }) : row.root ? html`${robotLink(row.root)} (${word("state", row.root_state)})` : "–") },
  ];
  return html`<${Table} label=${t("waiting_now")} columns=${columns} rows=${rows} rowKey=${(row) => row.robot_id} />`;
}

function Queues({ rows }) {
  if (!rows.length) return html`<${Empty}>${t("no_queues")}<//>`;
  const columns = [
    { key: "name", title: t("place_name"), cell: (row) => row.name },
    { key: "robots", title: t("in_order"), className: "wide", cell: (row) => row.robots.map((robot) => `${robot.robot_id} ${span(second.value - robot.since_s)}`).join(", ") },
    { key: "holders", title: t("held_by"), cell: (row) => row.holders.join(", ") || "–" },
  ];
  return html`<${Table} label=${t("queues")} columns=${columns} rows=${rows} rowKey=${(row) => row.name} />`;
}

function Causes({ sums }) {
  const rows = Object.entries(sums).filter(([, wait_s]) => wait_s >= 1).sort((a, b) => b[1] - a[1]);
  const most_s = rows[0]?.[1] ?? 1;
  if (!rows.length) return html`<${Empty}>${t("nobody_waited")}<//>`;
  return html`<ul class="bars">
    ${rows.map(([cause, wait_s]) => html`<li key=${cause}><span>${word("cause", cause)}</span><i><b style=${{ width: `${(wait_s / most_s) * 100}%` }}></b></i><span class="digits">${span(wait_s)}</span></li>`)}
  </ul>`;
}

function HotEdges({ rows }) {
  const slow = rows.filter((row) => row.mean_delay_s >= 0.5 || row.queue_count);
  if (!slow.length) return html`<${Empty}>${t("no_hot_edges")}<//>`;
  const columns = [
    { key: "edge", title: t("edge"), sort: (row) => row.edge_id, cell: (row) => html`<b class="name">${row.edge_id}</b>` },
    { key: "passages", title: t("passages_h"), className: "number", sort: (row) => row.passages_per_h, down: true, cell: (row) => row.passages_per_h.toFixed(0) },
    { key: "delay", title: t("mean_delay"), className: "number", sort: (row) => row.mean_delay_s, down: true, cell: (row) => span(row.mean_delay_s) },
    { key: "free", title: t("free_time"), className: "number", cell: (row) => span(row.free_s) },
    { key: "queue", title: t("queue"), className: "number", sort: (row) => row.queue_count, down: true, cell: (row) => row.queue_count },
    { key: "map", title: t("actions"), cell: (row) => html`<${Button} icon="map" onClick=${() => go("map", null, { edge: row.edge_id })}>${t("page.map")}<//>` },
  ];
  return html`<${Table} label=${t("hot_edges")} columns=${columns} rows=${slow} rowKey=${(row) => row.edge_id} />`;
}
