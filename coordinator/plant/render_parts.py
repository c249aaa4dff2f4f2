"""The parts of one level's picture, one over the other: coverage, zones, ways, devices, nodes, points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np

from coordinator.plant.map import DeviceKind, NodeRole, ZoneKind
from coordinator.plant.radio import rsrp_field_dbm
from coordinator.plant.render_legend import (
    DOOR_COLOR,
    HEAT,
    INK,
    LIFT_COLOR,
    LOCKED_COLOR,
    ROLE_COLORS,
    ZONE_COLORS,
    period_color,
)
from coordinator.plant.svg import corners, element, label, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinator.model.ids import DeviceId, LevelId, NodeId
    from coordinator.plant.map import Edge, Node, PlantMap, Zone

# Names are legible up to about this many nodes.
NAMED_NODE_COUNT = 80
HEAT_CELL_COUNT = 110


@dataclass(frozen=True, slots=True)
class View:
    """Where a level lies in the picture; pixels grow to the right and down, metres to the right and up."""

    level_id: LevelId
    left: float
    top: float
    low_x_m: float
    high_y_m: float
    width_m: float
    height_m: float
    scale: float

    def x(self, x_m: float) -> float:
        """Pixel column of a place."""
        return self.left + (x_m - self.low_x_m) * self.scale

    def y(self, y_m: float) -> float:
        """Pixel row of a place."""
        return self.top + (self.high_y_m - y_m) * self.scale

    def middle(self, start: Node, end: Node) -> tuple[float, float, float]:
        """Column, row and heading in radians half way between two nodes."""
        x, y = self.x((start.x_m + end.x_m) / 2), self.y((start.y_m + end.y_m) / 2)
        return x, y, math.atan2(end.y_m - start.y_m, end.x_m - start.x_m)


def draw_heat(plant: PlantMap, view: View) -> Iterator[str]:
    """Coverage in bands of received power, each row as runs of one colour."""
    step_m = max(view.width_m, view.height_m) / HEAT_CELL_COUNT
    columns, rows = math.ceil(view.width_m / step_m), math.ceil(view.height_m / step_m)
    xs_m = view.low_x_m + (np.arange(columns) + 0.5) * step_m
    ys_m = view.high_y_m - (np.arange(rows) + 0.5) * step_m
    grid_x_m, grid_y_m = np.meshgrid(xs_m, ys_m)
    power_dbm = rsrp_field_dbm(plant.radio, grid_x_m, grid_y_m, view.level_id)
    bands = np.searchsorted(np.array([band_dbm for band_dbm, _, _ in HEAT[1:]]), power_dbm, side="right")
    for row in range(rows):
        yield from _heat_row(view, bands[row].tolist(), row, step_m)


def _heat_row(view: View, bands: list[int], row: int, step_m: float) -> Iterator[str]:
    start, step = 0, step_m * view.scale
    top, width = view.top + row * step, view.width_m * view.scale
    # Cells overlap a little, so that rounding leaves no light seams.
    height = min(step + 1.0, view.top + view.height_m * view.scale - top)
    for column in range(1, len(bands) + 1):
        if column == len(bands) or bands[column] != bands[start]:
            left, right = start * step, min(column * step + 1.0, width)
            fill = HEAT[bands[start]][1]
            yield element("rect", x=view.left + left, y=top, width=right - left, height=height, fill=fill)
            start = column


def draw_zones(plant: PlantMap, view: View) -> Iterator[str]:
    """Areas of zones."""
    for zone in plant.zones.values():
        if zone.level_id == view.level_id:
            ring = corners([(view.x(x_m), view.y(y_m)) for x_m, y_m in zone.polygon])
            color = ZONE_COLORS[zone.kind]
            yield element("polygon", points=ring, fill=color, fill_opacity="0.16", stroke=color, stroke_dasharray="5 3")


def draw_zone_names(plant: PlantMap, view: View) -> Iterator[str]:
    """Names and rules of zones, above them but never out of the level's frame."""
    for zone in plant.zones.values():
        if zone.level_id == view.level_id:
            y = max(view.y(max(y_m for _, y_m in zone.polygon)) - 4.0, view.top + 12.0)
            x = view.x(min(x_m for x_m, _ in zone.polygon))
            yield label(f"{zone.zone_id}: {_rule(zone)}", x, y, size=10.5, color=ZONE_COLORS[zone.kind])


def _rule(zone: Zone) -> str:
    match zone.kind:
        case ZoneKind.SPEED_LIMIT:
            return f"{zone.speed_mps:g} m/s"
        case ZoneKind.CAPACITY:
            return f"at most {zone.capacity_count}"
        case ZoneKind.SINGLE_VEHICLE:
            return "one robot"
        case ZoneKind.PENALTY:
            return f"time x {zone.penalty_ratio:g}"
        case _:
            return str(zone.kind.value).replace("_", " ")


def draw_ways(plant: PlantMap, view: View, edges: list[Edge]) -> Iterator[str]:
    """Floor as wide as the way, then a line: with an arrow for one-way, dashed for two-way."""
    ways = [(edge, plant.nodes[edge.start], plant.nodes[edge.end]) for edge in edges]
    for edge, start, end in ways:
        width = max(min(edge.width_m, 4.0) * view.scale, 3.0)
        yield _line(view, start, end, stroke="#c9d0d7", stroke_width=width, stroke_linecap="round")
    for edge, start, end in ways:
        color = LOCKED_COLOR if edge.is_locked else INK
        if edge.reverse_id is not None:
            yield _line(view, start, end, stroke=color, stroke_dasharray="4 3")
            continue
        yield _line(view, start, end, stroke=color)
        x, y, heading_rad = view.middle(start, end)
        size = min(max(view.scale * 0.9, 4.0), 8.0)
        head = f"M{size:.1f},0 l{-2 * size:.1f},{size * 0.7:.1f} {size / 2:.1f},{-size * 0.7:.1f} "
        head += f"{-size / 2:.1f},{-size * 0.7:.1f}z"
        yield element("path", d=head, fill=color, transform=place(x, y, heading_rad))


