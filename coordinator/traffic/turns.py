"""Kernels that ask the timetable whose turn it is: who comes before whom, who waits for whom, who is in the way."""

from __future__ import annotations

from math import inf

import numpy as np

from coordinator.compiled import guarded
from coordinator.traffic.queues import claim_of, is_granted, way_place
from coordinator.traffic.timetable_arrays import Board, Ints


@guarded
def ahead(board: Board, slot: int, ways: Ints) -> Ints:
    """Holds of others, not in their bases yet, that come before a robot's on some ways; for all its turn."""
    row = board.rows[slot]
    granted = row["granted"]
    is_planned = row["origin"] + row["leg_count"] - 1 > granted
    found = np.empty(0, dtype=np.int64)
    for bit in _bits_on(board, ways):
        queue = board.queues[bit, : board.queue_counts[bit]]
        before = len(queue)
        is_own = False
        for place in range(len(queue) - 1, -1, -1):
            hold = board.holds[queue[place]]
            if hold["slot"] == slot and granted < hold["first"] <= granted + len(ways):
                before, is_own = place, True
                break
        if is_planned and not is_own:
            # It has it all the way from its base on.
            continue
        others = _others(board, slot, queue[:before])
        if len(others) >= board.capacity[bit]:
            found = np.concatenate((found, _planned(board, others)))
    return found


@guarded
def in_way(board: Board, slot: int, ways: Ints) -> int:
    """The hold that hinders a robot on some ways most: of who has no end there, else the first it comes to, else -1."""
    first = -1
    for bit in _bits_on(board, ways):
        for place in range(board.queue_counts[bit]):
            number = int(board.queues[bit, place])
            if board.holds[number]["slot"] != slot:
                if board.holds[number]["end_s"] == inf:
                    return number
                if first < 0:
                    first = number
    return first


@guarded
def is_wanted(board: Board, slot: int) -> bool:
    """Whether anybody else is planned to come to where a robot's base ends."""
    for bit in claim_of(board, board.rows[slot]["base_end"]):
        if board.capacity[bit] == 1:
            for place in range(board.queue_counts[bit]):
                if board.holds[board.queues[bit, place]]["slot"] != slot:
                    return True
    return False


@guarded
def leave_by_s(board: Board, slot: int) -> float:
    """When a robot has to have left the end of its base, for those that come there next by their plans."""
    by_s = inf
    for bit in claim_of(board, board.rows[slot]["base_end"]):
        others = _others(board, slot, board.queues[bit, : board.queue_counts[bit]])
        if len(others) >= board.capacity[bit]:
            for number in _planned(board, others):
                by_s = min(by_s, board.holds[number]["start_s"])
    return by_s


@guarded
def waits_for(board: Board, slot: int) -> Ints:
    """Slots of those whose plans let a robot wait on its way to its aim: who is right before it where it waits."""
    row = board.rows[slot]
    found = np.empty(row["hold_count"], dtype=np.int64)
    count = 0
    for at in range(row["hold_count"]):
        number = board.held[slot, at]
        hold = board.holds[number]
        if not row["granted"] < hold["first"] <= row["goal_leg"]:
            continue
        previous = board.legs[slot, hold["first"] - 1 - row["origin"]]
        if hold["start_s"] <= previous["depart_s"] + previous["drive_s"] + previous["stay_s"]:
            continue
        queue = board.queues[hold["bit"]]
        place = 0
        while queue[place] != number:
            place += 1
        if place > 0:
            before = board.holds[queue[place - 1]]
            if before["end_s"] >= hold["start_s"] and before["slot"] != slot:
                found[count] = before["slot"]
                count += 1
    return found[:count]


@guarded
def _bits_on(board: Board, ways: Ints) -> Ints:
    """Resources that some ways and their ends take, each once, in their order."""
    is_known = np.zeros(len(board.capacity), dtype=np.bool_)
    found = np.empty(len(board.capacity), dtype=np.int64)
    count = 0
    for way in ways:
        for place in (way_place(board, way), board.way_ends[way]):
            for bit in claim_of(board, place):
                if not is_known[bit]:
                    is_known[bit] = True
                    found[count] = bit
                    count += 1
    return found[:count]


@guarded
def _others(board: Board, slot: int, queue: Ints) -> Ints:
    """The holds of others in a queue."""
    found = np.empty(len(queue), dtype=np.int64)
    count = 0
    for number in queue:
        if board.holds[number]["slot"] != slot:
            found[count] = number
            count += 1
    return found[:count]


@guarded
def _planned(board: Board, numbers: Ints) -> Ints:
    """Those of some holds that begin beyond their robots' bases."""
    found = np.empty(len(numbers), dtype=np.int64)
    count = 0
    for number in numbers:
        if not is_granted(board, number):
            found[count] = number
            count += 1
    return found[:count]
