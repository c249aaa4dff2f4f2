// The scrubber: which shift, which moment, how fast.
import { useState } from "preact/hooks";
import { clock } from "./format.js";
import { html } from "./html.js";
import { Button, IconButton } from "./parts.js";
import { isReplayOpen, leave, load, loaded, seek, speed } from "./replay.js";
import { live_s, replayed } from "./store.js";
import { t } from "./words.js";

const LENGTHS_H = ["0.25", "1", "4", "8", "12", "24"];
const SPEEDS = [1, 10, 60, 300];

export function ReplayBar() {
  if (!isReplayOpen.value) return null;
  return html`<section class="replay" aria-label=${t("replay")}>${loaded.value ? html`<${Scrubber} />` : html`<${Chooser} />`}</section>`;
}

const asLocal = (instant_s) => {
  const date = new Date(instant_s * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
};

function Chooser() {
  const [hours, setHours] = useState("1");
  const [start, setStart] = useState("");
  const submit = (event) => {
    event.preventDefault();
    const length_s = Number(hours) * 3600;
    const from_s = start ? new Date(start).getTime() / 1000 : live_s() - length_s;
    load(from_s, Math.min(from_s + length_s, live_s()));
  };
  return html`<form onSubmit=${submit}>
    <b>${t("replay")}</b>
    <label class="field inline"><span>${t("replay_length")}</span>
      <select name="hours" value=${hours} onChange=${(event) => setHours(event.target.value)}>
        ${LENGTHS_H.map((h) => html`<option key=${h} value=${h}>${Number(h) < 1 ? t("span.min", { n: Number(h) * 60 }) : t("span.h", { n: h })}</option>`)}
      </select>
    </label>
    <label class="field inline"><span>${t("replay_start")}</span>
      <input type="datetime-local" name="start" max=${asLocal(live_s())} value=${start} onInput=${(event) => setStart(event.target.value)} />
    </label>
    <span class="quiet">${t("replay_start_hint")}</span>
    <span class="spring"></span>
    <${Button} onClick=${leave}>${t("cancel")}<//>
    <button class="button main">${t("replay_show")}</button>
  </form>`;
}

function Scrubber() {
  const { from_s, to_s, isWhole } = loaded.value;
  const at_s = replayed.value?.at_s ?? from_s;
  const next = () => (speed.value = speed.value ? 0 : SPEEDS[1]);
  return html`<b class="past">${t("replay_past")}</b>
    <${IconButton} icon=${speed.value ? "pause" : "play"} label=${t(speed.value ? "replay_pause" : "replay_play")} onClick=${next} />
    <label class="field inline"><span class="unseen">${t("replay_speed")}</span>
      <select name="speed" value=${speed.value || SPEEDS[1]} onChange=${(event) => (speed.value = Number(event.target.value))}>
        ${SPEEDS.map((times) => html`<option key=${times} value=${times}>${times} ×</option>`)}
      </select>
    </label>
    <span class="digits quiet">${clock(from_s, live_s())}</span>
    <input type="range" aria-label=${t("replay_moment")} aria-valuetext=${clock(at_s, live_s())} min=${from_s} max=${to_s} step="1" disabled=${!replayed.value} value=${at_s} onInput=${(event) => seek(Number(event.target.value))} />
    <span class="digits quiet">${clock(to_s, live_s())}</span>
    <b class="digits moment">${replayed.value ? clock(at_s, live_s()) : ""}</b>
    ${isWhole ? null : html`<span class="quiet" role="status">${t("loading")}</span>`}
    <${Button} tone="main" onClick=${leave}>${t("replay_leave")}<//>`;
}
