"""Kernels for when a place is taken by others, and for the gaps between."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

import numpy as np

from coordinator.compiled import guarded
from coordinator.traffic.queues import claim_of
from coordinator.traffic.timetable_arrays import Board, Floats, Ints

UNKNOWN = -1
"""Instead of a count: not looked up yet."""


class Gaps(NamedTuple):
    """
    Gaps of n nodes and taken times of w ways, looked up once each.

    A *state* is a node in one of its gaps: the gap's row in `times_s`. State 0 is where the robot stands, in a gap of
    its own unless it's one of the node's.

    Attributes:
        slot: Whose holds don't count.
        begins: First row of each node, then of each way. Shape (n + w + 1,).
        counts: How many rows it has, or `UNKNOWN`. Shape (n + w,).
        times_s: From when to when. Shape (k, 2).
    """

    slot: int
    begins: Ints
    counts: Ints
    times_s: Floats


@guarded
def no_gaps(board: Board, slot: int, until_s: float) -> Gaps:
    """Nothing looked up yet; a robot stands somewhere until others come there."""
    place_count = len(board.claim_begins) - 1
    begins = np.empty(place_count + 1, dtype=np.int64)
    row = 1
    for place in range(place_count):
        begins[place] = row
        row += 1
        for at in range(board.claim_begins[place], board.claim_begins[place + 1]):
            row += board.queue_counts[board.claim_bits[at]]
    begins[place_count] = row
    times_s = np.empty((row, 2), dtype=np.float64)
    times_s[0, 0], times_s[0, 1] = -inf, until_s
    return Gaps(slot, begins, np.full(place_count, UNKNOWN), times_s)


@guarded
def find_gaps(board: Board, gaps: Gaps, node: int) -> None:
    """Look up the gaps of a node."""
    find_busy(board, gaps, node)
    times_s = gaps.times_s[gaps.begins[node] : gaps.begins[node + 1]]
    count = 0
    from_s = -inf
    for busy in range(gaps.counts[node]):
        start_s, end_s = times_s[busy, 0], times_s[busy, 1]
        if start_s > from_s:
            times_s[count, 0], times_s[count, 1] = from_s, start_s
            count += 1
        from_s = end_s
    if from_s < inf:
        times_s[count, 0], times_s[count, 1] = from_s, inf
        count += 1
    gaps.counts[node] = count


@guarded
def find_busy(board: Board, gaps: Gaps, place: int) -> None:
    """Look up when a node or way isn't to be had: merged times, in order."""
    times_s = gaps.times_s[gaps.begins[place] : gaps.begins[place + 1]]
    count = 0
    for bit in claim_of(board, place):
        if board.capacity[bit] == 1:
            count = _add_holds(board, gaps.slot, bit, times_s, count)
        elif board.queue_counts[bit] >= board.capacity[bit]:
            count = _add_full(board, gaps.slot, bit, times_s, count)
    merged = 0
    for at in range(count):
        if merged > 0 and times_s[at, 0] <= times_s[merged - 1, 1]:
            times_s[merged - 1, 1] = max(times_s[merged - 1, 1], times_s[at, 1])
        else:
            times_s[merged, 0], times_s[merged, 1] = times_s[at, 0], times_s[at, 1]
            merged += 1
    gaps.counts[place] = merged


@guarded
def _add_holds(board: Board, slot: int, bit: int, times_s: Floats, count: int) -> int:
    """Sort the others' holds of a resource into some times: how many these are now."""
    holds, queue = board.holds, board.queues[bit]
    for at in range(board.queue_counts[bit]):
        hold = holds[queue[at]]
        if hold["slot"] != slot:
            count = _sort_in(times_s, count, hold["start_s"], hold["end_s"])
    return count


@guarded
def _add_full(board: Board, slot: int, bit: int, times_s: Floats, count: int) -> int:
    """Sort into some times when a resource for several is taken by as many others: how many these are now."""
    changes = np.empty((2 * board.queue_counts[bit], 2), dtype=np.float64)
    change_count = 0
    for at in range(board.queue_counts[bit]):
        hold = board.holds[board.queues[bit, at]]
        if hold["slot"] != slot:
            change_count = _sort_in(changes, change_count, hold["start_s"], 1.0)
            change_count = _sort_in(changes, change_count, hold["end_s"], -1.0)
    there, since_s = 0, 0.0
    for at in range(change_count):
        after = there + int(changes[at, 1])
        if there < board.capacity[bit] <= after:
            since_s = changes[at, 0]
        elif after < board.capacity[bit] <= there:
            count = _sort_in(times_s, count, since_s, changes[at, 0])
        there = after
    return count


@guarded
def _sort_in(rows: Floats, count: int, first: float, second: float) -> int:
    """Put a pair among the first rows, which are sorted: how many these are now. Most belong near the end."""
    to = count
    while to > 0 and (rows[to - 1, 0] > first or (rows[to - 1, 0] == first and rows[to - 1, 1] > second)):
        rows[to, 0], rows[to, 1] = rows[to - 1, 0], rows[to - 1, 1]
        to -= 1
    rows[to, 0], rows[to, 1] = first, second
    return count + 1
