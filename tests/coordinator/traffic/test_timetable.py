"""Robots' plans in time: they never meet, their order can't run in a circle, and whoever keeps it arrives."""

from __future__ import annotations

from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from coordinator.traffic.resources import bits_of
from tests.coordinator.fleet.tiny_plants import alley, yard
from tests.coordinator.traffic.floor import Floor

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
    holds = [hold for queue in floor.queues() for hold in queue if hold.robot_id == robot_id]
    assert not floor.timetable.rows[robot_id].is_planned
    assert tuple(hold.bit for hold in holds) == bits_of(floor.resources.node_claim[floor.homes[robot_id]])
    assert all(hold.end_s == inf for hold in holds)


def test_who_is_late_keeps_its_turn():
    """A robot that starts late moves the times of those behind it, not their order."""
    floor = Floor(alley(), 2)
    first, second = sorted(floor.homes)
    inner = [node for node in range(len(floor.resources.node_ids)) if node not in floor.refuges]
    for robot_id in (first, second):
        assert floor.plan(robot_id, inner[0], 0.0)
    order = [[hold.robot_id for hold in queue] for queue in floor.queues()]
    arrive_s = floor.timetable.arrive_s(second)
    moved = {robot_id: late_s for late_s, robot_id in floor.timetable.refresh({first: 500.0, second: 0.0})}
    assert moved[first] == 500.0
    assert floor.timetable.arrive_s(second) == arrive_s + moved.get(second, 0.0)
    assert [[hold.robot_id for hold in queue] for queue in floor.queues()] == order
    floor.check_apart()
