"""Shortest routes by free driving time, for the policies that plan by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from math import inf

from benchmarks.traffic.world import Vehicle, World
from coordinator.model.ids import RobotTypeId
from coordinator.traffic.resources import Way


class Routes:
    """Free driving times to each goal, once for each robot type, and routes read off them."""

    def __init__(self, world: World) -> None:
        self._world = world
        resources = world.resources
        plant = resources.plant
        locked = {edge_id for edge_id, edge in plant.edges.items() if edge.is_locked}
        self._into: list[list[int]] = [[] for _ in resources.node_ids]
        self._open = {
            type_id: [
                is_allowed and way.edge_id not in locked for is_allowed, way in zip(row, resources.ways, strict=True)
            ]
            for type_id, row in resources.allowed.items()
        }
        for way in resources.ways:
            self._into[way.end].append(way.index)
        self._to_goal: dict[tuple[RobotTypeId, int], list[float]] = {}
        self._drive_s: dict[RobotTypeId, list[float]] = {}

    def drive_s(self, vehicle: Vehicle) -> list[float]:
        """Seconds for each way; infinite where the robot may not drive."""
        known = self._drive_s.get(vehicle.type_id)
        if known is None:
            is_open = self._open[vehicle.type_id]
            rows = self._world.resources.ways
            known = [self._world.drive_s(vehicle, way.index) if is_open[way.index] else inf for way in rows]
            self._drive_s[vehicle.type_id] = known
        return known

    def to_goal(self, vehicle: Vehicle, goal: int) -> list[float]:
        """Seconds from each node to the goal on a free floor."""
        key = (vehicle.type_id, goal)
        known = self._to_goal.get(key)
        if known is not None:
            return known
        cost, rows = self.drive_s(vehicle), self._world.resources.ways
        best = [inf] * len(self._into)
        best[goal] = 0.0
        heap = [(0.0, goal)]
        while heap:
            time_s, node = heappop(heap)
            if time_s > best[node]:
                continue
            for way in self._into[node]:
                start, new_s = rows[way].start, time_s + cost[way]
                if new_s < best[start]:
                    best[start] = new_s
                    heappush(heap, (new_s, start))
        self._to_goal[key] = best
        return best

    def shortest(self, vehicle: Vehicle, start: int, goal: int) -> list[int]:
        """Ways of the quickest route on a free floor."""
        to_goal, cost = self.to_goal(vehicle, goal), self.drive_s(vehicle)
        path: list[int] = []
        node = start
        while node != goal:
            way = min(self._world.resources.out[node], key=lambda way: (cost[way.index] + to_goal[way.end], way.index))
            path.append(way.index)
            node = way.end
        return path

    def around(self, vehicle: Vehicle, start: int, goal: int, taken: int, more_s: float) -> list[int]:
        """
        Ways of the quickest route when ways that others have cost more; [] when there is none.

        The first way is one that nobody has: the robot wants to move on now.
        """
        to_goal, cost, resources = self.to_goal(vehicle, goal), self.drive_s(vehicle), self._world.resources
        best = {start: 0.0}
        came: dict[int, int] = {}
        heap = [(to_goal[start], start)]
        closed: set[int] = set()
        while heap:
            _, node = heappop(heap)
            if node == goal:
                return _back(came, node, resources.ways)
            if node in closed:
                continue
            closed.add(node)
            for way in resources.out[node]:
                is_taken = bool(resources.step_claim[way.index] & taken)
                if is_taken and node == start:
                    continue
                new_s = best[node] + cost[way.index] + (more_s if is_taken else 0.0)
                if new_s < best.get(way.end, inf):
                    best[way.end] = new_s
                    came[way.end] = way.index
                    heappush(heap, (new_s + to_goal[way.end], way.end))
        return []


def _back(came: dict[int, int], node: int, rows: Sequence[Way]) -> list[int]:
    path: list[int] = []
    while node in came:
        path.append(came[node])
        node = rows[came[node]].start
    return path[::-1]
