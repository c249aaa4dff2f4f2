"""The production planner, asked again and again as the coordinator asks it, with or without the template's groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.patrol.graphs import Graph
from benchmarks.patrol.world import World
from coordinator.assignment.assign import plan
from coordinator.assignment.settings import DEFAULT
from coordinator.assignment.template.template import Template
from coordinator.model.assignment import PointDemand, Problem, RobotOffer, Stop
from coordinator.model.ids import NodeId, PointId, RobotId

PLANS_A_PERIOD = 6

USUAL_PERIOD_S = 1200.0
"""
The planner's prices are in seconds and made for the periods of plants. What it is told is slowed down until the period
is a usual one; nothing changes but the unit of time.
"""


class Rolling:
    """
    Goes where the plan says, on shortest ways.

    Args:
        template: Promises the time between two visits that is asked for.
        is_guided: Whether a point is offered only to the robots of its group, to the one whose turn it is: who comes
            after the last one that was there.
    """

    def __init__(self, graph: Graph, template: Template, robots: int, *, is_guided: bool) -> None:
        count = len(graph.way_s)
        self._nodes = [NodeId(f"v{v:04d}") for v in range(count)]
        self._vertex = {node: v for v, node in enumerate(self._nodes)}
        self._names = [RobotId(f"r{r:03d}") for r in range(robots)]
        self._stops: list[list[Stop]] = [[] for _ in range(robots)]
        self._period_s, self._planned_s, self._version = template.worst_ratio, -np.inf, 0
        self._slow = USUAL_PERIOD_S / self._period_s
        self._ways_s = graph.way_s * self._slow
        self._team: dict[int, list[int]] = {}
        self._last_by: dict[int, int] = {}
        first = 0
        for group in template.groups if is_guided else ():
            for point_id in group.points:
                self._team[self._vertex[NodeId(point_id)]] = list(range(first, first + group.robots_count))
            first += group.robots_count
        # Whole itineraries, so that the next plan begins where this one ended; no point is too far to be planned.
        self._settings = replace(
            DEFAULT,
            search_count=count + 1,
            publish_s=10.0 * USUAL_PERIOD_S,
            publish_max_count=count + 1,
            outside_s=DEFAULT.outside_s + float(self._ways_s.max()),
        )

    def next_vertex(self, world: World, robot: int, vertex: int) -> int:
        """See `Rule`."""
        if robot in self._team.get(vertex, ()):
            self._last_by[vertex] = robot
        self._drop_reached(robot, vertex)
        if not self._stops[robot] or world.now_s >= self._planned_s + self._period_s / PLANS_A_PERIOD:
            self._plan(world, robot, vertex)
            self._drop_reached(robot, vertex)
        if not self._stops[robot]:
            return vertex
        return int(world.graph.next_hop[vertex, self._vertex[self._stops[robot][0].node_id]])

    def _drop_reached(self, robot: int, vertex: int) -> None:
        while self._stops[robot] and self._vertex[self._stops[robot][0].node_id] == vertex:
            self._stops[robot].pop(0)

    def _barred(self, vertex: int) -> frozenset[RobotId]:
        team = self._team.get(vertex)
        if team is None:
            return frozenset()
        last = self._last_by.get(vertex)
        wanted = team if last is None else [team[(team.index(last) + 1) % len(team)]]
        return frozenset(name for robot, name in enumerate(self._names) if robot not in wanted)

    def _plan(self, world: World, robot: int, vertex: int) -> None:
        self._version += 1
        self._planned_s = world.now_s
        robots = []
        for r, name in enumerate(self._names):
            node = self._nodes[vertex if r == robot else world.bound_for[r]]
            free_s = world.now_s if r == robot else max(world.now_s, world.arrives_s[r])
            robots.append(
                RobotOffer(
                    name, node, free_s * self._slow, 1.0, frozenset(), 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, node,
                    planned=tuple(self._stops[r]),
                )
            )  # fmt: skip
        last_s = world.last_s.copy()
        for r, bound_for in enumerate(world.bound_for):
            if r != robot:
                last_s[bound_for] = max(last_s[bound_for], world.arrives_s[r])
        points = tuple(
            PointDemand(
                PointId(node), node, 0.0, frozenset(), USUAL_PERIOD_S, float(last_s[v]) * self._slow, 1.0,
                barred=self._barred(v),
            )
            for v, node in enumerate(self._nodes)
        )  # fmt: skip
        now_s = world.now_s * self._slow
        problem = Problem(self._version, now_s, tuple(robots), points, (), self._vertex, self._ways_s, 1.0)
        for r, (_, stops) in enumerate(plan(problem, self._settings).itineraries):
            self._stops[r] = list(stops)
