"""
One agent's best path through the steps that all others leave free.

A state is a cell, one of its free stretches and the stop the agent is on its way to; of all steps at which it can be
entered only the earliest matters. A* over such states with exact steps to go, in an array of buckets since costs
are whole numbers; among equals the newest, so the search goes deep first.

Source:
    Phillips and Likhachev, "SIPP: safe interval path planning for dynamic environments", ICRA 2011. Added: stops with
    dwell as layers of the graph, a window after which cost is estimated, and idle agents that pay by the move.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from coordinator.traffic.joint.arrays import MAX_LEGS, Arrays, steps_after, steps_to_go
from coordinator.traffic.joint.chance import Chance, draw
from coordinator.traffic.joint.compiled import kernel
from coordinator.traffic.joint.distances import UNREACHABLE
from coordinator.traffic.joint.occupancy import Occupancy, free_until, is_swap, next_free
from coordinator.traffic.joint.problem import Ints

Longs = npt.NDArray[np.int64]

NODE_LIMIT = 1 << 17
"""States of one search; one that needs more gives up."""

NO_PATH = -1
MARK_BITS = 16


class Scratch(NamedTuple):
    """
    Memory of the search, kept from one to the next.

    Attributes:
        seen: (layers * cells * (steps + 1),) number of the search << 16 | earliest arrival, by layer, cell, end of stretch.
        bucket: (costs,) newest node of each cost above the least, -1 for none.
        node_*: (NODE_LIMIT,) of each node: cell, arrival, end of its stretch, leg, cost, the node before, and the
            next older one in the same bucket.
        counters: (2,) number of this search, number of its nodes.
        step_count: Steps of the table, the one at 0 included.
    """

    seen: Longs
    bucket: Ints
    node_cell: Ints
    node_arrival: Ints
    node_end: Ints
    node_leg: Ints
    node_cost: Ints
    node_before: Ints
    node_next: Ints
    counters: Longs
    step_count: int


def make_scratch(arrays: Arrays, cell_count: int, step_count: int) -> Scratch:
    """Memory for searches over steps 0 to `step_count`."""
    leg_count = int(np.diff(arrays.leg_start).max()) if len(arrays.leg_start) > 1 else 0
    layer_count = 1 if arrays.is_one_shot else min(leg_count, MAX_LEGS) + 1
    return Scratch(
        seen=np.zeros(layer_count * cell_count * (step_count + 1), dtype=np.int64),
        bucket=np.empty(2 * step_count + UNREACHABLE + 1, dtype=np.int32),
        node_cell=np.empty(NODE_LIMIT, dtype=np.int32),
        node_arrival=np.empty(NODE_LIMIT, dtype=np.int32),
        node_end=np.empty(NODE_LIMIT, dtype=np.int32),
        node_leg=np.empty(NODE_LIMIT, dtype=np.int32),
        node_cost=np.empty(NODE_LIMIT, dtype=np.int32),
        node_before=np.empty(NODE_LIMIT, dtype=np.int32),
        node_next=np.empty(NODE_LIMIT, dtype=np.int32),
        counters=np.zeros(2, dtype=np.int64),
        step_count=step_count + 1,
    )


@kernel
def plan_path(
    arrays: Arrays, table: Occupancy, scratch: Scratch, agent: int, cost_limit: int, chance: Chance, path: Ints
) -> int:
    """
    Plan an agent that isn't in the table, and write its path.

    Args:
        cost_limit: Costlier paths don't count.
        path: (steps + 1,) where to write; untouched if there is none.

    Returns:
        Its cost; NO_PATH if there is none within the limit, or the search grew too large.
    """
    last_step = table.holder.shape[1] - 1
    first_leg, legs_end = arrays.leg_start[agent], arrays.leg_start[agent + 1]
    ready = min(arrays.ready[agent], last_step)
    start_end = free_until(arrays, table, arrays.start[agent], 0)
    least = _least_cost(arrays, agent, ready)
    if start_end < ready or least > cost_limit:
        return NO_PATH
    cost_limit = min(cost_limit, least + len(scratch.bucket) - 1)
    scratch.bucket[: cost_limit - least + 1] = -1
    scratch.counters[0] += 1
    scratch.counters[1] = 0
    _push(arrays, scratch, least, agent, -1, arrays.start[agent], ready, start_end, first_leg, least)
    cost = least
    while cost <= cost_limit and scratch.counters[1] < NODE_LIMIT - 64:
        node = scratch.bucket[cost - least]
        if node < 0:
            cost += 1
            continue
        scratch.bucket[cost - least] = scratch.node_next[node]
        cell, arrival, end = scratch.node_cell[node], scratch.node_arrival[node], scratch.node_end[node]
        leg = scratch.node_leg[node]
        if _is_stale(arrays, scratch, agent, node):
            continue
        is_at_goal = leg < legs_end and cell == arrays.leg_goal[leg]
        if arrays.is_one_shot and leg < legs_end:
            if is_at_goal and end == last_step:
                _write_path(scratch, node, path)
                return int(cost)
        elif arrival == last_step:
            _write_path(scratch, node, path)
            return int(cost)
        elif is_at_goal:
            _push_next_leg(arrays, scratch, least, agent, node, cost_limit)
        if end == last_step and not (arrays.is_one_shot and leg < legs_end):
            waited = cost if leg == legs_end else last_step + steps_to_go(arrays, leg, cell)
            if waited <= cost_limit:
                _push(arrays, scratch, least, agent, node, cell, last_step, last_step, leg, waited)
        _push_moves(arrays, table, scratch, least, agent, node, cost_limit, chance)
    return NO_PATH


@kernel
def _least_cost(arrays: Arrays, agent: int, ready: int) -> int:
    """What the agent pays if nobody is in its way."""
    leg = arrays.leg_start[agent]
    if leg == arrays.leg_start[agent + 1]:
        return 0
    if arrays.start[agent] != arrays.leg_goal[leg]:
        return int(ready + steps_to_go(arrays, leg, arrays.start[agent]))
    if arrays.is_one_shot:
        return 0
    return max(ready, int(arrays.leg_dwell[leg])) + int(arrays.leg_tail[leg] - arrays.leg_dwell[leg])


@kernel
def _key(arrays: Arrays, scratch: Scratch, agent: int, node: int) -> int:
    layer = scratch.node_leg[node] - arrays.leg_start[agent]
    cell_count = len(arrays.move_start) - 1
    step_count = scratch.step_count
    return int((layer * cell_count + scratch.node_cell[node]) * step_count + scratch.node_end[node])


@kernel
def _push(
    arrays: Arrays,
    scratch: Scratch,
    least: int,
    agent: int,
    before: int,
    cell: int,
    arrival: int,
    end: int,
    leg: int,
    cost: int,
) -> None:
    """Add a state unless it was entered as early before."""
    node = scratch.counters[1]
    scratch.node_cell[node] = cell
    scratch.node_arrival[node] = arrival
    scratch.node_end[node] = end
    scratch.node_leg[node] = leg
    scratch.node_before[node] = before
    if arrival < scratch.step_count - 1:
        key = _key(arrays, scratch, agent, node)
        mark = (scratch.counters[0] << MARK_BITS) | arrival
        seen = scratch.seen[key]
        if seen >> MARK_BITS == scratch.counters[0] and seen <= mark:
            return
        scratch.seen[key] = mark
    scratch.node_next[node] = scratch.bucket[cost - least]
    scratch.node_cost[node] = cost
    scratch.bucket[cost - least] = node
    scratch.counters[1] += 1


@kernel
def _is_stale(arrays: Arrays, scratch: Scratch, agent: int, node: int) -> bool:
    """Whether the state was entered earlier since."""
    arrival = scratch.node_arrival[node]
    if arrival == scratch.step_count - 1:
        return False
    return bool(scratch.seen[_key(arrays, scratch, agent, node)] != (scratch.counters[0] << MARK_BITS) | arrival)


@kernel
def _push_next_leg(arrays: Arrays, scratch: Scratch, least: int, agent: int, node: int, cost_limit: int) -> None:
    """Stay for the dwell at a goal, if it stays free for that long or until the window ends."""
    last_step = scratch.step_count - 1
    leg, arrival, end = scratch.node_leg[node], scratch.node_arrival[node], scratch.node_end[node]
    done = arrival + arrays.leg_dwell[leg]
    if scratch.node_before[node] < 0:
        done = max(arrival, arrays.leg_dwell[leg])
    cost = done + arrays.leg_tail[leg] - arrays.leg_dwell[leg]
    cell = scratch.node_cell[node]
    if cost > cost_limit or (done > end and end < last_step):
        return
    if done > last_step:
        _push(arrays, scratch, least, agent, node, cell, last_step, last_step, leg, cost)
    else:
        _push(arrays, scratch, least, agent, node, cell, done, end, leg + 1, cost)


@kernel
def _push_moves(
    arrays: Arrays,
    table: Occupancy,
    scratch: Scratch,
    least: int,
    agent: int,
    node: int,
    cost_limit: int,
    chance: Chance,
) -> None:
    """Enter every free stretch of every neighbour that can be entered before this one ends."""
    last_step = scratch.step_count - 1
    lag = 1 if arrays.is_strict else 0
    cell, arrival, leg = scratch.node_cell[node], scratch.node_arrival[node], scratch.node_leg[node]
    is_idle = leg == arrays.leg_start[agent + 1]
    latest = min(scratch.node_end[node] + 1 - lag, last_step)
    begin = arrays.move_start[cell]
    degree = arrays.move_start[cell + 1] - begin
    turn = draw(chance, degree) if degree > 1 else 0
    for k in range(degree):
        target = arrays.move_end[begin + (k + turn) % degree]
        if not arrays.is_allowed[arrays.kind[agent], target]:
            continue
        to_go, limit = 0, latest
        if not is_idle:
            to_go = steps_to_go(arrays, leg, target)
            limit = min(latest, cost_limit - to_go)
        elif scratch.node_cost[node] + 1 > cost_limit:
            continue
        enter = next_free(arrays, table, target, arrival + 1 - lag) + lag
        while enter <= limit and scratch.counters[1] < NODE_LIMIT - 1:
            end = free_until(arrays, table, target, enter)
            if end >= enter and (lag == 1 or not is_swap(arrays, table, cell, target, enter)):
                cost = scratch.node_cost[node] + 1 if is_idle else enter + to_go
                _push(arrays, scratch, least, agent, node, target, enter, end, leg, cost)
            enter = next_free(arrays, table, target, end + 1) + lag


@kernel
def _write_path(scratch: Scratch, node: int, path: Ints) -> None:
    until = len(path)
    while node >= 0:
        path[scratch.node_arrival[node] : until] = scratch.node_cell[node]
        until = scratch.node_arrival[node]
        node = scratch.node_before[node]
    path[:until] = path[until]
