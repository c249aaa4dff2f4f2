// Requests to the coordinator. A command carries a key, so that a repeated one acts once.
import { signal } from "@preact/signals";
import { operator } from "./prefs.js";
import { replayed } from "./store.js";
import { t } from "./words.js";

const WITHIN_MS = 15000;
const SHOWN_MS = 6000;

// Short messages about what was done, or why not.
export const notices = signal([]);
let noticeNumber = 0;

export function notify(kind, text) {
  const notice = { number: ++noticeNumber, kind, text };
  notices.value = [...notices.value.slice(-3), notice];
  setTimeout(() => dismiss(notice.number), kind === "bad" ? 2 * SHOWN_MS : SHOWN_MS);
}

export function dismiss(number) {
  notices.value = notices.value.filter((notice) => notice.number !== number);
}

async function read(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error?.text ?? `${response.status} ${response.statusText}`);
  return body;
}

export const get = async (path) => read(await fetch(path, { signal: AbortSignal.timeout(WITHIN_MS) }));

export const fetchDrawing = () => get("/api/v1/drawing");

// crypto.randomUUID is missing where the page isn't on loopback or encrypted.
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Send a command; its answer, or undefined after telling the operator why not. */
export async function command(path, body = {}) {
  if (replayed.peek()) {
    notify("bad", t("replay_only_looks"));
    return undefined;
  }
  try {
    const answer = await read(
      await fetch(`/api/v1/${path}`, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          "Idempotency-Key": newKey(),
          "Roundsman-Operator": encodeURIComponent(operator.value.slice(0, 64)),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(WITHIN_MS),
      }),
    );
    if (!answer.confirm_token) notify("good", answer.text || answer.subject);
    return answer;
  } catch (error) {
    notify("bad", error.message);
    return undefined;
  }
}

const part = encodeURIComponent;

export const closeEdge = (id, reason, for_s) => command(`edges/${part(id)}/close`, { reason, for_s });
export const openEdge = (id) => command(`edges/${part(id)}/open`);
export const stopRobots = (robot_ids, reason) => command("robots/stop", { robot_ids, reason });
export const resumeRobots = (robot_ids, reason) => command("robots/resume", { robot_ids, reason });
export const placeRobot = (id, node_id, confirm_token = "") =>
  command(`robots/${part(id)}/place`, { node_id, confirm_token });
export const removeRobot = (id, confirm_token = "") => command(`robots/${part(id)}/remove`, { confirm_token });
export const createMission = (mission) => command("missions", mission);
export const changeMission = (id, change, body = {}) => command(`missions/${part(id)}/${change}`, body);
export const acknowledge = (id, comment = "") => command(`alarms/${part(id)}/acknowledge`, { comment });
export const shelve = (id, shelve_for_s, comment) => command(`alarms/${part(id)}/shelve`, { shelve_for_s, comment });
