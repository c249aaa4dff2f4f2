"""
Drafting board of the map generators: through nodes, spurs that keep their distance, points, YAML text.

Everything is drawn on right angles: rings, racks and roads, with leaves off them. The same seed gives the
same text.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from itertools import pairwise

Place = tuple[float, float]

GROUND = "ground"
EAST, NORTH, WEST, SOUTH = (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)
DIRECTIONS = (EAST, NORTH, WEST, SOUTH)
# Two robots of the largest type (radius 0.5 m) on foreign ways keep 0.3 m; a little more for the eye.
CLEARANCE_M = 1.8
ROAD, RING, RACK, SPUR = 3.0, 2.4, 1.2, 1.2
MINUTE_S = 60


@dataclass(slots=True)
class DraftNode:
    """A place on the board."""

    x_m: float
    y_m: float
    level: str
    roles: tuple[str, ...]
    group: str


@dataclass(slots=True)
class DraftEdge:
    """A way on the board; `extra` is appended to the line in the file."""

    start: str
    end: str
    two_way: bool
    width_m: float
    speed_mps: float
    extra: str = ""


@dataclass(slots=True)
class Board:
    """Nodes and edges drawn so far; names count up by prefix."""

    nodes: dict[str, DraftNode] = field(default_factory=dict)
    edges: list[DraftEdge] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    names: dict[tuple[float, float, str], str] = field(default_factory=dict)
    near: dict[tuple[int, int], list[DraftEdge]] = field(default_factory=dict)

    def name(self, prefix: str) -> str:
        """Next free name of a prefix."""
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return f"{prefix}-{self.counts[prefix]:02d}"

    def node(self, prefix: str, at: Place, *, level: str = GROUND, roles: tuple[str, ...] = (), group: str = "") -> str:
        """Draw a node, or give back the one that is there already."""
        if (*at, level) in self.names:
            return self.names[*at, level]
        name = self.names[*at, level] = self.name(prefix)
        self.nodes[name] = DraftNode(at[0], at[1], level, roles, group or prefix)
        return name

    def chain(
        self,
        prefix: str,
        places: list[Place],
        *,
        width_m: float,
        two_way: bool,
        level: str = GROUND,
        group: str = "",
    ) -> list[str]:
        """Draw nodes at the places and a way through them."""
        names = [self.node(prefix, place, level=level, group=group) for place in places]
        speed_mps = {ROAD: 1.5, RING: 1.3}.get(width_m, 1.0)
        for start, end in pairwise(names):
            self.join(DraftEdge(start, end, two_way, width_m, speed_mps))
        return names

    def join(self, edge: DraftEdge) -> None:
        """Draw a way; it is filed under the squares of its ends, which are at most a square apart."""
        self.edges.append(edge)
        for square in sorted({_square(self.nodes[edge.start]), _square(self.nodes[edge.end])}):
            self.near.setdefault(square, []).append(edge)

    def around(self, name: str) -> list[DraftEdge]:
        """Ways near a node, its own included."""
        column, row = _square(self.nodes[name])
        squares = [(column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        return [edge for square in squares for edge in self.near.get(square, [])]

    def free_sides(self, name: str, length_m: float) -> list[Place]:
        """Directions in which a spur from a node keeps its distance from everything else."""
        node = self.nodes[name]
        used = [self._direction(name, edge) for edge in self.around(name) if name in (edge.start, edge.end)]
        return [
            side
            for side in DIRECTIONS
            if all(side[0] * way[0] + side[1] * way[1] < 0.5 for way in used)
            and self._is_clear(name, node, (node.x_m + side[0] * length_m, node.y_m + side[1] * length_m))
        ]

    def spur(self, name: str, side: Place, length_m: float, prefix: str, role: str) -> str:
        """Draw a leaf: a node with one two-way way."""
        node = self.nodes[name]
        at = (round(node.x_m + side[0] * length_m, 2), round(node.y_m + side[1] * length_m, 2))
        leaf = self.node(prefix, at, level=node.level, roles=(role,), group=role)
        self.join(DraftEdge(name, leaf, True, SPUR, 0.8))
        return leaf

    def find(self, at: Place, *, level: str = GROUND) -> str:
        """Name of the node at a place."""
        return self.names[*at, level]

    def edge_between(self, start: str, end: str) -> DraftEdge:
        """The way between two nodes, drawn in either direction."""
        return next(edge for edge in self.edges if {edge.start, edge.end} == {start, end})

    def _direction(self, name: str, edge: DraftEdge) -> Place:
        other = self.nodes[edge.end if edge.start == name else edge.start]
        node = self.nodes[name]
        length_m = math.hypot(other.x_m - node.x_m, other.y_m - node.y_m) or 1.0
        return ((other.x_m - node.x_m) / length_m, (other.y_m - node.y_m) / length_m)

    def _is_clear(self, name: str, node: DraftNode, tip: Place) -> bool:
        root = (node.x_m, node.y_m)
        for edge in self.around(name):
            start, end = self.nodes[edge.start], self.nodes[edge.end]
            for other_name, other in ((edge.start, start), (edge.end, end)):
                is_foreign = other_name != name and other.level == node.level
                if is_foreign and _gap_m((other.x_m, other.y_m), root, tip) < CLEARANCE_M:
                    return False
            is_level = start.level == end.level == node.level
            if is_level and _gap_m(tip, (start.x_m, start.y_m), (end.x_m, end.y_m)) < CLEARANCE_M:
                return False
        return True


def _square(node: DraftNode) -> tuple[int, int]:
    """Square of 25 m by 25 m, the longest way, in which a node lies."""
    return (math.floor(node.x_m / 25.0), math.floor(node.y_m / 25.0))


def _gap_m(place: Place, start: Place, end: Place) -> float:
    """Distance of a place from a segment."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    square = along_x**2 + along_y**2
    share = ((place[0] - start[0]) * along_x + (place[1] - start[1]) * along_y) / square if square else 0.0
    share = min(max(share, 0.0), 1.0)
    return math.hypot(place[0] - start[0] - share * along_x, place[1] - start[1] - share * along_y)


