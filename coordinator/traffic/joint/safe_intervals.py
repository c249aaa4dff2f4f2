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

from coordinator.traffic.joint.arrays import Arrays, steps_to_go
from coordinator.traffic.joint.chance import Chance, draw
from coordinator.traffic.joint.compiled import kernel, leaf
from coordinator.traffic.joint.distances import UNREACHABLE
from coordinator.traffic.joint.occupancy import Occupancy, Short, free_until, is_swap, next_free
from coordinator.traffic.joint.problem import Ints

Longs = npt.NDArray[np.int64]

NODE_LIMIT = 1 << 15
"""States of one search; one that needs more gives up."""
NODE_RESERVE = 4096
"""States that may be added before the limit is looked at again."""

NO_PATH = -1
MARK_BITS = 16

CELL, ARRIVAL, END, LEG, COST, BEFORE, NEXT, WIDTH = range(8)
"""Columns of a node: cell, arrival, end of the free stretch, leg, cost, node before, next older one in its bucket."""


class Scratch(NamedTuple):
    """
    Memory of the search, kept from one to the next.

    Attributes:
        seen: (layers * cells * (steps + 1),) number of the search << MARK_BITS | earliest arrival, by layer, cell and
            end of the stretch.
        bucket: (urgencies,) newest node of each urgency, which is cost above the least plus haste; -1 for none.
        nodes: (NODE_LIMIT, WIDTH).
        counters: (3,) number of this search, number of its nodes, least urgency that may have one.
    """

    seen: Longs
    bucket: Ints
    nodes: Ints
    counters: Longs


def make_scratch(arrays: Arrays, cell_count: int, step_count: int) -> Scratch:
    """Memory for searches over steps 0 to `step_count`."""
    leg_count = int(np.diff(arrays.leg_start).max(initial=0))
    layer_count = 1 if arrays.is_one_shot else leg_count + 1
    return Scratch(
        seen=np.zeros(layer_count * cell_count * (step_count + 1), dtype=np.int64),
        bucket=np.empty(2 * (2 * step_count + UNREACHABLE), dtype=np.int32),
        nodes=np.empty((NODE_LIMIT + NODE_RESERVE, WIDTH), dtype=np.int32),
        counters=np.zeros(3, dtype=np.int64),
    )


