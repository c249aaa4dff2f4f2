"""Robots' plans in time: they never meet, their order can't run in a circle, and whoever keeps it arrives."""

from __future__ import annotations

from itertools import pairwise
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from coordinator.model.ids import RobotId, RobotTypeId
from coordinator.traffic.finishing import FinishingOrder
from coordinator.traffic.resources import Resources
from coordinator.traffic.routing import NODE_S, Router
from coordinator.traffic.safe_intervals import IntervalSearch, Vehicle
from coordinator.traffic.timetable import STAY, Timetable
from tests.coordinator.fleet.tiny_plants import alley, yard

RED = RobotTypeId("red")
STAY_S = 30.0


class Floor:
    """Robots that stand in dead ends of a plant, and their timetable."""

    def __init__(self, plant, robot_count: int) -> None:
        self.resources = Resources(plant)
        self.router = Router(self.resources)
        self.timetable = Timetable(self.resources)
        ends = sorted(FinishingOrder(self.resources).refuges)
        self.refuges = frozenset(ends)
        self.homes = {RobotId(f"r{number}"): end for number, end in enumerate(ends[:robot_count])}
        for robot_id, home in self.homes.items():
            self.timetable.place(robot_id, home, 0)

    def plan(self, robot_id: RobotId, goal: int, now_s: float) -> bool:
        """Search a robot's way to a node, and on to its home, and enter it."""
        drive_s = self.router.ways_s(RED)
        vehicle = Vehicle(
            robot_id, drive_s, [NODE_S + 1.0] * len(drive_s), frozenset({self.homes[robot_id]}), frozenset()
        )
        start = self.timetable.end_node(robot_id)
        search = IntervalSearch(self.resources, self.timetable, vehicle)
        found = search.visit(start, now_s, goal, STAY_S, self.router.to_goal_s(RED, goal))
        if found is None:
            return False
        self.timetable.plan(robot_id, found[0], goal, found[1])
        return True

    def check_apart(self) -> None:
        """No two robots have a resource for one at the same time."""
        for bit, queue in enumerate(self.timetable.queues):
            if self.timetable.capacity[bit] == 1:
                for before, after in pairwise(queue):
                    assert before.robot_id == after.robot_id or before.end_s <= after.start_s

    def drive(self, robot_id: RobotId) -> bool:
        """Let a robot drive its next leg and leave the last, if it's its turn and nobody is there."""
        row = self.timetable.rows[robot_id]
        if not row.is_planned:
            return False
        leg = row.leg(row.granted + 1)
        if leg.way != STAY:
            others = [self.held(other) for other in self.homes if other != robot_id]
            claim = self.resources.step_claim[leg.way]
            if self.timetable.ahead(robot_id, [leg.way]) or any(claim & held for held in others):
                return False
        number = row.granted + 1
        self.timetable.extend(robot_id, [(number, leg)])
        self.timetable.release(robot_id, number - 1, self.held(robot_id))
        return True

    def held(self, robot_id: RobotId) -> int:
        """What a robot has where it stands."""
        return self.resources.node_claim[self.timetable.end_node(robot_id)]


wishes = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99), st.integers(0, 3)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(is_yard=st.booleans(), rows=wishes)
def test_plans_never_meet_and_whoever_keeps_the_order_arrives(is_yard, rows):
    """However robots ask for ways, drive a little and ask again: holds don't overlap, and in the end all are home."""
    floor = Floor(yard() if is_yard else alley(), 4)
    robot_ids = sorted(floor.homes)
    inner = [node for node in range(len(floor.resources.node_ids)) if node not in floor.refuges]
    now_s = 0.0
    for number, wish, drives in rows:
        floor.plan(robot_ids[number % len(robot_ids)], inner[wish % len(inner)], now_s)
        floor.check_apart()
        for _ in range(drives):
            for robot_id in robot_ids:
                floor.drive(robot_id)
        now_s += 20.0
        floor.timetable.refresh(dict.fromkeys(robot_ids, now_s))
        floor.check_apart()
    while any(floor.drive(robot_id) for robot_id in robot_ids):
        pass
    for robot_id in robot_ids:
        assert not floor.timetable.rows[robot_id].is_planned
        assert floor.timetable.end_node(robot_id) == floor.homes[robot_id]


def test_a_plan_taken_back_leaves_no_trace():
    """Who gives up a plan has but the place where it stands, for as long as it likes."""
    floor = Floor(alley(), 2)
    robot_id = min(floor.homes)
    inner = next(node for node in range(len(floor.resources.node_ids)) if node not in floor.refuges)
    assert floor.plan(robot_id, inner, 0.0)
    assert floor.timetable.rows[robot_id].is_planned
    floor.timetable.unplan(robot_id)
    row = floor.timetable.rows[robot_id]
    assert not row.is_planned
    assert {hold.bit for hold in row.holds} == set(floor.timetable.node_bits[floor.homes[robot_id]])
    assert all(hold.end_s == inf for hold in row.holds)


def test_who_is_late_keeps_its_turn():
    """A robot that starts late moves the times of those behind it, not their order."""
    floor = Floor(alley(), 2)
    first, second = sorted(floor.homes)
    inner = [node for node in range(len(floor.resources.node_ids)) if node not in floor.refuges]
    for robot_id in (first, second):
        assert floor.plan(robot_id, inner[0], 0.0)
    order = [[hold.robot_id for hold in queue] for queue in floor.timetable.queues]
    arrive_s = floor.timetable.rows[second].arrive_s
    moved = {robot_id: late_s for late_s, robot_id in floor.timetable.refresh({first: 500.0, second: 0.0})}
    assert moved[first] == 500.0
    assert floor.timetable.rows[second].arrive_s == arrive_s + moved.get(second, 0.0)
    assert [[hold.robot_id for hold in queue] for queue in floor.timetable.queues] == order
    floor.check_apart()