def line(start: Place, end: Place, step_m: float) -> list[Place]:
    """Places from start to end, both included, a step apart."""
    count = round(math.dist(start, end) / step_m)
    return [
        (start[0] + (end[0] - start[0]) * i / count, start[1] + (end[1] - start[1]) * i / count)
        for i in range(count + 1)
    ]


def loop(low: Place, high: Place, step_m: float, *, clockwise: bool) -> list[Place]:
    """Places round a rectangle, ending where they began."""
    corners = [low, (high[0], low[1]), high, (low[0], high[1]), low]
    if clockwise:
        corners.reverse()
    places: list[Place] = [corners[0]]
    for start, end in pairwise(corners):
        places += line(start, end, step_m)[1:]
    return places


def draw_unit(board: Board, prefix: str, low: Place, rack_xs_m: tuple[float, ...]) -> list[str]:
    """
    Draw a process unit of 72 m by 72 m: a one-way ring and one-lane racks with a passing bay half way.

    Returns:
        The inner nodes of the racks.
    """
    high = (low[0] + 72.0, low[1] + 72.0)
    board.chain(prefix, loop(low, high, 18.0, clockwise=True), width_m=RING, two_way=False)
    inner: list[str] = []
    for index, rack_x_m in enumerate(rack_xs_m):
        x_m = low[0] + rack_x_m
        rack = f"{prefix}-rack-{'abcdef'[index]}"
        names = board.chain(rack, line((x_m, low[1]), (x_m, high[1]), 18.0), width_m=RACK, two_way=True)
        board.spur(names[2], WEST, 5.0, f"{prefix}-bay", "holding")
        inner += names[1:-1]
    return inner


