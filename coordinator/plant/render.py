"""
A plant map as an SVG picture: levels side by side, directions of ways, points by revisit period, coverage.

Pure text building. Pictures are for people who write maps and for documents; the dashboard draws its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.plant.render_legend import draw_legend, legend_height
from coordinator.plant.render_parts import (
    View,
    draw_cells,
    draw_devices,
    draw_heat,
    draw_nodes,
    draw_points,
    draw_scale,
    draw_ways,
    draw_zone_names,
    draw_zones,
)
from coordinator.plant.svg import FONTS, element, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinator.model.ids import LevelId
    from coordinator.plant.map import PlantMap

PICTURE_WIDTH = 1600.0
SIDE = 24.0
HEAD = 74.0
GAP = 36.0
MARGIN_M = 6.0
LARGEST_SCALE = 24.0


def render_svg(plant: PlantMap, *, level: LevelId | None = None, radio: bool = False) -> str:
    """
    Draw a plant.

    Args:
        plant: What to draw.
        level: One level only; None for all, the lowest first.
        radio: Lay the 5G coverage under the map.

    Raises:
        KeyError: If the plant has no such level.
    """
    views = _views(plant, level)
    bottom = max(view.top + view.height_m * view.scale for view in views) + 20.0
    height = bottom + legend_height(plant, PICTURE_WIDTH, radio=radio)
    facts = f"{len(plant.nodes)} nodes, {len(plant.edges)} edges, {len(plant.points)} inspection points"
    lines = [
        element("rect", width=PICTURE_WIDTH, height=height, fill="#ffffff"),
        text(plant.plant_id, SIDE, 34.0, size=22.0, color="#1f2933"),
        text(
            f"{facts}, map {plant.digest[:12]}",
            PICTURE_WIDTH - SIDE,
            34.0,
            size=13.0,
            color="#7b8794",
            anchor="end",
        ),
    ]
    for view in views:
        lines += _level(plant, view, radio=radio)
    lines += draw_legend(plant, PICTURE_WIDTH, bottom, radio=radio)
    body = "\n".join(["", *lines, ""])
    box = f"0 0 {PICTURE_WIDTH:.0f} {height:.0f}"
    size = {"width": PICTURE_WIDTH, "height": height}
    return element("svg", body, xmlns="http://www.w3.org/2000/svg", viewBox=box, font_family=FONTS, **size) + "\n"


def _views(plant: PlantMap, level: LevelId | None) -> list[View]:
    """Lay the levels out from left to right, all to one scale."""
    chosen = list(plant.levels.values()) if level is None else [plant.levels[level]]
    boxes: list[tuple[LevelId, float, float, float, float]] = []
    for item in sorted(chosen, key=lambda item: (item.elevation_m, item.level_id)):
        nodes = [node for node in plant.nodes.values() if node.level_id == item.level_id]
        xs_m, ys_m = [node.x_m for node in nodes] or [0.0], [node.y_m for node in nodes] or [0.0]
        width_m, height_m = max(xs_m) - min(xs_m) + 2 * MARGIN_M, max(ys_m) - min(ys_m) + 2 * MARGIN_M
        boxes.append((item.level_id, min(xs_m) - MARGIN_M, max(ys_m) + MARGIN_M, width_m, height_m))
    room = max(PICTURE_WIDTH - 2 * SIDE - GAP * (len(boxes) - 1), 100.0)
    scale = min(room / sum(width_m for _, _, _, width_m, _ in boxes), LARGEST_SCALE)
    views, left = [], SIDE
    for level_id, low_x_m, high_y_m, width_m, height_m in boxes:
        views.append(View(level_id, left, HEAD, low_x_m, high_y_m, width_m, height_m, scale))
        left += width_m * scale + GAP
    return views


def _level(plant: PlantMap, view: View, *, radio: bool) -> Iterator[str]:
    level = plant.levels[view.level_id]
    nodes = {node_id: node for node_id, node in plant.nodes.items() if node.level_id == view.level_id}
    edges = [
        edge
        for edge in plant.edges.values()
        if edge.start in nodes and edge.end in nodes and (edge.reverse_id is None or edge.edge_id < edge.reverse_id)
    ]
    words = f"level {level.level_id}, {level.elevation_m:g} m"
    yield text(words, view.left, view.top - 8.0, size=13.0, color="#52606d")
    frame = {"x": view.left, "y": view.top}
    frame |= {"width": view.width_m * view.scale, "height": view.height_m * view.scale}
    yield element("rect", fill="#f7f8f9", **frame)
    if radio:
        yield from draw_heat(plant, view)
    yield from draw_zones(plant, view)
    yield from draw_ways(plant, view, edges)
    yield from draw_devices(plant, view, edges)
    yield from draw_nodes(plant, view, list(nodes.values()))
    yield from draw_points(plant, view, nodes)
    if radio:
        yield from draw_cells(plant, view)
    yield from draw_zone_names(plant, view)
    yield element("rect", fill="none", stroke="#d9dee3", **frame)
    yield from draw_scale(view)
