"""
Prioritised time windows, in the style of Open-RMF.

Each robot plans by itself, in turn, through what the windows of all others leave free, as soon as it knows its next
stop: when it begins to work at the one before. Resources are given in the order of the windows, so that a delay
moves everybody behind it and nobody meets. A robot that is delayed beyond the tolerance has all times moved on, and
those that lose by it look for a better plan. Who can't stay at its stop, because another robot will be there or
others drive through, plans its way home as well. Who can't be given a way goes home if somebody wants its place.

Sources:
    Open-RMF, rmf_traffic: schedule, prioritised planner, mutex groups; Cap et al., "Prioritized planning algorithms
    for trajectory coordination of multiple mobile robots", IEEE T-ASE 2015, for plans that begin and end off the
    through ways.
"""

from __future__ import annotations

from math import inf

from benchmarks.traffic.routes import Routes
from benchmarks.traffic.schedule import PlannedLeg, Schedule
from benchmarks.traffic.sipp import Search
from benchmarks.traffic.world import Leg, Vehicle, World

TOLERANCE_S = 10.0
RETRY_S = 5.0
MAKE_ROOM_S = 20.0
"""Who can't go on for so long and is in another's way, goes home."""
LEAVE_S = 30.0
"""Between two visits of others there must be so much more time than the work takes."""
VISIT_RETRY_S = 60.0
REPLAN_GAIN_S = 5.0
REPLAN_COUNT = 20
"""After a delay so many robots at most look for a better plan."""


