"""
The timetable: which robot has which resource when, by plan, and in which order.

A robot's row holds its legs: those in its base, that it will drive whatever happens, and those planned beyond it. From
the legs follow *holds*, one for each resource and uninterrupted stretch of legs; the holds of a resource form a queue.
A plan is only ever entered into gaps between the others' holds and ends where the robot may stay for good, so the
order of all holds is the order of their times: it can't run in a circle, and whoever keeps it gets through, however
late anybody is. Times are guesses, moved on as robots are late; the order is what counts.

Source:
    Hönig et al., "Persistent and robust execution of MAPF schedules in warehouses", RA-L 2019 (order instead of times).
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from coordinator.model.ids import RobotId
from coordinator.traffic.resources import Resources, bits_of

STAY = -1
"""Instead of a way: the robot stays where it is."""
UNPLANNED_S = 30.0
"""Who stands in others' way without a plan is guessed to be gone after this long."""


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


@dataclass(slots=True, eq=False)
class Hold:
    """
    A robot has a resource from the departure on leg `first` until the arrival of leg `last`.

    If `is_node`, it stands in it at the end of leg `last`, and has it until its body has left there.
    """

    bit: int
    robot_id: RobotId
    first: int
    last: int
    is_node: bool
    start_s: float = -inf
    end_s: float = inf


@dataclass(slots=True)
class Row:
    """
    One robot's legs by number: leg `origin + i` is `legs[i]`; those up to `granted` are in its base.

    `node` is where leg `origin` begins. Another plan is another `revision`.
    """

    robot_id: RobotId
    node: int
    origin: int
    granted: int
    legs: list[Leg] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    goal: int = -1
    goal_leg: int = -1
    revision: int = 0

    @property
    def end(self) -> int:
        """Number of the last leg."""
        return self.origin + len(self.legs) - 1

    @property
    def is_planned(self) -> bool:
        """Whether there are legs beyond the base."""
        return self.end > self.granted

    @property
    def arrive_s(self) -> float:
        """When the robot is at its aim, or was."""
        return self.leg(max(self.goal_leg, self.granted)).arrive_s

    def leg(self, number: int) -> Leg:
        """A leg by number."""
        return self.legs[number - self.origin]