@kernel
def plan_path(
    arrays: Arrays,
    table: Occupancy,
    scratch: Scratch,
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
    seen, bucket, nodes, counters = scratch
    holder, block_count = table
    move_start, move_end = arrays.move_start, arrays.move_end
    resource_start, resource = arrays.resource_start, arrays.resource
    allowed = arrays.is_allowed[arrays.kind[agent]]
    lag = 1 if arrays.is_strict else 0
    cell_count, last_step = len(move_start) - 1, len(path) - 1
    first_leg, legs_end = arrays.leg_start[agent], arrays.leg_start[agent + 1]
    start, ready = arrays.start[agent], min(arrays.ready[agent], last_step)
    start_end = free_until(resource_start, resource, holder, block_count, start, 0)
    release = _goal_release(arrays, holder, agent)
    least = max(release, _least_cost(arrays, agent, ready))
    counters[0] += 1
    counters[1] = 0
    if start_end < ready or least > cost_limit:
        return NO_PATH
    urgency_count = min(len(bucket), cost_limit - least + (cost_limit * haste >> 2) + 1)
    bucket[:urgency_count] = -1
    counters[2] = 0
    _push(seen, bucket, nodes, counters, start, least, haste, least, ready, start_end, first_leg, -1, start, last_step)
    while counters[2] < urgency_count and counters[1] < NODE_LIMIT:
        node = bucket[counters[2]]
        if node < 0:
            counters[2] += 1
            continue
        bucket[counters[2]] = nodes[node, NEXT]
        cell, arrival, end, leg = nodes[node, CELL], nodes[node, ARRIVAL], nodes[node, END], nodes[node, LEG]
        cost = nodes[node, COST]
        layer = (leg - first_leg) * cell_count
        if arrival < last_step:
            mark = seen[(layer + cell) * (last_step + 1) + end]
            if mark != (counters[0] << MARK_BITS) | arrival:
                continue
        is_idle = leg == legs_end
        if arrays.is_one_shot and not is_idle:
            if end == last_step and cell == arrays.leg_goal[leg]:
                _write_path(nodes, node, path)
                return int(cost)
        else:
            if arrival == last_step:
                _write_path(nodes, node, path)
                return int(cost)
            if not is_idle and cell == arrays.leg_goal[leg]:
                _push_next_leg(arrays, scratch, least, haste, agent, node, cost_limit, last_step)
            if end == last_step:
                waited = cost if is_idle else last_step + steps_to_go(arrays, leg, cell)
                if waited <= cost_limit:
                    _push(
                        seen,
                        bucket,
                        nodes,
                        counters,
                        0,
                        least,
                        haste,
                        waited,
                        last_step,
                        last_step,
                        leg,
                        node,
                        cell,
                        last_step,
                    )
        latest = min(end + 1 - lag, last_step)
        to_goal = arrays.steps[0 if is_idle else arrays.leg_row[leg]]
        tail = 0 if is_idle else arrays.leg_tail[leg]
        begin = move_start[cell]
        degree = move_start[cell + 1] - begin
        turn = draw(chance, degree) if degree > 1 else 0
        for k in range(degree):
            target = move_end[begin + (k + turn) % degree]
            to_go = 0 if is_idle else to_goal[target] + tail
            limit = latest if is_idle else min(latest, cost_limit - to_go)
            if not allowed[target] or arrival >= limit or (is_idle and cost >= cost_limit):
                continue
            enter = next_free(resource_start, resource, holder, target, arrival + 1 - lag) + lag
            while enter <= limit:
                stretch_end = free_until(resource_start, resource, holder, block_count, target, enter)
                if stretch_end >= enter and (
                    lag == 1 or not is_swap(resource_start, resource, holder, cell, target, enter)
                ):
                    paid = cost + 1 if is_idle else max(release, enter + to_go)
                    _push(
                        seen,
                        bucket,
                        nodes,
                        counters,
                        layer + target,
                        least,
                        haste,
                        paid,
                        enter,
                        stretch_end,
                        leg,
                        node,
                        target,
                        last_step,
                    )
                enter = next_free(resource_start, resource, holder, target, stretch_end + 1) + lag
    return NO_PATH


@leaf
def _push(
    seen: Longs,
    bucket: Ints,
    nodes: Ints,
    counters: Longs,
    place: int,
    least: int,
    haste: int,
    cost: int,
    arrival: int,
    end: int,
    leg: int,
    before: int,
    cell: int,
    last_step: int,
) -> None:
    """Add a state unless it was entered as early before; `place` is its layer and cell."""
    key = place * (last_step + 1) + end
    mark = (counters[0] << MARK_BITS) | arrival
    old = seen[key]
    if arrival == last_step or old >> MARK_BITS != counters[0] or old > mark:
        if arrival < last_step:
            seen[key] = mark
        node = counters[1]
        counters[1] += 1
        nodes[node, CELL] = cell
        nodes[node, ARRIVAL] = arrival
        nodes[node, END] = end
        nodes[node, LEG] = leg
        nodes[node, COST] = cost
        nodes[node, BEFORE] = before
        urgency = cost - least + (haste * max(0, cost - arrival) >> 2)
        nodes[node, NEXT] = bucket[urgency]
        bucket[urgency] = node
        counters[2] = min(counters[2], urgency)


@kernel
def _goal_release(arrays: Arrays, holder: Short, agent: int) -> int:
    """First step from which nobody comes through the goal any more, if the agent has to stay there; else 0."""
    leg = arrays.leg_start[agent]
    if not arrays.is_one_shot or leg == arrays.leg_start[agent + 1]:
        return 0
    release, goal = 0, arrays.leg_goal[leg]
    for k in range(arrays.resource_start[goal], arrays.resource_start[goal + 1]):
        step = holder.shape[1] - 1
        while step >= release and holder[arrays.resource[k], step] == 0:
            step -= 1
        release = max(release, step + 1)
    return release


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
def _push_next_leg(
    arrays: Arrays, scratch: Scratch, least: int, haste: int, agent: int, node: int, cost_limit: int, last_step: int
) -> None:
    """Stay for the dwell at a goal, if it stays free for that long or until the window ends."""
    seen, bucket, nodes, counters = scratch
    cell, arrival, end, leg = nodes[node, CELL], nodes[node, ARRIVAL], nodes[node, END], nodes[node, LEG]
    dwell = arrays.leg_dwell[leg]
    done = max(arrival, dwell) if nodes[node, BEFORE] < 0 else arrival + dwell
    cost = done + arrays.leg_tail[leg] - dwell
    if cost > cost_limit or (done > end and end < last_step):
        return
    place = (leg + 1 - arrays.leg_start[agent]) * (len(arrays.move_start) - 1) + cell
    if done > last_step:
        _push(seen, bucket, nodes, counters, 0, least, haste, cost, last_step, last_step, leg, node, cell, last_step)
    else:
        _push(seen, bucket, nodes, counters, place, least, haste, cost, done, end, leg + 1, node, cell, last_step)


@kernel
def _write_path(nodes: Ints, node: int, path: Ints) -> None:
    until = len(path)
    while node >= 0:
        path[nodes[node, ARRIVAL] : until] = nodes[node, CELL]
        until = nodes[node, ARRIVAL]
        node = nodes[node, BEFORE]
    path[:until] = path[until]
