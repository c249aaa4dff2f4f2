"""
A first plan for a window: step after step of priority inheritance, with stops and dwell.

Who dwells, or isn't ready yet, stays and isn't pushed. Among the others rank decides: the agent's priority at first,
then whatever exchanges made of it; idle agents come last.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coordinator.traffic.joint.arrays import Arrays
from coordinator.traffic.joint.chance import Chance
from coordinator.traffic.joint.compiled import kernel, recursive
from coordinator.traffic.joint.pibt import IDLE, Crowd, decide_all, place_crowd, settle
from coordinator.traffic.joint.problem import Ints


@recursive
def roll_out(arrays: Arrays, crowd: Crowd, steps: npt.NDArray[np.int16], chance: Chance, paths: Ints) -> None:
    """
    Write the paths of everybody.

    Args:
        crowd: As `make_crowd` made it.
        paths: (agents, steps + 1).
    """
    count = len(crowd.now)
    leg = arrays.leg_start[:-1].copy()
    stayed = np.zeros(count, dtype=np.int32)
    for agent in range(count):
        crowd.rank[agent] = arrays.priority[agent] if crowd.row[agent] != IDLE else -1.0
    paths[:, 0] = crowd.now
    for step in range(paths.shape[1] - 1):
        for agent in range(count):
            _serve_stops(arrays, crowd, leg, stayed, agent)
        order = np.argsort(-crowd.rank, kind="mergesort").astype(np.int32)
        for agent in range(count):
            if arrays.ready[agent] > step or (stayed[agent] > 0 and crowd.row[agent] != IDLE):
                settle(arrays, crowd, agent, crowd.now[agent])
        if not decide_all(arrays, crowd, steps, order, chance):
            for agent in range(count):
                crowd.after[agent] = crowd.now[agent]
        paths[:, step + 1] = crowd.after
        _count_stay(arrays, crowd, leg, stayed)
        _move_on(arrays, crowd)


@kernel
def _serve_stops(arrays: Arrays, crowd: Crowd, leg: Ints, stayed: Ints, agent: int) -> None:
    """Go on to the next leg when the dwell is over; `stayed` is the dwell so far plus one while there is more."""
    while crowd.row[agent] != IDLE and crowd.now[agent] == arrays.leg_goal[leg[agent]]:
        if stayed[agent] == 0:
            stayed[agent] = 1
        if stayed[agent] <= arrays.leg_dwell[leg[agent]]:
            return
        leg[agent] += 1
        stayed[agent] = 0
        if leg[agent] == arrays.leg_start[agent + 1]:
            crowd.row[agent] = IDLE
            crowd.rank[agent] = -1.0
        else:
            crowd.row[agent] = arrays.leg_row[leg[agent]]
            crowd.rank[agent] = arrays.priority[agent]


@kernel
def _count_stay(arrays: Arrays, crowd: Crowd, leg: Ints, stayed: Ints) -> None:
    for agent in range(len(leg)):
        if stayed[agent] > 0:
            stayed[agent] += 1


@kernel
def _move_on(arrays: Arrays, crowd: Crowd) -> None:
    after = crowd.after.copy()
    place_crowd(arrays, crowd, after)
