"""The plant as a robot needs it: where nodes are, and which straight edges join them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from agent.body import Placement, Pose
from roundsman.v1.graph_pb2 import GetGraphResponse

# Between the circles of two bodies, so that a node counts as left rather late than early.
CLEARANCE_MARGIN_M = 0.1


@dataclass(frozen=True, slots=True)
class Node:
    """A place where a robot can stop, in the plant's map frame."""

    node_id: str
    x_m: float
    y_m: float
    level_id: str

    def distance_m(self, pose: Pose) -> float:
        """How far a pose is away; infinite on another level."""
        if pose.level_id != self.level_id:
            return math.inf
        return math.hypot(pose.x_m - self.x_m, pose.y_m - self.y_m)


@dataclass(frozen=True, slots=True)
class Edge:
    """A directed way, straight from node to node."""

    edge_id: str
    start: Node
    end: Node
    width_m: float

    @property
    def is_within_level(self) -> bool:
        """False for a lift."""
        return self.start.level_id == self.end.level_id

    @property
    def heading_rad(self) -> float:
        """Of the drive; 0 for a lift."""
        return math.atan2(self.end.y_m - self.start.y_m, self.end.x_m - self.start.x_m)

    def locate(self, pose: Pose) -> tuple[float, float]:
        """
        Where a pose is beside the edge.

        Returns:
            Distance along the edge from its start, m (negative before it, more than its length behind it), and
            distance from its line, m, at least 0.
        """
        dx_m, dy_m = self.end.x_m - self.start.x_m, self.end.y_m - self.start.y_m
        length_m = math.hypot(dx_m, dy_m)
        to_x_m, to_y_m = pose.x_m - self.start.x_m, pose.y_m - self.start.y_m
        if length_m == 0.0:
            return 0.0, math.hypot(to_x_m, to_y_m)
        along_m = (to_x_m * dx_m + to_y_m * dy_m) / length_m
        return along_m, abs(to_x_m * dy_m - to_y_m * dx_m) / length_m

    @property
    def length_m(self) -> float:
        """As the crow flies."""
        return math.hypot(self.end.x_m - self.start.x_m, self.end.y_m - self.start.y_m)


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes and edges of a plant, by id; `digest` is the map's version."""

    plant_id: str
    digest: str
    nodes: Mapping[str, Node]
    edges: Mapping[str, Edge]
    max_radius_m: float

    @property
    def levels(self) -> frozenset[str]:
        """Levels that have a node."""
        return frozenset(node.level_id for node in self.nodes.values())

    def clearance_m(self, radius_m: float) -> float:
        """Distance from a node at which a body of a radius can't touch any robot on that node."""
        return radius_m + self.max_radius_m + CLEARANCE_MARGIN_M

    def place_of(self, pose: Pose, *, node_m: float, beside_m: float) -> Placement:
        """
        Where a robot stands that knows nothing but its pose.

        Args:
            pose: In the plant's map frame.
            node_m: A node no further away than this is the place.
            beside_m: Else an edge whose clear width is no further away; of two directions the one it looks along.

        Returns:
            An empty placement when nothing is near enough.
        """
        node = min(self.nodes.values(), key=lambda node: (node.distance_m(pose), node.node_id))
        if node.distance_m(pose) <= node_m:
            return Placement(node.node_id)
        near: list[tuple[float, float, str]] = []
        for edge in self.edges.values():
            if not edge.is_within_level or edge.start.level_id != pose.level_id:
                continue
            along_m, aside_m = edge.locate(pose)
            if aside_m <= edge.width_m / 2.0 + beside_m and 0.0 <= along_m <= edge.length_m:
                turn_rad = abs(math.remainder(edge.heading_rad - pose.yaw_rad, math.tau))
                near.append((round(aside_m, 3), turn_rad, edge.edge_id))
        if not near:
            return Placement("")
        edge = self.edges[min(near)[2]]
        return Placement(edge.start.node_id, edge.edge_id)


def graph_of(message: GetGraphResponse) -> Graph:
    """
    Read the wire's graph.

    Raises:
        ValueError: It has no node, or an edge names a node that isn't there.
    """
    nodes = {node.node_id: Node(node.node_id, node.x_m, node.y_m, node.level_id) for node in message.nodes}
    if not nodes:
        raise ValueError(f"the graph of plant {message.plant_id!r} has no node: a robot must stand somewhere")
    try:
        edges = {
            edge.edge_id: Edge(edge.edge_id, nodes[edge.start_node_id], nodes[edge.end_node_id], edge.width_m)
            for edge in message.edges
        }
    except KeyError as error:
        raise ValueError(f"the graph of plant {message.plant_id!r} has an edge at {error}, which is no node") from error
    return Graph(message.plant_id, message.digest, nodes, edges, message.max_radius_m)
