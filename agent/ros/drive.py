"""Drives legs: which node to head for, when one is reached, when one is left. Poses are in the plant's map."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.body import Fault, Leg, Placement, Pose
from agent.graph import Edge, Graph, Node

# A robot that passes a node is past it when it is so much further away than it was.
RECEDING_M = 0.05
# A bend up to this is driven through; at a sharper one the robot stops on the node and turns.
BEND_RAD = 0.35
# Faster than this, a robot told to forget its legs rolls on for a bit.
ROLLING_MPS = 0.05


@dataclass(frozen=True, slots=True)
class DriveLimits:
    """
    How exact a robot is.

    Attributes:
        node_m: The centre is on a node within this distance.
        place_m: A robot that knows nothing but its pose stands on a node within this distance.
        pass_m: Within this distance of a node it heads for the next one, if it may and the way on is straight.
        beside_m: A robot further aside of its edge's clear width than this is off its route.
        radius_m: Of the smallest circle round the robot.
        levels: Those that the robot has a map of.
    """

    node_m: float
    place_m: float
    pass_m: float
    beside_m: float
    radius_m: float
    levels: frozenset[str]


class DriveListener(Protocol):
    """Who is told how far it is."""

    def reached(self, seq: int) -> None:
        """The centre is on the leg's node."""

    def cleared(self, seq: int) -> None:
        """The whole body has left the leg's node."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A node to head for."""

    node: Node
    yaw_rad: float
    max_speed_mps: float


