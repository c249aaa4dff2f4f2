"""Who is in which cell after which step, and when a cell is free."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.mapf.joint.problem import Ints
from coordinator.compiled import compiled

BLOCK_BITS = 5
"""Free stretches are skipped in blocks of 2 ** BLOCK_BITS steps."""
BLOCK_MASK = (1 << BLOCK_BITS) - 1

Short = npt.NDArray[np.int16]


class Occupancy(NamedTuple):
    """
    The table shared by all.

    Attributes:
        holder: (cells, steps + 1) agent + 1, 0 where free.
        block_count: (cells, blocks) steps that are held in each block.
    """

    holder: Short
    block_count: Short


def empty_occupancy(cell_count: int, step_count: int) -> Occupancy:
    """Nobody anywhere, for steps 0 to `step_count`."""
    block_count = (step_count >> BLOCK_BITS) + 1
    return Occupancy(
        holder=np.zeros((cell_count, step_count + 1), dtype=np.int16),
        block_count=np.zeros((cell_count, block_count), dtype=np.int16),
    )


@compiled
def occupy(table: Occupancy, agent: int, path: Ints) -> None:
    """Put an agent's path in."""
    for step in range(len(path)):
        table.holder[path[step], step] = agent + 1
        table.block_count[path[step], step >> BLOCK_BITS] += 1


@compiled
def vacate(table: Occupancy, path: Ints) -> None:
    """Take a path out."""
    for step in range(len(path)):
        table.holder[path[step], step] = 0
        table.block_count[path[step], step >> BLOCK_BITS] -= 1


@compiled
def free_until(held: Short, blocks: Short, step: int) -> int:
    """Last step of the free stretch of a cell that begins at `step`; `step - 1` if it isn't free."""
    end = len(held) - 1
    while step <= end:
        if step & BLOCK_MASK == 0 and blocks[step >> BLOCK_BITS] == 0:
            step += BLOCK_MASK + 1
        elif held[step] != 0:
            return step - 1
        else:
            step += 1
    return end


@compiled
def next_free(held: Short, step: int) -> int:
    """First step from `step` on at which a cell is free; beyond the table's last if there is none."""
    while step < len(held) and held[step] != 0:
        step += 1
    return step