class Windows:
    """Reserved time windows."""

    name = "windows"

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes = Routes(world)
        self._schedule = Schedule(world)
        self._idle: dict[int, float] = {vehicle.number: 0.0 for vehicle in world.vehicles}
        self._tried_s = [-inf] * len(world.vehicles)
        self._working = [-1] * len(world.vehicles)
        self._is_dead_end = [len({way.end for way in ways}) == 1 for ways in world.resources.out]

    def start(self) -> None:
        """All plan in turn."""
        self._plan_idle()
        self._serve()
        self._world.wake_at(RETRY_S)

    def progressed(self, vehicle: Vehicle) -> None:
        """Windows end; a robot that begins to work, or is at home to make room, plans on from there."""
        self._schedule.released(vehicle)
        number = vehicle.number
        table = self._schedule.tables[number]
        if vehicle.is_working and self._working[number] != vehicle.done_count:
            self._working[number] = vehicle.done_count
            table.free_s = self._world.now_s + vehicle.jobs[vehicle.done_count].dwell_s
            self._idle[number] = table.free_s
            self._plan_idle()
        elif vehicle.is_standing and number not in self._idle and not table.is_planned:
            self._idle[number] = self._world.now_s
            self._plan_idle()
        self._serve()

    def worked(self, vehicle: Vehicle) -> None:
        """It may leave now."""
        self._schedule.tables[vehicle.number].free_s = self._world.now_s
        self._plan_idle()
        self._serve()

    def woken(self) -> None:
        """Try again what couldn't be planned, and see who is late."""
        self._catch_up()
        self._plan_idle()
        self._serve()
        self._world.wake_at(self._world.now_s + RETRY_S)

    def _catch_up(self) -> None:
        """Move times on for who is late; those that lose most look for another plan."""
        now_s = self._world.now_s
        if not self._schedule.is_late(now_s):
            return
        delayed = self._schedule.refresh([self._free_s(vehicle) for vehicle in self._world.vehicles])
        for number in delayed[:REPLAN_COUNT]:
            vehicle = self._world.vehicles[number]
            table = self._schedule.tables[number]
            if table.is_planned:
                self._replan(vehicle)

    def _free_s(self, vehicle: Vehicle) -> float:
        """When a robot can begin its next leg at the earliest, as far as it knows."""
        table = self._schedule.tables[vehicle.number]
        now_s = self._world.now_s
        if vehicle.is_working:
            return table.free_s if table.free_s > now_s else now_s + TOLERANCE_S
        if vehicle.is_standing:
            return now_s
        return table.arrive_s[table.granted] + table.stay_s[table.granted]

    def _replan(self, vehicle: Vehicle) -> None:
        """Look for a better plan to the same stop, before its next leg."""
        table = self._schedule.tables[vehicle.number]
        goal = next((leg for leg in range(table.granted + 1, len(table.ways)) if table.stay_s[leg]), -1)
        before_s = table.arrive_s[goal]
        if goal < 0 or not vehicle.is_standing:
            return
        old = self._schedule.unplan(vehicle)
        legs = self._legs(vehicle)
        arrive_s = next((leg.arrive_s for leg in legs if leg.stay_s), inf)
        self._schedule.plan(vehicle, legs if arrive_s < before_s - REPLAN_GAIN_S else old)

    def _legs(self, vehicle: Vehicle) -> list[PlannedLeg]:
        """Legs to the next stop, and on home where the robot can't stay or would bar others' way; [] for none."""
        search = Search(self._world, self._schedule, self._routes, vehicle)
        goal = self._goal(vehicle)
        job = vehicle.jobs[vehicle.done_count + vehicle.is_working]
        is_to_stay = search.can_stay(goal)
        if not is_to_stay and not self._is_visit_due(vehicle):
            return []
        room_s = inf if is_to_stay else job.dwell_s + LEAVE_S
        start, begin_s = self._end(vehicle), self._free_s(vehicle)
        if not is_to_stay and not search.has_room(start, begin_s, goal, room_s):
            return []
        legs = search.find(start, begin_s, goal, stay_s=job.dwell_s, room_s=room_s)
        if not legs or (is_to_stay and self._is_dead_end[goal]):
            return legs
        on = search.find(goal, legs[-1].arrive_s + job.dwell_s, vehicle.home, stay_s=0.0, room_s=inf)
        return [*legs, *on] if on else []

    def _is_visit_due(self, vehicle: Vehicle) -> bool:
        """Whether to look again for a visit between two of others: not at each of their plans."""
        is_due = self._world.now_s - self._tried_s[vehicle.number] >= VISIT_RETRY_S
        if is_due:
            self._tried_s[vehicle.number] = self._world.now_s
        return is_due

    def _plan_idle(self) -> None:
        """Plan for those without a plan, who has waited longest first, until nobody more can be helped."""
        is_progress = bool(self._idle)
        if is_progress:
            self._catch_up()
        while is_progress:
            is_progress = False
            for number in sorted(self._idle, key=lambda number: (self._idle[number], number)):
                vehicle = self._world.vehicles[number]
                if self._plan(vehicle):
                    del self._idle[number]
                    is_progress = True

    def _plan(self, vehicle: Vehicle) -> bool:
        """Plan to the next stop, or home; what was planned only to leave a stop again is given up for it."""
        old = self._schedule.unplan(vehicle)
        legs = self._legs(vehicle)
        is_planned = bool(legs)
        if not is_planned:
            legs = old
        if not legs and self._must_make_room(vehicle):
            search = Search(self._world, self._schedule, self._routes, vehicle)
            legs = search.find(self._end(vehicle), self._free_s(vehicle), vehicle.home, stay_s=0.0, room_s=inf)
            is_planned = bool(legs)
        self._schedule.plan(vehicle, legs)
        return is_planned

    def _must_make_room(self, vehicle: Vehicle) -> bool:
        here = self._end(vehicle)
        waited_s = self._world.now_s - self._idle[vehicle.number]
        if waited_s < MAKE_ROOM_S or here == vehicle.home or vehicle.is_working:
            return False
        others = [self._world.vehicles[number] for number in self._idle if number != vehicle.number]
        return any(self._goal(other) == here for other in others)

    def _goal(self, vehicle: Vehicle) -> int:
        """The next stop beyond the work at hand."""
        return vehicle.jobs[vehicle.done_count + vehicle.is_working].node

    def _end(self, vehicle: Vehicle) -> int:
        table = self._schedule.tables[vehicle.number]
        way = table.ways[table.granted]
        return vehicle.home if way < 0 else self._world.resources.ways[way].end

    def _serve(self) -> None:
        """Let everybody begin whose turn it is."""
        is_progress = True
        while is_progress:
            is_progress = False
            for vehicle in self._world.vehicles:
                table = self._schedule.tables[vehicle.number]
                if not vehicle.is_standing or vehicle.legs or not table.is_planned:
                    continue
                if not self._schedule.may_begin(vehicle):
                    continue
                leg = table.granted + 1
                way = table.ways[leg]
                if not self._world.is_free(vehicle, self._world.resources.step_claim[way]):
                    continue
                self._schedule.granted(vehicle, self._world.now_s)
                self._world.grant(vehicle, (Leg(way, table.stay_s[leg] > 0.0),))
                is_progress = True
