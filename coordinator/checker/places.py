"""
Places of a plant as the checker sees them: by the map's own geometry, sharing nothing with the release rule.

Only what must never be is found: two bodies that would touch, a zone or a device with too many in it. The release
rule keeps larger distances, so whatever it allows passes here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coordinator.model.ids import EdgeId, NodeId, RobotTypeId
from coordinator.plant.map import Edge, Node, PlantMap, ZoneKind

Point = tuple[float, float]
Line = tuple[Point, Point]
# Arithmetic, not floor.
ROUNDING_M = 1e-6
CLEAR_GAP_M = 0.2
"""A robot has cleared a node when its centre is two of the largest radii and this away (cleared_seq in robot.proto)."""


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

    Attributes:
        node_name, way_name: Place of a node and of an edge; both directions of a two-way edge are one place.
    """

    def __init__(self, plant: PlantMap) -> None:
        self._plant = plant
        self._reach_m = 2.0 * plant.max_radius_m
        self.node_name = {node_id: f"node {node_id}" for node_id in plant.nodes}
        self.way_name = {edge_id: _way_name(edge) for edge_id, edge in plant.edges.items()}
        self._lines: dict[str, tuple[Node, Node]] = {
            self.node_name[node_id]: (node, node) for node_id, node in plant.nodes.items()
        }
        for edge in plant.edges.values():
            start, end = plant.nodes[edge.start], plant.nodes[edge.end]
            if start.level_id == end.level_id:
                self._lines[self.way_name[edge.edge_id]] = (start, end)
        self._names = list(self._lines)
        # Boxes round the lines, shape (n, 4): least x and y, largest x and y, in metres.
        self._boxes = np.array([_box(line) for line in self._lines.values()]).reshape(-1, 4)
        self._near: dict[str, tuple[Near, ...]] = {}
        self._rooms: dict[str, list[Room]] = {}
        self._members: dict[str, list[str]] = {}
        self._touched: dict[str, frozenset[str]] = {}
        self._note_rooms()
        for place, rooms in self._rooms.items():
            for room in rooms:
                self._members.setdefault(room.name, []).append(place)
        self._barred = {
            edge_id for zone in plant.zones.values() if zone.kind is ZoneKind.BLOCKED for edge_id in zone.edge_ids
        } | {edge.edge_id for edge in plant.edges.values() if edge.is_locked}

    def near(self, place: str) -> tuple[Near, ...]:
        """Other places where a body may come to touch one here, though both may have been reserved rightly."""
        known = self._near.get(place)
        if known is None:
            known = self._near[place] = tuple(self._find_near(place))
        return known

    def rooms(self, place: str) -> list[Room]:
        """Zones and devices a place is part of."""
        return self._rooms.get(place, [])

    def inside(self, room: Room) -> list[str]:
        """Places that are part of a room."""
        return self._members[room.name]

    def touched(self, place: str) -> frozenset[str]:
        """Names of all that a body in a place bears on: the place, its rooms and the places near it."""
        known = self._touched.get(place)
        if known is None:
            names = {place, *(room.name for room in self.rooms(place)), *(near.place for near in self.near(place))}
            known = self._touched[place] = frozenset(names)
        return known

    def is_plain(self, place: str) -> bool:
        """Whether a place bears on nothing but itself."""
        return len(self.touched(place)) == 1

    def node(self, node_id: NodeId) -> str:
        """Place of a node, on the map or not."""
        return self.node_name.get(node_id) or f"node {node_id}"

    def way(self, edge_id: EdgeId) -> str:
        """Place of the way an edge is a direction of; of an edge not on the map, its own."""
        return self.way_name.get(edge_id) or f"edge {edge_id}"

    def is_open_to(self, edge: Edge, robot_type_id: RobotTypeId) -> bool:
        """Whether the map lets a robot type drive an edge."""
        return edge.edge_id not in self._barred and (not edge.robot_type_ids or robot_type_id in edge.robot_type_ids)

    def _find_near(self, place: str) -> list[Near]:
        here = self._lines.get(place)
        if here is None:
            return []
        found = []
        least_x, least_y, most_x, most_y = _box(here)
        boxes, reach_m = self._boxes, self._reach_m
        is_close = (boxes[:, 0] < most_x + reach_m) & (boxes[:, 2] > least_x - reach_m)
        is_close &= (boxes[:, 1] < most_y + reach_m) & (boxes[:, 3] > least_y - reach_m)
        for index in np.flatnonzero(is_close).tolist():
            other = self._names[index]
            there = self._lines[other]
            if other == place or there[0].level_id != here[0].level_id:
                continue
            distance_m = self._apart_m(here, there)
            if distance_m < self._reach_m:
                found.append(Near(other, distance_m))
        return found

    def _apart_m(self, here: tuple[Node, Node], there: tuple[Node, Node]) -> float:
        """
        Least distance of two bodies in two places.

        Of two ways from one node, who hasn't cleared the node still holds it, so the other one has. A node and a way
        from it are held apart by the node alone.
        """
        common = {node.node_id for node in here} & {node.node_id for node in there}
        if not common:
            return _between_m(_points(here), _points(there))
        if len(common) > 1 or here[0] is here[1] or there[0] is there[1]:
            return math.inf
        (shared,) = common
        clear_m = self._reach_m + CLEAR_GAP_M
        first, second = _from(here, shared), _from(there, shared)
        return min(_between_m(_beyond(first, clear_m), second), _between_m(first, _beyond(second, clear_m)))

    def _note_rooms(self) -> None:
        for zone in self._plant.zones.values():
            if zone.kind in (ZoneKind.SINGLE_VEHICLE, ZoneKind.CAPACITY):
                capacity = 1 if zone.kind is ZoneKind.SINGLE_VEHICLE else zone.capacity_count or 1
                room = Room(f"zone {zone.zone_id}", capacity)
                names = {self.node_name[node_id] for node_id in zone.node_ids}
                names |= {self.way_name[edge_id] for edge_id in zone.edge_ids}
                for name in sorted(names):
                    self._rooms.setdefault(name, []).append(room)
        for edge in self._plant.edges.values():
            if edge.device_id is not None:
                room = Room(f"device {edge.device_id}", 1)
                rooms = self._rooms.setdefault(self.way_name[edge.edge_id], [])
                if room not in rooms:
                    rooms.append(room)


