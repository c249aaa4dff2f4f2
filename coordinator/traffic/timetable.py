"""
The timetable: which robot has which resource when, by plan, and in which order.

A robot's row holds its legs: those in its base, that it will drive whatever happens, and those planned beyond it. From
the legs follow *holds*, one for each resource and uninterrupted stretch of legs; the holds of a resource form a queue.
A plan is only ever entered into gaps between the others' holds and ends where the robot may stay for good, so the
order of all holds is the order of their times: it can't run in a circle, and whoever keeps it gets through, however
late anybody is. Times are guesses, moved on as robots are late; the order is what counts.

All is kept in arrays (`timetable_arrays.py`) that compiled kernels work on (`holds.py`, `turns.py`, `retiming.py`).

Source:
    Hönig et al., "Persistent and robust execution of MAPF schedules in warehouses", RA-L 2019 (order instead of times).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coordinator.model.ids import RobotId
from coordinator.traffic import holds, retiming, turns
from coordinator.traffic.resources import Resources
from coordinator.traffic.retiming import NO_WORK, Doing
from coordinator.traffic.timetable_arrays import LEG, STAY, Board, Floats, Ints, Records, empty_board, grown

__all__ = ["NO_WORK", "STAY", "Doing", "Hold", "Leg", "Row", "Timetable"]


class Leg(NamedTuple):
    """
    A way to drive, or `STAY`; when, in coordinator's seconds; and how long the robot stays at its end.

    `drive_s` is how long it takes, `clear_s` how long until the body has left the node behind.
    """

    way: int
    depart_s: float
    drive_s: float
    clear_s: float
    stay_s: float = 0.0

    @property
    def arrive_s(self) -> float:
        """When the robot is at its end."""
        return self.depart_s + self.drive_s


class Hold(NamedTuple):
    """A robot has a resource, by its number, from when to when."""

    bit: int
    robot_id: RobotId
    start_s: float
    end_s: float


class Row(NamedTuple):
    """
    One robot's row as it is now; each change makes a new one.

    Attributes:
        slot: Its place in the arrays.
        granted, end: Numbers of the last leg in the base, and of the last one at all.
        base_end: Node where the base ends.
        goal, goal_leg: Node of the robot's aim, and the leg that leads there; -1 without one.
        revision: Another plan is another revision.
    """

    slot: int
    granted: int
    end: int
    base_end: int
    goal: int
    goal_leg: int
    revision: int

    @property
    def is_planned(self) -> bool:
        """Whether there are legs beyond the base."""
        return self.end > self.granted

    @property
    def is_bound(self) -> bool:
        """Whether legs beyond the base lead to an aim."""
        return self.goal_leg > self.granted


class Timetable:
    """All rows, and the queue of each resource."""

    def __init__(self, resources: Resources) -> None:
        self.board: Board = empty_board(resources)
        self.rows: dict[RobotId, Row] = {}
        self._robots: dict[int, RobotId] = {}
        self._ways: dict[RobotId, list[int]] = {}
        self._mask_size = len(resources.bit_names) // 8 + 1

    def place(self, robot_id: RobotId, node: int, number: int) -> None:
        """A robot stands at a node, at the end of step `number`; whatever was known of it is forgotten."""
        self.remove(robot_id)
        if len(self.rows) == len(self.board.rows):
            self.board = grown(self.board)
        slot = int(self.board.rows["is_used"].argmin())
        while not holds.begin_row(self.board, slot, node, number):
            self.board = grown(self.board)
        self._robots[slot] = robot_id
        self._note_row(robot_id, slot)

    def remove(self, robot_id: RobotId) -> None:
        """Forget a robot."""
        row = self.rows.pop(robot_id, None)
        if row is not None:
            del self._robots[row.slot], self._ways[robot_id]
            holds.end_row(self.board, row.slot)

    def plan(self, robot_id: RobotId, legs: Sequence[Leg], goal: int, goal_leg_count: int) -> None:
        """
        Enter legs beyond the base.

        Args:
            goal: Node of the robot's aim.
            goal_leg_count: So many of the legs lead there; the rest leads off again, to where it may stay for good.
        """
        slot = self.rows[robot_id].slot
        holds.take_back(self.board, slot)
        left = _records(legs)
        while len(left := left[holds.enter(self.board, slot, left) :]):
            self.board = grown(self.board)
        rows = self.board.rows
        rows["revision"][slot] += 1
        rows["goal"][slot], rows["goal_leg"][slot] = goal, rows["granted"][slot] + goal_leg_count
        holds.retime(self.board, slot)
        self._note_row(robot_id, slot)

    def unplan(self, robot_id: RobotId) -> None:
        """Take back all legs beyond the base."""
        slot = self.rows[robot_id].slot
        holds.take_back(self.board, slot)
        self._note_row(robot_id, slot)

    def extend(self, robot_id: RobotId, legs: Sequence[Leg]) -> None:
        """The base grew by legs. Where the plan says otherwise it is given up."""
        slot, left = self.rows[robot_id].slot, _records(legs)
        while len(left := left[holds.extend_base(self.board, slot, left) :]):
            self.board = grown(self.board)
        self._note_row(robot_id, slot)

    def repace(self, robot_id: RobotId, drive_s: Floats) -> None:
        """Ways take longer or shorter: planned legs with them; their times move on at the next `refresh`."""
        holds.repace(self.board, self.rows[robot_id].slot, drive_s)

    def release(self, robot_id: RobotId, cleared: int, held: int) -> None:
        """A robot's body has left some of its base."""
        still_held = np.frombuffer(held.to_bytes(self._mask_size, "little"), dtype=np.uint8)
        holds.release(self.board, self.rows[robot_id].slot, cleared, still_held)

    def end_node(self, robot_id: RobotId) -> int:
        """Where a robot's base ends."""
        return self.rows[robot_id].base_end

    def is_wanted(self, robot_id: RobotId) -> bool:
        """Whether anybody else is planned to come to where a robot's base ends."""
        return bool(turns.is_wanted(self.board, self.rows[robot_id].slot))

    def arrive_s(self, robot_id: RobotId) -> float:
        """When a robot is at its aim, or was."""
        return float(retiming.arrive_s(self.board, self.rows[robot_id].slot))

    def base_leg(self, robot_id: RobotId) -> Leg:
        """The last leg of a robot's base."""
        row = self.rows[robot_id]
        return Leg._make(self.board.legs[row.slot, row.granted - self.board.rows["origin"][row.slot]].item())

    def planned_ways(self, robot_id: RobotId) -> list[int]:
        """Ways beyond the base to the aim, or off from it when the aim is reached already."""
        return self._ways[robot_id].copy()

    def planned_legs(self, robot_id: RobotId) -> list[Leg]:
        """All legs beyond the base."""
        row = self.rows[robot_id]
        return list(map(Leg._make, self._planned(row, row.end).tolist()))

    def ahead(self, robot_id: RobotId, ways: Sequence[int]) -> list[Hold]:
        """Holds of others, not in their bases yet, that come before a robot's on some ways; for all its turn."""
        found = turns.ahead(self.board, self.rows[robot_id].slot, np.array(ways, dtype=np.int64))
        return self._holds(found)

    def in_way(self, robot_id: RobotId, ways: Sequence[int]) -> Hold | None:
        """What hinders a robot on some ways most: somebody who has no end there, else the first it comes to."""
        found = turns.in_way(self.board, self.rows[robot_id].slot, np.array(ways, dtype=np.int64))
        return self._holds(np.array([found]))[0] if found >= 0 else None

    def plan_of(self, robot_id: RobotId) -> tuple[list[Leg], int, int]:
        """A robot's plan as `plan` takes it: legs beyond the base, goal, and how many of the legs lead there."""
        row = self.rows[robot_id]
        return self.planned_legs(robot_id), row.goal, row.goal_leg - row.granted

    def waits_for(self, robot_id: RobotId) -> list[RobotId]:
        """Those whose plans let a robot wait on its way to its aim: who is right before it where it waits."""
        found = turns.waits_for(self.board, self.rows[robot_id].slot)
        return list(dict.fromkeys(self._robots[slot] for slot in found.tolist()))

    def leave_by_s(self, robot_id: RobotId) -> float:
        """When a robot has to have left the end of its base, for those that come there next by their plans."""
        return float(turns.leave_by_s(self.board, self.rows[robot_id].slot))

    def base_done_s(self, robot_id: RobotId, doing: Doing, *, now_s: float, overdue_s: float) -> float:
        """
        When a robot will be done with its base, by its legs and how far it has come.

        Args:
            overdue_s: Work that takes longer than it should is guessed to be done after this long.
        """
        return float(retiming.base_done_s(self.board, self.rows[robot_id].slot, doing, now_s, overdue_s))

    def refresh(self, free_s: dict[RobotId, float]) -> list[tuple[float, RobotId]]:
        """
        Move all planned legs to when they can be driven, the order at each resource kept.

        Args:
            free_s: When each robot will be done with its base.

        Returns:
            By how much each robot's arrival at its aim moved back and who, most first.
        """
        times_s = np.zeros(len(self.board.rows))
        for robot_id, row in self.rows.items():
            times_s[row.slot] = free_s[robot_id]
        late_s = retiming.refresh(self.board, times_s)
        moved = [(late_s.item(slot), self._robots[slot]) for slot in np.nonzero(late_s > 0.0)[0].tolist()]
        return sorted(moved, key=lambda row: (-row[0], row[1]))

    def queue(self, bit: int) -> list[Hold]:
        """A resource's holds in their order."""
        return self._holds(self.board.queues[bit, : self.board.queue_counts[bit]])

    def _note_row(self, robot_id: RobotId, slot: int) -> None:
        """A robot's row has changed."""
        record = self.board.rows[slot].item()
        _, origin, granted, leg_count, _, base_end, _, goal, goal_leg, revision = record
        row = Row(slot, granted, origin + leg_count - 1, base_end, goal, goal_leg, revision)
        self.rows[robot_id] = row
        ways = self._planned(row, goal_leg if row.is_bound else row.end)["way"].tolist()
        self._ways[robot_id] = [way for way in ways if way != STAY]

    def _planned(self, row: Row, last: int) -> Records:
        """A row's legs beyond the base up to number `last`."""
        origin = int(self.board.rows["origin"][row.slot])
        legs: Records = self.board.legs[row.slot, row.granted + 1 - origin : last + 1 - origin]
        return legs

    def _holds(self, numbers: Ints) -> list[Hold]:
        """Holds by number."""
        records = self.board.holds[numbers].tolist()
        return [Hold(bit, self._robots[slot], start_s, end_s) for bit, slot, _, _, _, start_s, end_s in records]


def _records(legs: Sequence[Leg]) -> Records:
    """Legs as an array of `LEG`."""
    return np.array(legs, dtype=LEG)
