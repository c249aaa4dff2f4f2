// Everything under the robots: radio, zones, ways with closures and congestion, nodes, points.
import { ageRatio, pointState } from "../store.js";
import { ageColor, RADIO_BANDS } from "./palette.js";

const JAM_RATIO = 3;
const SLOW_RATIO = 1.25;
const NAMES_FROM = 9;
const NODE_NAMES_FROM = 22;
const ZONE_NAMES_FROM = 5;
const ROLE_GLYPHS = { charger: ["map-dock", "⚡"], parking: ["map-parking", "P"], evacuation: ["map-exit", "E"] };

const radioImages = new Map();

export function drawGround(ctx, camera, view) {
  const { scene, palette, layers } = view;
  ctx.fillStyle = palette["map-floor"];
  ctx.fillRect(0, 0, camera.width, camera.height);
  if (layers.radio && scene.radio) drawRadio(ctx, camera, scene);
  if (layers.zones) for (const zone of scene.zones) drawZone(ctx, camera, zone, palette);
  drawWays(ctx, camera, view);
  if (layers.zones && layers.names && camera.scale > ZONE_NAMES_FROM) for (const zone of scene.zones) drawZoneName(ctx, camera, zone, palette);
  for (const node of scene.nodes) drawNode(ctx, camera, node, palette, layers.names);
  if (layers.points) drawPoints(ctx, camera, view);
}

/** The field as a picture of one pixel a cell; the canvas stretches it smoothly. */
function radioImage(field) {
  if (!radioImages.has(field)) {
    const image = new OffscreenCanvas(field.columns, field.rows);
    const ctx = image.getContext("2d");
    const data = ctx.createImageData(field.columns, field.rows);
    field.rsrp_dbm.forEach((dbm, i) => {
      const [, tint] = RADIO_BANDS.findLast(([start]) => dbm >= start);
      const row = field.rows - 1 - Math.floor(i / field.columns);
      const at = (row * field.columns + (i % field.columns)) * 4;
      data.data.set([tint[0], tint[1], tint[2], tint[3] * 255], at);
    });
    ctx.putImageData(data, 0, 0);
    radioImages.set(field, image);
  }
  return radioImages.get(field);
}

function drawRadio(ctx, camera, scene) {
  const field = scene.radio;
  const height_m = field.rows * field.step_m;
  ctx.drawImage(
    radioImage(field),
    camera.px(field.west_m),
    camera.py(field.south_m + height_m),
    field.columns * field.step_m * camera.scale,
    height_m * camera.scale,
  );
}

