"""Places of the map where two robots would touch although they are on different nodes or edges."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
import shapely.ops
from shapely import LineString, Point

from coordinator.model.ids import EdgeId, LevelId, NodeId
from coordinator.plant.map import Edge, PlantMap

TOUCH_M = 0.02
"""Bodies nearer than this count as touching."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two nodes, two edges, or a node and an edge (forward ids) that can't both be occupied."""

    a: str
    b: str


def find_conflicts(plant: PlantMap, clear_m: float) -> list[Conflict]:
    """
    Find all pairs of places nearer than two bodies need.

    Two edges that meet in a node are compared without their first `clear_m` there: whoever is nearer to the node
    still holds the node itself, and the other one can't have it.

    Args:
        plant: The map.
        clear_m: Distance from a node's centre at which a robot reports to have cleared it; also two radii and the
            body gap.
    """
    touch_m = 2.0 * plant.max_radius_m + TOUCH_M
    conflicts: list[Conflict] = []
    for level_id in plant.levels:
        conflicts += _on_level(plant, level_id, clear_m, touch_m)
    return sorted(conflicts, key=lambda conflict: (conflict.a, conflict.b))


def _on_level(plant: PlantMap, level_id: LevelId, clear_m: float, touch_m: float) -> list[Conflict]:
    nodes = [node for node in plant.nodes.values() if node.level_id == level_id]
    here = {node.node_id for node in nodes}
    edges = [edge for edge in _forward_edges(plant) if edge.start in here or edge.end in here]
    names: list[str] = [str(node.node_id) for node in nodes] + [str(edge.edge_id) for edge in edges]
    shapes = [Point(node.x_m, node.y_m) for node in nodes] + [_line(plant, edge) for edge in edges]
    ends: list[tuple[NodeId, ...]] = [(node.node_id,) for node in nodes]
    ends += [(edge.start, edge.end) for edge in edges]
    tree = shapely.STRtree(shapes)
    pairs = tree.query(shapes, predicate="dwithin", distance=touch_m)
    conflicts: list[Conflict] = []
    for a, b in sorted(zip(*pairs.tolist(), strict=True)):
        if a >= b:
            continue
        common = set(ends[a]) & set(ends[b])
        if len(common) == 1:
            pair = [edges[index - len(nodes)] for index in (a, b) if index >= len(nodes)]
            if len(pair) < 2 or not _diverge_too_slowly(plant, pair, common.pop(), clear_m):
                continue
        elif common:
            continue
        conflicts.append(Conflict(*sorted((names[a], names[b]))))
    return conflicts


def _forward_edges(plant: PlantMap) -> list[Edge]:
    """One edge of each way: of a two-way one the one with the smaller id."""
    return [edge for edge in plant.edges.values() if edge.reverse_id is None or EdgeId(edge.edge_id) < edge.reverse_id]


def _line(plant: PlantMap, edge: Edge) -> LineString:
    start, end = plant.nodes[edge.start], plant.nodes[edge.end]
    return LineString([(start.x_m, start.y_m), (end.x_m, end.y_m)])


def _diverge_too_slowly(plant: PlantMap, pair: list[Edge], shared: NodeId, clear_m: float) -> bool:
    """Tell whether two edges that share a node come too near to each other beyond `clear_m` from it."""
    lines = [_from(plant, edge, shared) for edge in pair]
    for leaving, other in (lines, lines[::-1]):
        beyond = shapely.ops.substring(leaving, min(clear_m, leaving.length), leaving.length)
        if beyond.distance(other) < 2.0 * plant.max_radius_m + TOUCH_M:
            return True
    return False


def _from(plant: PlantMap, edge: Edge, node_id: NodeId) -> LineString:
    line = _line(plant, edge)
    return line if edge.start == node_id else line.reverse()