def spread(board: Board, roots: list[str], count: int, *, prefix: str, role: str, length_m: float) -> list[str]:
    """Draw spurs at roots as far from each other as can be (farthest point first; ties by name)."""
    leaves: list[str] = []
    open_roots = {name: math.inf for name in sorted(roots) if board.free_sides(name, length_m)}
    while len(leaves) < count and open_roots:
        root = max(sorted(open_roots), key=lambda name: open_roots[name])
        side = board.free_sides(root, length_m)[0]
        leaf = board.spur(root, side, length_m, prefix, role)
        leaves.append(leaf)
        drawn = board.nodes[leaf]
        for name in sorted(open_roots):
            node = board.nodes[name]
            open_roots[name] = min(open_roots[name], math.hypot(node.x_m - drawn.x_m, node.y_m - drawn.y_m))
        near = [name for name in sorted(open_roots) if open_roots[name] < 12.0]
        for name in near:
            if not board.free_sides(name, length_m):
                del open_roots[name]
    return leaves


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of inspection: what it measures, at what equipment."""

    name: str
    task_type: str
    sensor: str
    unit: str
    low: float
    high: float
    equipment: tuple[str, ...]


WORKS = (
    Work("pressure", "read_gauge", "camera", "bar", 2.0, 14.0, ("P", "V", "K")),
    Work("level", "read_gauge", "camera", "%", 35.0, 70.0, ("V", "T")),
    Work("state", "photo", "camera", "", 0.0, 0.0, ("XV", "P", "E")),
    Work("bearing", "thermal_image", "thermal", "degC", 45.0, 70.0, ("P", "K", "M")),
    Work("flange", "thermal_image", "thermal", "degC", 60.0, 140.0, ("E", "H")),
    Work("methane", "gas_sniff", "gas", "ppm", 1.0, 6.0, ("V", "K", "FV")),
    Work("leak", "acoustic", "acoustic", "dB", 20.0, 45.0, ("PSV", "FV", "K")),
)


def point_lines(rng: random.Random, tag_number: int, node: str, heading_rad: float, period_s: int) -> list[str]:
    """Text of one inspection point with one or two tasks."""
    first = rng.choice(WORKS)
    works = [first]
    if rng.random() < 0.35:
        works.append(rng.choice([work for work in WORKS if work.sensor == "camera" and work.name != first.name]))
    tag = f"{rng.choice(first.equipment)}-{tag_number}"
    weight = {10: 3, 20: 2}.get(period_s // MINUTE_S, 1)
    tolerance_s = max(60, period_s // 10)
    head = f"node: {node}, heading_rad: {heading_rad:.3f}, tag: {tag} {first.name}, weight: {weight}"
    lines = [
        f"  {tag}:",
        f"    {{{head}, revisit: {{period_s: {period_s}, tolerance_s: {tolerance_s}}}, tasks: [",
    ]
    for work in works:
        duration_s = rng.choice((15, 20, 25, 30, 40) if len(works) == 1 else (15, 20, 25, 30))
        text = f"name: {work.name}, type: {work.task_type}, sensor: {work.sensor}, duration_s: {duration_s}"
        if work.unit:
            nominal = round(rng.uniform(work.low, work.high), 1)
            limits = f"{{high: {round(nominal * 1.25 + 1, 1)}, high_high: {round(nominal * 1.5 + 2, 1)}}}"
            text += f", unit: '{work.unit}', nominal: {nominal}, limits: {limits}"
        lines.append(f"      {{{text}}},")
    return [*lines, "    ]}"]


def periods(rng: random.Random, shares: dict[int, int]) -> list[int]:
    """Periods in seconds, shuffled; `shares` counts points by period in minutes."""
    out = [minutes * MINUTE_S for minutes, count in sorted(shares.items()) for _ in range(count)]
    rng.shuffle(out)
    return out


def nodes_and_edges_lines(board: Board) -> list[str]:
    """Text of the nodes and edges, in the order drawn."""
    lines = ["nodes:"]
    for group in dict.fromkeys(node.group for node in board.nodes.values()):
        lines.append(f"  # {group}")
        for name, node in board.nodes.items():
            if node.group != group:
                continue
            level = "" if node.level == GROUND else f", level: {node.level}"
            roles = f", roles: [{', '.join(node.roles)}]" if node.roles else ""
            lines.append(f"  {name}: {{at: [{node.x_m:g}, {node.y_m:g}]{level}{roles}}}")
    lines.append("edges:")
    for edge in board.edges:
        way = "" if edge.two_way else ", two_way: false"
        rest = f", width_m: {edge.width_m:g}, speed_mps: {edge.speed_mps:g}{edge.extra}"
        lines.append(f"  - {{from: {edge.start}, to: {edge.end}{way}{rest}}}")
    return lines


ROBOT_TYPES = """\
robot_types:
  ranger:  # all sensors on four wheels
    radius_m: 0.5
    max_speed_mps: 1.3
    acceleration_mps2: 0.6
    turn_radps: 1.0
    sensors: [camera, thermal, gas, acoustic]
    battery: {capacity_j: 1700000, idle_w: 70, travel_w: 270, inspect_w: 160,
              charge_w: 950, reserve_ratio: 0.15}
  scout:  # small and quick
    radius_m: 0.35
    max_speed_mps: 1.5
    acceleration_mps2: 0.8
    turn_radps: 1.5
    sensors: [camera, thermal]
    battery: {capacity_j: 1100000, idle_w: 45, travel_w: 180, inspect_w: 100,
              charge_w: 620, reserve_ratio: 0.15}
  sniffer:  # nose and ears
    radius_m: 0.45
    max_speed_mps: 1.2
    acceleration_mps2: 0.6
    turn_radps: 1.2
    sensors: [camera, gas, acoustic]
    battery: {capacity_j: 1500000, idle_w: 60, travel_w: 240, inspect_w: 140,
              charge_w: 840, reserve_ratio: 0.15}
"""
