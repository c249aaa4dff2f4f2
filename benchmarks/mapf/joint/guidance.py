"""
Ways that avoid each other: guide paths, and steps to go that lead along them.

One after the other, and some rounds of it, agents take the cheapest way on weights that grow with the flow of all
others: somewhat with those who use the same cell, much more with those who come the other way. What is left as weights
then gives each goal a table of weighted distances, which steers priority inheritance around crowds before they form.

Source:
    Chen, Harabor, Li, Stuckey, "Traffic flow optimisation for lifelong multi-agent path finding", AAAI 2024. The
    tables of weighted distances in place of distances to the path, and the weights, are our own.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.mapf.joint.chance import Chance, shuffle
from benchmarks.mapf.joint.distances import UNKNOWN, Distances, Steps
from benchmarks.mapf.joint.problem import CellTable, Ints
from coordinator.compiled import compiled

BASE = 8
"""Weight of a move that nobody else makes; weights are whole numbers."""
OPPOSING, SAME_CELL = 4.0, 2.0
"""Weight added for each agent coming the other way or using the cell, before division by the mean flow."""
LARGEST = 12 * BASE
SCALE = 2
"""Weights are divided by this in tables, whose numbers are short."""


class Flow(NamedTuple):
    """
    Who goes where, over all agents; a move is a cell and a column of `near`.

    Attributes:
        along: (cells, most neighbours) agents that make each move.
        into: (cells,) agents that enter each cell.
        back: (cells, most neighbours) column of the move back.
    """

    along: Ints
    into: Ints
    back: Ints


def make_flow(near: CellTable) -> Flow:
    """Nobody moves."""
    here = np.arange(len(near))[:, np.newaxis, np.newaxis]
    back = (near[near] == here).argmax(axis=2).astype(np.int32)
    return Flow(along=np.zeros(near.shape, dtype=np.int32), into=np.zeros(len(near), dtype=np.int32), back=back)


@compiled
def find_guides(distances: Distances, start: Ints, flow: Flow, rounds: int, crowding: float, chance: Chance) -> None:
    """Let everybody choose its way, `rounds` times over; all distances are known."""
    count, cell_count = len(start), len(distances.near)
    ways = [np.empty((0, 2), dtype=np.int32) for _ in range(count)]
    order = np.arange(count).astype(np.int32)
    cheapest = np.zeros(cell_count, dtype=np.int64)
    came_from = np.empty(cell_count, dtype=np.int32)
    for turn in range(rounds):
        shuffle(chance, order, count)
        for k in range(count):
            agent = order[k]
            _count_way(distances.near, flow, ways[agent], -1)
            number = turn * count + k + 1
            ways[agent] = _cheapest_way(distances, flow, start[agent], agent, crowding, number, cheapest, came_from)
            _count_way(distances.near, flow, ways[agent], 1)


@compiled
def guided_steps(distances: Distances, flow: Flow, crowding: float, guided: Steps) -> None:
    """
    Write weighted distances to all goals.

    Args:
        guided: (agents, cells) in units of BASE / SCALE steps, UNKNOWN where there is no way or it is too long.
    """
    near, goal, steps = distances.near, distances.goal, distances.steps
    cell_count, width = near.shape
    weights = np.empty((cell_count, width), dtype=np.int32)
    for cell in range(cell_count):
        for k in range(width):
            weights[cell, k] = _weight(near, flow, cell, k, crowding) // SCALE
    bucket = np.full(LARGEST // SCALE + 1, -1, dtype=np.int32)
    queue_next = np.empty(cell_count * width + 1, dtype=np.int32)
    queue_cell = np.empty(cell_count * width + 1, dtype=np.int32)
    for agent in range(len(goal)):
        to_goal, plain = guided[agent], steps[agent]
        to_goal[:] = UNKNOWN
        to_goal[goal[agent]] = 0
        queue_cell[0], queue_next[0] = goal[agent], -1
        bucket[0] = 0
        made, open_count, distance = 1, 1, 0
        while open_count > 0:
            entry = bucket[distance % len(bucket)]
            if entry < 0:
                distance += 1
                continue
            bucket[distance % len(bucket)] = queue_next[entry]
            open_count -= 1
            cell = queue_cell[entry]
            if to_goal[cell] != distance:
                continue
            for k in range(width):
                origin = near[cell, k]
                farther = distance + weights[origin, flow.back[cell, k]]
                if farther < to_goal[origin] and plain[origin] != UNKNOWN:
                    to_goal[origin] = farther
                    queue_cell[made] = origin
                    queue_next[made] = bucket[farther % len(bucket)]
                    bucket[farther % len(bucket)] = made
                    made += 1
                    open_count += 1


@compiled
def _weight(near: CellTable, flow: Flow, cell: int, k: int, crowding: float) -> int:
    """Weight of one more agent making the move."""
    target = near[cell, k]
    against = flow.along[target, flow.back[cell, k]]
    return min(LARGEST, int(BASE + crowding * (OPPOSING * against + SAME_CELL * flow.into[target])))


@compiled
def _count_way(near: CellTable, flow: Flow, way: Ints, by: int) -> None:
    for cell, k in way:
        flow.along[cell, k] += by
        flow.into[near[cell, k]] += by


@compiled
def _cheapest_way(
    distances: Distances,
    flow: Flow,
    start: int,
    agent: int,
    crowding: float,
    number: int,
    cheapest: npt.NDArray[np.int64],
    came_from: Ints,
) -> Ints:
    """
    Moves from the start to the goal, last one first.

    Args:
        cheapest: (cells,) number of the search << 32 | least weight so far.
        came_from: (cells,) move by which, as cell * most neighbours + column.
    """
    near, goal, to_goal = distances.near, distances.goal[agent], distances.steps[agent]
    width = near.shape[1]
    base = np.int64(number) << 32
    cheapest[start] = base
    heap = [(np.int64(0), np.int64(0), np.int64(start))]
    while len(heap) > 0:
        _, negative, cell = heapq.heappop(heap)
        if cell == goal:
            break
        if cheapest[cell] != base - negative:
            continue
        for k in range(width):
            target = near[cell, k]
            if target == cell:
                break
            weight = _weight(near, flow, int(cell), k, crowding) - negative
            if cheapest[target] < base or cheapest[target] > base + weight:
                cheapest[target] = base + weight
                came_from[target] = cell * width + k
                heapq.heappush(
                    heap, (np.int64(weight + BASE * int(to_goal[target])), np.int64(-weight), np.int64(target))
                )
    length, at = 0, goal
    while at != start:
        length += 1
        at = came_from[at] // width
    way = np.empty((length, 2), dtype=np.int32)
    length, at = 0, goal
    while at != start:
        move = came_from[at]
        at = move // width
        way[length, 0], way[length, 1] = at, move % width
        length += 1
    return way
