// What lies under a pixel: robots before points before ways before zones.
import { robotRadius } from "./traffic.js";

const POINT_PX = 11;
const WAY_PX = 9;

export function pick(view, camera, placed, px, py) {
  const near = (x, y) => Math.hypot(x - px, y - py);
  const robot = nearest(placed, (item) => near(item.x, item.y) - robotRadius(view, camera, item.robot), 6);
  if (robot) return { kind: "robot", id: robot.robot.robot_id };
  if (view.layers.points) {
    const glyph = nearest(view.scene.glyphs, (item) => near(camera.px(item.x_m), camera.py(item.y_m)), POINT_PX);
    if (glyph) return { kind: "point", id: glyph.point.point_id };
  }
  const way = nearest(view.scene.ways, (item) => toWay(camera, item, px, py), WAY_PX);
  if (way) return { kind: "edge", id: way.edge.edge_id };
  const zone = view.layers.zones && view.scene.zones.find((item) => isInside(item.polygon, camera.xOf(px), camera.yOf(py)));
  return zone ? { kind: "zone", id: zone.zone_id } : null;
}

function nearest(items, distance, within) {
  let best = null;
  let least = within;
  for (const item of items) {
    const found = distance(item);
    if (found < least) [best, least] = [item, found];
  }
  return best;
}

function toWay(camera, way, px, py) {
  const [ax, ay, bx, by] = [camera.px(way.a.x_m), camera.py(way.a.y_m), camera.px(way.b.x_m), camera.py(way.b.y_m)];
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  const share = square ? Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / square)) : 0;
  return Math.hypot(px - ax - share * dx, py - ay - share * dy);
}

function isInside(polygon, x, y) {
  let inside = false;
  polygon.forEach(([bx, by], i) => {
    const [ax, ay] = polygon.at(i - 1);
    if (by > y !== ay > y && x < bx + ((y - by) * (ax - bx)) / (ay - by)) inside = !inside;
  });
  return inside;
}
