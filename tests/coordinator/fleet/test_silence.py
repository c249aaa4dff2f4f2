"""A robot that falls silent keeps all it holds, and nothing else is lost with it."""

from __future__ import annotations

from coordinator.fleet import FleetSettings
from coordinator.model.mission import MissionState
from coordinator.model.operator import CreateMission
from coordinator.model.robot import LinkState
from tests.coordinator.fleet.tiny_plants import alley, fork


def _pass_silently(floor, seconds: float) -> None:
    end_s = floor.now_s + seconds
    while floor.now_s < end_s:
        floor.run(1.0, laziness=1.0)


def test_silence_is_first_suspect_then_lost(make_floor):
    """A robot that isn't heard is suspect at once and lost soon after, with an alarm."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.run(2)
    robot.is_deaf = True
    _pass_silently(floor, 2)
    assert floor.view(robot).link is LinkState.LIVE
    _pass_silently(floor, 1)
    assert floor.view(robot).link is LinkState.SUSPECT
    _pass_silently(floor, 4)
    assert floor.view(robot).link is LinkState.LOST
    assert "a.robot_lost" in floor.alarms()

    robot.is_deaf = False
    floor.run(2)
    assert floor.view(robot).link is LinkState.LIVE
    assert "a.robot_lost" not in floor.alarms()


def test_silence_frees_nothing(make_floor):
    """Whatever a silent robot was released stays its own, however long it is gone and however its stream ended."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: robot.reached >= 1)
    floor.rest(1)
    held = floor.fleet.reserved_names(robot.robot_id)
    assert len(held) > 2
    floor.cut(robot)
    _pass_silently(floor, 600)

    assert floor.fleet.reserved_names(robot.robot_id) == held


def test_a_silent_robot_gets_no_longer_base(make_floor):
    """Nothing is released to a robot that can't be heard."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.run(2)
    floor.cut(robot)
    base = tuple(floor.robot(robot).steps)
    floor.ask(CreateMission(("E-red",)))
    _pass_silently(floor, 120)

    assert tuple(floor.robot(robot).steps) == base


def test_a_suspect_robot_gets_no_longer_base(make_floor):
    """Two seconds of silence are enough to stop releasing, though the stream is still open."""
    floor = make_floor(alley(), settings=FleetSettings(plan_soonest_s=0.0))
    robot = floor.join("a", "hw1", "red")
    floor.run(2)
    robot.is_deaf = True
    _pass_silently(floor, 4)
    base = tuple(floor.robot(robot).steps)
    floor.ask(CreateMission(("E-red",)))
    _pass_silently(floor, 1)

    assert floor.view(robot).link is LinkState.SUSPECT
    assert tuple(floor.robot(robot).steps) == base


def test_silence_alone_fails_no_mission(make_floor):
    """A mission whose robot is out of reach goes on waiting, and is done when the robot is back."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red", "W-red")))
    floor.until(lambda: robot.reached >= 1)
    floor.cut(robot)
    _pass_silently(floor, 900)
    assert floor.mission("m1").state in (MissionState.RUNNING, MissionState.WAITING)

    floor.connect(robot)
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_work_of_a_lost_robot_goes_to_another_that_can_do_it(make_floor):
    """While a robot is out of reach, others visit what it could have visited."""
    floor = make_floor(fork())
    lost, other = floor.join("a", "hw", "red"), floor.join("b", "he", "red")
    floor.run(3)
    floor.cut(lost)
    floor.ask(CreateMission(("W-red", "E-red")))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED, within_s=400)

    assert floor.robot(other).stored_count == 2
    assert floor.robot(lost).stored_count == 0


def test_events_of_a_silent_time_are_told_after_the_reconnect(make_floor):
    """A robot goes on with its base while cut off; what it did then is known once it is back."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("W-red",)))
    floor.until(lambda: bool(floor.robot(robot).open_orders))
    floor.cut(robot)
    floor.run(30)
    assert robot.unacknowledged
    assert floor.robot(robot).open_orders

    floor.connect(robot)
    floor.run(3)
    assert not floor.robot(robot).open_orders
    assert floor.mission("m1").state is MissionState.SUCCEEDED
