"""
The timetable's memory: legs, holds and queues as arrays that the kernels work on in place.

A robot has a *slot*: its place in `rows`, `legs` and `held`. A hold has a number: its place in `holds`. Both are used
again when free; nothing depends on which one it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from coordinator.traffic.resources import Resources, bits_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Records = npt.NDArray[np.void]
T = TypeVar("T", bound=np.generic)

STAY = -1
"""Instead of a way: the robot stays where it is."""
SLOTS, LEGS, HOLDS, QUEUE = 8, 32, 64, 8
"""Rows, legs a row, holds a row and holds a queue to begin with; each doubles when it's full."""

LEG = np.dtype([("way", "i8"), ("depart_s", "f8"), ("drive_s", "f8"), ("clear_s", "f8"), ("stay_s", "f8")])
"""A way or `STAY`; when; how long it takes, until the body has left its start, and the stay at its end."""

HOLD = np.dtype(
    [
        ("bit", "i8"), ("slot", "i8"), ("first", "i8"), ("last", "i8"), ("is_node", "?"),
        ("start_s", "f8"), ("end_s", "f8"),
    ],
    align=True,
)  # fmt: skip
"""
A robot has a resource from the departure on leg `first` until the arrival of leg `last`. If `is_node`, it stands in it
at the end of leg `last`, and has it until its body has left there.
"""

ROW = np.dtype(
    [
        ("is_used", "?"), ("origin", "i8"), ("granted", "i8"), ("leg_count", "i8"), ("hold_count", "i8"),
        ("base_end", "i8"), ("plan_end", "i8"), ("goal", "i8"), ("goal_leg", "i8"), ("revision", "i8"),
    ],
    align=True,
)  # fmt: skip
"""
A robot's row: number of its first leg and of the last one in its base; how many legs and holds; the nodes at which base
and plan end; node and leg of its aim, -1 without one; another plan is another revision.
"""


class Board(NamedTuple):
    """
    A timetable for b resources, n nodes, w ways, r rows of up to l legs and h holds, m holds, queues of up to q.

    Attributes:
        capacity: Robots that may have a resource at once. Shape (b,).
        claim_begins: Place in `claim_bits` where each node's resources begin, then each way's. Shape (n + w + 1,).
        claim_bits: Resources by number, ascending for each node and way.
        way_ends: Node at the end of each way. Shape (w,).
        rows: Of `ROW`. Shape (r,).
        legs: Of `LEG`; leg `origin + i` is at place i. Shape (r, l).
        held: Numbers of each row's holds, by their first legs. Shape (r, h).
        holds: Of `HOLD`. Shape (m,).
        spare: Numbers of holds not in use, a stack, and how many. Shapes (m,), (1,).
        queues: Numbers of each resource's holds in their order, and how many. Shapes (b, q), (b,).
    """

    capacity: Ints
    claim_begins: Ints
    claim_bits: Ints
    way_ends: Ints
    rows: Records
    legs: Records
    held: Ints
    holds: Records
    spare: Ints
    spare_count: Ints
    queues: Ints
    queue_counts: Ints


def empty_board(resources: Resources) -> Board:
    """Lay out the arrays for a plant; nobody is there."""
    claims = [bits_of(claim) for claim in (*resources.node_claim, *resources.way_claim)]
    capacity = np.ones(len(resources.bit_names), dtype=np.int64)
    for mask, count in resources.counted:
        capacity[mask.bit_length() - 1] = count
    return Board(
        capacity=capacity,
        claim_begins=begins_of(claims),
        claim_bits=np.array([bit for bits in claims for bit in bits], dtype=np.int64),
        way_ends=np.array([way.end for way in resources.ways], dtype=np.int64),
        rows=np.zeros(SLOTS, dtype=ROW),
        legs=np.zeros((SLOTS, LEGS), dtype=LEG),
        held=np.zeros((SLOTS, HOLDS), dtype=np.int64),
        holds=np.zeros(SLOTS * HOLDS, dtype=HOLD),
        spare=np.arange(SLOTS * HOLDS, dtype=np.int64),
        spare_count=np.array([SLOTS * HOLDS], dtype=np.int64),
        queues=np.zeros((len(capacity), QUEUE), dtype=np.int64),
        queue_counts=np.zeros(len(capacity), dtype=np.int64),
    )


def begins_of(lists: Iterable[tuple[int, ...]]) -> Ints:
    """Where each of some lists begins when they are laid end to end, and where the last one ends."""
    return np.array([0, *accumulate(len(each) for each in lists)], dtype=np.int64)


def grown(board: Board) -> Board:
    """A copy with room for another row, and for another leg in each."""
    most = 2 * int(np.diff(board.claim_begins).max(initial=1))
    rows, legs, held, queues = board.rows, board.legs, board.held, board.queues
    if rows["is_used"].all():
        rows, legs, held = _doubled(rows, 0), _doubled(legs, 0), _doubled(held, 0)
    if (rows["leg_count"] == legs.shape[1]).any():
        legs = _doubled(legs, 1)
    while (rows["hold_count"] + most > held.shape[1]).any():
        held = _doubled(held, 1)
    if (board.queue_counts == queues.shape[1]).any():
        queues = _doubled(queues, 1)
    board = board._replace(rows=rows, legs=legs, held=held, queues=queues)
    while board.spare_count[0] < most:
        board = _with_holds(board)
    return board


def _with_holds(board: Board) -> Board:
    count, free = len(board.holds), int(board.spare_count[0])
    spare = np.zeros(2 * count, dtype=np.int64)
    spare[:count] = np.arange(count, 2 * count)
    spare[count : count + free] = board.spare[:free]
    return board._replace(holds=_doubled(board.holds, 0), spare=spare, spare_count=np.array([count + free]))


def _doubled(array: npt.NDArray[T], axis: int) -> npt.NDArray[T]:
    return np.concatenate((array, np.zeros_like(array)), axis=axis)
