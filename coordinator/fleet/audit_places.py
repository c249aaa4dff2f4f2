"""
Places of a plant as the audit sees them: by the map's own geometry, sharing nothing with the release rule.

Only what must never be is found: two bodies that would touch, a zone or a device with too many in it. The release
rule keeps larger distances, so whatever it allows passes here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from coordinator.model.ids import EdgeId
from coordinator.plant.map import Edge, Node, PlantMap, ZoneKind

Point = tuple[float, float]
# Arithmetic, not floor.
ROUNDING_M = 1e-6


@dataclass(frozen=True, slots=True)
class Near:
    """Another place less than two of the largest bodies away, with the distance between the two, centre to centre."""

    place: str
    distance_m: float


@dataclass(frozen=True, slots=True)
class Room:
    """A zone or device, and how many robots may be in it."""

    name: str
    capacity_count: int


class Places:
    """
    Nodes by id, and ways by the smaller id of their two directions.

    Which places are too near to each other is found when a place is first asked for.
    """

    def __init__(self, plant: PlantMap) -> None:
        self._plant = plant
        self._reach_m = 2.0 * plant.max_radius_m
        self._lines: dict[str, tuple[Node, Node]] = {
            f"node {node_id}": (node, node) for node_id, node in plant.nodes.items()
        }
        for edge in plant.edges.values():
            start, end = plant.nodes[edge.start], plant.nodes[edge.end]
            if start.level_id == end.level_id:
                self._lines[way_name(edge)] = (start, end)
        self._near: dict[str, tuple[Near, ...]] = {}
        self._rooms: dict[str, list[Room]] = {}
        self._note_rooms()

    def near(self, place: str) -> tuple[Near, ...]:
        """Other places where a body may come to touch one here; they share no node with this one."""
        known = self._near.get(place)
        if known is None:
            known = self._near[place] = tuple(self._find_near(place))
        return known

    def rooms(self, place: str) -> list[Room]:
        """Zones and devices a place is part of."""
        return self._rooms.get(place, [])

    def way(self, edge_id: EdgeId) -> str:
        """Name of the way an edge is a direction of; of an edge not on the map, its own."""
        edge = self._plant.edges.get(edge_id)
        return f"edge {edge_id}" if edge is None else way_name(edge)

    def _find_near(self, place: str) -> list[Near]:
        here = self._lines.get(place)
        if here is None:
            return []
        found = []
        for other, there in self._lines.items():
            if there[0].level_id != here[0].level_id or {node.node_id for node in here} & {
                node.node_id for node in there
            }:
                continue
            distance_m = _between_m(_points(here), _points(there))
            if distance_m < self._reach_m:
                found.append(Near(other, distance_m))
        return found

    def _note_rooms(self) -> None:
        for zone in self._plant.zones.values():
            if zone.kind in (ZoneKind.SINGLE_VEHICLE, ZoneKind.CAPACITY):
                capacity = 1 if zone.kind is ZoneKind.SINGLE_VEHICLE else zone.capacity_count or 1
                room = Room(f"zone {zone.zone_id}", capacity)
                names = {f"node {node_id}" for node_id in zone.node_ids}
                names |= {way_name(self._plant.edges[edge_id]) for edge_id in zone.edge_ids}
                for name in sorted(names):
                    self._rooms.setdefault(name, []).append(room)
        for edge in self._plant.edges.values():
            if edge.device_id is not None:
                room = Room(f"device {edge.device_id}", 1)
                rooms = self._rooms.setdefault(way_name(edge), [])
                if room not in rooms:
                    rooms.append(room)


def way_name(edge: Edge) -> str:
    """One name for both directions of an edge."""
    return f"edge {edge.edge_id if edge.reverse_id is None else min(edge.edge_id, edge.reverse_id)}"


def _points(line: tuple[Node, Node]) -> tuple[Point, Point]:
    return (line[0].x_m, line[0].y_m), (line[1].x_m, line[1].y_m)


def _between_m(a: tuple[Point, Point], b: tuple[Point, Point]) -> float:
    """Distance between two straight lines; 0 where they cross."""
    if _cross(a, b):
        return 0.0
    return min(_to_line_m(a[0], b), _to_line_m(a[1], b), _to_line_m(b[0], a), _to_line_m(b[1], a))


def _to_line_m(point: Point, line: tuple[Point, Point]) -> float:
    (ax, ay), (bx, by) = line
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    share = ((point[0] - ax) * dx + (point[1] - ay) * dy) / square if square else 0.0
    share = min(max(share, 0.0), 1.0)
    return math.hypot(point[0] - ax - share * dx, point[1] - ay - share * dy)


def _cross(a: tuple[Point, Point], b: tuple[Point, Point]) -> bool:
    return _sides(a, b) and _sides(b, a)


def _sides(line: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    """Whether the ends of `other` lie on different sides of the straight through `line`."""
    (ax, ay), (bx, by) = line
    first, second = ((bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in other)
    return first * second < -ROUNDING_M
