"""Each invariant notices when it is broken: states broken by hand make the check raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from coordinator.fleet.invariants import InvariantError
from coordinator.fleet.waits import Hold
from coordinator.model.ids import RobotId
from coordinator.model.mission import MissionState, PointState
from coordinator.model.operator import CreateMission
from coordinator.model.snapshot import Wait
from tests.coordinator.fleet.puppets import Floor
from tests.coordinator.fleet.tiny_plants import alley


def _floor() -> Floor:
    floor = Floor(alley())
    floor.join("a", "hw1", "red")
    floor.join("b", "he1", "blue")
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: len(floor.fleet.state.robots[RobotId("a")].steps) > 2)
    floor.fleet.check_invariants()
    return floor


def _reserve_twice(floor: Floor) -> None:
    live = floor.fleet._core.live
    live["a"].held |= live["b"].held


def _reach_beyond_the_base(floor: Floor) -> None:
    floor.fleet.state.robots["a"].reached_seq += 50


def _clear_before_reaching(floor: Floor) -> None:
    robot = floor.fleet.state.robots["a"]
    robot.cleared_seq = robot.reached_seq + 1


def _skip_a_step(floor: Floor) -> None:
    robot = floor.fleet.state.robots["a"]
    robot.steps[-1] = replace(robot.steps[-1], seq=robot.steps[-1].seq + 1)


def _jump_to_another_node(floor: Floor) -> None:
    robot = floor.fleet.state.robots["a"]
    robot.steps[-1] = replace(robot.steps[-1], node_id="he1")


def _end_without_reason(floor: Floor) -> None:
    missions = floor.fleet.state.missions
    missions["m1"] = replace(missions["m1"], state=MissionState.CANCELLED, reason="")


def _never_end(floor: Floor) -> None:
    missions = floor.fleet.state.missions
    points = tuple(replace(point, state=PointState.DONE) for point in missions["m1"].points)
    missions["m1"] = replace(missions["m1"], points=points)


def _keep_too_much(floor: Floor) -> None:
    floor.fleet.state.robots["a"].observations_ahead = list(range(2, 10_010))


def _wait_in_a_circle(floor: Floor) -> None:
    core = floor.fleet._core
    since_s = floor.now_s - floor.settings.deadlock_after_s - 1
    for robot_id, other in (("a", "b"), ("b", "a")):
        core.live[robot_id].wait = Wait("resource", "node west", other, since_s)
        core.live[robot_id].blockers = (other,)
        core.waits.note(robot_id, Hold("resource", "node west", (other,)), floor.now_s)


def _wait_unbooked(floor: Floor) -> None:
    floor.fleet._core.live["a"].wait = Wait("resource", "node west", None, floor.now_s)


def _book_a_second_twice(floor: Floor) -> None:
    waits = floor.fleet._core.waits
    waits.note("a", Hold("resource", "node west"), floor.now_s)
    waits.note("a", None, floor.now_s + 5.0)
    waits.accounts["a"].by_cause["resource"] += 1.0


@pytest.mark.parametrize(
    ("invariant", "breach"),
    [
        ("I3", _reserve_twice),
        ("I2", _reach_beyond_the_base),
        ("I2", _clear_before_reaching),
        ("I2", _skip_a_step),
        ("I2", _jump_to_another_node),
        ("I7", _end_without_reason),
        ("I7", _never_end),
        ("I11", _keep_too_much),
        ("I12", _wait_in_a_circle),
        ("I13", _wait_unbooked),
        ("I13", _book_a_second_twice),
    ],
)
def test_a_broken_invariant_is_noticed(invariant: str, breach: Callable[[Floor], None]):
    """A check that can't fail is worth nothing: each is seen to fail."""
    floor = _floor()
    breach(floor)
    with pytest.raises(InvariantError, match=rf"^{invariant}: "):
        floor.fleet.check_invariants()


def test_two_bodies_in_one_place_are_noticed_by_the_floor():
    """I1 is judged by the floor's truth, not by what the core believes."""
    floor = _floor()
    floor.puppets["a"].steps, floor.puppets["a"].node_id = {}, floor.puppets["b"].node_id
    floor.puppets["b"].steps = {}
    with pytest.raises(AssertionError, match=r"^I1: "):
        floor.check_truth()


def test_a_state_that_is_not_its_journals_is_noticed_by_the_floor():
    """I9: a change of durable state without a record is found."""
    floor = _floor()
    floor.fleet.state.visits_count += 1
    with pytest.raises(AssertionError):
        floor.check_fold()
