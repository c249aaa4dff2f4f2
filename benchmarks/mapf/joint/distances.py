"""
Steps from cells to each agent's goal, by breadth-first search from the goal, only as far as somebody asked.

A first plan mostly needs the steps around shortest ways, and half of all cells are farther than the start on average.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.mapf.joint.problem import CellTable, Ints, Problem
from coordinator.compiled import compiled

Steps = npt.NDArray[np.int16]

UNKNOWN = 32767
"""Steps from cells not searched yet, from which there is no way, or only one in more steps than anybody plans."""
EVERYWHERE = -1
MARGIN = 4
"""Searches end so many steps beyond what was asked for."""


class Distances(NamedTuple):
    """
    What is known.

    Attributes:
        near: As in the problem.
        goal: (agents,).
        steps: (agents, cells) to the agent's goal, UNKNOWN beyond `reached`.
        reached: (agents,) steps up to which all cells are known; UNKNOWN when there are no more.
        queue: (cells + most neighbours,) of the search.
        fresh: (cells,) 1 for those it hasn't seen.
    """

    near: CellTable
    goal: Ints
    steps: Steps
    reached: Ints
    queue: CellTable
    fresh: npt.NDArray[np.uint8]


def make_distances(problem: Problem) -> Distances:
    """Nothing but the goals is known."""
    count, (cell_count, width) = len(problem.start), problem.near.shape
    return Distances(
        near=problem.near,
        goal=problem.goal,
        steps=np.empty((count, cell_count), dtype=np.int16),
        reached=np.full(count, -1, dtype=np.int32),
        queue=np.empty(cell_count + width, dtype=problem.near.dtype),
        fresh=np.empty(cell_count, dtype=np.uint8),
    )


@compiled
def reach_all(distances: Distances, cells: Ints) -> None:
    """Search so far that everybody's way from its cell is known; from all cells for those with EVERYWHERE."""
    for agent in range(len(cells)):
        reach(distances, agent, cells[agent])


@compiled
def reach(distances: Distances, agent: int, cell: int) -> None:
    """Search on for one agent until its steps from a cell are known, if there is a way."""
    near, goal, steps, reached, queue, fresh = distances
    if reached[agent] == UNKNOWN:
        return
    to_goal = steps[agent]
    tail = np.uint64(0)
    if reached[agent] < 0:
        to_goal[:] = UNKNOWN
        fresh[:] = 1
        fresh[goal[agent]] = 0
        queue[0] = goal[agent]
        tail += np.uint64(1)
        level = np.int16(0)
    else:
        level = np.int16(reached[agent])
        for other in range(len(to_goal)):
            fresh[other] = to_goal[other] == UNKNOWN
            queue[tail] = other
            tail += np.uint64(to_goal[other] == level)
    head, left = np.uint64(0), MARGIN
    while head < tail and level < UNKNOWN:
        if cell != EVERYWHERE and fresh[cell] == 0:
            if left < 0:
                break
            left -= 1
        level_end = tail
        while head < level_end:
            here = queue[head]
            head += np.uint64(1)
            to_goal[here] = level
            # Without a branch, for nothing can predict which neighbours are new.
            for k in range(np.uint64(near.shape[1])):
                other = near[here, k]
                queue[tail] = other
                tail += np.uint64(fresh[other])
                fresh[other] = 0
        level += np.int16(1)
    reached[agent] = level - 1 if head < tail else UNKNOWN