function drawZone(ctx, camera, zone, palette) {
  const color = palette[`zone-${zone.kind}`];
  ctx.beginPath();
  zone.polygon.forEach(([x, y], i) => (i ? ctx.lineTo(camera.px(x), camera.py(y)) : ctx.moveTo(camera.px(x), camera.py(y))));
  ctx.closePath();
  ctx.globalAlpha = 0.1;
  ctx.fillStyle = color;
  ctx.fill();
  ctx.globalAlpha = 0.7;
  ctx.setLineDash([7, 5]);
  ctx.lineWidth = 1.2;
  ctx.strokeStyle = color;
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

function drawZoneName(ctx, camera, zone, palette) {
  const west = Math.min(...zone.polygon.map(([x]) => x));
  const north = Math.max(...zone.polygon.map(([, y]) => y));
  label(ctx, zone.zone_id, camera.px(west) + 2, camera.py(north) - 5, palette[`zone-${zone.kind}`], palette, { align: "left", size: 11, weight: 600 });
}

function wayState(way, edges) {
  const rows = way.ids.map((id) => edges.get(id)).filter(Boolean);
  return {
    isClosed: rows.some((row) => row.is_closed) && !way.edge.is_locked,
    isBlockage: rows.some((row) => row.is_blockage),
    delay: Math.max(1, ...rows.map((row) => row.delay_ratio)),
  };
}

function drawWays(ctx, camera, view) {
  const { scene, palette, layers, edges } = view;
  const states = scene.ways.map((way) => wayState(way, edges));
  const width = (way) => Math.min(14, Math.max(2, way.edge.width_m * camera.scale * 0.5));
  ctx.lineCap = "round";
  for (const [color, more] of [["map-way-edge", 2], ["map-way", 0]]) {
    ctx.strokeStyle = palette[color];
    for (const way of scene.ways) {
      if (way.isBetweenLevels) continue;
      ctx.lineWidth = width(way) + more;
      line(ctx, camera, way.a, way.b);
    }
  }
  scene.ways.forEach((way, i) => {
    const state = states[i];
    if (way.isBetweenLevels) return;
    if (layers.congestion && state.delay >= SLOW_RATIO && !state.isClosed) {
      ctx.globalAlpha = Math.min(0.95, 0.35 + (state.delay - 1) / JAM_RATIO);
      ctx.strokeStyle = palette[state.delay >= JAM_RATIO ? "map-jam" : "map-slow"];
      ctx.lineWidth = width(way);
      line(ctx, camera, way.a, way.b);
      ctx.globalAlpha = 1;
    }
    if (way.edge.is_locked || state.isClosed) {
      ctx.setLineDash([6, 6]);
      ctx.strokeStyle = palette[state.isClosed ? "map-closed" : "map-locked"];
      ctx.lineWidth = Math.max(3, width(way) * 0.7);
      line(ctx, camera, way.a, way.b);
      ctx.setLineDash([]);
    } else if (way.edge.reverse_id === null && camera.scale > 3) {
      arrow(ctx, camera, way, palette["map-node"]);
    }
  });
  scene.ways.forEach((way, i) => {
    if (states[i].isClosed) cross(ctx, camera, way, palette, states[i].isBlockage);
    else if (way.edge.device_id && !way.isBetweenLevels) door(ctx, camera, way, palette);
  });
}

function line(ctx, camera, a, b) {
  ctx.beginPath();
  ctx.moveTo(camera.px(a.x_m), camera.py(a.y_m));
  ctx.lineTo(camera.px(b.x_m), camera.py(b.y_m));
  ctx.stroke();
}

const middle = (camera, way) => [camera.px((way.a.x_m + way.b.x_m) / 2), camera.py((way.a.y_m + way.b.y_m) / 2)];

function arrow(ctx, camera, way, color) {
  const [x, y] = middle(camera, way);
  const angle = Math.atan2(way.a.y_m - way.b.y_m, way.b.x_m - way.a.x_m);
  const size = Math.min(5, 1.5 + camera.scale * 0.25);
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(angle);
  ctx.beginPath();
  ctx.moveTo(-size * 0.6, -size * 0.8);
  ctx.lineTo(size * 0.7, 0);
  ctx.lineTo(-size * 0.6, size * 0.8);
  ctx.lineWidth = 1.4;
  ctx.strokeStyle = color;
  ctx.stroke();
  ctx.restore();
}

function cross(ctx, camera, way, palette, isBlockage) {
  const [x, y] = middle(camera, way);
  ctx.beginPath();
  ctx.arc(x, y, 9, 0, 2 * Math.PI);
  ctx.fillStyle = palette["map-closed"];
  ctx.fill();
  ctx.strokeStyle = "#fff";
  ctx.lineWidth = 2.4;
  ctx.beginPath();
  if (isBlockage) {
    ctx.moveTo(x, y - 5);
    ctx.lineTo(x, y + 1);
    ctx.moveTo(x, y + 4.6);
    ctx.lineTo(x, y + 4.8);
  } else {
    ctx.moveTo(x - 4.5, y);
    ctx.lineTo(x + 4.5, y);
  }
  ctx.stroke();
}

function door(ctx, camera, way, palette) {
  const [x, y] = middle(camera, way);
  const angle = Math.atan2(way.a.y_m - way.b.y_m, way.b.x_m - way.a.x_m);
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(angle);
  ctx.fillStyle = palette["map-door"];
  ctx.fillRect(-2.5, -8, 5, 16);
  ctx.restore();
}

function drawNode(ctx, camera, node, palette, hasNames) {
  const [x, y] = [camera.px(node.x_m), camera.py(node.y_m)];
  const role = ["charger", "parking", "evacuation"].find((name) => node.roles.includes(name));
  if (role && camera.scale > 2) {
    const [color, letter] = ROLE_GLYPHS[role];
    const size = Math.min(9, Math.max(4, camera.scale * 0.7));
    ctx.fillStyle = palette[color];
    ctx.beginPath();
    ctx.roundRect(x - size, y - size, 2 * size, 2 * size, 3);
    ctx.fill();
    if (size > 6) {
      ctx.fillStyle = "#fff";
      ctx.font = `700 ${size + 3}px system-ui, sans-serif`;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.fillText(letter, x, y + 0.5);
    }
  } else {
    ctx.beginPath();
    ctx.arc(x, y, node.roles.includes("holding") ? 4 : Math.min(3, 1 + camera.scale * 0.12), 0, 2 * Math.PI);
    ctx.fillStyle = palette[node.roles.includes("holding") ? "map-holding" : "map-node"];
    ctx.fill();
  }
  if (hasNames && camera.scale > NODE_NAMES_FROM) label(ctx, node.node_id, x, y + 17, palette["map-node"], palette, { size: 10 });
}

function drawPoints(ctx, camera, view) {
  const { scene, palette, points, at_s, picked, layers } = view;
  const size = Math.min(8, Math.max(3, camera.scale * 0.55));
  for (const glyph of scene.glyphs) {
    const row = points.get(glyph.point.point_id);
    if (!row) continue;
    const isOverdue = pointState(row, at_s) === "overdue";
    const [x, y] = [camera.px(glyph.x_m), camera.py(glyph.y_m)];
    const radius = isOverdue ? size * 1.25 : size;
    diamond(ctx, x, y, radius);
    ctx.fillStyle = palette[ageColor(ageRatio(row, at_s), isOverdue)];
    ctx.fill();
    ctx.lineWidth = 1.2;
    ctx.strokeStyle = palette["map-halo"];
    ctx.stroke();
    if (picked.includes(glyph.point.point_id)) {
      diamond(ctx, x, y, radius + 4);
      ctx.lineWidth = 2.4;
      ctx.strokeStyle = palette["map-picked"];
      ctx.stroke();
    }
    if (layers.names && camera.scale > NAMES_FROM) nameBeside(ctx, glyph, x, y, radius + 4, palette);
  }
}

/** On the side away from the node, where a robot will stand. */
function nameBeside(ctx, { point }, x, y, away, palette) {
  const [cos, sin] = [Math.cos(point.heading_rad), Math.sin(point.heading_rad)];
  const isAside = Math.abs(cos) > 0.6;
  const align = isAside ? (cos > 0 ? "left" : "right") : "center";
  const down = isAside ? 4 : sin > 0 ? -away : away + 9;
  label(ctx, point.point_id, x + (isAside ? Math.sign(cos) * away : 0), y + down, palette["map-ink"], palette, { align, size: 10.5 });
}

export function diamond(ctx, x, y, radius) {
  ctx.beginPath();
  ctx.moveTo(x, y - radius);
  ctx.lineTo(x + radius, y);
  ctx.lineTo(x, y + radius);
  ctx.lineTo(x - radius, y);
  ctx.closePath();
}

export function label(ctx, text, x, y, color, palette, { align = "center", size = 11, weight = 500 } = {}) {
  ctx.font = `${weight} ${size}px system-ui, "Noto Sans CJK SC", sans-serif`;
  ctx.textAlign = align;
  ctx.textBaseline = "alphabetic";
  ctx.lineWidth = 3;
  ctx.lineJoin = "round";
  ctx.strokeStyle = palette["map-halo"];
  ctx.strokeText(text, x, y);
  ctx.fillStyle = color;
  ctx.fillText(text, x, y);
}
