"""
One agent's best path through the steps that all others leave free.

A state is a cell and one of its free stretches; of all steps at which it can be entered only the earliest matters. A*
over such states with exact steps to go, in an array of buckets since costs are whole numbers; among equals the newest,
so the search goes deep first.

Source:
    Phillips and Likhachev, "SIPP: safe interval path planning for dynamic environments", ICRA 2011.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.mapf.joint.chance import Chance, draw
from benchmarks.mapf.joint.distances import UNKNOWN, Distances
from benchmarks.mapf.joint.occupancy import Occupancy, Short, free_until, next_free
from benchmarks.mapf.joint.problem import Ints
from coordinator.compiled import compiled

Longs = npt.NDArray[np.int64]

NODE_LIMIT = 1 << 15
"""States of one search; one that needs more gives up."""
NODE_RESERVE = 4096
"""States that may be added before the limit is looked at again."""

NO_PATH = -1
MARK_BITS = 16

CELL, ARRIVAL, END, COST, BEFORE, NEXT, WIDTH = range(7)
"""Columns of a node: cell, arrival, end of the free stretch, cost, node before, next older one in its bucket."""


class Scratch(NamedTuple):
    """
    Memory of the search, kept from one to the next.

    Attributes:
        seen: (cells * (steps + 1),) number of the search << MARK_BITS | earliest arrival, by cell and end of stretch.
        bucket: (urgencies,) newest node of each urgency, which is cost above the least plus haste; -1 for none.
        nodes: (NODE_LIMIT + NODE_RESERVE, WIDTH).
        counters: (2,) number of this search, number of its nodes.
    """

    seen: Longs
    bucket: Ints
    nodes: Ints
    counters: Longs


def make_scratch(cell_count: int, step_count: int) -> Scratch:
    """Memory for searches over steps 0 to `step_count`."""
    return Scratch(
        seen=np.zeros(cell_count * (step_count + 1), dtype=np.int64),
        bucket=np.empty(2 * (2 * step_count + UNKNOWN), dtype=np.int32),
        nodes=np.empty((NODE_LIMIT + NODE_RESERVE, WIDTH), dtype=np.int32),
        counters=np.zeros(2, dtype=np.int64),
    )


@compiled
def plan_path(
    distances: Distances,
    table: Occupancy,
    scratch: Scratch,
    start: int,
    agent: int,
    cost_limit: int,
    haste: int,
    chance: Chance,
    path: Ints,
) -> int:
    """
    Plan an agent that isn't in the table, and write its path.

    Args:
        cost_limit: Costlier paths don't count.
        haste: Quarters by which steps to go count more than steps gone. Above 0 a path is found with less search and
            may not be the best (weighted A*).
        path: (steps + 1,) where to write; untouched if there is none.

    Returns:
        Its cost; NO_PATH if there is none within the limit, or the search grew too large.
    """
    near, to_goal, goal = distances.near, distances.steps[agent], distances.goal[agent]
    seen, bucket, nodes, counters = scratch
    holder, block_count = table
    last_step, width = len(path) - 1, near.shape[1]
    release = _release(holder[goal])
    least = max(release, to_goal[start])
    counters[0], counters[1] = counters[0] + 1, 0
    end = free_until(holder[start], block_count[start], 0)
    if end < 0 or least > cost_limit:
        return NO_PATH
    urgency_count = min(len(bucket), cost_limit - least + (cost_limit * haste >> 2) + 1)
    bucket[:urgency_count] = -1
    urgency, made = least * haste >> 2, 1
    bucket[urgency] = 0
    _write_node(nodes[0], (start, 0, end, least, -1, -1))
    seen[start * (last_step + 1) + end] = counters[0] << MARK_BITS
    while urgency < urgency_count and made < NODE_LIMIT:
        node = bucket[urgency]
        if node < 0:
            urgency += 1
            continue
        bucket[urgency] = nodes[node, NEXT]
        cell, arrival, end, cost = nodes[node, CELL], nodes[node, ARRIVAL], nodes[node, END], nodes[node, COST]
        if seen[cell * (last_step + 1) + end] != (counters[0] << MARK_BITS) | arrival:
            continue
        if cell == goal and end == last_step:
            counters[1] = made
            _write_path(nodes, node, path)
            return int(cost)
        turn = draw(chance, width)
        for k in range(width):
            target = int(near[cell, (k + turn) % width])
            to_go = int(to_goal[target])
            limit = min(end + 1, last_step, cost_limit - to_go)
            if target == cell or arrival >= limit:
                continue
            held, blocks, leaving = holder[target], block_count[target], holder[cell]
            enter = next_free(held, arrival + 1)
            while enter <= limit:
                stretch_end = free_until(held, blocks, enter)
                if held[enter - 1] == 0 or leaving[enter] != held[enter - 1]:
                    key = target * (last_step + 1) + stretch_end
                    mark, old = (counters[0] << MARK_BITS) | enter, seen[key]
                    if old >> MARK_BITS != counters[0] or old > mark:
                        seen[key] = mark
                        paid = max(release, enter + to_go)
                        place = paid - least + (haste * (paid - enter) >> 2)
                        _write_node(nodes[made], (target, enter, stretch_end, paid, node, bucket[place]))
                        bucket[place] = made
                        urgency, made = min(urgency, place), made + 1
                enter = next_free(held, stretch_end + 1)
    counters[1] = made
    return NO_PATH


@compiled
def _release(held: Short) -> int:
    """First step from which a cell stays free: who ends there comes after the last that goes through."""
    step = len(held)
    while step > 0 and held[step - 1] == 0:
        step -= 1
    return step


@compiled
def _write_node(node: Ints, values: tuple[int, int, int, int, int, int]) -> None:
    node[CELL], node[ARRIVAL], node[END], node[COST], node[BEFORE], node[NEXT] = values


@compiled
def _write_path(nodes: Ints, node: int, path: Ints) -> None:
    until = len(path)
    while node >= 0:
        path[nodes[node, ARRIVAL] : until] = nodes[node, CELL]
        until = nodes[node, ARRIVAL]
        node = nodes[node, BEFORE]