def _line(view: View, start: Node, end: Node, **attributes: str | float) -> str:
    return element(
        "line",
        x1=view.x(start.x_m),
        y1=view.y(start.y_m),
        x2=view.x(end.x_m),
        y2=view.y(end.y_m),
        **attributes,
    )


def draw_devices(plant: PlantMap, view: View, edges: list[Edge]) -> Iterator[str]:
    """Doors as a bar across their way, lifts as a frame where they stop."""
    for edge in edges:
        if edge.device_id is not None:
            x, y, heading_rad = view.middle(plant.nodes[edge.start], plant.nodes[edge.end])
            half = max(1.6 * view.scale, 6.0)
            bar = {"x": -2.0, "y": -half, "width": 4.0, "height": 2 * half}
            yield element("rect", fill=DOOR_COLOR, transform=place(x, y, heading_rad), **bar)
            yield label(edge.device_id, x, y - half - 3.0, size=10.0, color=DOOR_COLOR, anchor="middle")
    for node_id, device_id in _lift_stops(plant).items():
        node = plant.nodes[node_id]
        if node.level_id == view.level_id:
            half = max(1.5 * view.scale, 6.0)
            x, y = view.x(node.x_m), view.y(node.y_m)
            frame = {"x": x - half, "y": y - half, "width": 2 * half, "height": 2 * half, "stroke_width": 2.0}
            yield element("rect", fill="#ffffff", stroke=LIFT_COLOR, **frame)
            yield label(device_id, x, y - half - 4.0, size=10.0, color=LIFT_COLOR, anchor="middle")


def _lift_stops(plant: PlantMap) -> dict[NodeId, DeviceId]:
    stops: dict[NodeId, DeviceId] = {}
    for edge in plant.edges.values():
        if edge.device_id is not None and plant.devices[edge.device_id].kind is DeviceKind.LIFT:
            stops |= {edge.start: edge.device_id, edge.end: edge.device_id}
    return stops


def draw_nodes(plant: PlantMap, view: View, nodes: list[Node]) -> Iterator[str]:
    """Squares where robots live, circles elsewhere, coloured by role; names where there is room."""
    radius = min(max(0.55 * view.scale, 2.2), 7.0)
    for node in nodes:
        x, y = view.x(node.x_m), view.y(node.y_m)
        color = next((ROLE_COLORS[role] for role in ROLE_COLORS if role in node.roles), "#ffffff")
        if NodeRole.CHARGER in node.roles or NodeRole.PARKING in node.roles:
            half = radius * 1.25
            box = {"x": x - half, "y": y - half, "width": 2 * half, "height": 2 * half, "rx": 2.0}
            yield element("rect", fill=color, stroke="#3e4c59", **box)
        else:
            yield element("circle", cx=x, cy=y, r=radius, fill=color, stroke="#3e4c59")
        if len(plant.nodes) <= NAMED_NODE_COUNT:
            yield label(node.node_id, x + radius + 4.0, y - radius - 2.0, size=10.0, color=INK)


def draw_points(plant: PlantMap, view: View, nodes: dict[NodeId, Node]) -> Iterator[str]:
    """A pin from its node in the heading of each point, coloured by period."""
    reach, radius = max(1.9 * view.scale, 6.0), min(max(0.55 * view.scale, 2.8), 6.0)
    for point in plant.points.values():
        node = nodes.get(point.node_id)
        if node is None:
            continue
        x, y = view.x(node.x_m), view.y(node.y_m)
        tip_x, tip_y = x + reach * math.cos(point.heading_rad), y - reach * math.sin(point.heading_rad)
        color, title = period_color(point.period_s), element("title", escape(point.tag))
        yield element("line", x1=x, y1=y, x2=tip_x, y2=tip_y, stroke=color, stroke_width=1.6)
        yield element("circle", title, cx=tip_x, cy=tip_y, r=radius, fill=color, stroke="#ffffff")


def draw_cells(plant: PlantMap, view: View) -> Iterator[str]:
    """Shadows' rims and 5G cells."""
    for shadow in plant.radio.shadows:
        if shadow.level_id == view.level_id:
            ring = corners([(view.x(x_m), view.y(y_m)) for x_m, y_m in shadow.polygon])
            yield element("polygon", points=ring, fill="none", stroke="#7b8794", stroke_dasharray="1.5 3")
    for cell in plant.radio.cells:
        if cell.level_id == view.level_id:
            x, y = view.x(cell.x_m), view.y(cell.y_m)
            yield element("path", d=f"M{x:.1f},{y - 8:.1f} l7,14 h-14 z", fill="#243b53", stroke="#ffffff")
            yield label(cell.cell_id, x, y + 18.0, size=10.5, color="#243b53", anchor="middle")


def draw_scale(view: View) -> Iterator[str]:
    """A bar of a round length, under a quarter of the width."""
    length_m = next(size_m for size_m in (50.0, 20.0, 10.0, 5.0, 1.0) if size_m <= max(view.width_m / 4, 1.0))
    x, y = view.left + 12.0, view.top + view.height_m * view.scale - 12.0
    width = length_m * view.scale
    yield element("path", d=f"M{x:.1f},{y - 4:.1f} v4 h{width:.1f} v-4", fill="none", stroke="#323f4b")
    yield label(f"{length_m:g} m", x + width / 2, y - 5.0, size=10.5, color="#323f4b", anchor="middle")
