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

from coordinator.traffic.joint.arrays import Arrays
from coordinator.traffic.joint.chance import Chance, shuffle
from coordinator.traffic.joint.compiled import kernel, leaf
from coordinator.traffic.joint.distances import UNREACHABLE, Steps
from coordinator.traffic.joint.problem import Ints

BASE = 8
"""Weight of a move that nobody else makes; weights are whole numbers."""
OPPOSING, SAME_CELL = 4.0, 2.0
"""Weight added for each agent coming the other way or using the cell, before division by the mean flow."""
LARGEST = 12 * BASE
SCALE = 2
"""Weights are divided by this in tables, whose numbers are short."""


class Flow(NamedTuple):
    """
    Who goes where, over all agents.

    Attributes:
        along: (moves,) agents that make each move.
        into: (cells,) agents that enter each cell.
        opposite: (moves,) the move back, -1 where there is none.
    """

    along: Ints
    into: Ints
    opposite: Ints


def make_flow(arrays: Arrays) -> Flow:
    """Nobody moves."""
    cell_count = len(arrays.move_start) - 1
    origin = np.repeat(np.arange(cell_count, dtype=np.int64), np.diff(arrays.move_start))
    there = origin * cell_count + arrays.move_end
    back = arrays.move_end.astype(np.int64) * cell_count + origin
    order = np.argsort(there)
    at = np.minimum(np.searchsorted(there, back, sorter=order), max(0, len(there) - 1))
    found = order[at] if len(there) else at
    opposite = np.where(there[found] == back, found, -1).astype(np.int32)
    return Flow(
        along=np.zeros(len(arrays.move_end), dtype=np.int32),
        into=np.zeros(cell_count, dtype=np.int32),
        opposite=opposite,
    )


@leaf
def weight_of(along: Ints, into: Ints, opposite: Ints, move: int, target: int, crowding: float) -> int:
    """Weight of one more agent making the move."""
    against = along[opposite[move]] if opposite[move] >= 0 else 0
    return min(LARGEST, int(BASE + crowding * (OPPOSING * against + SAME_CELL * into[target])))


@kernel
def find_guides(arrays: Arrays, flow: Flow, rounds: int, crowding: float, chance: Chance) -> None:
    """Let everybody with a goal choose its way, `rounds` times over."""
    count, cell_count = len(arrays.start), len(arrays.move_start) - 1
    ways = [np.empty(0, dtype=np.int32) for _ in range(count)]
    order = np.arange(count).astype(np.int32)
    cheapest = np.zeros(cell_count, dtype=np.int64)
    came_by = np.empty(cell_count, dtype=np.int32)
    came_from = np.empty(cell_count, dtype=np.int32)
    for turn in range(rounds):
        shuffle(chance, order, count)
        for k in range(count):
            agent = order[k]
            if arrays.leg_start[agent] == arrays.leg_start[agent + 1]:
                continue
            _count_way(arrays, flow, ways[agent], -1)
            number = turn * count + k + 1
            ways[agent] = _cheapest_way(arrays, flow, agent, crowding, number, cheapest, came_by, came_from)
            _count_way(arrays, flow, ways[agent], 1)


@kernel
def _count_way(arrays: Arrays, flow: Flow, way: Ints, by: int) -> None:
    for k in range(len(way)):
        flow.along[way[k]] += by
        flow.into[arrays.move_end[way[k]]] += by


@kernel
def _cheapest_way(
    arrays: Arrays,
    flow: Flow,
    agent: int,
    crowding: float,
    number: int,
    cheapest: npt.NDArray[np.int64],
    came_by: Ints,
    came_from: Ints,
) -> Ints:
    """
    Moves from the agent's start to its first goal, last one first.

    Args:
        cheapest: (cells,) number of the search << 32 | least weight so far.
        came_by: (cells,) move by which.
        came_from: (cells,) cell from which.
    """
    leg = arrays.leg_start[agent]
    start, goal = arrays.start[agent], arrays.leg_goal[leg]
    to_goal, allowed = arrays.steps[arrays.leg_row[leg]], arrays.is_allowed[arrays.kind[agent]]
    base = np.int64(number) << 32
    cheapest[start] = base
    heap = [(np.int64(0), np.int64(0), np.int64(start))]
    while len(heap) > 0:
        _, negative, cell = heapq.heappop(heap)
        if cell == goal:
            break
        if cheapest[cell] != base - negative:
            continue
        for move in range(arrays.move_start[cell], arrays.move_start[cell + 1]):
            target = arrays.move_end[move]
            if not allowed[target] or to_goal[target] == UNREACHABLE:
                continue
            weight = weight_of(flow.along, flow.into, flow.opposite, move, target, crowding) - negative
            if cheapest[target] < base or cheapest[target] > base + weight:
                cheapest[target] = base + weight
                came_by[target] = move
                came_from[target] = cell
                heapq.heappush(heap, (np.int64(weight + BASE * to_goal[target]), np.int64(-weight), np.int64(target)))
    length, cell = 0, np.int64(goal)
    while cell != start:
        length += 1
        cell = np.int64(came_from[cell])
    way = np.empty(length, dtype=np.int32)
    length, cell = 0, np.int64(goal)
    while cell != start:
        way[length] = came_by[cell]
        length += 1
        cell = np.int64(came_from[cell])
    return way


@kernel
def guided_steps(
    arrays: Arrays, flow: Flow, back_start: Ints, back_end: Ints, back_move: Ints, crowding: float, guided: Steps
) -> None:
    """
    Write weighted distances to the goals of all rows.

    Args:
        guided: (rows, cells) in units of BASE / SCALE steps, UNREACHABLE where there is no way or it is too long.
    """
    weights = np.empty(len(arrays.move_end), dtype=np.int32)
    for move in range(len(weights)):
        weights[move] = weight_of(flow.along, flow.into, flow.opposite, move, arrays.move_end[move], crowding) // SCALE
    bucket = np.full(LARGEST // SCALE + 1, -1, dtype=np.int32)
    queue_next = np.empty(len(weights) + 1, dtype=np.int32)
    queue_cell = np.empty(len(weights) + 1, dtype=np.int32)
    for leg in range(len(arrays.leg_row)):
        row = arrays.leg_row[leg]
        to_goal, plain = guided[row], arrays.steps[row]
        to_goal[:] = UNREACHABLE
        to_goal[arrays.leg_goal[leg]] = 0
        queue_cell[0], queue_next[0] = arrays.leg_goal[leg], -1
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
            for k in range(back_start[cell], back_start[cell + 1]):
                origin = back_end[k]
                farther = distance + weights[back_move[k]]
                if farther < to_goal[origin] and plain[origin] != UNREACHABLE:
                    to_goal[origin] = farther
                    queue_cell[made] = origin
                    queue_next[made] = bucket[farther % len(bucket)]
                    bucket[farther % len(bucket)] = made
                    made += 1
                    open_count += 1
