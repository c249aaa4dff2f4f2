"""The problem as kernels see it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coordinator.traffic.joint.compiled import kernel, leaf
from coordinator.traffic.joint.distances import UNREACHABLE, DistanceTables, Steps
from coordinator.traffic.joint.problem import Agents, Bools, Cells, Floats, Ints

MAX_LEGS = 4
"""Stops that one planning looks at; the way through later ones is added to the cost as it would be driven alone."""


class Arrays(NamedTuple):
    """
    Cells, agents and distances.

    Leg l leads to one goal. Legs of agent i are `leg_start[i]` to `leg_start[i + 1]`, at most MAX_LEGS.

    Attributes:
        steps: (rows, cells) steps to go to a row's goal.
        leg_row: (legs,) row of `steps`.
        leg_goal: (legs,) its cell.
        leg_dwell: (legs,) steps to stay.
        leg_tail: (legs,) steps from arrival at the goal to the end of the last stop, driven alone.
        is_one_shot: Whether all must stand on their goals at the end.
    """

    move_start: Ints
    move_end: Ints
    resource_start: Ints
    resource: Ints
    resource_count: int
    is_allowed: Bools
    is_strict: bool
    start: Ints
    ready: Ints
    kind: Ints
    priority: Floats
    steps: Steps
    leg_start: Ints
    leg_row: Ints
    leg_goal: Ints
    leg_dwell: Ints
    leg_tail: Ints
    is_one_shot: bool


def compile_arrays(
    cells: Cells, agents: Agents, distances: DistanceTables, *, is_one_shot: bool
) -> tuple[Arrays, list[int]]:
    """Arrays for the kernels, and the agents that can't reach all their goals (they stop before the first such)."""
    rows = distances.rows(
        (int(agents.kind[agent]), int(agents.goal[leg]))
        for agent in range(agents.count)
        for leg in range(agents.goal_start[agent], agents.goal_start[agent + 1])
    )
    steps = distances.steps
    leg_start, legs, tails, stranded = [0], list[int](), list[int](), list[int]()
    for agent in range(agents.count):
        cell, ways = int(agents.start[agent]), list[int]()
        first = int(agents.goal_start[agent])
        for leg in range(first, int(agents.goal_start[agent + 1])):
            ways.append(int(steps[rows[leg], cell]))
            cell = int(agents.goal[leg])
            if ways[-1] == UNREACHABLE:
                ways.pop()
                stranded.append(agent)
                break
        tail, agent_tails = 0, list[int]()
        for leg in range(first + len(ways) - 1, first - 1, -1):
            tail += int(agents.dwell[leg])
            agent_tails.append(tail)
            tail += ways[leg - first]
        kept = min(len(ways), MAX_LEGS)
        legs += range(first, first + kept)
        tails += agent_tails[::-1][:kept]
        leg_start.append(len(legs))
    chosen = np.array(legs, dtype=np.int64)
    return Arrays(
        move_start=cells.move_start,
        move_end=cells.move_end,
        resource_start=cells.resource_start,
        resource=cells.resource,
        resource_count=cells.resource_count,
        is_allowed=cells.is_allowed,
        is_strict=cells.is_following_strict,
        start=agents.start,
        ready=agents.ready,
        kind=agents.kind,
        priority=agents.priority,
        steps=steps,
        leg_start=np.array(leg_start, dtype=np.int32),
        leg_row=rows[chosen],
        leg_goal=agents.goal[chosen],
        leg_dwell=agents.dwell[chosen],
        leg_tail=np.array(tails, dtype=np.int32),
        is_one_shot=is_one_shot,
    ), stranded


@leaf
def steps_to_go(arrays: Arrays, leg: int, cell: int) -> int:
    """Steps from a cell through the leg's goal and all later stops, driven alone."""
    return int(arrays.steps[arrays.leg_row[leg], cell]) + int(arrays.leg_tail[leg])


@kernel
def steps_after(arrays: Arrays, agent: int) -> int:
    """Steps through the stops that planning doesn't look at, after the agent's last leg."""
    last = arrays.leg_start[agent + 1] - 1
    return int(arrays.leg_tail[last] - arrays.leg_dwell[last])


@kernel
def alone_cost(arrays: Arrays, agent: int) -> int:
    """Least cost of an agent: its shortest way with nobody else there."""
    leg = arrays.leg_start[agent]
    if leg == arrays.leg_start[agent + 1]:
        return 0
    if arrays.is_one_shot and arrays.start[agent] == arrays.leg_goal[leg]:
        return 0
    cost = steps_to_go(arrays, leg, arrays.start[agent])
    return int(cost)
