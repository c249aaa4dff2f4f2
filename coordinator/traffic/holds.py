"""Kernels that enter legs into the timetable and take them out again, with the holds that follow from them."""

from __future__ import annotations

from math import inf

import numpy as np
import numpy.typing as npt

from coordinator.compiled import guarded
from coordinator.traffic.queues import (
    add_hold,
    claim_of,
    drop_hold,
    has_room,
    is_granted,
    join_queue,
    leave_queue,
    way_place,
)
from coordinator.traffic.timetable_arrays import STAY, Board, Ints, Records


@guarded
def begin_row(board: Board, slot: int, node: int, number: int) -> bool:
    """A robot stands at a node, at the end of leg `number`; False and nothing done where there is no room."""
    bits = claim_of(board, node)
    if not has_room(board, slot, bits, bits[:0]):
        return False
    row = board.rows[slot]
    row["is_used"], row["origin"], row["granted"] = True, number, number
    row["leg_count"], row["hold_count"] = 1, 0
    row["base_end"], row["plan_end"], row["goal"], row["goal_leg"], row["revision"] = node, node, -1, -1, 0
    _set_leg(board.legs[slot], 0, STAY, -inf)
    for bit in bits:
        add_hold(board, slot, bit, number, -inf)
        board.holds[board.held[slot, row["hold_count"] - 1]]["is_node"] = True
    return True


@guarded
def end_row(board: Board, slot: int) -> None:
    """Forget a robot."""
    row = board.rows[slot]
    for place in range(row["hold_count"]):
        drop_hold(board, board.held[slot, place])
    row["is_used"], row["hold_count"], row["leg_count"] = False, 0, 0


@guarded
def enter(board: Board, slot: int, legs: Records) -> int:
    """Add legs behind a row's last: how many, fewer than all where there is no more room."""
    for count in range(len(legs)):
        if not _append(board, slot, legs[count]):
            return count
    return len(legs)


@guarded
def take_back(board: Board, slot: int) -> None:
    """Take back all legs beyond the base."""
    row = board.rows[slot]
    row["goal"], row["goal_leg"] = -1, -1
    row["revision"] += 1
    granted = row["granted"]
    count = granted - row["origin"] + 1
    if row["leg_count"] <= count:
        return
    row["leg_count"], row["plan_end"] = count, row["base_end"]
    at_end = claim_of(board, row["base_end"])
    kept = 0
    for place in range(row["hold_count"]):
        number = board.held[slot, place]
        hold = board.holds[number]
        if hold["first"] > granted:
            drop_hold(board, number)
            continue
        if hold["last"] > granted:
            # Begun in the base: it ends with it.
            hold["last"], hold["is_node"] = granted, _is_in(hold["bit"], at_end)
        board.held[slot, kept] = number
        kept += 1
    row["hold_count"] = kept
    retime(board, slot)


@guarded
def extend_base(board: Board, slot: int, legs: Records) -> int:
    """The base grew by legs: how many are entered, fewer than all where there is no more room."""
    row = board.rows[slot]
    for count in range(len(legs)):
        leg = legs[count]
        place = row["granted"] + 1 - row["origin"]
        if place < row["leg_count"] and board.legs[slot, place]["way"] == leg["way"]:
            # The plan knows better how long the robot stays.
            stay_s = board.legs[slot, place]["stay_s"]
            board.legs[slot, place] = leg
            board.legs[slot, place]["stay_s"] = stay_s
        else:
            take_back(board, slot)
            if not _append(board, slot, leg):
                return count
        row["granted"] += 1
        if leg["way"] != STAY:
            row["base_end"] = board.way_ends[leg["way"]]
        _promote(board, slot)
    retime(board, slot)
    return len(legs)


@guarded
def repace(board: Board, slot: int, drive_s: npt.NDArray[np.float64]) -> None:
    """Planned ways take longer or shorter."""
    row = board.rows[slot]
    for place in range(row["granted"] - row["origin"] + 1, row["leg_count"]):
        leg = board.legs[slot, place]
        if leg["way"] != STAY:
            leg["drive_s"] = drive_s[leg["way"]]


