// The live map, with what was picked on it at the side.
import { useEffect, useRef, useState } from "preact/hooks";
import { draft } from "../draft.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { poseOf } from "../live.js";
import { MapCanvas } from "../map/canvas.js";
import { Button, IconButton } from "../parts.js";
import { layers, toggleLayer } from "../prefs.js";
import { go, route } from "../route.js";
import { edges, plant, pointState, points, robots, robotState, second } from "../store.js";
import { t, word } from "../words.js";
import { EdgePanel, PointPanel, RobotPanel, ZonePanel } from "./map_panel.js";
import { Legend } from "./map_legend.js";

const PANELS = { robot: RobotPanel, point: PointPanel, edge: EdgePanel, zone: ZonePanel };
const KINDS = ["robot", "point", "edge"];
const MAX_FOUND = 12;
const LOOK_AGAIN_MS = 300;

/** Level and place of a thing: [level id, x, y]. */
function placeOf({ kind, id }) {
  const at = plant.value;
  if (kind === "robot") {
    const pose = poseOf(robots.value.get(id)?.index);
    return pose && [at.levels[pose.level].level_id, pose.x_m, pose.y_m];
  }
  const spec = kind === "point" ? at.pointsById.get(id) : kind === "edge" ? at.edgesById.get(id) : null;
  const node = at.nodesById.get(kind === "node" ? id : (spec?.node_id ?? spec?.start));
  const end = kind === "edge" ? at.nodesById.get(spec?.end) : node;
  return node && [node.level_id, (node.x_m + end.x_m) / 2, (node.y_m + end.y_m) / 2];
}

