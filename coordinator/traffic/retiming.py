"""Kernels that move times on when robots are late, the order at each resource kept, and tell when bases end."""

from __future__ import annotations

from math import inf, isnan, nan
from typing import NamedTuple

import numpy as np

from coordinator.compiled import guarded
from coordinator.traffic.holds import retime
from coordinator.traffic.timetable_arrays import Board, Floats, Ints, Records

UNPLANNED_S = 30.0
"""Who stands in others' way without a plan is guessed to be gone after this long."""
NO_WORK = -1.0
"""Instead of a share of tasks: there are none."""
NOBODY, SEVERAL = -1, -2
"""Instead of a hold that is waited for."""


class Doing(NamedTuple):
    """
    What a robot does now.

    Attributes:
        reached: Number of the leg at whose end it is, or was last.
        ready_s: Since when it works there or drives on.
        left_ratio: Share of its tasks there that isn't done, or `NO_WORK`.
    """

    reached: int
    ready_s: float
    left_ratio: float


@guarded
def refresh(board: Board, free_s: Floats) -> Floats:
    """
    Move all planned legs to when they can be driven, the order at each resource kept.

    Args:
        free_s: When each slot's robot will be done with its base. Shape (r,).

    Returns:
        By how much each slot's arrival at its aim moved back. Shape (r,).
    """
    count = len(board.rows)
    late_s = np.zeros(count, dtype=np.float64)
    for slot in range(count):
        if _is_planned(board, slot):
            late_s[slot] = -arrive_s(board, slot)
    for slot in range(count):
        if board.rows[slot]["is_used"] and _shift_base(board, slot, free_s[slot]):
            retime(board, slot)
    _drive_all(board, free_s)
    for slot in range(count):
        if _is_planned(board, slot):
            retime(board, slot)
            late_s[slot] += arrive_s(board, slot)
    for bit in range(len(board.capacity)):
        if board.capacity[bit] > 1:
            _sort_queue(board, bit)
    return late_s


@guarded
def arrive_s(board: Board, slot: int) -> float:
    """When a robot is at its aim, or was."""
    row = board.rows[slot]
    leg = board.legs[slot, max(row["goal_leg"], row["granted"]) - row["origin"]]
    return float(leg["depart_s"] + leg["drive_s"])


@guarded
def _is_planned(board: Board, slot: int) -> bool:
    row = board.rows[slot]
    return bool(row["is_used"] and row["origin"] + row["leg_count"] - 1 > row["granted"])


@guarded
def _shift_base(board: Board, slot: int, free_s: float) -> bool:
    """Let the legs of the base follow its end; tell whether they moved."""
    row, legs = board.rows[slot], board.legs[slot]
    place = row["granted"] - row["origin"]
    arrived_s = legs[place]["depart_s"] + legs[place]["drive_s"]
    late_s = free_s - legs[place]["stay_s"] - arrived_s
    if late_s == 0.0 or arrived_s == -inf:
        return False
    for number in range(1, place + 1):
        legs[number]["depart_s"] += late_s
    return True


@guarded
def _drive_all(board: Board, free_s: Floats) -> None:
    """Time all planned legs; each robot goes on as soon as those it waits for have been timed that far."""
    count = len(board.rows)
    awaited = _awaited(board)
    done = board.rows["granted"].copy()
    # Each row that isn't timed to its end is to be looked at, or behind one other: a list from `first_behind` on.
    first_behind, next_behind = np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    pending = np.empty(count, dtype=np.int64)
    pending_count = 0
    for slot in range(count):
        if _is_planned(board, slot):
            pending[pending_count] = slot
            pending_count += 1
    while pending_count:
        pending_count -= 1
        slot = pending[pending_count]
        was = done[slot]
        behind_slot = _drive_on(board, slot, awaited, done, free_s)
        if done[slot] > was:
            behind, first_behind[slot] = first_behind[slot], -1
            while behind >= 0:
                pending[pending_count] = behind
                pending_count += 1
                behind = next_behind[behind]
        if behind_slot >= 0:
            next_behind[slot], first_behind[behind_slot] = first_behind[behind_slot], slot


@guarded
def _awaited(board: Board) -> Ints:
    """
    What each hold beyond its robot's base waits for. Shape (m,).

    The hold of another right before it, where one may have the resource: that is gone last. `SEVERAL` where several
    may and there are as many before it; else `NOBODY`.
    """
    holds, rows, queues = board.holds, board.rows, board.queues
    awaited = np.full(len(holds), NOBODY)
    for bit in range(len(board.capacity)):
        room = board.capacity[bit]
        for place in range(room, board.queue_counts[bit]):
            number = queues[bit, place]
            slot = holds[number]["slot"]
            if holds[number]["first"] <= rows[slot]["granted"]:
                continue
            if room > 1:
                awaited[number] = SEVERAL
                continue
            before = place - 1
            while before >= 0 and holds[queues[bit, before]]["slot"] == slot:
                before -= 1
            if before >= 0:
                awaited[number] = queues[bit, before]
    return awaited


