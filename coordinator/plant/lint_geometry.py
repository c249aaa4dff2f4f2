"""Lint of places and lines: bodies that would touch, edges that cross, turns too sharp, edges too narrow."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import shapely

from coordinator.plant.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinator.model.ids import LevelId, NodeId
    from coordinator.plant.map import Edge, Node, PlantMap

MARGIN_M = 0.3
SHARPEST_RAD = math.radians(60.0)
ROUNDING = 1e-6


def geometry_findings(plant: PlantMap) -> Iterator[Finding]:
    """Findings of the geometry of a map, level by level."""
    for level_id in plant.levels:
        nodes = [node for node in plant.nodes.values() if node.level_id == level_id]
        edges = _lines(plant, level_id)
        if not nodes:
            continue
        yield from _close_nodes(plant, nodes)
        if edges:
            yield from _close_edges(plant, nodes, edges)
            yield from _crossings(plant, edges)
    yield from _sharp_angles(plant)
    yield from _edge_sizes(plant)


def _lines(plant: PlantMap, level_id: LevelId) -> list[Edge]:
    """Edges that lie in one level; of the two directions of one way, the first by id."""
    seen: set[frozenset[NodeId]] = set()
    edges = []
    for edge in plant.edges.values():
        ends = plant.nodes[edge.start], plant.nodes[edge.end]
        pair = frozenset((edge.start, edge.end))
        if ends[0].level_id == ends[1].level_id == level_id and pair not in seen:
            seen.add(pair)
            edges.append(edge)
    return edges


def _severity(plant: PlantMap, gap_m: float) -> Severity:
    return Severity.ERROR if gap_m < 2 * plant.max_radius_m else Severity.WARNING


def _needed_m(plant: PlantMap) -> float:
    return 2 * plant.max_radius_m + MARGIN_M


def _rule(plant: PlantMap, gap_m: float) -> str:
    needed_m = _needed_m(plant)
    return f"{gap_m:.2f} m apart, under {needed_m:.2f} m (two largest robots and {MARGIN_M} m)"


def _close_nodes(plant: PlantMap, nodes: list[Node]) -> Iterator[Finding]:
    places = shapely.points([(node.x_m, node.y_m) for node in nodes])
    tree = shapely.STRtree(places)
    needed_m = _needed_m(plant)
    for one, other in sorted(map(tuple, tree.query(places, predicate="dwithin", distance=needed_m).T.tolist())):
        gap_m = math.hypot(nodes[one].x_m - nodes[other].x_m, nodes[one].y_m - nodes[other].y_m)
        if one < other and gap_m < needed_m - ROUNDING:
            message = f"nodes {nodes[one].node_id} and {nodes[other].node_id} are {_rule(plant, gap_m)}"
            yield Finding(_severity(plant, gap_m), "nodes-touch", nodes[one].node_id, message)


def _segments(plant: PlantMap, edges: list[Edge]) -> list[shapely.LineString]:
    ends = [(plant.nodes[edge.start], plant.nodes[edge.end]) for edge in edges]
    return list(shapely.linestrings([[(a.x_m, a.y_m), (b.x_m, b.y_m)] for a, b in ends]))


def _close_edges(plant: PlantMap, nodes: list[Node], edges: list[Edge]) -> Iterator[Finding]:
    segments = _segments(plant, edges)
    places = shapely.points([(node.x_m, node.y_m) for node in nodes])
    needed_m = _needed_m(plant)
    tree = shapely.STRtree(segments)
    for place, way in sorted(map(tuple, tree.query(places, predicate="dwithin", distance=needed_m).T.tolist())):
        node, edge = nodes[place], edges[way]
        if node.node_id in (edge.start, edge.end):
            continue
        gap_m = float(shapely.distance(places[place], segments[way]))
        if gap_m < needed_m - ROUNDING:
            message = f"edge {edge.edge_id} and node {node.node_id} are {_rule(plant, gap_m)}"
            yield Finding(_severity(plant, gap_m), "edge-touches-node", edge.edge_id, message)


def _crossings(plant: PlantMap, edges: list[Edge]) -> Iterator[Finding]:
    segments = _segments(plant, edges)
    tree = shapely.STRtree(segments)
    for one, other in sorted(map(tuple, tree.query(segments, predicate="intersects").T.tolist())):
        ends = {edges[one].start, edges[one].end} & {edges[other].start, edges[other].end}
        if one < other and not ends:
            message = f"edges {edges[one].edge_id} and {edges[other].edge_id} cross: put a node where they do"
            yield Finding(Severity.ERROR, "edges-cross", edges[one].edge_id, message)


def _sharp_angles(plant: PlantMap) -> Iterator[Finding]:
    for node_id, node in plant.nodes.items():
        around = sorted({*plant.graph.successors(node_id), *plant.graph.predecessors(node_id)})
        headings = [
            (math.atan2(other.y_m - node.y_m, other.x_m - node.x_m), other.node_id)
            for other in (plant.nodes[name] for name in around)
            if other.level_id == node.level_id
        ]
        for (one_rad, one), (other_rad, other) in itertools.combinations(headings, 2):
            angle_rad = abs(math.remainder(one_rad - other_rad, math.tau))
            if angle_rad < SHARPEST_RAD - ROUNDING:
                message = f"{math.degrees(angle_rad):.0f} degrees between the ways to {one} and {other}, under 60"
                yield Finding(Severity.WARNING, "sharp-angle", node_id, message)


def _edge_sizes(plant: PlantMap) -> Iterator[Finding]:
    for edge in plant.edges.values():
        wide = [
            name
            for name, kind in plant.robot_types.items()
            if 2 * kind.radius_m > edge.width_m and (not edge.robot_type_ids or name in edge.robot_type_ids)
        ]
        if wide:
            message = f"{edge.width_m:g} m wide, but robots of type {', '.join(wide)} are wider and may use it"
            yield Finding(Severity.ERROR, "edge-too-narrow", edge.edge_id, message)
        start, end = plant.nodes[edge.start], plant.nodes[edge.end]
        straight_m = math.hypot(end.x_m - start.x_m, end.y_m - start.y_m)
        if edge.length_m < 0.99 * straight_m:
            message = f"length {edge.length_m:g} m is less than the straight {straight_m:.2f} m"
            yield Finding(Severity.WARNING, "edge-too-short", edge.edge_id, message)
