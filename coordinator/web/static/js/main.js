// The page: a bar on top, pages at the left, the chosen one beside them.
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { connect } from "./live.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { AlarmStrip, Notices, TopBar } from "./bar.js";
import { href, route } from "./route.js";
import { connection, openAlarms, plant } from "./store.js";
import { t } from "./words.js";
import { MapPage } from "./pages/map.js";
import { RobotsPage } from "./pages/robots.js";
import { MissionsPage } from "./pages/missions.js";
import { RoundsPage } from "./pages/rounds.js";
import { AlarmsPage } from "./pages/alarms.js";
import { ObservationsPage } from "./pages/observations.js";
import { TrafficPage } from "./pages/traffic.js";
import { ReplayBar } from "./replay_bar.js";

const PAGES = {
  map: MapPage,
  robots: RobotsPage,
  missions: MissionsPage,
  rounds: RoundsPage,
  alarms: AlarmsPage,
  observations: ObservationsPage,
  traffic: TrafficPage,
};

function Navigation() {
  const unseen = openAlarms.value.filter((alarm) => !alarm.is_acknowledged).length;
  return html`<nav class="rail" aria-label=${t("pages")}>
    ${Object.keys(PAGES).map(
      (page) =>
        html`<a key=${page} href=${href(page)} aria-current=${route.value.page === page ? "page" : undefined}>
          <${Icon} name=${page} size=${22} />
          <span>${t(`page.${page}`)}</span>
          ${page === "alarms" && unseen ? html`<b class="count" aria-label=${t("unseen", { n: unseen })}>${unseen}</b>` : null}
        </a>`,
    )}
    <a class="apart" href="/api/docs" target="_blank" rel="noopener">
      <${Icon} name="book" size=${22} /><span>API</span>
    </a>
  </nav>`;
}

function Room() {
  const { page, name } = route.value;
  const Page = PAGES[page] ?? MapPage;
  useEffect(() => {
    document.title = `${t(`page.${PAGES[page] ? page : "map"}`)} · ${plant.value?.plant_id ?? ""} · Roundsman`;
  });
  return html`<a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
    <${TopBar} />
    <${Navigation} />
    <main id="main" tabindex="-1" class=${`page-${page}`}>
      ${plant.value ? html`<${Page} name=${name} />` : html`<p class="empty">${t(`connection.${connection.value}`)}</p>`}
    </main>
    <div class="strip"><${ReplayBar} /><${AlarmStrip} /></div>
    <${Notices} />`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

render(html`<${Room} />`, document.getElementById("room"));
connect();
