// Everything that moves: routes (base solid, horizon dashed), robots with their state and what they wait for.
import { poseOf } from "../live.js";
import { robotState } from "../store.js";
import { word } from "../words.js";
import { diamond, label } from "./ground.js";
import { ROBOT_COLORS } from "./palette.js";

const SMALLEST_PX = 8;
// With more robots than this, names are shown only from near.
const FEW = 40;
const NAMES_FROM = 7;
const OUTSIDE_PX = 40;

export function drawTraffic(ctx, camera, view) {
  const placed = [];
  for (const robot of view.robots.values()) {
    const pose = poseOf(robot.index);
    if (!pose || pose.level !== view.levelIndex) continue;
    const [x, y] = [camera.px(pose.x_m), camera.py(pose.y_m)];
    placed.push({ robot, pose, x, y, color: view.palette[ROBOT_COLORS[robotState(robot)]] });
  }
  if (view.layers.routes) {
    for (const item of placed) if (!isSelected(view, item)) drawRoute(ctx, camera, view, item, false);
  }
  for (const item of placed) if (isSelected(view, item)) drawRoute(ctx, camera, view, item, true);
  drawSelection(ctx, camera, view);
  const shown = placed.filter(({ x, y }) => x > -OUTSIDE_PX && y > -OUTSIDE_PX && x < camera.width + OUTSIDE_PX && y < camera.height + OUTSIDE_PX);
  for (const item of shown) drawRobot(ctx, camera, view, item);
  const hasNames = view.layers.names && (placed.length <= FEW || camera.scale > NAMES_FROM);
  const taken = [];
  const named = shown.filter((item) => hasNames || isSelected(view, item));
  named.sort((a, b) => importance(view, b) - importance(view, a));
  for (const item of named) drawName(ctx, camera, view, item, taken);
  return placed;
}

// Whose name is shown where there is room for one only.
const importance = (view, item) => (isSelected(view, item) ? 3 : item.robot.link === "lost" || item.robot.is_stopped ? 2 : item.robot.wait ? 1 : 0);

const isSelected = (view, item) => view.selection?.kind === "robot" && view.selection.id === item.robot.robot_id;

