// The past from the journal: read once as lines of changes, then shown at any moment of it.
import { signal } from "@preact/signals";
import { notify } from "./api.js";
import { applyBoard, copyFleet, emptyFleet, plant, replayed, showFleet, showLive } from "./store.js";

const STEPS_WANTED = 5000;
const SHORTEST_STEP_S = 2;
const CHANGES_BETWEEN_COPIES = 100;
const SHOWN_MS = 100;

export const isReplayOpen = signal(false);
// {from_s, to_s, isWhole}: what is loaded, and how far; null without.
export const loaded = signal(null);
export const speed = signal(0);

let changes = [];
// Pictures on the way, so that going back doesn't begin at the beginning: {index, fleet}.
let copies = [];
let shown = { index: -1, fleet: emptyFleet() };
// By robot index: when it was confirmed at which node.
let tracks = new Map();
let stopReading = null;

export function toggleReplay() {
  isReplayOpen.value = !isReplayOpen.value;
  if (!isReplayOpen.value) leave();
}

/** Back to the present. */
export function leave() {
  stopReading?.abort();
  speed.value = 0;
  loaded.value = null;
  isReplayOpen.value = false;
  changes = [];
  copies = [];
  tracks = new Map();
  if (replayed.value) showLive();
}

/** Read a time from the journal; the beginning can be looked at while the rest still comes. */
export async function load(from_s, to_s) {
  stopReading?.abort();
  stopReading = new AbortController();
  const { signal: stop } = stopReading;
  [changes, copies, tracks] = [[], [], new Map()];
  shown = { index: -1, fleet: emptyFleet() };
  loaded.value = { from_s, to_s, isWhole: false };
  const step_s = Math.max(SHORTEST_STEP_S, Math.ceil((to_s - from_s) / STEPS_WANTED));
  try {
    const response = await fetch(`/api/v1/history?from_s=${from_s}&to_s=${to_s}&step_s=${step_s}`, { signal: stop });
    if (!response.ok) throw new Error((await response.json()).error.text);
    for await (const line of linesOf(response.body)) take(JSON.parse(line));
    loaded.value = { ...loaded.value, isWhole: true };
    seek(replayed.peek()?.at_s ?? from_s);
  } catch (error) {
    if (!stop.aborted) {
      notify("bad", error.message);
      leave();
    }
  }
}

async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    yield* lines;
  }
  if (rest) yield rest;
}

function take(change) {
  if (change.error) throw new Error(change.error);
  changes.push(change);
  for (const row of change.board.robots.rows) if (!tracks.has(row.robot_id)) tracks.set(row.robot_id, { index: row.index, stays: [] });
  for (const [robot_id, base] of change.board.routes.rows) {
    const stays = tracks.get(robot_id).stays;
    if (base.length && stays.at(-1)?.node !== base[0]) stays.push({ at_s: change.at_s, node: base[0] });
  }
  if (changes.length === 1) seek(change.at_s);
}

/** Show a moment. */
export function seek(at_s) {
  if (!changes.length) return;
  const index = lastBefore(changes, at_s);
  if (index < shown.index || shown.index < 0) {
    const copy = copies.findLast((item) => item.index <= index);
    shown = copy ? { index: copy.index, fleet: copyFleet(copy.fleet) } : { index: -1, fleet: emptyFleet() };
  }
  const isChanged = index !== shown.index || !replayed.peek();
  while (shown.index < index) {
    shown.index += 1;
    applyBoard(shown.fleet, changes[shown.index].board);
    const isNext = shown.index >= (copies.at(-1)?.index ?? 0) + CHANGES_BETWEEN_COPIES;
    if (isNext) copies.push({ index: shown.index, fleet: copyFleet(shown.fleet) });
  }
  replayed.value = { at_s };
  if (isChanged) showFleet(shown.fleet);
}

/** Index of the last item at or before a time; -1 for none. */
function lastBefore(items, at_s) {
  let [low, high] = [-1, items.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (items[middle].at_s <= at_s) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where a robot was: on its even way between two nodes that it confirmed one after the other. */
export function pastPoseOf(index) {
  const track = [...tracks.values()].find((item) => item.index === index);
  const at_s = replayed.peek().at_s;
  const i = track ? lastBefore(track.stays, at_s) : -1;
  if (i < 0) return undefined;
  const [stay, next] = [track.stays[i], track.stays[i + 1]];
  const { nodes, between, levelIndex } = plant.value;
  const [a, b] = [nodes[stay.node], next && nodes[next.node]];
  const edge = b && between.get(`${a.node_id} ${b.node_id}`);
  const level = levelIndex.get(a.level_id);
  if (!edge || a.level_id !== b.level_id) return { at_s, x_m: a.x_m, y_m: a.y_m, yaw_rad: 0, level };
  // It stood at the node as long as the drive doesn't need the time.
  const drive_s = Math.min(next.at_s - stay.at_s, (2 * edge.length_m) / edge.max_speed_mps);
  const share = Math.max(0, 1 - (next.at_s - at_s) / drive_s);
  return {
    at_s,
    x_m: a.x_m + (b.x_m - a.x_m) * share,
    y_m: a.y_m + (b.y_m - a.y_m) * share,
    yaw_rad: Math.atan2(b.y_m - a.y_m, b.x_m - a.x_m),
    level,
  };
}

setInterval(() => {
  if (!speed.value || !replayed.value || !loaded.value) return;
  const at_s = replayed.value.at_s + (speed.value * SHOWN_MS) / 1000;
  seek(Math.min(at_s, loaded.value.to_s));
  if (at_s >= loaded.value.to_s) speed.value = 0;
}, SHOWN_MS);
