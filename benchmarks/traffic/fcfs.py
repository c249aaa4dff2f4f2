"""
First come, first served: static shortest routes and locks, as in openTCS; and the same with ways round queues.

A robot asks for the next part of its route; whoever has asked longest is tried first, and gets the part when nobody
else has any of it. A one-lane corridor and a dead end are locked as a whole with the way in, so that nobody faces the
robot that comes out. Nothing looks further ahead than that.

Source:
    openTCS user's guide, "Scheduler" and "Blocks": allocation in order of requests, single-vehicle blocks.
"""

from __future__ import annotations

from benchmarks.traffic.routes import Routes
from benchmarks.traffic.world import Leg, Vehicle, World

REROUTE_AFTER_S = 15.0
QUEUE_S = 60.0
"""What a way that another robot has is thought to cost more, when a route round queues is looked for."""
LOOKAHEAD_M, LOOKAHEAD_COUNT = 10.0, 2
"""A robot holds at least this much ahead of it, if it may: to brake in, as in FleetSettings."""


class FirstCome:
    """Locks in the order of requests."""

    name = "fcfs"
    is_rerouting = False

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes = Routes(world)
        count = len(world.vehicles)
        self._path: list[list[int]] = [[] for _ in range(count)]
        self._end = [vehicle.node for vehicle in world.vehicles]
        self._asked_s = [0.0] * count
        self._tried_s = [0.0] * count
        self._is_due = [False] * count
        degree = [len({way.end for way in ways}) for ways in world.resources.out]
        self._is_dead_end = [count == 1 for count in degree]

    def start(self) -> None:
        """All ask for the way to their first stop."""
        for vehicle in self._world.vehicles:
            self._set_out(vehicle)
        self._serve()
        if self.is_rerouting:
            self._world.wake_at(REROUTE_AFTER_S)

    def progressed(self, vehicle: Vehicle) -> None:
        """What a robot leaves behind may be what another waits for."""
        self._serve()

    def worked(self, vehicle: Vehicle) -> None:
        """On to the next stop."""
        self._set_out(vehicle)
        self._serve()

    def woken(self) -> None:
        """Look for ways round queues."""
        now_s = self._world.now_s
        for vehicle in self._world.vehicles:
            waited_s = now_s - max(self._asked_s[vehicle.number], vehicle.since_s, self._tried_s[vehicle.number])
            if self._path[vehicle.number] and vehicle.is_standing and waited_s >= REROUTE_AFTER_S:
                self._reroute(vehicle)
        self._serve()
        self._world.wake_at(now_s + 1.0)

    def _set_out(self, vehicle: Vehicle) -> None:
        goal = vehicle.jobs[vehicle.done_count].node
        self._path[vehicle.number] = self._routes.shortest(vehicle, self._end[vehicle.number], goal)
        self._asked_s[vehicle.number] = self._world.now_s

    def _reroute(self, vehicle: Vehicle) -> None:
        number = vehicle.number
        self._tried_s[number] = self._world.now_s
        goal = vehicle.jobs[vehicle.done_count].node
        taken = 0
        for other in self._world.vehicles:
            if other is not vehicle:
                taken |= other.held
        found = self._routes.around(vehicle, self._end[number], goal, taken & ~vehicle.held, QUEUE_S)
        if found and found[0] != self._path[number][0]:
            self._path[number] = found

    def _serve(self) -> None:
        """Try all requests, the oldest first, until nothing more can be granted."""
        numbers = [number for number, path in enumerate(self._path) if path]
        numbers.sort(key=lambda number: (self._asked_s[number], number))
        for number in numbers:
            vehicle = self._world.vehicles[number]
            while self._path[number] and self._wants_more(vehicle) and self._grant_next(vehicle):
                self._asked_s[number] = self._world.now_s

    def _wants_more(self, vehicle: Vehicle) -> bool:
        ways = [leg.way for leg in vehicle.legs if leg.way is not None]
        if vehicle.way is not None:
            ways.append(vehicle.way)
        rows = self._world.resources.ways
        return len(ways) < LOOKAHEAD_COUNT or sum(rows[way].length_m for way in ways) < LOOKAHEAD_M

    def _grant_next(self, vehicle: Vehicle) -> bool:
        path = self._path[vehicle.number]
        count = self._part(path)
        claim = 0
        for way in path[:count]:
            claim |= self._world.resources.step_claim[way]
        if not self._world.is_free(vehicle, claim):
            return False
        self._path[vehicle.number] = path[count:]
        self._end[vehicle.number] = self._world.resources.ways[path[count - 1]].end
        legs = [Leg(way, False) for way in path[:count]]
        if count == len(path):
            legs[-1] = Leg(path[-1], True)
        self._world.grant(vehicle, legs)
        return True

    def _part(self, path: list[int]) -> int:
        """How many ways are asked for at once: one; a whole corridor; a dead end with the node before it."""
        rows = self._world.resources.ways
        count = 1
        corridor = rows[path[0]].corridor
        if corridor >= 0 and self._world.resources.is_entry(rows[path[0]]):
            while count < len(path) and rows[path[count]].corridor == corridor:
                count += 1
        if count < len(path) and self._is_dead_end[rows[path[count]].end]:
            count += 1
        return count


class Rerouting(FirstCome):
    """Locks in the order of requests; whoever waits long looks for a way round what others have."""

    name = "fcfs_rerouting"
    is_rerouting = True