function drawRoute(ctx, camera, view, item, isMarked) {
  const { robot, x, y } = item;
  const color = isMarked ? view.palette["map-picked"] : view.palette["map-route"];
  const at = (id) => view.plant.nodesById.get(id);
  // The base begins at the node confirmed last, which lies behind the robot while it drives.
  const base = robot.base.slice(1).map(at);
  const horizon = robot.horizon.map(at);
  ctx.lineJoin = "round";
  ctx.lineCap = "round";
  ctx.strokeStyle = color;
  ctx.globalAlpha = isMarked ? 1 : 0.75;
  ctx.lineWidth = isMarked ? 5 : 3.2;
  const end = path(ctx, camera, view, [x, y], base);
  ctx.lineWidth = isMarked ? 3.4 : 2;
  ctx.setLineDash([2, 7]);
  path(ctx, camera, view, end, horizon);
  ctx.setLineDash([]);
  if (base.length && end[0] !== null) {
    // The decision node: here it stops unless the base grows.
    ctx.fillStyle = color;
    ctx.beginPath();
    ctx.arc(end[0], end[1], isMarked ? 5 : 3.6, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

/** Draw through nodes of this level; where the line ends. */
function path(ctx, camera, view, start, nodes) {
  let [x, y] = start;
  ctx.beginPath();
  if (x !== null) ctx.moveTo(x, y);
  for (const node of nodes) {
    if (!node || node.level_id !== view.scene.levelId) {
      x = null;
      continue;
    }
    const isAway = x === null;
    [x, y] = [camera.px(node.x_m), camera.py(node.y_m)];
    if (isAway) ctx.moveTo(x, y);
    else ctx.lineTo(x, y);
  }
  ctx.stroke();
  return [x, y];
}

function drawSelection(ctx, camera, view) {
  const { selection, scene, palette } = view;
  ctx.strokeStyle = palette["map-picked"];
  ctx.lineWidth = 3;
  if (selection?.kind === "point") {
    const glyph = scene.glyphs.find((item) => item.point.point_id === selection.id);
    if (glyph) {
      diamond(ctx, camera.px(glyph.x_m), camera.py(glyph.y_m), 14);
      ctx.stroke();
    }
  } else if (selection?.kind === "edge") {
    const way = scene.ways.find((item) => item.ids.includes(selection.id));
    if (way) {
      ctx.globalAlpha = 0.4;
      ctx.lineWidth = 18;
      ctx.beginPath();
      ctx.moveTo(camera.px(way.a.x_m), camera.py(way.a.y_m));
      ctx.lineTo(camera.px(way.b.x_m), camera.py(way.b.y_m));
      ctx.stroke();
      ctx.globalAlpha = 1;
    }
  }
}

export const robotRadius = (view, camera, robot) => {
  const type = view.plant.robot_types.find((item) => item.robot_type_id === robot.robot_type_id);
  return Math.max(SMALLEST_PX, (type?.radius_m ?? 0.5) * camera.scale);
};

function drawRobot(ctx, camera, view, item) {
  const { robot, pose, x, y, color } = item;
  const radius = robotRadius(view, camera, robot);
  if (isSelected(view, item)) {
    ctx.beginPath();
    ctx.arc(x, y, radius + 6, 0, 2 * Math.PI);
    ctx.strokeStyle = view.palette["map-picked"];
    ctx.lineWidth = 3;
    ctx.stroke();
  }
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(-pose.yaw_rad);
  ctx.beginPath();
  // A round body with a nose where it looks.
  ctx.arc(0, 0, radius, 0.55, 2 * Math.PI - 0.55);
  ctx.lineTo(radius * 1.55, 0);
  ctx.closePath();
  const isLost = robot.link === "lost";
  ctx.fillStyle = isLost ? view.palette["map-halo"] : color;
  ctx.fill();
  ctx.lineWidth = isLost ? 2.4 : 1.8;
  ctx.strokeStyle = isLost ? color : view.palette["map-halo"];
  if (isLost) ctx.setLineDash([3, 3]);
  ctx.stroke();
  ctx.restore();
  if (robot.wait && robotState(robot) === "waiting") dots(ctx, x, y, radius);
}

/** Three dots: it waits. */
function dots(ctx, x, y, radius) {
  ctx.fillStyle = "#fff";
  const step = radius * 0.52;
  for (const i of [-1, 0, 1]) {
    ctx.beginPath();
    ctx.arc(x + i * step, y, Math.max(1.1, radius * 0.17), 0, 2 * Math.PI);
    ctx.fill();
  }
}

/** The name on a small plate in the colour of its state, unless another plate is there. */
function tag(ctx, text, x, bottom, color, palette, taken) {
  ctx.font = "600 11px system-ui, sans-serif";
  const width = ctx.measureText(text).width + 10;
  const isFree = taken.every((other) => Math.abs(other.x - x) > (other.width + width) / 2 || Math.abs(other.bottom - bottom) > 17);
  if (!isFree) return;
  taken.push({ x, bottom, width });
  ctx.fillStyle = palette["map-halo"];
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.2;
  ctx.beginPath();
  ctx.roundRect(x - width / 2, bottom - 15, width, 16, 4);
  ctx.fill();
  ctx.stroke();
  ctx.fillStyle = palette["map-ink"];
  ctx.textAlign = "center";
  ctx.textBaseline = "alphabetic";
  ctx.fillText(text, x, bottom - 3.2);
}

function drawName(ctx, camera, view, item, taken) {
  const { robot, x, y } = item;
  const radius = robotRadius(view, camera, robot);
  tag(ctx, robot.robot_id, x, y - radius - 7, item.color, view.palette, taken);
  const state = robotState(robot);
  if (state === "waiting" && camera.scale > 5) {
    const behind = robot.wait.behind ? ` ← ${robot.wait.behind}` : "";
    label(ctx, `${word("cause", robot.wait.cause)}${behind}`, x, y + radius + 13, view.palette["robot-wait"], view.palette, { size: 10.5 });
  } else if (["lost", "stopped", "blocked", "faulted"].includes(state)) {
    label(ctx, word("state", state), x, y + radius + 13, view.palette["robot-bad"], view.palette, { size: 10.5, weight: 650 });
  }
}