@guarded
def release(board: Board, slot: int, cleared: int, still_held: npt.NDArray[np.uint8]) -> None:
    """A robot's body has left its base up to leg `cleared`, and all that isn't in a mask, bit 0 first."""
    row = board.rows[slot]
    granted = row["granted"]
    kept = 0
    for place in range(row["hold_count"]):
        number = board.held[slot, place]
        hold = board.holds[number]
        bit = hold["bit"]
        if hold["first"] <= granted and (hold["last"] <= cleared or not still_held[bit >> 3] >> (bit & 7) & 1):
            drop_hold(board, number)
            continue
        board.held[slot, kept] = number
        kept += 1
    row["hold_count"] = kept
    gone = min(cleared, granted) - row["origin"]
    if gone > 0:
        for place in range(gone, row["leg_count"]):
            board.legs[slot, place - gone] = board.legs[slot, place]
        row["leg_count"] -= gone
        row["origin"] += gone


@guarded
def retime(board: Board, slot: int) -> None:
    """Holds follow the legs' times."""
    row, legs, holds, held = board.rows[slot], board.legs[slot], board.holds, board.held[slot]
    origin, granted = row["origin"], row["granted"]
    end = origin + row["leg_count"] - 1
    for place in range(row["hold_count"]):
        hold = holds[held[place]]
        last = hold["last"] - origin
        if hold["first"] > granted:
            hold["start_s"] = legs[hold["first"] - origin]["depart_s"]
        if not hold["is_node"]:
            hold["end_s"] = legs[last]["depart_s"] + legs[last]["drive_s"]
        elif hold["last"] < end:
            hold["end_s"] = legs[last + 1]["depart_s"] + legs[last + 1]["clear_s"]
        else:
            hold["end_s"] = inf


@guarded
def _append(board: Board, slot: int, leg: np.void) -> bool:
    """Add a leg, and its holds: those open at the node behind go on. False and nothing done where there is no room."""
    row, way = board.rows[slot], leg["way"]
    if way == STAY:
        at_end = claim_of(board, row["plan_end"])
        on_way = at_end[:0]
    else:
        at_end = claim_of(board, board.way_ends[way])
        on_way = claim_of(board, way_place(board, way))
    if row["leg_count"] == board.legs.shape[1] or not has_room(board, slot, on_way, at_end):
        return False
    number = row["origin"] + row["leg_count"]
    open_holds = np.empty(row["hold_count"], dtype=np.int64)
    open_count = 0
    for place in range(row["hold_count"]):
        hold = board.holds[board.held[slot, place]]
        if hold["last"] == number - 1 and hold["is_node"]:
            open_holds[open_count] = board.held[slot, place]
            open_count += 1
    going_on = open_holds[:open_count]
    board.legs[slot, row["leg_count"]] = leg
    row["leg_count"] += 1
    if way != STAY:
        row["plan_end"] = board.way_ends[way]
    for bit in on_way:
        _go_on(board, slot, going_on, bit, _is_in(bit, at_end))
    for bit in at_end:
        if not _is_in(bit, on_way):
            _go_on(board, slot, going_on, bit, True)
    return True


@guarded
def _go_on(board: Board, slot: int, going_on: Ints, bit: int, is_node: bool) -> None:
    """A row has a resource to the end of its last leg: by a hold that goes on, or a new one."""
    row = board.rows[slot]
    number = row["origin"] + row["leg_count"] - 1
    found = -1
    for hold in going_on:
        if board.holds[hold]["bit"] == bit:
            found = hold
    if found < 0:
        found = add_hold(board, slot, bit, number, board.legs[slot, row["leg_count"] - 1]["depart_s"])
    board.holds[found]["last"], board.holds[found]["is_node"] = number, is_node


@guarded
def _promote(board: Board, slot: int) -> None:
    """What the last leg in the base needs comes before all that is only planned."""
    row = board.rows[slot]
    for place in range(row["hold_count"]):
        number = board.held[slot, place]
        hold = board.holds[number]
        if hold["first"] == row["granted"]:
            leave_queue(board, number)
            queue = board.queues[hold["bit"]]
            before = 0
            for other in range(board.queue_counts[hold["bit"]]):
                before += is_granted(board, queue[other])
            join_queue(board, number, before)
            hold["start_s"] = -inf


@guarded
def _set_leg(legs: Records, place: int, way: int, depart_s: float) -> None:
    leg = legs[place]
    leg["way"], leg["depart_s"] = way, depart_s
    leg["drive_s"], leg["clear_s"], leg["stay_s"] = 0.0, 0.0, 0.0


@guarded
def _is_in(bit: int, bits: Ints) -> bool:
    is_found = False
    for each in bits:
        is_found = is_found or each == bit
    return is_found
