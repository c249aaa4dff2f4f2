"""Robots on a graph at 1 m/s, idealised: no interference, instant inspection, and passing counts as a visit."""

from __future__ import annotations

import heapq
from typing import Protocol

import numpy as np

from benchmarks.patrol.graphs import Graph

WARM_SHARE = 0.25
"""Of a run; it doesn't count."""


class Rule(Protocol):
    """Decides where robots go."""

    def next_vertex(self, world: World, robot: int, vertex: int) -> int:
        """Say to which vertex a robot that has just come to one goes; a neighbour, or the same to wait a second."""


class World:
    """
    A patrol under way. Everybody knows all last visits at once.

    Attributes:
        bound_for: Of each robot the vertex it arrives at next.
        arrives_s: And when.
    """

    def __init__(self, graph: Graph, starts: list[int]) -> None:
        self.graph = graph
        self.now_s = 0.0
        self.last_s = np.zeros(len(graph.way_s))
        self.bound_for = list(starts)
        self.arrives_s = [0.0] * len(starts)

    def run(self, rule: Rule, until_s: float) -> float:
        """Patrol; returns the longest time between two visits of any vertex after the warm-up, s."""
        worst_s, warm_s = 0.0, WARM_SHARE * until_s
        queue = [(0.0, robot) for robot in range(len(self.bound_for))]
        while queue[0][0] < until_s:
            self.now_s, robot = heapq.heappop(queue)
            vertex = self.bound_for[robot]
            if self.now_s >= warm_s:
                worst_s = max(worst_s, self.now_s - self.last_s[vertex])
            self.last_s[vertex] = self.now_s
            following = rule.next_vertex(self, robot, vertex)
            wait_s = 1.0 if following == vertex else float(self.graph.edge_s[vertex, following])
            self.bound_for[robot], self.arrives_s[robot] = following, self.now_s + wait_s
            heapq.heappush(queue, (self.arrives_s[robot], robot))
        return max(worst_s, float((until_s - self.last_s).max()))