export function MapPage() {
  const view = useRef(null);
  const [levelId, setLevel] = useState(plant.value.levels[0].level_id);
  const [selection, select] = useState(null);
  const [following, follow] = useState(false);
  const [hovered, hover] = useState(null);
  const show = (thing) => {
    const place = placeOf(thing);
    if (!place) return false;
    setLevel(place[0]);
    select(KINDS.includes(thing.kind) ? thing : null);
    // After the level was changed.
    setTimeout(() => view.current?.focus(place[1], place[2]));
    return true;
  };
  useEffect(() => {
    const kind = KINDS.find((name) => route.value.query.has(name));
    if (!kind || show({ kind, id: route.value.query.get(kind) })) return undefined;
    // A robot's first pose comes a moment after the page.
    const timer = setInterval(() => show({ kind, id: route.value.query.get(kind) }) && clearInterval(timer), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [route.value]);
  const on = {
    pick(thing, isMore) {
      if (isMore && thing?.kind === "point") draft.toggle(thing.id);
      else {
        select(thing);
        follow(false);
      }
    },
    hover,
    moved: () => follow(false),
  };
  const Panel = selection && PANELS[selection.kind];
  return html`<div class="map-page">
    <div class="map-frame">
      <${MapCanvas} look=${{ levelId, selection, following }} on=${on} handle=${view} />
      <p id="map-keys" class="unseen">${t("map_keys")}</p>
      <div class="map-tools">
        <${Search} show=${show} />
        ${plant.value.levels.length > 1 ? html`<${Levels} levelId=${levelId} setLevel=${setLevel} />` : null}
      </div>
      <div class="map-buttons">
        <${IconButton} icon="plus" label=${t("zoom_in")} onClick=${() => view.current.zoomBy(1)} />
        <${IconButton} icon="minus" label=${t("zoom_out")} onClick=${() => view.current.zoomBy(-1)} />
        <${IconButton} icon="fit" label=${t("zoom_fit")} onClick=${() => view.current.fit()} />
        <${Layers} />
      </div>
      ${hovered?.thing ? html`<${Hint} hovered=${hovered} />` : null}
      ${draft.points.length ? html`<${DraftTray} />` : null}
    </div>
    <aside class="map-panel" aria-label=${t("details")}>
      ${Panel
        ? html`<${Panel} key=${selection.id} id=${selection.id} following=${following} follow=${follow} close=${() => select(null)} />`
        : html`<${Legend} show=${show} />`}
    </aside>
  </div>`;
}

function Levels({ levelId, setLevel }) {
  return html`<div class="choice" role="group" aria-label=${t("level")}>
    ${plant.value.levels.map((level) => html`<button type="button" key=${level.level_id} aria-pressed=${level.level_id === levelId} onClick=${() => setLevel(level.level_id)}>${level.level_id}</button>`)}
  </div>`;
}

function Layers() {
  const [isOpen, setOpen] = useState(false);
  return html`<div class="layers">
    <button type="button" class="icon-button" aria-label=${t("layers")} title=${t("layers")} aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}><${Icon} name="layers" /></button>
    ${isOpen
      ? html`<fieldset class="popover">
          <legend>${t("layers")}</legend>
          ${Object.keys(layers.value).map((name) => html`<label key=${name}><input type="checkbox" checked=${layers.value[name]} onChange=${() => toggleLayer(name)} /> ${t(`layer.${name}`)}</label>`)}
        </fieldset>`
      : null}
  </div>`;
}

function candidates(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const found = [];
  const add = (kind, id, more = "") => `${id} ${more}`.toLowerCase().includes(wanted) && found.push({ kind, id, more });
  for (const id of robots.value.keys()) add("robot", id);
  for (const point of plant.value.points) add("point", point.point_id, point.tag);
  for (const edge of plant.value.edges) if (edge.reverse_id === null || edge.edge_id < edge.reverse_id) add("edge", edge.edge_id);
  for (const node of plant.value.nodes) add("node", node.node_id);
  return found.sort((a, b) => !a.id.toLowerCase().startsWith(wanted) - !b.id.toLowerCase().startsWith(wanted)).slice(0, MAX_FOUND);
}

function Search({ show }) {
  const [text, setText] = useState("");
  const [chosen, choose] = useState(0);
  const found = candidates(text);
  const take = (thing) => {
    show(thing);
    setText("");
  };
  const key = (event) => {
    if (event.key === "ArrowDown") choose(Math.min(found.length - 1, chosen + 1));
    else if (event.key === "ArrowUp") choose(Math.max(0, chosen - 1));
    else if (event.key === "Enter" && found[chosen]) take(found[chosen]);
    else if (event.key === "Escape") setText("");
    else return;
    event.preventDefault();
  };
  const input = (event) => {
    setText(event.target.value);
    choose(0);
  };
  return html`<div class="map-search">
    <${Icon} name="search" size=${18} />
    <input
      type="text"
      role="combobox"
      aria-label=${t("search_map")}
      placeholder=${t("search_map")}
      aria-expanded=${found.length > 0}
      aria-controls="map-found"
      aria-activedescendant=${found.length ? `found-${chosen}` : undefined}
      value=${text}
      onInput=${input}
      onKeyDown=${key}
    />
    ${found.length
      ? html`<ul id="map-found" role="listbox" aria-label=${t("search_map")}>
          ${found.map((thing, i) => html`<li key=${`${thing.kind} ${thing.id}`} id=${`found-${i}`} role="option" aria-selected=${i === chosen} onClick=${() => take(thing)}><small>${word("kind", thing.kind)}</small><b>${thing.id}</b> <span class="quiet">${thing.more}</span></li>`)}
        </ul>`
      : null}
  </div>`;
}

function Hint({ hovered }) {
  const { thing, x, y } = hovered;
  let more = "";
  if (thing.kind === "robot") more = robots.value.has(thing.id) ? word("state", robotState(robots.value.get(thing.id))) : "";
  if (thing.kind === "point") more = points.value.has(thing.id) ? word("point", pointState(points.value.get(thing.id), second.value)) : "";
  if (thing.kind === "edge") more = edges.value.get(thing.id)?.is_closed ? t("closed") : "";
  return html`<div class="map-hint" style=${{ left: `${x + 14}px`, top: `${y + 14}px` }}>
    <small>${word("kind", thing.kind)}</small> <b>${thing.id}</b>${more ? html` · ${more}` : null}
  </div>`;
}

function DraftTray() {
  return html`<div class="draft-tray" role="status">
    <span>${t("picked", { n: draft.points.length })}</span>
    <${Button} onClick=${() => draft.clear()}>${t("clear")}<//>
    <${Button} tone="main" onClick=${() => go("missions", "new")}>${t("new_mission")}<//>
  </div>`;
}