class Drive:
    """
    One robot on the plant's graph.

    Attributes:
        place: Where it stands; an empty one: not known.
        misfit: Why it can't drive its next leg; empty when it can.
    """

    def __init__(self, graph: Graph, limits: DriveLimits, listener: DriveListener) -> None:
        self._graph = graph
        self._limits = limits
        self._listener = listener
        self._clearance_m = graph.clearance_m(limits.radius_m)
        self.place = Placement("")
        self.misfit = ""
        self._legs: deque[Leg] = deque()
        self._seq = 0
        self._is_clear = False
        # Heads for the node after the next; the nearest it came to the one it passes.
        self._is_passing = False
        self._nearest_m = math.inf
        self._aside_m = 0.0
        # Edge onto which it may still roll after its legs were taken away.
        self._rolling_onto: Edge | None = None

    @property
    def has_legs(self) -> bool:
        """Whether there is something to drive."""
        return bool(self._legs)

    @property
    def edge_id(self) -> str:
        """The edge it drives or would drive next; empty: none."""
        return self._legs[0].edge_id if self._legs else ""

    def follow(self, legs: Sequence[Leg]) -> None:
        """More to drive."""
        self._legs.extend(legs)
        self._rolling_onto = None
        self._judge_fit()

    def void(self, speed_mps: float) -> None:
        """Forget the legs. Where it comes to a stand is step 0 of what it drives next."""
        if self._legs and not self.place.edge_id and not self.misfit:
            edge = self._graph.edges[self._legs[0].edge_id]
            self._rolling_onto = edge
            if abs(speed_mps) > ROLLING_MPS:
                self.place = Placement(edge.start.node_id, edge.edge_id)
        self._legs.clear()
        self._seq = 0
        self._is_clear = self._is_passing = False
        self._nearest_m = math.inf
        self.misfit = ""

    def find_place(self, pose: Pose) -> bool:
        """Begin anew where it stands now, whatever was known; whether that is on the graph."""
        self.void(0.0)
        self._rolling_onto = None
        self.place = self._graph.place_of(pose, node_m=self._limits.place_m, beside_m=self._limits.beside_m)
        return bool(self.place.node_id)

    def forget_place(self) -> None:
        """It was moved, nobody knows where to."""
        self.void(0.0)
        self._rolling_onto = None
        self.place = Placement("")

    def is_plausible(self, pose: Pose) -> bool:
        """Whether a pose can be where it stands: near the node, or beside the edge."""
        slack_m = self._limits.place_m + self._limits.beside_m
        node = self._graph.nodes.get(self.place.node_id)
        if node is None:
            return False
        if node.distance_m(pose) <= slack_m:
            return True
        edge = self._graph.edges.get(self.place.edge_id or self.edge_id)
        if edge is None or pose.level_id not in (edge.start.level_id, edge.end.level_id):
            return False
        along_m, aside_m = edge.locate(pose)
        return -slack_m <= along_m <= edge.length_m + slack_m and aside_m <= edge.width_m / 2.0 + slack_m

    def aim(self, *, is_held: bool) -> Aim | None:
        """
        The node to head for now; None: stand.

        Args:
            is_held: A held robot drives on to the next node and no further.
        """
        if not self._legs or self.misfit or (is_held and not self.place.edge_id):
            return None
        index = 1 if self._is_passing and not is_held else 0
        leg = self._legs[index]
        edge = self._graph.edges[leg.edge_id]
        after = self._graph.edges.get(self._legs[index + 1].edge_id) if index + 1 < len(self._legs) else None
        yaw_rad = edge.heading_rad if after is None or not after.is_within_level else after.heading_rad
        return Aim(edge.end, yaw_rad, leg.max_speed_mps)

    def look(self, pose: Pose, *, is_held: bool) -> None:
        """A new pose: report what was reached and left."""
        if self._rolling_onto is not None and self._rolling_onto.start.distance_m(pose) > self._limits.node_m:
            edge, self._rolling_onto = self._rolling_onto, None
            self.place = Placement(edge.start.node_id, edge.edge_id)
        if not self._legs or self.misfit:
            self._aside_m = 0.0
            return
        edge = self._graph.edges[self._legs[0].edge_id]
        along_m, aside_m = edge.locate(pose)
        self._aside_m = aside_m - edge.width_m / 2.0
        start_m, end_m = edge.start.distance_m(pose), edge.end.distance_m(pose)
        if start_m > self._limits.node_m and not self.place.edge_id:
            self.place = Placement(edge.start.node_id, edge.edge_id)
        if start_m > self._clearance_m and not self._is_clear:
            self._clear()
        if len(self._legs) > 1 and not is_held and end_m <= self._limits.pass_m and self._goes_on(self._legs[1], edge):
            self._is_passing = True
        if self._is_passing:
            self._nearest_m = min(self._nearest_m, end_m)
            is_past = along_m >= edge.length_m or end_m > self._nearest_m + RECEDING_M
            if end_m <= self._limits.node_m or is_past:
                self._reach()

    def arrived(self, aim_node_id: str, pose: Pose) -> str:
        """
        The robot says that it stands on the node it headed for.

        Returns:
            Why that isn't so; empty if it is.
        """
        node = self._graph.nodes[aim_node_id]
        off_m = node.distance_m(pose)
        # Twice: navigation has a tolerance of its own, and a robot that stands settles a bit.
        if off_m > 2.0 * self._limits.node_m:
            return f"navigation says it is at {aim_node_id}, which is {off_m:.2f} m away"
        while self._legs:
            end = self._graph.edges[self._legs[0].edge_id].end.node_id
            self._reach()
            if end == aim_node_id:
                break
        return ""

    def faults(self) -> tuple[Fault, ...]:
        """What people should know of the drive."""
        found = []
        if self.misfit:
            found.append(Fault("leg_unfit", self.misfit, stops_driving=True))
        if self._aside_m > self._limits.beside_m:
            found.append(Fault("off_route", f"{self._aside_m:.2f} m beside the clear width of {self.edge_id}"))
        return tuple(found)

    def _clear(self) -> None:
        self._is_clear = True
        self._listener.cleared(self._seq)

    def _reach(self) -> None:
        leg = self._legs.popleft()
        if not self._is_clear:
            self._clear()
        self.place = Placement(leg.node_id)
        self._seq, self._is_clear = leg.seq, False
        self._is_passing, self._nearest_m = False, math.inf
        self._judge_fit()
        # Last, since more legs may come from within.
        self._listener.reached(leg.seq)

    def _judge_fit(self) -> None:
        self.misfit = ""
        if not self._legs:
            return
        leg = self._legs[0]
        edge = self._graph.edges.get(leg.edge_id)
        if edge is None:
            self.misfit = f"the plant has no edge {leg.edge_id}"
        elif self.place.edge_id and self.place.edge_id != leg.edge_id:
            self.misfit = f"leg over {leg.edge_id}, but the robot stands on {self.place.edge_id}"
        elif self.place.node_id != edge.start.node_id:
            self.misfit = f"leg over {leg.edge_id} begins at {edge.start.node_id}, not at {self.place.node_id or '?'}"
        elif edge.end.level_id not in self._limits.levels:
            self.misfit = f"edge {leg.edge_id} leads to level {edge.end.level_id}, of which the robot has no map"

    def _goes_on(self, leg: Leg, before: Edge) -> bool:
        edge = self._graph.edges.get(leg.edge_id)
        if edge is None or not edge.is_within_level or edge.start.node_id != before.end.node_id:
            return False
        return abs(math.remainder(edge.heading_rad - before.heading_rad, math.tau)) <= BEND_RAD
