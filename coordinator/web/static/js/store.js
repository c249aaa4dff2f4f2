// The page's picture of the plant and its fleet; filled by live.js, read by every view.
import { batch, computed, signal } from "@preact/signals";

export const plant = signal(null);
export const connection = signal("connecting");
export const robots = signal(new Map());
export const points = signal(new Map());
export const missions = signal(new Map());
export const alarms = signal(new Map());
export const edges = signal(new Map());
export const totals = signal(null);
// Whole seconds of the coordinator's timeline: views that show ages read it and so are drawn anew.
export const second = signal(Date.now() / 1000);

const SIGNALS = { robots, points, missions, alarms, edges };
const IDS = {
  robots: (row) => row.robot_id,
  points: (row) => row.point_id,
  missions: (row) => row.mission_id,
  alarms: (row) => row.alarm_id,
  edges: (row) => row.edge_id,
};
const POINT_FIELDS = ["point_id", "last_visit_s", "due_s", "is_overdue", "visit_count", "robot_id"];

// What a replay shows instead of the present: {at_s}; null while the page is live.
export const replayed = signal(null);

let offset_s = Date.now() / 1000 - performance.now() / 1000;

/** Now on the coordinator's timeline, in seconds; in a replay, the moment it shows. */
export const now_s = () => replayed.peek()?.at_s ?? live_s();

export const live_s = () => performance.now() / 1000 + offset_s;

export function setClock(coordinator_s) {
  const found_s = coordinator_s - performance.now() / 1000;
  // Frames come late, never early: believe the earliest, and drift slowly towards later ones.
  offset_s = found_s > offset_s || offset_s - found_s > 2 ? found_s : offset_s + (found_s - offset_s) * 0.02;
}

/** Index of a drawing's things by id, made once. */
export function readPlant(drawing) {
  const nodes = new Map(drawing.nodes.map((node) => [node.node_id, node]));
  const ways = new Map(drawing.edges.map((edge) => [edge.edge_id, edge]));
  const between = new Map(drawing.edges.map((edge) => [`${edge.start} ${edge.end}`, edge]));
  const inspection = new Map(drawing.points.map((point) => [point.point_id, point]));
  const levels = new Map(drawing.levels.map((level, index) => [level.level_id, index]));
  plant.value = { ...drawing, nodesById: nodes, edgesById: ways, between, pointsById: inspection, levelIndex: levels };
}

/** A picture of the fleet as plain maps by id, which boards are applied to. */
export const emptyFleet = () => ({ robots: new Map(), routes: new Map(), points: new Map(), missions: new Map(), alarms: new Map(), edges: new Map(), totals: null });

/** The same with maps of its own, so that the one may change and the other stay. */
export const copyFleet = (fleet) =>
  Object.fromEntries(Object.entries(fleet).map(([kind, rows]) => [kind, rows instanceof Map ? new Map(rows) : rows]));

/** Take a board's changes into a picture. */
export function applyBoard(fleet, board) {
  if (board.is_whole) Object.assign(fleet, emptyFleet());
  for (const [kind, id] of Object.entries(IDS)) {
    for (const raw of board[kind].rows) {
      const row = kind === "points" ? Object.fromEntries(POINT_FIELDS.map((name, i) => [name, raw[i]])) : raw;
      fleet[kind].set(id(row), row);
    }
    for (const gone of board[kind].gone) fleet[kind].delete(gone);
  }
  joinRoutes(fleet, board);
  if (board.totals.rows.length) [fleet.totals] = board.totals.rows;
}

/** Put routes, whose nodes are numbers, into the rows of their robots. */
function joinRoutes(fleet, board) {
  const name = (index) => plant.value.nodes[index].node_id;
  for (const [robot_id, base, horizon] of board.routes.rows) {
    fleet.routes.set(robot_id, { last_node_id: base.length ? name(base[0]) : null, base: base.map(name), horizon: horizon.map(name) });
  }
  const changed = new Set([...board.routes.rows.map(([id]) => id), ...board.robots.rows.map((row) => row.robot_id)]);
  for (const id of changed) {
    const row = fleet.robots.get(id);
    if (row) fleet.robots.set(id, { ...row, ...fleet.routes.get(id) });
  }
}

/** Show a picture on every page. */
export function showFleet(fleet) {
  batch(() => {
    for (const [kind, shown] of Object.entries(SIGNALS)) shown.value = new Map(fleet[kind]);
    totals.value = fleet.totals;
    second.value = now_s();
  });
}

const live = emptyFleet();

/** A message of the live line. */
export function takeBoard(board) {
  applyBoard(live, board);
  if (!replayed.value) showChanged(board);
}

/** Only the tables that a board touches, so that the others aren't drawn anew. */
function showChanged(board) {
  batch(() => {
    for (const [kind, shown] of Object.entries(SIGNALS)) {
      const isRobots = kind === "robots" && board.routes.rows.length;
      if (board.is_whole || board[kind].rows.length || board[kind].gone.length || isRobots) shown.value = new Map(live[kind]);
    }
    totals.value = live.totals;
    second.value = now_s();
  });
}

export function showLive() {
  replayed.value = null;
  showFleet(live);
}

setInterval(() => {
  second.value = now_s();
}, 1000);

/** Idleness over revisit period; null for points without one. */
export function ageRatio(point, at_s) {
  const period_s = plant.value.pointsById.get(point.point_id)?.period_s;
  if (!period_s || point.due_s === null) return null;
  return (at_s - point.due_s) / period_s + 1;
}

/** ok, due, overdue or none (no period): how a point stands. */
export function pointState(point, at_s) {
  const spec = plant.value.pointsById.get(point.point_id);
  if (!spec?.period_s || point.due_s === null) return "none";
  if (at_s > point.due_s + spec.tolerance_s) return "overdue";
  return at_s >= point.due_s ? "due" : "ok";
}

const SEVERITIES = ["critical", "high", "medium", "low"];
export const severityRank = (alarm) => SEVERITIES.indexOf(alarm.severity);

/** ISA-18.2: shelved, unacknowledged, acknowledged, or returned to normal unacknowledged. */
export function alarmState(alarm, at_s) {
  if (alarm.shelved_until_s !== null && alarm.shelved_until_s > at_s) return "shelved";
  if (alarm.is_active) return alarm.is_acknowledged ? "acknowledged" : "unacknowledged";
  return "returned";
}

export const openAlarms = computed(() => {
  const rank = { unacknowledged: 0, returned: 1, acknowledged: 2 };
  return [...alarms.value.values()]
    .filter((alarm) => alarmState(alarm, second.value) !== "shelved")
    .sort(
      (a, b) =>
        rank[alarmState(a, second.value)] - rank[alarmState(b, second.value)] ||
        severityRank(a) - severityRank(b) ||
        b.raised_s - a.raised_s,
    );
});

/** One word for a robot: what a person must know first. */
export function robotState(robot) {
  if (robot.link === "lost") return "lost";
  if (robot.is_stopped) return "stopped";
  if (robot.faults.some((fault) => fault.stops_driving) || robot.activity === "faulted") return "faulted";
  if (robot.activity === "blocked") return "blocked";
  if (robot.link === "suspect") return "suspect";
  if (robot.wait && robot.activity !== "working" && robot.activity !== "charging") return "waiting";
  return robot.activity ?? "unknown";
}
