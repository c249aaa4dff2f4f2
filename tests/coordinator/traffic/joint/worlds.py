"""Small places for the joint planner, and the question whether its plan is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from benchmarks.mapf.validator import World, faults
from coordinator.traffic.joint.plan import JointPlan
from coordinator.traffic.joint.planner import JointPlanner
from coordinator.traffic.joint.problem import Agents, Cells, Ints


@dataclass(frozen=True)
class Robot:
    """One agent: where it is, and its stops as pairs of cell and dwell."""

    start: int
    stops: Sequence[tuple[int, int]] = ()
    priority: float = 1.0
    ready: int = 0
    kind: int = 0


@dataclass(frozen=True)
class Place:
    """
    Cells and the moves from each.

    Attributes:
        resources: Of cells that hold others than one of their own number.
        closed: By kind, cells it may not enter.
    """

    moves: Mapping[int, Sequence[int]]
    is_strict: bool
    resources: Mapping[int, Sequence[int]] = field(default_factory=dict)
    closed: Sequence[Sequence[int]] = ((),)

    def held(self, cell: int) -> Sequence[int]:
        return self.resources.get(cell, [cell])

    def cells(self) -> Cells:
        count = len(self.moves)
        is_allowed = np.ones((len(self.closed), count), dtype=np.bool_)
        for kind, cells in enumerate(self.closed):
            is_allowed[kind, list(cells)] = False
        move_start, move_end = rows([self.moves[cell] for cell in range(count)])
        resource_start, resource = rows([self.held(cell) for cell in range(count)])
        return Cells(move_start, move_end, resource_start, resource, is_allowed, self.is_strict)

    def world(self) -> World:
        return World(
            moves=self.moves,
            resources={cell: self.held(cell) for cell in self.moves},
            is_open=[[cell not in closed for cell in range(len(self.moves))] for closed in self.closed],
            is_following_strict=self.is_strict,
        )


def rows(lists: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Compressed rows."""
    start = np.zeros(len(lists) + 1, dtype=np.int32)
    np.cumsum([len(values) for values in lists], out=start[1:])
    return start, np.array([value for values in lists for value in values], dtype=np.int32)


def two_way(*lines: Sequence[int]) -> dict[int, list[int]]:
    """Moves both ways along each line of cells."""
    moves: dict[int, list[int]] = {}
    for line in lines:
        for here, there in pairwise(line):
            moves.setdefault(here, []).append(there)
            moves.setdefault(there, []).append(here)
    return moves


def agents(robots: Sequence[Robot]) -> Agents:
    """As the planner takes them."""
    goal_start, goal = rows([[cell for cell, _ in robot.stops] for robot in robots])
    _, dwell = rows([[steps for _, steps in robot.stops] for robot in robots])
    return Agents(
        start=np.array([robot.start for robot in robots], dtype=np.int32),
        goal_start=goal_start,
        goal=goal,
        dwell=dwell,
        priority=np.array([robot.priority for robot in robots], dtype=np.float64),
        ready=np.array([robot.ready for robot in robots], dtype=np.int32),
        kind=np.array([robot.kind for robot in robots], dtype=np.int32),
    )


def planned(
    place: Place, robots: Sequence[Robot], *, horizon: int | None, seed: int = 1, effort: int = 20_000
) -> JointPlan:
    """A plan, found and improved; the validator has nothing against it, before nor after."""
    planner = JointPlanner(place.cells(), agents(robots), horizon=horizon, seed=seed)
    planner.find_first()
    first = planner.plan()
    assert wrong(place, robots, first) == []
    assert planner.improve(effort) <= first.cost
    plan = planner.plan()
    assert wrong(place, robots, plan) == []
    assert plan.bound <= plan.cost <= first.cost
    return plan


def wrong(place: Place, robots: Sequence[Robot], plan: JointPlan) -> list[str]:
    """What the validator finds."""
    return faults(
        place.world(),
        [robot.start for robot in robots],
        [robot.kind for robot in robots],
        [robot.ready for robot in robots],
        plan.paths.tolist(),
    )
