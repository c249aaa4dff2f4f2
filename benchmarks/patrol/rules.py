"""
The classic rules, from their papers.

CR: Machado et al., "Multi-Agent Patrolling: an Empirical Analysis of Alternative Architectures", MABS 2002.
HPCC: Almeida et al., "Recent Advances on Multi-agent Patrolling", SBIA 2004.
SEBS: Portugal and Rocha, "Distributed multi-robot patrol: A scalable and fault-tolerant framework", RAS 2013.
DTAP: Farinelli, Iocchi and Nardi, "Distributed on-line dynamic task assignment for multi-robot patrolling",
    Autonomous Robots 2017; here one auction of one vertex at each decision, heard by all at once.
ER: Yan and Zhang, "Multi-robot patrol: A distributed algorithm based on expected idleness", IJARS 2016.
"""

from __future__ import annotations

import random

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.patrol.graphs import Graph
from benchmarks.patrol.world import World

SEBS_L, SEBS_M = 0.1, 100.0
"""Chance of a move without gain, and the gain at which it is sure: the paper's G1 and G2."""

HPCC_IDLENESS_SHARE = 0.5
"""Weight of idleness against that of nearness, in choosing a goal and the way there."""


class ConscientiousReactive:
    """CR: to the neighbour that waits longest."""

    def next_vertex(self, world: World, robot: int, vertex: int) -> int:
        """See `Rule`."""
        return min(world.graph.neighbours(vertex), key=lambda v: (world.last_s[v], v))


class HeuristicPathfinder:
    """HPCC: to the goal that is idle and near, on a way that is short and passes idle vertices."""

    def __init__(self, graph: Graph, robots: int) -> None:
        self._ways: list[list[int]] = [[] for _ in range(robots)]
        rows, columns = np.nonzero(np.isfinite(graph.edge_s) & (graph.edge_s > 0.0))
        self._places, self._longest_s = (rows, columns), graph.way_s.max()
        self._edge_s, self._longest_edge_s = graph.edge_s[rows, columns], graph.edge_s[rows, columns].max()

    def next_vertex(self, world: World, robot: int, vertex: int) -> int:
        """See `Rule`."""
        if not self._ways[robot]:
            self._ways[robot] = self._way(world, vertex)
        return self._ways[robot].pop(0)

    def _way(self, world: World, vertex: int) -> list[int]:
        idle_ratio = (world.now_s - world.last_s) / max(1e-9, world.now_s - world.last_s.min())
        near_ratio = 1.0 - world.graph.way_s[vertex] / self._longest_s
        value = HPCC_IDLENESS_SHARE * idle_ratio + (1.0 - HPCC_IDLENESS_SHARE) * near_ratio
        value[vertex] = -np.inf
        goal = int(np.argmax(value))
        rows, columns = self._places
        share = self._edge_s / self._longest_edge_s
        cost = HPCC_IDLENESS_SHARE * (1.0 - idle_ratio[columns]) + (1.0 - HPCC_IDLENESS_SHARE) * share
        graph = csr_array((cost + 1e-6, (rows, columns)), shape=world.graph.edge_s.shape)
        _, before = dijkstra(graph, indices=vertex, return_predecessors=True)
        way = [goal]
        while before[way[0]] != vertex:
            way.insert(0, int(before[way[0]]))
        return way


class StateExchangeBayesian:
    """SEBS: to the neighbour with the best chance, by idleness over distance and by how many others go there."""

    def next_vertex(self, world: World, robot: int, vertex: int) -> int:
        """See `Rule`."""
        others = [v for r, v in enumerate(world.bound_for) if r != robot]
        robots = len(world.bound_for)

        def chance(v: int) -> float:
            gain = (world.now_s - world.last_s[v]) / world.graph.edge_s[vertex, v]
            by_gain = SEBS_L * np.exp(np.log(1.0 / SEBS_L) / SEBS_M * min(gain, SEBS_M))
            by_state = 2.0 ** (robots - 1 - others.count(v)) / (2.0**robots - 1.0)
            return float(by_gain * by_state)

        return max(world.graph.neighbours(vertex), key=lambda v: (chance(v), world.now_s - world.last_s[v], -v))


class ExpectedReactive:
    """ER: to the neighbour with most expected idleness a second of the way there."""

    def next_vertex(self, world: World, robot: int, vertex: int) -> int:
        """See `Rule`."""

        def expected(v: int) -> float:
            way_s = float(world.graph.edge_s[vertex, v])
            arrive_s, last_s = world.now_s + way_s, float(world.last_s[v])
            for r, bound_for in enumerate(world.bound_for):
                if r != robot and bound_for == v and world.arrives_s[r] <= arrive_s:
                    last_s = max(last_s, world.arrives_s[r])
            return (arrive_s - last_s) / way_s

        return max(world.graph.neighbours(vertex), key=lambda v: (expected(v), -v))


class TaskAuctions:
    """DTAP: vertices are auctioned to the robots whose own are nearest; each goes to its own that gains it most."""

    def __init__(self, graph: Graph, starts: list[int], chance: random.Random) -> None:
        self._chance = chance
        self._owner = [min(range(len(starts)), key=lambda r: (way_s[starts[r]], r)) for way_s in graph.way_s.T]
        self._goal = list(starts)
        self._longest_s = float(graph.way_s.max())

    def next_vertex(self, world: World, robot: int, vertex: int) -> int:
        """See `Rule`."""
        self._auction(world, self._chance.randrange(len(self._owner)))
        if self._goal[robot] == vertex:
            own = [v for v, owner in enumerate(self._owner) if owner == robot and v != vertex]
            if not own:
                return vertex
            idle_s = world.now_s - world.last_s
            longest_s = max(1e-9, float(idle_s.max()))
            self._goal[robot] = max(
                own, key=lambda v: (idle_s[v] / longest_s - world.graph.way_s[vertex, v] / self._longest_s, -v)
            )
        return int(world.graph.next_hop[vertex, self._goal[robot]])

    def _auction(self, world: World, vertex: int) -> None:
        """Each bids the longest way between the vertex and its own; the lowest bid wins, the owner's at a tie."""
        bids = []
        for robot in range(len(world.bound_for)):
            own = [v for v, owner in enumerate(self._owner) if owner == robot and v != vertex]
            ways_s = world.graph.way_s[vertex, own] if own else np.zeros(1)
            bids.append((float(ways_s.max()) * (1 + len(own)), robot != self._owner[vertex], robot))
        self._owner[vertex] = min(bids)[2]
