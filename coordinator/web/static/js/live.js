// The WebSocket: rows as JSON texts, poses as binary frames (coordinator/web/frames.py tells their bytes).
import { pastPoseOf } from "./replay.js";
import { connection, live_s, readPlant, replayed, setClock, takeBoard } from "./store.js";
import { fetchDrawing } from "./api.js";

const HEAD_BYTES = 16;
const ROBOT_BYTES = 16;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 8000;
// The coordinator sends five frames a second; silence of this length means that the line is dead.
const SILENT_MS = 6000;
// Robots are drawn this far in the past, between two frames that are known.
const DELAY_S = 0.35;
const JUMP_M = 5;

// By robot index: the last two poses. Not a signal: the map reads it when it draws.
const tracks = new Map();
let retry_ms = FIRST_RETRY_MS;
let watchdog;

/** Open the line and keep it open. */
export async function connect() {
  try {
    readPlant(await fetchDrawing());
    open();
  } catch {
    later();
  }
}

function later() {
  connection.value = "lost";
  setTimeout(connect, retry_ms * (0.75 + Math.random() / 2));
  retry_ms = Math.min(LONGEST_RETRY_MS, retry_ms * 2);
}

function open() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/api/v1/live`);
  socket.binaryType = "arraybuffer";
  const heard = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => socket.close(), SILENT_MS);
  };
  heard();
  socket.onmessage = ({ data }) => {
    heard();
    if (typeof data === "string") {
      takeBoard(JSON.parse(data));
      connection.value = "live";
      retry_ms = FIRST_RETRY_MS;
    } else {
      takeFrame(new DataView(data));
    }
  };
  socket.onclose = () => {
    clearTimeout(watchdog);
    later();
  };
}

function takeFrame(view) {
  const at_s = view.getFloat64(8, true);
  setClock(at_s);
  for (let i = HEAD_BYTES; i < view.byteLength; i += ROBOT_BYTES) {
    const index = view.getUint16(i, true);
    const pose = {
      at_s,
      x_m: view.getFloat32(i + 4, true),
      y_m: view.getFloat32(i + 8, true),
      yaw_rad: view.getInt16(i + 12, true) / 10000,
      charge_ratio: view.getUint8(i + 14) / 200,
      level: view.getUint8(i + 15),
    };
    const track = tracks.get(index);
    if (!track) tracks.set(index, [pose, pose]);
    else if (at_s > track[1].at_s) tracks.set(index, [track[1], pose]);
    else if (at_s < track[1].at_s) tracks.set(index, [pose, pose]);
  }
}

/** Where a robot is drawn now, moving evenly between its last two poses; undefined if it has none. */
export function poseOf(index) {
  if (replayed.peek()) return pastPoseOf(index);
  const track = tracks.get(index);
  if (!track) return undefined;
  const [before, after] = track;
  const length_s = after.at_s - before.at_s;
  const far = Math.hypot(after.x_m - before.x_m, after.y_m - before.y_m) > JUMP_M;
  if (length_s <= 0 || far || before.level !== after.level) return after;
  const share = Math.min(1, Math.max(0, (live_s() - DELAY_S - before.at_s) / length_s));
  const turn = Math.atan2(Math.sin(after.yaw_rad - before.yaw_rad), Math.cos(after.yaw_rad - before.yaw_rad));
  return {
    ...after,
    x_m: before.x_m + (after.x_m - before.x_m) * share,
    y_m: before.y_m + (after.y_m - before.y_m) * share,
    yaw_rad: before.yaw_rad + turn * share,
  };
}
