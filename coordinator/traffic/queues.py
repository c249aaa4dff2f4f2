"""
Kernels that put holds into the queues of resources, and take them out.

A *place* is a node by its number, or a way by the count of nodes and its number.
"""

from __future__ import annotations

from math import inf

from coordinator.compiled import guarded
from coordinator.traffic.timetable_arrays import Board, Ints


@guarded
def claim_of(board: Board, place: int) -> Ints:
    """Resources that a node, or a way, takes."""
    return board.claim_bits[board.claim_begins[place] : board.claim_begins[place + 1]]


@guarded
def way_place(board: Board, way: int) -> int:
    """The place of a way among all nodes and ways."""
    return len(board.claim_begins) - 1 - len(board.way_ends) + way


@guarded
def is_granted(board: Board, number: int) -> bool:
    """Whether a hold begins in its robot's base."""
    hold = board.holds[number]
    return bool(hold["first"] <= board.rows[hold["slot"]]["granted"])


@guarded
def has_room(board: Board, slot: int, some: Ints, more: Ints) -> bool:
    """Whether a row and the queues can take another hold of each of some resources."""
    count = len(some) + len(more)
    if board.spare_count[0] < count or board.rows[slot]["hold_count"] + count > board.held.shape[1]:
        return False
    has_room = True
    for bits in (some, more):
        for bit in bits:
            has_room = has_room and board.queue_counts[bit] < board.queues.shape[1]
    return has_room


@guarded
def add_hold(board: Board, slot: int, bit: int, first: int, start_s: float) -> int:
    """A new hold, in its queue behind those that don't start later."""
    board.spare_count[0] -= 1
    number = int(board.spare[board.spare_count[0]])
    hold = board.holds[number]
    hold["bit"], hold["slot"], hold["first"], hold["last"] = bit, slot, first, first
    hold["is_node"], hold["start_s"], hold["end_s"] = False, start_s, inf
    board.held[slot, board.rows[slot]["hold_count"]] = number
    board.rows[slot]["hold_count"] += 1
    queue = board.queues[bit]
    low, high = 0, board.queue_counts[bit]
    while low < high:
        middle = (low + high) // 2
        if start_s < board.holds[queue[middle]]["start_s"]:
            high = middle
        else:
            low = middle + 1
    join_queue(board, number, low)
    return number


@guarded
def drop_hold(board: Board, number: int) -> None:
    """Free a hold; it stays in its row's list."""
    leave_queue(board, number)
    board.spare[board.spare_count[0]] = number
    board.spare_count[0] += 1


@guarded
def join_queue(board: Board, number: int, place: int) -> None:
    """Put a hold into its queue."""
    bit = board.holds[number]["bit"]
    queue = board.queues[bit]
    for behind in range(board.queue_counts[bit], place, -1):
        queue[behind] = queue[behind - 1]
    queue[place] = number
    board.queue_counts[bit] += 1


@guarded
def leave_queue(board: Board, number: int) -> None:
    """Take a hold out of its queue."""
    bit = board.holds[number]["bit"]
    queue = board.queues[bit]
    board.queue_counts[bit] -= 1
    place = 0
    while queue[place] != number:
        place += 1
    for behind in range(place, board.queue_counts[bit]):
        queue[behind] = queue[behind + 1]
