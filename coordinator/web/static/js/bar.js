// The bar on top: the plant, how the fleet does, stop and resume, the operator's choices.
import { useState } from "preact/hooks";
import { dismiss, notices, resumeRobots, stopRobots } from "./api.js";
import { clockSecond } from "./format.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { Button, IconButton, ReasonDialog } from "./parts.js";
import { language, operator, theme } from "./prefs.js";
import { isReplayOpen, toggleReplay } from "./replay.js";
import { go, href } from "./route.js";
import { alarmState, connection, openAlarms, plant, points, pointState, robots, robotState, second, totals } from "./store.js";
import { LANGUAGE_NAMES, t, word } from "./words.js";

export function TopBar() {
  return html`<header class="top">
    <a class="brand" href="#/map"><img src="/static/icon.svg" alt="" width="28" height="28" /><b>Roundsman</b></a>
    <div class="plant">
      <b>${plant.value?.plant_id ?? ""}</b>
      <span class=${`line ${connection.value}`} role="status">${t(`connection.${connection.value}`)}</span>
    </div>
    <${Summary} />
    <span class="spring"></span>
    <time class="digits now">${clockSecond(second.value)}</time>
    <${IconButton} icon="replay" label=${t("replay")} aria-pressed=${isReplayOpen.value} onClick=${toggleReplay} />
    <${Operator} />
    <${IconButton}
      icon=${theme.value === "dark" ? "sun" : "moon"}
      label=${t(theme.value === "dark" ? "theme_light" : "theme_dark")}
      onClick=${() => (theme.value = theme.value === "dark" ? "light" : "dark")}
    />
    <label class="language">
      <span class="unseen">${t("language")}</span>
      <select value=${language.value} onChange=${(event) => (language.value = event.target.value)}>
        ${Object.entries(LANGUAGE_NAMES).map(([code, name]) => html`<option key=${code} value=${code}>${name}</option>`)}
      </select>
    </label>
    <${StopAll} />
  </header>`;
}

function Summary() {
  const all = [...robots.value.values()];
  const heard = all.filter((robot) => robot.link !== "lost").length;
  const waiting = all.filter((robot) => robotState(robot) === "waiting").length;
  const overdue = plant.value
    ? [...points.value.values()].filter((point) => pointState(point, second.value) === "overdue").length
    : 0;
  const chip = (page, tone, value, label) =>
    html`<a class=${`chip ${tone}`} href=${href(page)}><b class="digits">${value}</b><span>${label}</span></a>`;
  return html`<div class="summary">
    ${chip("robots", heard < all.length ? "bad" : "", `${heard}/${all.length}`, t("chip.robots"))}
    ${chip("traffic", "", waiting, t("chip.waiting"))}
    ${chip("rounds", overdue ? "warn" : "", overdue, t("chip.overdue"))}
    ${totals.value?.is_degraded ? html`<span class="chip bad"><b>!</b><span>${t("degraded")}</span></span>` : null}
  </div>`;
}

function Operator() {
  return html`<label class="operator">
    <${Icon} name="user" size=${18} />
    <span class="unseen">${t("operator")}</span>
    <input
      name="operator"
      maxlength="64"
      placeholder=${t("operator_hint")}
      value=${operator.value}
      onInput=${(event) => (operator.value = event.target.value)}
    />
  </label>`;
}

function StopAll() {
  const [asked, ask] = useState(null);
  const stopped = [...robots.value.values()].filter((robot) => robot.is_stopped).length;
  const close = () => ask(null);
  return html`<div class="stop-all">
    ${stopped
      ? html`<${Button} icon="play" tone="calm" onClick=${() => ask("resume")}>${t("resume_all")}<//>`
      : null}
    <${Button} icon="stop" tone="stop" onClick=${() => ask("stop")}>${t("stop_all")}<//>
    ${asked === "stop"
      ? html`<${ReasonDialog}
          title=${t("stop_all")}
          text=${t("stop_all_text", { n: robots.value.size })}
          isNeeded=${false}
          action=${t("stop_all")}
          tone="stop"
          act=${(reason) => stopRobots([], reason)}
          onClose=${close}
        />`
      : null}
    ${asked === "resume"
      ? html`<${ReasonDialog}
          title=${t("resume_all")}
          text=${t("resume_all_text", { n: stopped })}
          action=${t("resume_all")}
          act=${(reason) => resumeRobots([], reason)}
          onClose=${close}
        />`
      : null}
  </div>`;
}

/** The alarm that comes first, on every page until somebody has acknowledged it. */
export function AlarmStrip() {
  const unseen = openAlarms.value.filter((alarm) => alarmState(alarm, second.value) === "unacknowledged");
  if (!unseen.length) return null;
  const [first] = unseen;
  return html`<button type="button" class=${`alarm-strip ${first.severity}`} onClick=${() => go("alarms", first.alarm_id)}>
    <${Icon} name="warning" size=${18} />
    <b>${word("severity", first.severity)}</b>
    <span class="text">${first.subject}: ${first.text}</span>
    ${unseen.length > 1 ? html`<span class="more">${t("and_more", { n: unseen.length - 1 })}</span>` : null}
  </button>`;
}

export function Notices() {
  return html`<div class="notices" aria-live="polite">
    ${notices.value.map(
      (notice) =>
        html`<div key=${notice.number} class=${`notice ${notice.kind}`}>
          <${Icon} name=${notice.kind === "good" ? "check" : "warning"} size=${18} />
          <span>${notice.text}</span>
          <${IconButton} icon="close" label=${t("close_window")} onClick=${() => dismiss(notice.number)} />
        </div>`,
    )}
  </div>`;
}
