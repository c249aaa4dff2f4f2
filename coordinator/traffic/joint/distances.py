"""
Steps from every cell to a goal: one breadth-first search a goal and kind of agent, kept as long as the cells hold.

The searches run over the moves backwards, so a table is exact also where moves are one-way.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from coordinator.traffic.joint.compiled import kernel
from coordinator.traffic.joint.problem import Bools, Cells, Ints

Steps = npt.NDArray[np.int16]

UNREACHABLE = 32767
"""Steps to a goal that can't be reached, or only in more steps than anybody plans."""

GROWTH = 64


class DistanceTables:
    """Tables of steps to go, made when first asked for."""

    def __init__(self, cells: Cells) -> None:
        """Prepare for these cells; a change of cells needs new tables."""
        self.cells = cells
        self.back_start, self.back_end, self.back_move = reversed_moves(cells)
        self._row_of: dict[tuple[int, int], int] = {}
        # Never without a row, so that kernels may look at the first one.
        self._steps: Steps = np.zeros((1, cells.count), dtype=np.int16)

    @property
    def steps(self) -> Steps:
        """(rows, cells) steps to each row's goal, UNREACHABLE where there is no way."""
        return self._steps

    def rows(self, kind_goals: Iterable[tuple[int, int]]) -> Ints:
        """The row of each pair of kind and goal cell; missing ones are searched."""
        pairs = list(kind_goals)
        missing = [pair for pair in dict.fromkeys(pairs) if pair not in self._row_of]
        if missing:
            known = len(self._row_of)
            for row, pair in enumerate(missing, start=known):
                self._row_of[pair] = row
            if known + len(missing) > len(self._steps):
                grown = np.empty((known + max(len(missing), min(known, GROWTH)), self.cells.count), dtype=np.int16)
                grown[:known] = self._steps[:known]
                self._steps = grown
            kinds = np.array([kind for kind, _ in missing], dtype=np.int32)
            goals = np.array([goal for _, goal in missing], dtype=np.int32)
            fill_distances(self.back_start, self.back_end, self.cells.is_allowed, kinds, goals, self._steps[known:])
        return np.array([self._row_of[pair] for pair in pairs], dtype=np.int32)


def reversed_moves(cells: Cells) -> tuple[Ints, Ints, Ints]:
    """Rows of the cells from which each cell is reached, and by which move."""
    origin = np.repeat(np.arange(cells.count, dtype=np.int32), np.diff(cells.move_start))
    order = np.argsort(cells.move_end, kind="stable")
    start = np.zeros(cells.count + 1, dtype=np.int32)
    np.cumsum(np.bincount(cells.move_end, minlength=cells.count), out=start[1:])
    return start, origin[order], order.astype(np.int32)


@kernel
def fill_distances(back_start: Ints, back_end: Ints, is_allowed: Bools, kinds: Ints, goals: Ints, steps: Steps) -> None:
    """Write one row of `steps` per goal; a closed cell may be left, not entered."""
    queue = np.empty(len(back_start) + 1, dtype=np.int32)
    for row in range(len(goals)):
        to_goal = steps[row]
        allowed = is_allowed[kinds[row]]
        to_goal[:] = UNREACHABLE
        to_goal[goals[row]] = 0
        queue[0] = goals[row]
        head, tail = 0, 1
        while head < tail:
            cell = queue[head]
            head += 1
            farther = to_goal[cell] + 1
            if farther >= UNREACHABLE:
                break
            if not allowed[cell]:
                continue
            # Without a branch, for nothing can predict which neighbours are new.
            for k in range(back_start[cell], back_start[cell + 1]):
                origin = back_end[k]
                known = to_goal[origin]
                to_goal[origin] = min(known, farther)
                queue[tail] = origin
                tail += known > farther
