"""What the joint planner is asked: a graph of cells, and the agents that are to change places on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
CellTable = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]
"""Cell numbers in as few bytes as hold them: the searches that read them are bound by memory."""

MAX_AGENTS = 32_000


class JointProblemError(ValueError):
    """The arrays don't describe a problem; the message names the agent or cell, the value and the rule."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """
    Everybody is in a cell, and in each step goes to a cell next to it or stays; at the end all stand on their goals.

    No two agents are in one cell after the same step, and no two swap cells in one step; following is allowed, round
    in a ring, too (the multi-agent path finding benchmark's rules).

    Attributes:
        near: (cells, most neighbours, at least 2) cells next to each cell, then the cell itself as often as columns
            are left. Who can go can come back.
        start: (agents,) cell of each at step 0.
        goal: (agents,) where each has to end.
    """

    near: CellTable
    start: Ints
    goal: Ints

    def __post_init__(self) -> None:
        cell_count = len(self.near)
        if self.start.shape != self.goal.shape:
            raise JointProblemError(f"{len(self.start)} starts and {len(self.goal)} goals: must be one each")
        if not 1 <= len(self.start) <= MAX_AGENTS:
            raise JointProblemError(f"{len(self.start)} agents: must be in [1, {MAX_AGENTS}]")
        for name, cells in (("start", self.start), ("goal", self.goal)):
            if not 0 <= cells.min() <= cells.max() < cell_count:
                raise JointProblemError(f"{name} cells {cells.min()} to {cells.max()}: must be in [0, {cell_count})")
            used, counts = np.unique(cells, return_counts=True)
            if np.any(counts > 1):
                agents = np.flatnonzero(cells == used[np.argmax(counts)])
                shared = f"agents {agents[0]} and {agents[1]} both have {name} {cells[agents[0]]}"
                raise JointProblemError(f"{shared}: must differ")


def near_cells(neighbours: Sequence[tuple[int, ...]]) -> CellTable:
    """
    The table `Problem.near`, from lists of neighbours.

    Raises:
        JointProblemError: If a neighbour doesn't exist, or has no move back.
    """
    count, width = len(neighbours), max(2, *map(len, neighbours))
    near = np.repeat(np.arange(count)[:, np.newaxis], width, axis=1)
    for cell, others in enumerate(neighbours):
        for other in others:
            if not 0 <= other < count:
                raise JointProblemError(f"cell {cell} is next to {other}: must be in [0, {count})")
            if cell not in neighbours[other]:
                raise JointProblemError(f"cell {cell} is next to {other}, which isn't next to it: must be")
        near[cell, : len(others)] = others
    return near.astype(np.uint16) if count <= 1 << 16 else near.astype(np.uint32)