@guarded
def _drive_on(board: Board, slot: int, awaited: Ints, done: Ints, free_s: Floats) -> int:
    """Time a robot's legs as far as it's known when the others are out of the way: whose times it lacks, or -1."""
    rows, all_legs, holds, held = board.rows, board.legs, board.holds, board.held[slot]
    row, legs = rows[slot], all_legs[slot]
    origin, hold_count = row["origin"], row["hold_count"]
    at = 0
    for number in range(done[slot] + 1, origin + row["leg_count"]):
        if number == row["granted"] + 1:
            depart_s = free_s[slot]
        else:
            previous = legs[number - origin - 1]
            depart_s = previous["depart_s"] + previous["drive_s"] + previous["stay_s"]
        # A row's holds are in the order of their first legs.
        while at < hold_count and holds[held[at]]["first"] < number:
            at += 1
        while at < hold_count and holds[held[at]]["first"] == number:
            before = awaited[held[at]]
            if before == SEVERAL:
                end_s, lacked = _room_s(board, held[at], done, free_s)
                if lacked >= 0:
                    return lacked
                depart_s = max(depart_s, end_s)
            elif before != NOBODY:
                end_s = _end_s(rows, all_legs, holds[before], done, free_s)
                if isnan(end_s):
                    return int(holds[before]["slot"])
                depart_s = max(depart_s, end_s)
            at += 1
        legs[number - origin]["depart_s"] = depart_s
        done[slot] = number
    return -1


@guarded
def _room_s(board: Board, number: int, done: Ints, free_s: Floats) -> tuple[float, int]:
    """When several before a hold are gone, so that there is room for it, and -1; or 0 and whose times it lacks."""
    bit, slot = board.holds[number]["bit"], board.holds[number]["slot"]
    room = board.capacity[bit]
    ends_s = np.empty(board.queue_counts[bit], dtype=np.float64)
    count, lacked = 0, -1
    for before in board.queues[bit, : board.queue_counts[bit]]:
        if before == number:
            break
        hold = board.holds[before]
        if hold["slot"] != slot:
            ends_s[count] = _end_s(board.rows, board.legs, hold, done, free_s)
            if isnan(ends_s[count]) and lacked < 0:
                lacked = hold["slot"]
            count += 1
    if count < room:
        return -inf, -1
    if lacked >= 0:
        return 0.0, lacked
    return np.sort(ends_s[:count])[count - room], -1


@guarded
def _end_s(rows: Records, legs: Records, hold: np.void, done: Ints, free_s: Floats) -> float:
    """When a hold ends, nan if that leg's times aren't known yet."""
    slot, last = hold["slot"], hold["last"]
    row = rows[slot]
    place = last - row["origin"]
    if not hold["is_node"]:
        if last <= row["granted"]:
            return float(hold["end_s"])
        leg = legs[slot, place]
        return float(leg["depart_s"] + leg["drive_s"]) if last <= done[slot] else nan
    if place + 1 == row["leg_count"]:
        return float(free_s[slot]) + UNPLANNED_S if last <= done[slot] else nan
    if last + 1 <= row["granted"]:
        return float(hold["end_s"])
    if last + 1 > done[slot]:
        return nan
    leg = legs[slot, place + 1]
    return float(leg["depart_s"] + leg["clear_s"])


@guarded
def _sort_queue(board: Board, bit: int) -> None:
    """A queue by the times its holds start, the order kept where they are the same."""
    queue = board.queues[bit]
    for place in range(1, board.queue_counts[bit]):
        number, to = queue[place], place
        start_s = board.holds[number]["start_s"]
        while to > 0 and board.holds[queue[to - 1]]["start_s"] > start_s:
            queue[to] = queue[to - 1]
            to -= 1
        queue[to] = number


@guarded
def base_done_s(board: Board, slot: int, doing: Doing, now_s: float, overdue_s: float) -> float:
    """
    When a robot will be done with its base, by its legs and how far it has come.

    Args:
        overdue_s: Work that takes longer than it should is guessed to be done after this long.
    """
    row, legs = board.rows[slot], board.legs[slot]
    reached, ready_s, left_ratio = doing
    time_s = now_s
    stay_s = legs[max(reached, row["origin"]) - row["origin"]]["stay_s"]
    if left_ratio != NO_WORK and stay_s > 0.0:
        time_s = max(time_s + overdue_s, ready_s + stay_s * left_ratio)
    for number in range(reached + 1, row["granted"] + 1):
        leg = legs[number - row["origin"]]
        taken_s = leg["drive_s"]
        if number == reached + 1 and left_ratio == NO_WORK:
            taken_s = max(1.0, taken_s - (now_s - ready_s))
        time_s += taken_s + leg["stay_s"]
    return float(time_s)
