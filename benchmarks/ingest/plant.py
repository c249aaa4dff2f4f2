"""A plant with a parking place for every robot of the benchmark: streets with leaves on both sides."""

from __future__ import annotations

from coordinator.model.ids import NodeId
from coordinator.plant.map import NodeRole, PlantMap
from coordinator.plant.parse import parse_plant

STREET_COUNT, CORNER_COUNT = 8, 20
CORNER_M, STREET_M, LEAF_M = 6.0, 20.0, 5.0
ROBOT_TYPE = "walker"

_HEAD = f"""\
plant_id: bench
frame_id: map
timezone: UTC
defaults: {{speed_mps: 1.2, width_m: 1.2}}
levels:
  ground: {{elevation_m: 0}}
robot_types:
  {ROBOT_TYPE}:
    radius_m: 0.4
    max_speed_mps: 1.2
    acceleration_mps2: 0.6
    turn_radps: 1.0
    sensors: [camera]
    battery: {{capacity_j: 1700000, idle_w: 70, travel_w: 270, inspect_w: 160, charge_w: 950, reserve_ratio: 0.15}}
"""


def draw_plant() -> str:
    """Text of the map, with 320 parking nodes and one charger."""
    nodes: list[str] = []
    edges: list[str] = []
    for street in range(STREET_COUNT):
        for corner in range(CORNER_COUNT):
            here, x_m, y_m = f"c-{street}-{corner:02d}", corner * CORNER_M, street * STREET_M
            nodes.append(f"  {here}: {{at: [{x_m:g}, {y_m:g}]}}")
            if corner:
                edges.append(_way(f"c-{street}-{corner - 1:02d}", here))
            if street and corner in (0, CORNER_COUNT - 1):
                edges.append(_way(f"c-{street - 1}-{corner:02d}", here))
            for side, leaf_y_m in (("n", y_m + LEAF_M), ("s", y_m - LEAF_M)):
                leaf = f"p-{street}-{corner:02d}-{side}"
                nodes.append(f"  {leaf}: {{at: [{x_m:g}, {leaf_y_m:g}], roles: [parking]}}")
                edges.append(_way(here, leaf))
    nodes.append(f"  dock: {{at: [{-LEAF_M:g}, 0], roles: [charger]}}")
    edges.append(_way("c-0-00", "dock"))
    return "\n".join([_HEAD + "nodes:", *nodes, "edges:", *edges, ""])


def parking_nodes(count: int) -> list[tuple[NodeId, float, float]]:
    """Places for so many robots: node, east and north in metres."""
    plant: PlantMap = parse_plant(draw_plant(), source="bench")
    names = plant.nodes_with(NodeRole.PARKING)[:count]
    return [(name, plant.nodes[name].x_m, plant.nodes[name].y_m) for name in names]


def _way(start: str, end: str) -> str:
    return f"  - {{from: {start}, to: {end}}}"
