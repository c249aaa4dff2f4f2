"""Time windows: who holds which resource when, by plan, and in which order."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from benchmarks.traffic.world import Vehicle, World
from coordinator.traffic.resources import bits_of


@dataclass(slots=True, eq=False)
class Hold:
    """
    A robot has a resource for a while: from the start of leg `first` until it reaches the end of leg `last`.

    Attributes:
        is_node: The robot stands at the end of leg `last`: it has the resource until its body has left there.
    """

    bit: int
    number: int
    first: int
    last: int
    is_node: bool
    start_s: float = inf
    end_s: float = inf


class PlannedLeg(NamedTuple):
    """A way, when it is driven, and how long the robot works at its end."""

    way: int
    depart_s: float
    arrive_s: float
    stay_s: float


@dataclass(slots=True)
class Timetable:
    """
    A robot's legs, those behind it included: leg 0 is standing at home.

    Attributes:
        ways: Way of each leg; -1 for leg 0.
        depart_s, arrive_s: Planned, or as they were.
        stay_s: How long the robot works at the end, at least; 0 for no job there.
        granted: Legs up to here are granted.
        free_s: When the job at the end of the granted legs will be done.
    """

    ways: list[int] = field(default_factory=lambda: [-1])
    depart_s: list[float] = field(default_factory=lambda: [0.0])
    arrive_s: list[float] = field(default_factory=lambda: [0.0])
    stay_s: list[float] = field(default_factory=lambda: [0.0])
    granted: int = 0
    free_s: float = 0.0
    holds: list[Hold] = field(default_factory=list)

    @property
    def is_planned(self) -> bool:
        """Whether there are legs to come."""
        return len(self.ways) > self.granted + 1


class Schedule:
    """All robots' windows. Windows of a resource never overlap, so their order can't run in a circle."""

    def __init__(self, world: World) -> None:
        self._world = world
        resources = world.resources
        self.tables = [Timetable() for _ in world.vehicles]
        self.queues: list[list[Hold]] = [[] for _ in resources.bit_names]
        self.capacity = [1] * len(resources.bit_names)
        for mask, capacity in resources.counted:
            self.capacity[mask.bit_length() - 1] = capacity
        self.node_bits = [bits_of(claim) for claim in resources.node_claim]
        self.way_bits = [bits_of(claim) for claim in resources.way_claim]
        for vehicle in world.vehicles:
            for bit in self.node_bits[vehicle.node]:
                self._add(Hold(bit, vehicle.number, 0, 0, is_node=True, start_s=0.0))

    def plan(self, vehicle: Vehicle, legs: Sequence[PlannedLeg]) -> None:
        """Enter a plan for after the granted legs."""
        table = self.tables[vehicle.number]
        for way, depart_s, arrive_s, stay_s in legs:
            table.ways.append(way)
            table.depart_s.append(depart_s)
            table.arrive_s.append(arrive_s)
            table.stay_s.append(stay_s)
        open_node = {hold.bit: hold for hold in table.holds if hold.is_node and hold.last == table.granted}
        for leg in range(table.granted + 1, len(table.ways)):
            at_end = self.node_bits[self._world.resources.ways[table.ways[leg]].end]
            now_open: dict[int, Hold] = {}
            for bit in dict.fromkeys((*self.way_bits[table.ways[leg]], *at_end)):
                hold = open_node.get(bit)
                if hold is None:
                    hold = Hold(bit, vehicle.number, leg, leg, is_node=bit in at_end, start_s=table.depart_s[leg])
                    self._add(hold)
                hold.last, hold.is_node = leg, bit in at_end
                if hold.is_node:
                    now_open[bit] = hold
            open_node = now_open
        self._retime(vehicle)

    def unplan(self, vehicle: Vehicle) -> list[PlannedLeg]:
        """Take back all legs that aren't granted; returns them."""
        table = self.tables[vehicle.number]
        rows = (table.ways, table.depart_s, table.arrive_s, table.stay_s)
        keep = table.granted + 1
        legs = [PlannedLeg(*leg) for leg in zip(*(row[keep:] for row in rows), strict=True)]
        for row in rows:
            del row[keep:]
        for hold in table.holds[:]:
            if hold.first > table.granted:
                self._remove(hold)
            elif hold.last > table.granted:
                # Begun on granted legs: it ends with them.
                hold.last = table.granted
                end = self._end_node(vehicle)
                hold.is_node = hold.bit in self.node_bits[end]
        self._retime(vehicle)
        return legs

    def may_begin(self, vehicle: Vehicle) -> bool:
        """Whether it is the robot's turn at everything its next leg needs."""
        table = self.tables[vehicle.number]
        way = table.ways[table.granted + 1]
        for bit in (*self.way_bits[way], *self.node_bits[self._world.resources.ways[way].end]):
            turn = [hold.number for hold in self.queues[bit][: self.capacity[bit]]]
            if vehicle.number not in turn:
                return False
        return True

    def granted(self, vehicle: Vehicle, now_s: float) -> None:
        """The robot begins its next leg now."""
        table = self.tables[vehicle.number]
        table.granted += 1
        table.depart_s[table.granted] = now_s
        table.arrive_s[table.granted] = now_s + self._world.drive_s(vehicle, table.ways[table.granted])
        for hold in table.holds:
            if hold.first == table.granted and hold.start_s > now_s:
                # Ahead of its plan: nobody may be planned in before it any more.
                hold.start_s = now_s
        self._retime(vehicle)

    def released(self, vehicle: Vehicle) -> None:
        """The robot doesn't occupy some resources any more."""
        held = vehicle.held
        for hold in self.tables[vehicle.number].holds[:]:
            if hold.first <= self.tables[vehicle.number].granted and not held >> hold.bit & 1:
                self._remove(hold)

    def is_late(self, now_s: float) -> bool:
        """Whether anybody hasn't left although it should have."""
        return any(table.is_planned and table.depart_s[table.granted + 1] < now_s - 1e-6 for table in self.tables)

    def refresh(self, free_s: Sequence[float]) -> list[int]:
        """
        Move all legs to come to when they can be driven, the order at each resource kept.

        Args:
            free_s: For each robot when it can begin its next leg at the earliest.

        Returns:
            Robots whose arrival moved, the most delayed first.
        """
        before = [table.arrive_s[-1] for table in self.tables]
        done = [table.granted for table in self.tables]
        is_moving = True
        while is_moving:
            is_moving = False
            for number, table in enumerate(self.tables):
                while done[number] + 1 < len(table.ways):
                    leg = done[number] + 1
                    depart_s = self._earliest(number, leg, done)
                    if depart_s is None:
                        break
                    ready_s = table.arrive_s[leg - 1] + table.stay_s[leg - 1]
                    depart_s = max(depart_s, free_s[number] if leg == table.granted + 1 else ready_s)
                    drive_s = self._world.drive_s(self._world.vehicles[number], table.ways[leg])
                    table.depart_s[leg], table.arrive_s[leg] = depart_s, depart_s + drive_s
                    done[number] = leg
                    is_moving = True
        for vehicle in self._world.vehicles:
            self._retime(vehicle)
        moved = [(table.arrive_s[-1] - before[number], number) for number, table in enumerate(self.tables)]
        return [number for delay_s, number in sorted(moved, reverse=True) if delay_s > 0.0]

    def others(self, bit: int, number: int) -> list[tuple[float, float]]:
        """When a resource isn't to be had for a robot."""
        rows = [(hold.start_s, hold.end_s) for hold in self.queues[bit] if hold.number != number]
        if self.capacity[bit] == 1 or not rows:
            return rows
        changes = sorted([(start_s, 1) for start_s, _ in rows] + [(end_s, -1) for _, end_s in rows])
        full: list[tuple[float, float]] = []
        count, since_s = 0, 0.0
        for time_s, change in changes:
            if count < self.capacity[bit] <= count + change:
                since_s = time_s
            elif count + change < self.capacity[bit] <= count:
                full.append((since_s, time_s))
            count += change
        return full

    def _earliest(self, number: int, leg: int, done: Sequence[int]) -> float | None:
        """When those before the robot have left what its leg needs; None while that isn't known."""
        earliest_s = 0.0
        table = self.tables[number]
        for hold in table.holds:
            if hold.first != leg:
                continue
            queue = self.queues[hold.bit]
            place = queue.index(hold)
            ends_s = []
            for other in queue[:place]:
                if other.number == number:
                    continue
                end_s = self._end_s(other, done)
                if end_s is None:
                    return None
                ends_s.append(end_s)
            room = self.capacity[hold.bit]
            if len(ends_s) >= room:
                earliest_s = max(earliest_s, sorted(ends_s)[-room])
        return earliest_s

    def _end_s(self, hold: Hold, done: Sequence[int]) -> float | None:
        """When a hold ends; None if its last leg isn't computed yet (or it has no end)."""
        table = self.tables[hold.number]
        if not hold.is_node:
            return table.arrive_s[hold.last] if hold.last <= done[hold.number] else None
        if hold.last + 1 > done[hold.number] or hold.last + 1 >= len(table.ways):
            return None
        vehicle = self._world.vehicles[hold.number]
        return table.depart_s[hold.last + 1] + self._world.clear_s(vehicle, table.ways[hold.last + 1])

    def _retime(self, vehicle: Vehicle) -> None:
        """Windows follow the legs' times."""
        table = self.tables[vehicle.number]
        everything = [len(other.ways) - 1 for other in self.tables]
        for hold in table.holds:
            start_s = hold.start_s if hold.first <= table.granted else table.depart_s[hold.first]
            end_s = self._end_s(hold, everything)
            hold.end_s = inf if end_s is None else end_s
            if start_s != hold.start_s:
                hold.start_s = start_s
        for bit in {hold.bit for hold in table.holds}:
            self.queues[bit].sort(key=_begin)

    def _end_node(self, vehicle: Vehicle) -> int:
        table = self.tables[vehicle.number]
        way = table.ways[table.granted]
        return vehicle.home if way < 0 else self._world.resources.ways[way].end

    def _add(self, hold: Hold) -> None:
        insort(self.queues[hold.bit], hold, key=_begin)
        self.tables[hold.number].holds.append(hold)

    def _remove(self, hold: Hold) -> None:
        self.queues[hold.bit].remove(hold)
        self.tables[hold.number].holds.remove(hold)


def _begin(hold: Hold) -> float:
    return hold.start_s