class Timetable:
    """All rows, and the queue of each resource."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self.rows: dict[RobotId, Row] = {}
        self.queues: list[list[Hold]] = [[] for _ in resources.bit_names]
        self.capacity = [1] * len(resources.bit_names)
        for mask, capacity in resources.counted:
            self.capacity[mask.bit_length() - 1] = capacity
        self.node_bits = [bits_of(claim) for claim in resources.node_claim]
        self.way_bits = [bits_of(claim) for claim in resources.way_claim]
        self._busy: dict[tuple[int, ...], list[tuple[float, float]]] = {}

    def place(self, robot_id: RobotId, node: int, number: int) -> None:
        """A robot stands at a node, at the end of step `number`; whatever was known of it is forgotten."""
        self.remove(robot_id)
        row = self.rows[robot_id] = Row(robot_id, node, number, number, [Leg(STAY, -inf, 0.0, 0.0)])
        for bit in self.node_bits[node]:
            self._add(row, Hold(bit, robot_id, number, number, is_node=True))

    def remove(self, robot_id: RobotId) -> None:
        """Forget a robot."""
        row = self.rows.pop(robot_id, None)
        if row is not None:
            for hold in row.holds[:]:
                self._remove(row, hold)

    def plan(self, robot_id: RobotId, legs: Sequence[Leg], goal: int, goal_leg_count: int) -> None:
        """
        Enter legs beyond the base.

        Args:
            goal: Node of the robot's aim.
            goal_leg_count: So many of the legs lead there; the rest leads off again, to where it may stay for good.
        """
        row = self.rows[robot_id]
        self.unplan(robot_id)
        row.revision += 1
        for leg in legs:
            self._append(row, leg)
        row.goal, row.goal_leg = goal, row.granted + goal_leg_count
        self._retime(row)

    def unplan(self, robot_id: RobotId) -> None:
        """Take back all legs beyond the base."""
        row = self.rows[robot_id]
        row.goal = row.goal_leg = -1
        row.revision += 1
        if not row.is_planned:
            return
        del row.legs[row.granted - row.origin + 1 :]
        at_end = self.node_bits[self.end_node(robot_id)]
        for hold in row.holds[:]:
            if hold.first > row.granted:
                self._remove(row, hold)
            elif hold.last > row.granted:
                # Begun in the base: it ends with it.
                hold.last = row.granted
                hold.is_node = hold.bit in at_end
        self._retime(row)

    def extend(self, robot_id: RobotId, ways: Iterable[tuple[int, Leg]]) -> None:
        """The base grew by numbered legs. Where the plan says otherwise it is given up."""
        row = self.rows[robot_id]
        for number, leg in ways:
            if row.is_planned and row.leg(number).way == leg.way:
                # The plan knows better how long the robot stays.
                row.legs[number - row.origin] = leg._replace(stay_s=row.leg(number).stay_s)
                row.granted = number
                self._promote(row, number)
                continue
            self.unplan(robot_id)
            self._append(row, leg)
            row.granted = number
            self._promote(row, number)
        self._retime(row)

    def repace(self, robot_id: RobotId, drive_s: Sequence[float]) -> None:
        """Ways take longer or shorter: planned legs with them; their times move on at the next `refresh`."""
        row = self.rows[robot_id]
        for place in range(row.granted - row.origin + 1, len(row.legs)):
            leg = row.legs[place]
            if leg.way != STAY:
                row.legs[place] = leg._replace(drive_s=drive_s[leg.way])

    def release(self, robot_id: RobotId, cleared: int, held: int) -> None:
        """A robot's body has left some of its base."""
        row = self.rows[robot_id]
        for hold in row.holds[:]:
            if hold.first <= row.granted and (hold.last <= cleared or not held >> hold.bit & 1):
                self._remove(row, hold)
        while row.origin < min(cleared, row.granted):
            way = row.legs[1].way
            if way != STAY:
                row.node = self._resources.ways[way].end
            del row.legs[0]
            row.origin += 1

    def end_node(self, robot_id: RobotId) -> int:
        """Where a robot's base ends."""
        row = self.rows[robot_id]
        for leg in reversed(row.legs[: row.granted - row.origin + 1]):
            if leg.way != STAY:
                return self._resources.ways[leg.way].end
        return row.node

    def is_wanted(self, robot_id: RobotId) -> bool:
        """Whether anybody else is planned to come to where a robot's base ends."""
        bits = self.node_bits[self.end_node(robot_id)]
        return any(hold.robot_id != robot_id for bit in bits if self.capacity[bit] == 1 for hold in self.queues[bit])

    def planned_ways(self, robot_id: RobotId) -> list[int]:
        """Ways beyond the base to the aim, or off from it when the aim is reached already."""
        row = self.rows[robot_id]
        last = row.goal_leg if row.goal_leg > row.granted else row.end
        return [way for number in range(row.granted + 1, last + 1) if (way := row.leg(number).way) != STAY]

    def ahead(self, robot_id: RobotId, ways: Sequence[int]) -> list[Hold]:
        """Holds of others, not in their bases yet, that come before a robot's on some ways; for all its turn."""
        found: list[Hold] = []
        row = self.rows[robot_id]
        coming = range(row.granted + 1, row.granted + len(ways) + 1)
        for bit in self._bits_on(ways):
            queue = self.queues[bit]
            own = [place for place, hold in enumerate(queue) if hold.robot_id == robot_id and hold.first in coming]
            if row.is_planned and not own:
                # It has it all the way from its base on.
                continue
            before = [hold for hold in queue[: own[-1] if own else None] if hold.robot_id != robot_id]
            if len(before) >= self.capacity[bit]:
                found += [hold for hold in before if hold.first > self.rows[hold.robot_id].granted]
        return found

    def in_way(self, robot_id: RobotId, ways: Sequence[int]) -> Hold | None:
        """What hinders a robot on some ways most: somebody who has no end there, else the first it comes to."""
        first: Hold | None = None
        for bit in self._bits_on(ways):
            for hold in self.queues[bit]:
                if hold.robot_id != robot_id:
                    if hold.end_s == inf:
                        return hold
                    first = first or hold
        return first

    def _bits_on(self, ways: Sequence[int]) -> list[int]:
        bits: dict[int, None] = {}
        for way in ways:
            bits.update(dict.fromkeys(self.way_bits[way]))
            bits.update(dict.fromkeys(self.node_bits[self._resources.ways[way].end]))
        return list(bits)

    def plan_of(self, robot_id: RobotId) -> tuple[list[Leg], int, int]:
        """A robot's plan as `plan` takes it: legs beyond the base, goal, and how many of the legs lead there."""
        row = self.rows[robot_id]
        return row.legs[row.granted - row.origin + 1 :], row.goal, row.goal_leg - row.granted

    def waits_for(self, robot_id: RobotId) -> list[RobotId]:
        """Those whose plans let a robot wait on its way to its aim: who is right before it where it waits."""
        row = self.rows[robot_id]
        found: dict[RobotId, None] = {}
        for hold in row.holds:
            if not row.granted < hold.first <= row.goal_leg:
                continue
            previous = row.leg(hold.first - 1)
            if hold.start_s <= previous.arrive_s + previous.stay_s:
                continue
            queue = self.queues[hold.bit]
            place = queue.index(hold)
            if place and queue[place - 1].end_s >= hold.start_s and queue[place - 1].robot_id != robot_id:
                found[queue[place - 1].robot_id] = None
        return list(found)

    def leave_by_s(self, robot_id: RobotId) -> float:
        """When a robot has to have left the end of its base, for those that come there next by their plans."""
        by_s = inf
        for bit in self.node_bits[self.end_node(robot_id)]:
            others = [hold for hold in self.queues[bit] if hold.robot_id != robot_id]
            room = self.capacity[bit]
            if len(others) >= room:
                planned_s = [hold.start_s for hold in others if hold.first > self.rows[hold.robot_id].granted]
                by_s = min([by_s, *planned_s])
        return by_s

    def busy(self, bits: tuple[int, ...], robot_id: RobotId) -> list[tuple[float, float]]:
        """When some resources aren't all to be had for a robot: merged intervals, in order."""
        is_own = any(hold.robot_id == robot_id for bit in bits for hold in self.queues[bit])
        known = None if is_own else self._busy.get(bits)
        if known is None:
            rows = [row for bit in bits for row in self._others(bit, robot_id)]
            rows.sort()
            known = []
            for start_s, end_s in rows:
                if known and start_s <= known[-1][1]:
                    if end_s > known[-1][1]:
                        known[-1] = (known[-1][0], end_s)
                else:
                    known.append((start_s, end_s))
            if not is_own:
                self._busy[bits] = known
        return known

    def refresh(self, free_s: dict[RobotId, float]) -> list[tuple[float, RobotId]]:
        """
        Move all planned legs to when they can be driven, the order at each resource kept.

        Args:
            free_s: When each robot will be done with its base.

        Returns:
            By how much each robot's arrival at its aim moved back and who, most first.
        """
        rows = self.rows
        before = {robot_id: row.arrive_s for robot_id, row in rows.items() if row.is_planned}
        for robot_id, row in rows.items():
            if self._shift_base(row, free_s[robot_id]):
                self._retime(row)
        needs = self._needs()
        done = {robot_id: row.granted for robot_id, row in rows.items()}
        behind: dict[RobotId, list[RobotId]] = {}
        pending = sorted(before, reverse=True)
        while pending:
            robot_id = pending.pop()
            was = done[robot_id]
            awaited = self._drive_on(rows[robot_id], needs, done, free_s)
            if done[robot_id] > was:
                pending += behind.pop(robot_id, ())
            if awaited is not None:
                behind.setdefault(awaited, []).append(robot_id)
        for robot_id in before:
            self._retime(rows[robot_id])
        for bit, room in enumerate(self.capacity):
            if room > 1:
                self.queues[bit].sort(key=_start)
        moved = [(rows[robot_id].arrive_s - before[robot_id], robot_id) for robot_id in sorted(before)]
        return sorted((row for row in moved if row[0] > 0.0), key=lambda row: (-row[0], row[1]))

    def _needs(self) -> dict[tuple[RobotId, int], list[tuple[int, list[Hold]]]]:
        """For each robot and planned leg: the room and the others' holds before its own on all it begins there."""
        needs: dict[tuple[RobotId, int], list[tuple[int, list[Hold]]]] = {}
        granted = {robot_id: row.granted for robot_id, row in self.rows.items()}
        for queue, room in zip(self.queues, self.capacity, strict=True):
            for place, hold in enumerate(queue):
                robot_id = hold.robot_id
                if place < room or hold.first <= granted[robot_id]:
                    continue
                if room == 1:
                    # The last one before is gone last.
                    last = place - 1
                    while last >= 0 and queue[last].robot_id == robot_id:
                        last -= 1
                    others = [queue[last]] if last >= 0 else []
                else:
                    others = [other for other in queue[:place] if other.robot_id != robot_id]
                if len(others) >= room:
                    needs.setdefault((robot_id, hold.first), []).append((room, others))
        return needs

    def _drive_on(
        self,
        row: Row,
        needs: dict[tuple[RobotId, int], list[tuple[int, list[Hold]]]],
        done: dict[RobotId, int],
        free_s: dict[RobotId, float],
    ) -> RobotId | None:
        """Time a robot's legs as far as it's known when the others are out of the way: whose times it lacks, if any."""
        robot_id, legs, origin = row.robot_id, row.legs, row.origin
        for number in range(done[robot_id] + 1, row.end + 1):
            leg = legs[number - origin]
            if number == row.granted + 1:
                depart_s = free_s[robot_id]
            else:
                previous = legs[number - origin - 1]
                depart_s = previous.depart_s + previous.drive_s + previous.stay_s
            for room, others in needs.get((robot_id, number), ()):
                ends_s = []
                for other in others:
                    end_s = self._end_s(other, done, free_s)
                    if end_s is None:
                        return other.robot_id
                    ends_s.append(end_s)
                depart_s = max(depart_s, sorted(ends_s)[-room])
            if depart_s != leg.depart_s:
                legs[number - origin] = Leg(leg.way, depart_s, leg.drive_s, leg.clear_s, leg.stay_s)
            done[robot_id] = number
        return None

    def _shift_base(self, row: Row, free_s: float) -> bool:
        """Let the legs of the base follow its end; tell whether they moved."""
        place = row.granted - row.origin
        late_s = free_s - row.legs[place].stay_s - row.legs[place].arrive_s
        if late_s == 0.0 or row.legs[place].arrive_s == -inf:
            return False
        for number in range(1, place + 1):
            leg = row.legs[number]
            row.legs[number] = leg._replace(depart_s=leg.depart_s + late_s)
        return True

    def _append(self, row: Row, leg: Leg) -> None:
        """Add a leg, and its holds: those open at the node behind go on."""
        node = row.node
        for before in reversed(row.legs):
            if before.way != STAY:
                node = self._resources.ways[before.way].end
                break
        last = row.end
        row.legs.append(leg)
        number = row.end
        if leg.way == STAY:
            at_end, bits = self.node_bits[node], self.node_bits[node]
        else:
            at_end = self.node_bits[self._resources.ways[leg.way].end]
            bits = (*self.way_bits[leg.way], *at_end)
        going_on = {hold.bit: hold for hold in row.holds if hold.last == last and hold.is_node}
        for bit in dict.fromkeys(bits):
            hold = going_on.get(bit)
            if hold is None:
                hold = Hold(bit, row.robot_id, number, number, bit in at_end, leg.depart_s)
                self._add(row, hold)
            hold.last, hold.is_node = number, bit in at_end

    def _promote(self, row: Row, number: int) -> None:
        """What a leg in the base needs comes before all that is only planned."""
        for hold in row.holds:
            if hold.first == number:
                queue = self.queues[hold.bit]
                queue.remove(hold)
                place = sum(other.first <= self.rows[other.robot_id].granted for other in queue)
                queue.insert(place, hold)
                hold.start_s = -inf

    def _others(self, bit: int, robot_id: RobotId) -> list[tuple[float, float]]:
        rows = [(hold.start_s, hold.end_s) for hold in self.queues[bit] if hold.robot_id != robot_id]
        capacity = self.capacity[bit]
        if capacity == 1 or not rows:
            return rows
        changes = sorted([(start_s, 1) for start_s, _ in rows] + [(end_s, -1) for _, end_s in rows])
        full: list[tuple[float, float]] = []
        count, since_s = 0, 0.0
        for time_s, change in changes:
            if count < capacity <= count + change:
                since_s = time_s
            elif count + change < capacity <= count:
                full.append((since_s, time_s))
            count += change
        return full

    def _end_s(self, hold: Hold, done: dict[RobotId, int], free_s: dict[RobotId, float]) -> float | None:
        """When a hold ends, None if that leg's times aren't known yet."""
        row = self.rows[hold.robot_id]
        if not hold.is_node:
            if hold.last <= row.granted:
                return hold.end_s
            return row.leg(hold.last).arrive_s if hold.last <= done[hold.robot_id] else None
        if hold.last + 1 > row.end:
            return free_s[hold.robot_id] + UNPLANNED_S if hold.last <= done[hold.robot_id] else None
        if hold.last + 1 <= row.granted:
            return hold.end_s
        if hold.last + 1 > done[hold.robot_id]:
            return None
        leg = row.leg(hold.last + 1)
        return leg.depart_s + leg.clear_s

    def _retime(self, row: Row) -> None:
        """Holds follow the legs' times."""
        self._busy.clear()
        legs, origin, granted, end = row.legs, row.origin, row.granted, row.end
        for hold in row.holds:
            if hold.first > granted:
                hold.start_s = legs[hold.first - origin].depart_s
            if not hold.is_node:
                leg = legs[hold.last - origin]
                hold.end_s = leg.depart_s + leg.drive_s
            elif hold.last < end:
                leg = legs[hold.last + 1 - origin]
                hold.end_s = leg.depart_s + leg.clear_s
            else:
                hold.end_s = inf

    def _add(self, row: Row, hold: Hold) -> None:
        self._busy.clear()
        row.holds.append(hold)
        insort(self.queues[hold.bit], hold, key=_start)

    def _remove(self, row: Row, hold: Hold) -> None:
        self._busy.clear()
        row.holds.remove(hold)
        self.queues[hold.bit].remove(hold)


def _start(hold: Hold) -> float:
    return hold.start_s
