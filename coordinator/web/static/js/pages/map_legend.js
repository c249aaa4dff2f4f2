// What the map's signs mean, and which robots wait or need help now.
import { html } from "../html.js";
import { layers } from "../prefs.js";
import { robots, robotState, second } from "../store.js";
import { Empty, RobotBadge } from "../parts.js";
import { t, word } from "../words.js";
import { RADIO_BANDS } from "../map/palette.js";
import { waitText } from "./robots.js";

const NEEDY = ["faulted", "blocked", "lost", "stopped", "suspect", "waiting"];
const AGES = ["map-point-0", "map-point-1", "map-point-2", "map-point-3", "map-point-4"];
const ROBOT_SIGNS = [
  ["robot-busy", "driving"],
  ["robot-work", "working"],
  ["robot-charge", "charging"],
  ["robot-idle", "idle"],
  ["robot-wait", "waiting"],
  ["robot-bad", "stopped_or_lost"],
];

const swatch = (color) => ({ background: `var(--${color})` });

export function Legend({ show }) {
  const needy = [...robots.value.values()].filter((robot) => NEEDY.includes(robotState(robot)));
  needy.sort((a, b) => NEEDY.indexOf(robotState(a)) - NEEDY.indexOf(robotState(b)) || (a.robot_id < b.robot_id ? -1 : 1));
  return html`<section>
      <h2>${t("who_waits")}</h2>
      ${needy.length
        ? html`<ul class="plain-list needy">
            ${needy.slice(0, 30).map(
              (robot) => html`<li key=${robot.robot_id}>
                <button type="button" onClick=${() => show({ kind: "robot", id: robot.robot_id })}>
                  <b>${robot.robot_id}</b><${RobotBadge} state=${robotState(robot)} />
                  <span class="quiet">${waitText(robot.wait, second.value)}</span>
                </button>
              </li>`,
            )}
          </ul>`
        : html`<${Empty}>${t("all_well")}<//>`}
    </section>
    <section class="legend">
      <h2>${t("legend")}</h2>
      <h3>${t("page.robots")}</h3>
      <ul>${ROBOT_SIGNS.map(([color, name]) => html`<li key=${name}><i class="round" style=${swatch(color)}></i>${word("state", name)}</li>`)}</ul>
      <h3>${t("points")}</h3>
      <ul>${AGES.map((color, i) => html`<li key=${color}><i class="diamond" style=${swatch(color)}></i>${t(`age.${i}`)}</li>`)}</ul>
      <h3>${t("ways")}</h3>
      <ul>
        <li><i class="line base"></i>${t("legend_base")}</li>
        <li><i class="line horizon"></i>${t("legend_horizon")}</li>
        <li><i class="line slow"></i>${t("legend_slow")}</li>
        <li><i class="line closed"></i>${t("closed")}</li>
      </ul>
      ${layers.value.radio
        ? html`<h3>${t("layer.radio")}</h3>
            <ul>${RADIO_BANDS.map(([start, tint]) => html`<li key=${start}><i style=${{ background: `rgba(${tint.slice(0, 3)}, ${Math.min(1, tint[3] * 2)})` }}></i>${Number.isFinite(start) ? t("from_dbm", { n: start }) : t("no_coverage")}</li>`)}</ul>`
        : null}
    </section>`;
}