def _way_name(edge: Edge) -> str:
    """One name for both directions of an edge."""
    return f"edge {edge.edge_id if edge.reverse_id is None else min(edge.edge_id, edge.reverse_id)}"


def _box(line: tuple[Node, Node]) -> tuple[float, float, float, float]:
    (ax, ay), (bx, by) = _points(line)
    return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)


def _points(line: tuple[Node, Node]) -> Line:
    return (line[0].x_m, line[0].y_m), (line[1].x_m, line[1].y_m)


def _from(line: tuple[Node, Node], node_id: NodeId) -> Line:
    """A line that begins at one of its nodes."""
    start, end = _points(line)
    return (start, end) if line[0].node_id == node_id else (end, start)


def _beyond(line: Line, distance_m: float) -> Line:
    """What is left of a line without its first metres; its end point if it is shorter."""
    (ax, ay), (bx, by) = line
    length_m = math.hypot(bx - ax, by - ay)
    share = 1.0 if length_m <= distance_m else distance_m / length_m
    return (ax + share * (bx - ax), ay + share * (by - ay)), (bx, by)


def _between_m(a: Line, b: Line) -> float:
    """Distance between two straight lines; 0 where they cross."""
    if _cross(a, b):
        return 0.0
    return min(_to_line_m(a[0], b), _to_line_m(a[1], b), _to_line_m(b[0], a), _to_line_m(b[1], a))


def _to_line_m(point: Point, line: Line) -> float:
    (ax, ay), (bx, by) = line
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    share = ((point[0] - ax) * dx + (point[1] - ay) * dy) / square if square else 0.0
    share = min(max(share, 0.0), 1.0)
    return math.hypot(point[0] - ax - share * dx, point[1] - ay - share * dy)


def _cross(a: Line, b: Line) -> bool:
    return _sides(a, b) and _sides(b, a)


def _sides(line: Line, other: Line) -> bool:
    """Whether the ends of `other` lie on different sides of the straight through `line`."""
    (ax, ay), (bx, by) = line
    first, second = ((bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in other)
    return first * second < -ROUNDING_M
