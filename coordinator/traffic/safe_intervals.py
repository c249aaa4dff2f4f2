"""
The quickest way through the gaps that the others' holds leave in the timetable.

Source:
    Phillips and Likhachev, "SIPP: Safe interval path planning for dynamic environments", ICRA 2011; see the kernels in
    `interval_search.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from coordinator.model.ids import RobotId
from coordinator.traffic import interval_search
from coordinator.traffic.interval_search import Errand, Roads
from coordinator.traffic.resources import Resources
from coordinator.traffic.timetable import Leg, Timetable
from coordinator.traffic.timetable_arrays import Bools, Floats, Records


@dataclass(frozen=True, slots=True)
class Vehicle:
    """
    What the search knows of a robot, on a plant of n nodes and w ways.

    Attributes:
        drive_s: Seconds for each way; inf where it may not go. Shape (w,).
        clear_s: Seconds until its body has left a way's start. Shape (w,).
        refuges: Whether nobody else has to go to a node: it may stay for good. Shape (n,).
        dead_ends: Whether nobody drives through a node: it may stay as a last resort. Shape (n,).
    """

    robot_id: RobotId
    drive_s: Floats
    clear_s: Floats
    refuges: Bools
    dead_ends: Bools


class IntervalSearch:
    """Searches for one robot on one timetable."""

    def __init__(self, resources: Resources, timetable: Timetable, vehicle: Vehicle) -> None:
        self._timetable = timetable
        self._vehicle = vehicle
        self._roads = Roads(
            slot=timetable.rows[vehicle.robot_id].slot,
            out_begins=resources.out_begins,
            out_ways=resources.out_ways,
            drive_s=vehicle.drive_s,
            clear_s=vehicle.clear_s,
            refuges=vehicle.refuges,
            dead_ends=vehicle.dead_ends,
        )

    def visit(
        self,
        start: int,
        begin_s: float,
        goal: int,
        stay_s: float,
        to_goal_s: Floats,
        *,
        limit_s: float = inf,
    ) -> tuple[list[Leg], int] | None:
        """
        Find the legs to a goal, the stay there, and the legs on to where the robot may stay for good.

        Args:
            to_goal_s: Seconds from each node to the goal without anybody else. Shape (n,).
            limit_s: Arriving later is of no use.

        Returns:
            All legs, and how many of them lead to the goal. None when there is no way.
        """
        until_s = self._timetable.leave_by_s(self._vehicle.robot_id)
        if begin_s > until_s:
            return None
        errand = Errand(start, float(begin_s), until_s, goal, float(stay_s), float(limit_s))
        there, off = interval_search.visit(self._timetable.board, self._roads, errand, to_goal_s)
        return (_legs(there) + _legs(off), len(there)) if len(there) else None

    def make_room(self, start: int, begin_s: float) -> list[Leg] | None:
        """Find the legs to the nearest refuge from where the robot stands."""
        until_s = self._timetable.leave_by_s(self._vehicle.robot_id)
        if begin_s > until_s:
            return None
        board, roads = self._timetable.board, self._roads
        legs, is_found = interval_search.make_room(board, roads, start, float(begin_s), until_s)
        return _legs(legs) if is_found else None


def _legs(records: Records) -> list[Leg]:
    return list(map(Leg._make, records.tolist()))
