"""
Kernels of the search through the gaps that the others' holds leave in the timetable.

Source:
    Phillips and Likhachev, "SIPP: Safe interval path planning for dynamic environments", ICRA 2011; here on a graph
    whose ways take different times, where being somewhere may take several resources.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

import numpy as np

from coordinator.compiled import guarded
from coordinator.traffic.gaps import UNKNOWN, Gaps, find_busy, find_gaps, no_gaps
from coordinator.traffic.timetable_arrays import LEG, STAY, Board, Bools, Floats, Ints, Records

MOST_STATES = 4000
"""A search that looked at so many places gives up; it is tried again when the others have moved."""
NOTHING = -1
"""Instead of a state: there is none."""

Entry = tuple[float, float, int, float, int]
"""Of the heap: seconds to the goal at best, time, node, end of the gap; and the state, which follows from these two."""


class Roads(NamedTuple):
    """
    What a robot can do on a plant of n nodes and w ways.

    Attributes:
        slot: Its slot in the timetable.
        out_begins, out_ways: Place in `out_ways` where the ways that leave each node begin. Shapes (n + 1,), (w,).
        drive_s: Seconds for each way; inf where it may not go. Shape (w,).
        clear_s: Seconds until its body has left a way's start. Shape (w,).
        refuges: Nodes where nobody else has to go: it may stay for good. Shape (n,).
        dead_ends: Nodes that nobody drives through, where it may stay as a last resort. Shape (n,).
    """

    slot: int
    out_begins: Ints
    out_ways: Ints
    drive_s: Floats
    clear_s: Floats
    refuges: Bools
    dead_ends: Bools


class Errand(NamedTuple):
    """
    What a robot wants.

    Attributes:
        start, begin_s, until_s: Where it is, from when it is free, and when it has to have left.
        goal, stay_s: Where it wants to be, and for how long.
        limit_s: Arriving later is of no use.
    """

    start: int
    begin_s: float
    until_s: float
    goal: int
    stay_s: float
    limit_s: float


class Scene(NamedTuple):
    """What a search goes by; `to_goal_s` is seconds from each node to the goal without anybody else, shape (n,)."""

    board: Board
    roads: Roads
    gaps: Gaps
    to_goal_s: Floats
    limit_s: float


class Trail(NamedTuple):
    """How each state was reached, if it was: when, from which state, by which way, left when; and if it's done with."""

    reached_s: Floats
    before: Ints
    way: Ints
    depart_s: Floats
    is_closed: Bools


@guarded
def visit(board: Board, roads: Roads, errand: Errand, to_goal_s: Floats) -> tuple[Records, Records]:
    """
    Find the legs to a goal, with the stay there, and the legs on to where the robot may stay for good.

    Returns:
        Legs to the goal, of `LEG`, none when there is no way; and legs off again.
    """
    goal, stay_s = errand.goal, errand.stay_s
    gaps = no_gaps(board, roads.slot, errand.until_s)
    scene = Scene(board, roads, gaps, to_goal_s, errand.limit_s)
    trail, heap = _begin(scene, errand.start, _first_state(board, gaps, errand.start), errand.begin_s)
    nothing = np.zeros(0, dtype=LEG)
    closed_count = 0
    while len(heap) > 0 and closed_count < MOST_STATES:
        _, time_s, node, until_s, state = heappop(heap)
        if trail.is_closed[state]:
            continue
        trail.is_closed[state] = True
        closed_count += 1
        if node == goal and until_s - time_s >= stay_s:
            if until_s == inf and roads.refuges[goal]:
                return _legs_there(roads, trail, state, stay_s), nothing
            off_trail, end = _leave(_to_anywhere(scene), goal, state, time_s + stay_s)
            if end != NOTHING:
                return _legs_there(roads, trail, state, stay_s), _legs(roads, off_trail, end)
            if until_s == inf and roads.dead_ends[goal]:
                return _legs_there(roads, trail, state, stay_s), nothing
        _spread(scene, trail, heap, node, state)
    return nothing, nothing


@guarded
def make_room(board: Board, roads: Roads, start: int, begin_s: float, until_s: float) -> tuple[Records, bool]:
    """Find the legs, of `LEG`, to the nearest refuge where the robot may stay for good; and whether there is a way."""
    gaps = no_gaps(board, roads.slot, until_s)
    scene = Scene(board, roads, gaps, np.zeros(len(roads.refuges), dtype=np.float64), inf)
    trail, end = _leave(scene, start, _first_state(board, gaps, start), begin_s)
    if end == NOTHING:
        return np.zeros(0, dtype=LEG), False
    return _legs(roads, trail, end), True


