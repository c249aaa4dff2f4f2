// What doesn't move, arranged once a level: ways (both directions of a two-way one together), glyphs, bounds.

const POINT_AWAY_M = 1.9;
const POINT_APART_M = 1.7;
const MARGIN_M = 4;

export function makeScene(plant, levelId) {
  const nodes = plant.nodes.filter((node) => node.level_id === levelId);
  const here = new Set(nodes.map((node) => node.node_id));
  const ways = [];
  for (const edge of plant.edges) {
    const isSecond = edge.reverse_id !== null && edge.reverse_id < edge.edge_id;
    if (isSecond || !(here.has(edge.start) || here.has(edge.end))) continue;
    const [a, b] = [plant.nodesById.get(edge.start), plant.nodesById.get(edge.end)];
    ways.push({ edge, a, b, isBetweenLevels: a.level_id !== b.level_id, ids: [edge.edge_id, edge.reverse_id].filter(Boolean) });
  }
  return {
    levelId,
    nodes,
    ways,
    glyphs: placePoints(plant, here),
    zones: plant.zones.filter((zone) => zone.level_id === levelId),
    radio: plant.radio.find((field) => field.level_id === levelId),
    cells: plant.radio_cells.filter((cell) => cell.level_id === levelId),
    bounds: boundsOf(nodes),
  };
}

/** Points stand before their node in the direction the robot looks; equals stand side by side. */
function placePoints(plant, here) {
  const groups = new Map();
  for (const point of plant.points) {
    if (!here.has(point.node_id)) continue;
    const key = `${point.node_id} ${Math.round(point.heading_rad * 2)}`;
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  const glyphs = [];
  for (const group of groups.values()) {
    group.forEach((point, i) => {
      const node = plant.nodesById.get(point.node_id);
      const aside = (i - (group.length - 1) / 2) * POINT_APART_M;
      const [cos, sin] = [Math.cos(point.heading_rad), Math.sin(point.heading_rad)];
      glyphs.push({
        point,
        x_m: node.x_m + POINT_AWAY_M * cos - aside * sin,
        y_m: node.y_m + POINT_AWAY_M * sin + aside * cos,
      });
    });
  }
  return glyphs;
}

function boundsOf(nodes) {
  const xs = nodes.map((node) => node.x_m);
  const ys = nodes.map((node) => node.y_m);
  if (!nodes.length) return { west: 0, south: 0, east: 1, north: 1 };
  return {
    west: Math.min(...xs) - MARGIN_M,
    south: Math.min(...ys) - MARGIN_M,
    east: Math.max(...xs) + MARGIN_M,
    north: Math.max(...ys) + MARGIN_M,
  };
}
