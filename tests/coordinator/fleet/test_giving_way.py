"""Robots that meet: somebody stands aside, and who waits longest is served."""

from __future__ import annotations

import pytest

from coordinator.fleet.live import GiveWay
from coordinator.model.ids import NodeId
from coordinator.model.mission import MissionState
from coordinator.model.operator import CreateMission
from coordinator.model.robot import Activity
from tests.coordinator.fleet.tiny_plants import alley, fork, hole, ring, yard


def _are_done(floor, *names: str) -> bool:
    return all(floor.mission(name).state is MissionState.SUCCEEDED for name in names)


def test_two_robots_that_meet_head_on_pass_each_other(make_floor):
    """Two robots that want each other's side of a crossing both get there."""
    floor = make_floor(yard())
    floor.join("a", "hw", "red")
    floor.join("b", "he", "blue")
    floor.run(3)
    floor.ask(CreateMission(("E-red",)))
    floor.ask(CreateMission(("W-blue",)))

    floor.until(lambda: _are_done(floor, "m1", "m2"), within_s=200)


def test_two_robots_exchange_the_sides_of_a_one_lane_alley(make_floor):
    """Robots at both mouths of an alley pass it one after the other, whoever is late."""
    for seed in range(5):
        floor = make_floor(alley(), seed=seed)
        floor.join("a", "hw1", "red")
        floor.join("b", "he1", "blue")
        floor.ask(CreateMission(("E-red",)))
        floor.ask(CreateMission(("W-blue",)))
        floor.until(lambda floor=floor: _are_done(floor, "m1", "m2"), within_s=400, laziness=0.5)


def test_a_circle_of_four_is_opened(make_floor):
    """Four robots that each want the place of the next all reach their aim by turns that were planned ahead."""
    floor = make_floor(yard())
    for name, home, kind in (("a", "hn", "red"), ("b", "he", "blue"), ("c", "hs", "red"), ("d", "hw", "blue")):
        floor.join(name, home, kind)
    floor.run(3)
    floor.ask(CreateMission(("S-red", "N-red", "E-blue", "W-blue", "N-blue", "S-blue", "E-red", "W-red")))

    floor.until(lambda: _are_done(floor, "m1"), within_s=900)
    assert "give_way" not in dict(floor.fleet.totals().replans_by_reason)


def test_nobody_starves(make_floor):
    """With traffic on all arms of a crossing for half an hour, no robot waits longer than a few minutes at a time."""
    floor = make_floor(yard(period_s=120.0))
    robots = [
        floor.join(name, home, kind)
        for name, home, kind in (("a", "hn", "red"), ("b", "he", "blue"), ("c", "hs", "red"), ("d", "hw", "blue"))
    ]
    longest_s = 0.0
    for _ in range(1800):
        floor.run(1.0)
        waits = floor.fleet.waits().values()
        longest_s = max([longest_s, *(floor.now_s - wait.since_s for wait in waits)])
    assert longest_s < 180.0
    assert min(floor.robot(robot).stored_count for robot in robots) >= 5


def test_a_robot_that_broke_down_is_driven_round(make_floor):
    """A robot that stands still in the short road doesn't hold the others up: they take the long one."""
    floor = make_floor(fork())
    broken, other = floor.join("a", "hw", "red"), floor.join("b", "he", "blue")
    floor.run(2)
    floor.ask(CreateMission(("M-red",)))
    floor.until(lambda: broken.node_id == "mid")
    broken.activity = Activity.FAULTED
    floor.report(broken)
    floor.ask(CreateMission(("W-blue",)))

    seen: set[str] = set()

    def is_there() -> bool:
        seen.add(other.node_id)
        return _are_done(floor, "m2")

    floor.until(is_there, within_s=300)
    assert {"up1", "up2"} <= seen


def test_a_full_ring_keeps_moving(make_floor):
    """On a one-way ring with as many robots as homes, everybody still gets round."""
    floor = make_floor(ring(9, is_one_way=True, spur_count=3))
    for number, home in enumerate(node for node in floor.plant.nodes if node in ("x0", "x2", "x3", "x5", "x6")):
        floor.join(f"r{number}", home, "red")
    floor.run(900, laziness=0.4)

    assert floor.fleet.totals().visits_count >= 8


def test_standing_aside_lasts_until_the_way_out_of_a_radio_hole_is_used(make_floor):
    """A robot that must leave a radio hole at the far side is let through there, by one visit of the lay-by."""
    for seed in range(5):
        floor = make_floor(hole(), seed=seed)
        floor.ask(CreateMission(("D-blue",)))
        floor.ask(CreateMission(("E-red",)))
        floor.join("a", "east", "blue")
        floor.join("b", "west", "red")
        floor.until(lambda floor=floor: _are_done(floor, "m1", "m2"), within_s=400, laziness=0.8)
        assert dict(floor.fleet.totals().replans_by_reason)["give_way"] <= 3


@pytest.mark.parametrize("capacity", [2, 3])
def test_robots_stand_aside_inside_a_zone_that_has_room(make_floor, capacity):
    """In a zone for several robots those who wait for each other make room, as long as it isn't full."""
    square = [[-12, -12], [12, -12], [12, 12], [-12, 12]]
    zones = {"square": {"kind": "capacity", "capacity_count": capacity, "polygon": square}}
    floor = make_floor(yard(period_s=120.0, zones=zones), seed=1)
    for name, home, kind in (("a", "he", "blue"), ("b", "hn", "red"), ("c", "hs", "red"), ("d", "hw", "red")):
        floor.join(name, home, kind)
    floor.run(600, laziness=0.2)

    assert floor.fleet.totals().visits_count >= 20


def test_who_stands_aside_comes_after_the_other(make_floor):
    """Once a robot has got out of the way it has no turn before the one it made way for, whatever it had planned."""
    floor = make_floor(yard())
    robot = floor.join("a", "hw", "red")
    other = floor.join("b", "he", "blue")
    floor.run(3)
    floor.ask(CreateMission(("E-red",)))
    core = floor.fleet._core
    spot = core.live[other.robot_id].held
    core.live[robot.robot_id].give_way = GiveWay(NodeId("ls"), other.robot_id, spot, floor.now_s + 60.0)
    floor.until(lambda: robot.node_id == "ls")
    floor.run(2)

    assert core.live[robot.robot_id].give_way is not None
    assert not core.timetable.planned_legs(robot.robot_id)
    floor.until(lambda: _are_done(floor, "m1"))
