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
from coordinator.traffic.joint.compiled import kernel
from coordinator.traffic.joint.problem import Ints

BLOCK_BITS = 5
"""Free stretches are skipped in blocks of 2 ** BLOCK_BITS steps."""

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


@kernel
def free_until(arrays: Arrays, table: Occupancy, cell: int, step: int) -> int:
    """Last step of the free stretch of a cell that begins at `step`; `step - 1` if it isn't free."""
    end = table.holder.shape[1] - 1
    mask = (1 << BLOCK_BITS) - 1
    for k in range(arrays.resource_start[cell], arrays.resource_start[cell + 1]):
        resource = arrays.resource[k]
        at = step
        while at <= end:
            if at & mask == 0 and table.block_count[resource, at >> BLOCK_BITS] == 0:
                at += mask + 1
            elif table.holder[resource, at] != 0:
                end = at - 1
            else:
                at += 1
    return end


@kernel
def next_free(arrays: Arrays, table: Occupancy, cell: int, step: int) -> int:
    """First step from `step` on at which a cell is free; beyond the table's last if there is none."""
    end = table.holder.shape[1] - 1
    at = step
    is_settled = False
    while not is_settled:
        is_settled = True
        for k in range(arrays.resource_start[cell], arrays.resource_start[cell + 1]):
            while at <= end and table.holder[arrays.resource[k], at] != 0:
                at += 1
                is_settled = False
    return at


@kernel
def is_swap(arrays: Arrays, table: Occupancy, origin: int, target: int, arrival: int) -> bool:
    """Whether somebody goes from the target to the origin in the step that ends at `arrival`."""
    for k in range(arrays.resource_start[target], arrays.resource_start[target + 1]):
        other = table.holder[arrays.resource[k], arrival - 1]
        if other != 0:
            for m in range(arrays.resource_start[origin], arrays.resource_start[origin + 1]):
                if table.holder[arrays.resource[m], arrival] == other:
                    return True
    return False
