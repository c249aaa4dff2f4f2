"""
The quickest way through the gaps that the others' holds leave in the timetable.

Source:
    Phillips and Likhachev, "SIPP: Safe interval path planning for dynamic environments", ICRA 2011; here on a graph
    whose ways take different times, where being somewhere may take several resources.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from math import inf

from coordinator.model.ids import RobotId
from coordinator.traffic.resources import Resources
from coordinator.traffic.timetable import STAY, Leg, Timetable

MOST_STATES = 4000
"""A search that looked at so many places gives up; it is tried again when the others have moved."""

State = tuple[int, float]
"""A node, and the end of the gap in which the robot is there."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """
    What the search knows of a robot.

    Attributes:
        drive_s: Seconds for each way; inf where it may not go.
        clear_s: Seconds until its body has left a way's start.
        refuges: Nodes where nobody else has to go: it may stay for good.
        dead_ends: Nodes that nobody drives through, where it may stay as a last resort.
    """

    robot_id: RobotId
    drive_s: Sequence[float]
    clear_s: Sequence[float]
    refuges: frozenset[int]
    dead_ends: frozenset[int]


class IntervalSearch:
    """Searches for one robot on one timetable; gaps are looked up once each."""

    def __init__(self, resources: Resources, timetable: Timetable, vehicle: Vehicle) -> None:
        self._resources = resources
        self._timetable = timetable
        self._vehicle = vehicle
        self._busy_nodes: dict[int, list[tuple[float, float]]] = {}
        self._busy_ways: dict[int, list[tuple[float, float]]] = {}

    def visit(
        self,
        start: int,
        begin_s: float,
        goal: int,
        stay_s: float,
        to_goal_s: Sequence[float],
        *,
        limit_s: float = inf,
    ) -> tuple[list[Leg], int] | None:
        """
        Find the legs to a goal, the stay there, and the legs on to where the robot may stay for good.

        Args:
            to_goal_s: Seconds from each node to the goal without anybody else.
            limit_s: Arriving later is of no use.

        Returns:
            All legs, and how many of them lead to the goal. None when there is no way.
        """
        legs: list[Leg] = []
        count = 0

        def is_end(node: int, time_s: float, until_s: float, came: Callable[[], list[Leg]]) -> bool:
            nonlocal legs, count
            if node != goal or until_s - time_s < stay_s:
                return False
            there = came() or [Leg(STAY, time_s, 0.0, 0.0)]
            there[-1] = there[-1]._replace(stay_s=stay_s)
            off: list[Leg] | None = []
            if until_s < inf or goal not in self._vehicle.refuges:
                off = self.leave(goal, time_s + stay_s, until_s)
            if off is None and until_s == inf and goal in self._vehicle.dead_ends:
                off = []
            if off is None:
                return False
            legs, count = there + off, len(there)
            return True

        until_s = self._timetable.leave_by_s(self._vehicle.robot_id)
        if begin_s > until_s or not self._search(start, begin_s, until_s, to_goal_s, is_end, limit_s=limit_s):
            return None
        return legs, count

    def leave(self, start: int, begin_s: float, until_s: float) -> list[Leg] | None:
        """Find the legs to the nearest refuge where the robot may stay for good."""
        legs: list[Leg] = []

        def is_end(node: int, time_s: float, until_s: float, came: Callable[[], list[Leg]]) -> bool:
            nonlocal legs
            if until_s < inf or node not in self._vehicle.refuges:
                return False
            legs = came()
            return True

        return legs if self._search(start, begin_s, until_s, None, is_end) else None

    def make_room(self, start: int, begin_s: float) -> list[Leg] | None:
        """Find the legs to the nearest refuge from where the robot stands."""
        until_s = self._timetable.leave_by_s(self._vehicle.robot_id)
        return None if begin_s > until_s else self.leave(start, begin_s, until_s)

    def _search(
        self,
        start: int,
        begin_s: float,
        until_s: float,
        to_goal_s: Sequence[float] | None,
        is_end: Callable[[int, float, float, Callable[[], list[Leg]]], bool],
        *,
        limit_s: float = inf,
    ) -> bool:
        drive_s, clear_s = self._vehicle.drive_s, self._vehicle.clear_s
        out = self._resources.out
        best: dict[State, float] = {(start, until_s): begin_s}
        came: dict[State, tuple[State, int, float]] = {}
        heap = [(begin_s, begin_s, start, until_s)]
        closed: set[State] = set()
        while heap and len(closed) < MOST_STATES:
            _, time_s, node, until_s = heappop(heap)
            state = (node, until_s)
            if state in closed:
                continue
            closed.add(state)
            if is_end(node, time_s, until_s, partial(self._legs, came, state)):
                return True
            for way in out[node]:
                taken_s = drive_s[way.index]
                rest_s = 0.0 if to_goal_s is None else to_goal_s[way.end]
                if inf in (taken_s, rest_s):
                    continue
                latest_s = until_s - clear_s[way.index]
                for from_s, to_s in self._gaps(way.end, time_s):
                    depart_s = self._depart(way.index, max(time_s, from_s), taken_s)
                    if depart_s > latest_s:
                        break
                    after = (way.end, to_s)
                    arrive_s = depart_s + taken_s
                    if arrive_s + rest_s > limit_s:
                        break
                    if arrive_s > to_s or after in closed or arrive_s >= best.get(after, inf):
                        continue
                    best[after] = arrive_s
                    came[after] = (state, way.index, depart_s)
                    heappush(heap, (arrive_s + rest_s, arrive_s, way.end, to_s))
        return False

    def _legs(self, came: dict[State, tuple[State, int, float]], state: State) -> list[Leg]:
        legs: list[Leg] = []
        while state in came:
            state, way, depart_s = came[state]
            legs.append(Leg(way, depart_s, self._vehicle.drive_s[way], self._vehicle.clear_s[way]))
        return legs[::-1]

    def _gaps(self, node: int, time_s: float) -> list[tuple[float, float]]:
        """Gaps of a node that end after a time."""
        busy = self._busy_nodes.get(node)
        if busy is None:
            busy = self._timetable.busy(self._timetable.node_bits[node], self._vehicle.robot_id)
            self._busy_nodes[node] = busy
        gaps = []
        from_s = -inf
        for start_s, end_s in busy:
            if start_s > from_s and start_s > time_s:
                gaps.append((from_s, start_s))
            from_s = end_s
        if from_s < inf:
            gaps.append((from_s, inf))
        return gaps

    def _depart(self, way: int, time_s: float, taken_s: float) -> float:
        """Earliest departure from a time on at which a way is free for the whole drive."""
        busy = self._busy_ways.get(way)
        if busy is None:
            busy = self._timetable.busy(self._timetable.way_bits[way], self._vehicle.robot_id)
            self._busy_ways[way] = busy
        for start_s, end_s in busy:
            if end_s > time_s:
                if start_s >= time_s + taken_s:
                    break
                time_s = end_s
        return time_s
