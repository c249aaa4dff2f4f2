// The map's canvas: draws when something changed, and turns pointers and keys into moves of the camera.
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { draft } from "../draft.js";
import { html } from "../html.js";
import { poseOf } from "../live.js";
import { layers, theme } from "../prefs.js";
import { edges, plant, points, robots, second } from "../store.js";
import { t } from "../words.js";
import { Camera } from "./camera.js";
import { drawGround } from "./ground.js";
import { readPalette } from "./palette.js";
import { pick } from "./pick.js";
import { makeScene } from "./scene.js";
import { drawTraffic } from "./traffic.js";

const FRAME_MS = 1000 / 30;
const CLICK_PX = 5;
const KEY_PAN_PX = 60;
const ZOOM_STEP = 1.25;

/**
 * One map. `look` says what to show: {levelId, selection, following}; `on` is told of picks and hovers.
 * Not a component: it lives as long as its canvas.
 */
export class MapView {
  constructor(canvas, on) {
    this.canvas = canvas;
    this.on = on;
    this.camera = new Camera();
    this.ground = document.createElement("canvas");
    this.groundKey = "";
    this.drawn_ms = 0;
    this.placed = [];
    this.wanted = null;
    this.look = { levelId: null, selection: null, following: false };
    this.scene = null;
    this.pointers = new Map();
    this.palette = readPalette();
    this.version = 0;
    this.stopTheme = effect(() => {
      theme.value;
      queueMicrotask(() => {
        this.palette = readPalette();
        this.version += 1;
      });
    });
    this.stopData = effect(() => {
      [edges.value, points.value, layers.value, draft.points, second.value];
      this.version += 1;
    });
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas.parentElement);
    this.listen();
    this.frame = requestAnimationFrame(this.tick);
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.stopTheme();
    this.stopData();
    this.silence.abort();
  }

  show(look) {
    const isNewLevel = this.look.levelId !== look.levelId;
    this.look = look;
    if (isNewLevel) {
      this.scene = makeScene(plant.value, look.levelId);
      this.version += 1;
      this.fit();
    }
  }

  fit() {
    if (this.scene) this.camera.fit(this.scene.bounds);
  }

  /** Bring a place into the middle, near enough to be read. */
  focus(x_m, y_m) {
    if (this.camera.width <= 1) {
      // Not laid out yet.
      this.wanted = [x_m, y_m];
      return;
    }
    this.camera.center(x_m, y_m);
    this.camera.scale = Math.max(this.camera.scale, 11);
  }

  zoomBy(steps) {
    this.camera.zoom(ZOOM_STEP ** steps);
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas.parentElement;
    const isFirst = this.camera.width === 1;
    const ratio = devicePixelRatio || 1;
    for (const canvas of [this.canvas, this.ground]) {
      canvas.width = Math.round(clientWidth * ratio);
      canvas.height = Math.round(clientHeight * ratio);
    }
    this.camera.resize(clientWidth, clientHeight);
    if (isFirst) this.fit();
    if (isFirst && this.wanted) this.focus(...this.wanted);
    this.version += 1;
    this.drawn_ms = 0;
  }

  tick = (at_ms) => {
    this.frame = requestAnimationFrame(this.tick);
    if (at_ms - this.drawn_ms < FRAME_MS - 2 || !this.scene || this.camera.width <= 1) return;
    this.drawn_ms = at_ms;
    this.draw();
  };

  draw() {
    const { camera, look } = this;
    if (look.following && look.selection?.kind === "robot") {
      const pose = poseOf(robots.peek().get(look.selection.id)?.index);
      if (pose) camera.center(pose.x_m, pose.y_m);
    }
    const ratio = devicePixelRatio || 1;
    const view = this.view();
    const key = `${camera.key} ${look.levelId} ${this.version}`;
    if (key !== this.groundKey) {
      this.groundKey = key;
      const ctx = this.ground.getContext("2d");
      ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
      drawGround(ctx, camera, view);
    }
    const ctx = this.canvas.getContext("2d");
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.drawImage(this.ground, 0, 0);
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.placed = drawTraffic(ctx, camera, view);
  }

  view() {
    return {
      plant: plant.peek(),
      scene: this.scene,
      palette: this.palette,
      layers: layers.peek(),
      edges: edges.peek(),
      points: points.peek(),
      robots: robots.peek(),
      levelIndex: plant.peek().levelIndex.get(this.look.levelId),
      selection: this.look.selection,
      picked: draft.points,
      at_s: second.peek(),
    };
  }

  listen() {
    this.silence = new AbortController();
    const on = (kind, handler, more = {}) => this.canvas.addEventListener(kind, handler, { signal: this.silence.signal, ...more });
    on("pointerdown", this.down);
    on("pointermove", this.move);
    on("pointerup", this.up);
    on("pointercancel", this.up);
    on("pointerleave", () => this.on.hover(null));
    on("keydown", this.key);
    on(
      "wheel",
      (event) => {
        event.preventDefault();
        this.camera.zoom(Math.exp(-event.deltaY * 0.0015), event.offsetX, event.offsetY);
      },
      { passive: false },
    );
  }

  down = (event) => {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.start = { x: event.offsetX, y: event.offsetY, isClick: this.pointers.size === 1 };
  };

  move = (event) => {
    const before = this.pointers.get(event.pointerId);
    const [x, y] = [event.offsetX, event.offsetY];
    if (!before) {
      this.on.hover(this.scene && { x, y, thing: pick(this.view(), this.camera, this.placed, x, y) });
      return;
    }
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    if (others.length) {
      const [other] = others;
      const grown = Math.hypot(x - other.x, y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      this.camera.zoom(grown, (x + other.x) / 2, (y + other.y) / 2);
      this.start.isClick = false;
    } else if (!this.start.isClick || Math.hypot(x - this.start.x, y - this.start.y) > CLICK_PX) {
      this.start.isClick = false;
      this.camera.pan(x - before.x, y - before.y);
      this.on.moved();
    }
    this.pointers.set(event.pointerId, { x, y });
  };

  up = (event) => {
    this.pointers.delete(event.pointerId);
    if (event.type === "pointerup" && this.start?.isClick && this.scene) {
      const thing = pick(this.view(), this.camera, this.placed, event.offsetX, event.offsetY);
      this.on.pick(thing, event.shiftKey || event.ctrlKey || event.metaKey);
    }
    this.start = null;
  };

  key = (event) => {
    const pans = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const pan = pans[event.key];
    if (pan) {
      this.camera.pan(pan[0] * KEY_PAN_PX, pan[1] * KEY_PAN_PX);
      this.on.moved();
    } else if (event.key === "+" || event.key === "=") this.zoomBy(1);
    else if (event.key === "-") this.zoomBy(-1);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape") this.on.pick(null, false);
    else return;
    event.preventDefault();
  };
}

export function MapCanvas({ look, on, handle }) {
  const canvas = useRef(null);
  const events = useRef(on);
  events.current = on;
  useEffect(() => {
    const view = new MapView(canvas.current, {
      pick: (...said) => events.current.pick(...said),
      hover: (...said) => events.current.hover(...said),
      moved: () => events.current.moved(),
    });
    handle.current = view;
    view.show(look);
    return () => view.destroy();
  }, []);
  useEffect(() => handle.current?.show(look));
  return html`<canvas ref=${canvas} tabindex="0" role="application" aria-label=${t("map_label")} aria-describedby="map-keys"></canvas>`;
}
