"""
Plants for the traffic benchmark: stops at all places to inspect, no radio, and a parking spur for every robot.

`complex-9` is the complex as its generator draws it with nine units along each side, for a thousand robots.
"""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import networkx as nx
import numpy as np
import shapely
import shapely.ops

from benchmarks.report import ROOT
from coordinator.model.ids import EdgeId, NodeId, PointId, TaskId
from coordinator.plant.map import Edge, InspectionPoint, Node, NodeRole, PlantMap, Radio, TaskSpec
from coordinator.plant.parse import parse_plant
from coordinator.plants import find_plant

DRAWN = "complex-"
SPUR_M = 4.5
SPUR_SPEED_MPS = 1.0
FREE_M = 1.4
"""Kept free round an added spur beyond this distance from its root: more than two of the largest bodies need."""
HEADINGS = 16
TURNS_COUNT = 4
"""Points at a place: a planned visit isn't taken for the one that is going on there."""


def traffic_plant(name: str, robot_count: int) -> PlantMap:
    """
    Read a plant by name or path, or draw it, and fit it for so many robots.

    Raises:
        UnknownPlantError, MapError: It can't be read.
        ValueError: There is no room for so many parking spurs.
    """
    if name.startswith(DRAWN) and name.removeprefix(DRAWN).isdigit():
        return fit(parse_plant(_draw(name.removeprefix(DRAWN)), source=name), robot_count)
    path = find_plant(name)
    return fit(parse_plant(path.read_text(encoding="utf-8"), source=str(path)), robot_count)


def _draw(side_units: str) -> str:
    """Text of a complex of another size."""
    command = [sys.executable, str(ROOT / "maps" / "generate_complex.py"), "--seed", "1", "--side-units", side_units]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"plant {DRAWN}{side_units}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def fit(plant: PlantMap, robot_count: int) -> PlantMap:
    """A copy with points of one task at all places to inspect, without radio, and with parking for all robots."""
    points = {}
    for node_id in sorted({point.node_id for point in plant.points.values()}):
        for turn in range(TURNS_COUNT):
            point_id = point_of(node_id, turn)
            task = TaskSpec(TaskId(f"{point_id}.look"), "photo", "camera", 60.0, "")
            points[point_id] = InspectionPoint(point_id, node_id, 0.0, point_id, (task,))
    lack = robot_count - len(plant.nodes_with(NodeRole.PARKING))
    nodes, edges = dict(plant.nodes), dict(plant.edges)
    if lack > 0:
        _add_spurs(plant, nodes, edges, lack)
    nodes, edges = {key: nodes[key] for key in sorted(nodes)}, {key: edges[key] for key in sorted(edges)}
    graph: nx.DiGraph[NodeId] = nx.DiGraph()
    graph.add_nodes_from(nodes)
    for edge in edges.values():
        graph.add_edge(edge.start, edge.end, edge=edge)
    digest = f"{plant.digest}-{robot_count}"
    return replace(plant, nodes=nodes, edges=edges, points=points, radio=Radio(), graph=graph, digest=digest)


def point_of(node_id: NodeId, turn: int) -> PointId:
    """The point at a place to inspect; a robot's later visits to the place have points of their own."""
    return PointId(f"stop-{node_id}-{turn % TURNS_COUNT}")


def _add_spurs(plant: PlantMap, nodes: dict[NodeId, Node], edges: dict[EdgeId, Edge], lack: int) -> None:
    """Parking spurs at through nodes, spread over the plant, where nothing else is near."""
    shapes: list[shapely.Geometry] = [shapely.Point(node.x_m, node.y_m) for node in nodes.values()]
    owners: list[tuple[NodeId, ...]] = [(node_id,) for node_id in nodes]
    for edge in plant.edges.values():
        a, b = nodes[edge.start], nodes[edge.end]
        shapes.append(shapely.LineString([(a.x_m, a.y_m), (b.x_m, b.y_m)]))
        owners.append((edge.start, edge.end))
    tree = shapely.STRtree(shapes)
    zoned = {node_id for zone in plant.zones.values() for node_id in zone.node_ids}
    roots = [node_id for node_id in plant.nodes if len(set(plant.graph.pred[node_id])) > 1 and node_id not in zoned]
    order = np.random.default_rng(0).permutation(len(roots))
    added: list[shapely.Geometry] = []
    for place in order.tolist():
        if len(added) == lack:
            return
        root = plant.nodes[roots[place]]
        line = _free_spur(root, shapes, owners, tree, added)
        if line is None:
            continue
        added.append(line)
        x_m, y_m = line.coords[-1]
        node_id, edge_id = NodeId(f"spur-{len(added):03d}"), EdgeId(f"spur-{len(added):03d}.way")
        nodes[node_id] = Node(node_id, x_m, y_m, root.level_id, frozenset({NodeRole.PARKING}))
        reverse = EdgeId(f"{edge_id}.r")
        edges[edge_id] = Edge(edge_id, root.node_id, node_id, SPUR_M, SPUR_SPEED_MPS, 1.2, reverse)
        edges[reverse] = Edge(reverse, node_id, root.node_id, SPUR_M, SPUR_SPEED_MPS, 1.2, edge_id)
    if len(added) < lack:
        raise ValueError(f"plant {plant.plant_id}: room for {len(added)} parking spurs, {lack} needed")


def _free_spur(
    root: Node,
    shapes: list[shapely.Geometry],
    owners: list[tuple[NodeId, ...]],
    tree: shapely.STRtree,
    added: list[shapely.Geometry],
) -> shapely.LineString | None:
    for number in range(HEADINGS):
        angle = math.tau * number / HEADINGS
        end = (root.x_m + SPUR_M * math.cos(angle), root.y_m + SPUR_M * math.sin(angle))
        line = shapely.LineString([(root.x_m, root.y_m), end])
        beyond = shapely.ops.substring(line, FREE_M, SPUR_M)
        near = tree.query(beyond, predicate="dwithin", distance=FREE_M * 0.9)
        others = tree.query(line, predicate="dwithin", distance=FREE_M * 0.9)
        if len(near) or any(root.node_id not in owners[index] for index in others.tolist()):
            continue
        if all(line.distance(other) > FREE_M for other in added):
            return line
    return None
