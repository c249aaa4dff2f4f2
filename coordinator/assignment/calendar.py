"""Which charger is whose, and when: never two robots at one charger."""

from __future__ import annotations

from dataclasses import dataclass

from coordinator.assignment.tables import Tables, finite
from coordinator.model.assignment import Problem
from coordinator.model.ids import RobotId


@dataclass(slots=True)
class Calendar:
    """
    The bookings of every charger.

    Attributes:
        booked: For each charger's row its intervals (from_s, to_s, robot), sorted.
        gap_s: Kept free between two robots.
    """

    booked: dict[int, list[tuple[float, float, RobotId]]]
    gap_s: float

    def earliest(self, row: int, ready_s: float, duration_s: float, robot_id: RobotId) -> float:
        """Find the first moment from `ready_s` on at which the charger is free long enough."""
        start_s = ready_s
        for from_s, to_s, other in self.booked.get(row, ()):
            if other == robot_id or to_s + self.gap_s <= start_s:
                continue
            if start_s + duration_s + self.gap_s <= from_s:
                break
            start_s = to_s + self.gap_s
        return start_s

    def book(self, row: int, from_s: float, to_s: float, robot_id: RobotId) -> None:
        """Add a booking."""
        self.booked.setdefault(row, []).append((from_s, to_s, robot_id))
        self.booked[row].sort()


def fixed_bookings(problem: Problem, tables: Tables, gap_s: float) -> Calendar:
    """
    Keep the bookings that this plan can't move.

    Those are of robots that aren't offered, and of robots that stand at the charger until they are free.
    All others are planned anew.
    """
    offered = {r.robot_id: r for r in tables.robots}
    calendar = Calendar({}, gap_s)
    for dock in sorted(problem.docks, key=lambda d: d.node_id):
        for from_s, to_s, robot_id in dock.booked:
            begin_s, end_s = finite(from_s, tables.now_s), finite(to_s, tables.now_s)
            robot = offered.get(robot_id)
            if end_s <= max(begin_s, tables.now_s):
                continue
            if robot is not None:
                if robot.node_id != dock.node_id or not begin_s < robot.free_s:
                    continue
                end_s = min(end_s, robot.free_s)
            calendar.book(tables.row[dock.node_id], begin_s, end_s, robot_id)
    return calendar
