"""
Quickest route through the windows that others leave free.

Source:
    Phillips and Likhachev, "SIPP: Safe interval path planning for dynamic environments", ICRA 2011; here on a graph
    whose ways take different times, each place being free when all its resources are.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from math import inf

from benchmarks.traffic.routes import Routes
from benchmarks.traffic.schedule import PlannedLeg, Schedule
from benchmarks.traffic.world import Vehicle, World

MOST_EXPANSIONS = 6_000


class Search:
    """One search for one robot; windows are looked up once each."""

    def __init__(self, world: World, schedule: Schedule, routes: Routes, vehicle: Vehicle) -> None:
        self._world = world
        self._schedule = schedule
        self._routes = routes
        self._vehicle = vehicle
        self._busy_nodes: dict[int, list[tuple[float, float]]] = {}
        self._busy_ways: dict[int, list[tuple[float, float]]] = {}

    def can_stay(self, node: int) -> bool:
        """Whether nobody else is at a node without an end."""
        busy = self._busy_node(node)
        return not busy or busy[-1][1] < inf

    def has_room(self, start: int, begin_s: float, goal: int, room_s: float) -> bool:
        """Whether there is such a window at the goal at all, for who drives there without waiting."""
        first_s = begin_s + self._routes.to_goal(self._vehicle, goal)[start]
        return any(to_s - max(from_s, first_s) >= room_s for from_s, to_s in self._gaps(goal, first_s))

    def find(self, start: int, begin_s: float, goal: int, *, stay_s: float, room_s: float) -> list[PlannedLeg]:
        """
        Legs to a goal; [] when there is no route.

        Args:
            begin_s: When the robot can leave the start at the earliest.
            stay_s: How long it works at the goal.
            room_s: How long nobody else must need the goal after its arrival; infinite: it can stay for good.
        """
        world, vehicle = self._world, self._vehicle
        to_goal = self._routes.to_goal(vehicle, goal)
        drive_s = self._routes.drive_s(vehicle)
        free = self._free_at(start, begin_s)
        if free is None:
            return []
        best: dict[tuple[int, float], float] = {(start, free[1]): begin_s}
        came: dict[tuple[int, float], tuple[tuple[int, float], int, float]] = {}
        heap = [(begin_s + to_goal[start], begin_s, start, free[1])]
        closed: set[tuple[int, float]] = set()
        while heap and len(closed) < MOST_EXPANSIONS:
            _, time_s, node, until_s = heappop(heap)
            state = (node, until_s)
            if state in closed:
                continue
            closed.add(state)
            if node == goal and until_s >= time_s + room_s:
                return self._legs(came, state, drive_s, stay_s)
            for way in world.resources.out[node]:
                taken_s = drive_s[way.index]
                if taken_s == inf or to_goal[way.end] == inf:
                    continue
                latest_s = until_s - world.clear_s(vehicle, way.index)
                for from_s, to_s in self._gaps(way.end, time_s):
                    depart_s = self._depart(way.index, max(time_s, from_s), taken_s)
                    if depart_s > latest_s:
                        break
                    after = (way.end, to_s)
                    arrive_s = depart_s + taken_s
                    if arrive_s > to_s or after in closed or arrive_s >= best.get(after, inf):
                        continue
                    best[after] = arrive_s
                    came[after] = (state, way.index, depart_s)
                    heappush(heap, (arrive_s + to_goal[way.end], arrive_s, way.end, to_s))
        return []

    def _legs(
        self,
        came: dict[tuple[int, float], tuple[tuple[int, float], int, float]],
        state: tuple[int, float],
        drive_s: Sequence[float],
        stay_s: float,
    ) -> list[PlannedLeg]:
        legs: list[PlannedLeg] = []
        while state in came:
            state, way, depart_s = came[state]
            legs.append(PlannedLeg(way, depart_s, depart_s + drive_s[way], 0.0 if legs else stay_s))
        return legs[::-1]

    def _free_at(self, node: int, time_s: float) -> tuple[float, float] | None:
        for from_s, to_s in self._gaps(node, time_s):
            return (from_s, to_s) if from_s <= time_s else None
        return None

    def _gaps(self, node: int, time_s: float) -> list[tuple[float, float]]:
        """Windows of a node that end after a time."""
        gaps = []
        from_s = 0.0
        for start_s, end_s in self._busy_node(node):
            if start_s > from_s and start_s > time_s:
                gaps.append((from_s, start_s))
            from_s = max(from_s, end_s)
        if from_s < inf:
            gaps.append((from_s, inf))
        return gaps

    def _depart(self, way: int, time_s: float, taken_s: float) -> float:
        """Earliest departure from a time on at which the way is free for the whole drive."""
        for start_s, end_s in self._busy_way(way):
            if end_s > time_s:
                if start_s >= time_s + taken_s:
                    break
                time_s = end_s
        return time_s

    def _busy_node(self, node: int) -> list[tuple[float, float]]:
        known = self._busy_nodes.get(node)
        if known is None:
            known = self._busy_nodes[node] = self._merged(self._schedule.node_bits[node])
        return known

    def _busy_way(self, way: int) -> list[tuple[float, float]]:
        known = self._busy_ways.get(way)
        if known is None:
            known = self._busy_ways[way] = self._merged(self._schedule.way_bits[way])
        return known

    def _merged(self, bits: Sequence[int]) -> list[tuple[float, float]]:
        rows = [row for bit in bits for row in self._schedule.others(bit, self._vehicle.number)]
        rows.sort()
        merged: list[tuple[float, float]] = []
        for start_s, end_s in rows:
            if merged and start_s <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end_s))
            else:
                merged.append((start_s, end_s))
        return merged
