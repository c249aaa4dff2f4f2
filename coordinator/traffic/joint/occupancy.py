"""
Who holds which resource at which step, and when a cell is free.

Being in u at step t and in v at t + 1 conflicts with others as the cells' rule says. With strict following, whoever is
in a cell from step a to b excludes others from its resources from a - 1 to b + 1, which is the `lag` of one step in
the search for safe intervals; else only swaps need a look at pairs of steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from coordinator.traffic.joint.arrays import Arrays
from coordinator.traffic.joint.compiled import kernel, leaf
from coordinator.traffic.joint.problem import Ints

BLOCK_BITS = 5
"""Free stretches are skipped in blocks of 2 ** BLOCK_BITS steps."""
BLOCK_MASK = (1 << BLOCK_BITS) - 1

Short = npt.NDArray[np.int16]


class Occupancy(NamedTuple):
    """
    The table shared by all.

    Attributes:
        holder: (resources, steps + 1) agent + 1, 0 where free.
        block_count: (resources, blocks) steps that are held in each block.
    """

    holder: Short
    block_count: Short


def empty_occupancy(resource_count: int, step_count: int) -> Occupancy:
    """Nobody anywhere, for steps 0 to `step_count`."""
    block_count = (step_count >> BLOCK_BITS) + 1
    return Occupancy(
        holder=np.zeros((resource_count, step_count + 1), dtype=np.int16),
        block_count=np.zeros((resource_count, block_count), dtype=np.int16),
    )


@kernel
def occupy(arrays: Arrays, table: Occupancy, agent: int, path: Ints) -> None:
    """Put an agent's path in."""
    for step in range(len(path)):
        for k in range(arrays.resource_start[path[step]], arrays.resource_start[path[step] + 1]):
            table.holder[arrays.resource[k], step] = agent + 1
            table.block_count[arrays.resource[k], step >> BLOCK_BITS] += 1


@kernel
def vacate(arrays: Arrays, table: Occupancy, path: Ints) -> None:
    """Take a path out."""
    for step in range(len(path)):
        for k in range(arrays.resource_start[path[step]], arrays.resource_start[path[step] + 1]):
            table.holder[arrays.resource[k], step] = 0
            table.block_count[arrays.resource[k], step >> BLOCK_BITS] -= 1


@leaf
def free_until(resource_start: Ints, resource: Ints, holder: Short, block_count: Short, cell: int, step: int) -> int:
    """Last step of the free stretch of a cell that begins at `step`; `step - 1` if it isn't free."""
    end = int(holder.shape[1]) - 1
    for k in range(resource_start[cell], resource_start[cell + 1]):
        held = holder[resource[k]]
        blocks = block_count[resource[k]]
        at = step
        while at <= end:
            if at & BLOCK_MASK == 0 and blocks[at >> BLOCK_BITS] == 0:
                at += BLOCK_MASK + 1
            elif held[at] != 0:
                end = at - 1
            else:
                at += 1
    return end


@leaf
def next_free(resource_start: Ints, resource: Ints, holder: Short, cell: int, step: int) -> int:
    """First step from `step` on at which a cell is free; beyond the table's last if there is none."""
    end = holder.shape[1] - 1
    at, before = step, step - 1
    while at != before:
        before = at
        for k in range(resource_start[cell], resource_start[cell + 1]):
            held = holder[resource[k]]
            while at <= end and held[at] != 0:
                at += 1
    return at


@leaf
def is_swap(resource_start: Ints, resource: Ints, holder: Short, origin: int, target: int, arrival: int) -> bool:
    """Whether somebody goes from the target to the origin in the step that ends at `arrival`."""
    found = False
    for k in range(resource_start[target], resource_start[target + 1]):
        other = holder[resource[k], arrival - 1]
        if other != 0:
            for m in range(resource_start[origin], resource_start[origin + 1]):
                if holder[resource[m], arrival] == other:
                    found = True
    return found