@guarded
def _leave(scene: Scene, start: int, first: int, begin_s: float) -> tuple[Trail, int]:
    """Find the nearest refuge where the robot may stay for good: how it's reached, and its state or `NOTHING`."""
    trail, heap = _begin(scene, start, first, begin_s)
    closed_count = 0
    while len(heap) > 0 and closed_count < MOST_STATES:
        _, _, node, until_s, state = heappop(heap)
        if trail.is_closed[state]:
            continue
        trail.is_closed[state] = True
        closed_count += 1
        if until_s == inf and scene.roads.refuges[node]:
            return trail, state
        _spread(scene, trail, heap, node, state)
    return trail, NOTHING


@guarded
def _first_state(board: Board, gaps: Gaps, start: int) -> int:
    """The state in which the robot is: one of its node's if that ends as its own does."""
    find_gaps(board, gaps, start)
    first = 0
    for state in range(gaps.begins[start], gaps.begins[start] + gaps.counts[start]):
        if gaps.times_s[state, 1] == gaps.times_s[0, 1]:
            first = state
    return first


@guarded
def _begin(scene: Scene, start: int, first: int, begin_s: float) -> tuple[Trail, list[Entry]]:
    """Only the first state is reached, and is next."""
    count = scene.gaps.begins[len(scene.to_goal_s)]
    trail = Trail(
        np.full(count, inf),
        np.full(count, NOTHING),
        np.empty(count, dtype=np.int64),
        np.empty(count, dtype=np.float64),
        np.zeros(count, dtype=np.bool_),
    )
    trail.reached_s[first] = begin_s
    return trail, [(begin_s, begin_s, start, scene.gaps.times_s[first, 1], first)]


@guarded
def _spread(scene: Scene, trail: Trail, heap: list[Entry], node: int, state: int) -> None:
    """Reach the states behind one."""
    board, roads, gaps, to_goal_s, limit_s = scene
    times_s, begins, counts = gaps.times_s, gaps.begins, gaps.counts
    reached_s, is_closed = trail.reached_s, trail.is_closed
    until_s, time_s = times_s[state, 1], reached_s[state]
    for at in range(roads.out_begins[node], roads.out_begins[node + 1]):
        way = roads.out_ways[at]
        end, taken_s, place = board.way_ends[way], roads.drive_s[way], len(to_goal_s) + way
        rest_s = to_goal_s[end]
        if max(taken_s, rest_s) == inf:
            continue
        latest_s = until_s - roads.clear_s[way]
        if counts[end] == UNKNOWN:
            find_gaps(board, gaps, end)
        if counts[place] == UNKNOWN:
            find_busy(board, gaps, place)
        for after in range(begins[end], begins[end] + counts[end]):
            to_s = times_s[after, 1]
            if to_s <= time_s:
                continue
            left_s = max(time_s, times_s[after, 0])
            # The earliest departure at which the way is free for the whole drive.
            for busy in range(begins[place], begins[place] + counts[place]):
                if times_s[busy, 1] > left_s:
                    if times_s[busy, 0] >= left_s + taken_s:
                        break
                    left_s = times_s[busy, 1]
            arrive_s = left_s + taken_s
            if left_s > latest_s or arrive_s + rest_s > limit_s:
                break
            if arrive_s > to_s or is_closed[after] or arrive_s >= reached_s[after]:
                continue
            reached_s[after], trail.before[after] = arrive_s, state
            trail.way[after], trail.depart_s[after] = way, left_s
            heappush(heap, (arrive_s + rest_s, arrive_s, end, to_s, after))


@guarded
def _to_anywhere(scene: Scene) -> Scene:
    """The same without a goal or a limit."""
    no_rest_s = np.zeros(len(scene.to_goal_s), dtype=np.float64)
    return Scene(scene.board, scene.roads, scene.gaps, no_rest_s, inf)


@guarded
def _legs_there(roads: Roads, trail: Trail, state: int, stay_s: float) -> Records:
    """The legs to a state, or one of no way, with a stay at the end."""
    legs = _legs(roads, trail, state)
    if len(legs) == 0:
        legs = np.zeros(1, dtype=LEG)
        legs[0]["way"], legs[0]["depart_s"] = STAY, trail.reached_s[state]
    legs[len(legs) - 1]["stay_s"] = stay_s
    return legs


@guarded
def _legs(roads: Roads, trail: Trail, state: int) -> Records:
    """The legs to a state."""
    count, at = 0, state
    while trail.before[at] != NOTHING:
        count, at = count + 1, trail.before[at]
    legs = np.zeros(count, dtype=LEG)
    at = state
    for place in range(count - 1, -1, -1):
        leg, way = legs[place], trail.way[at]
        leg["way"], leg["depart_s"] = way, trail.depart_s[at]
        leg["drive_s"], leg["clear_s"] = roads.drive_s[way], roads.clear_s[way]
        at = trail.before[at]
    return legs
