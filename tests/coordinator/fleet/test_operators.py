"""What people may do to robots and alarms: two steps where a mistake could hurt, a stop that holds."""

from __future__ import annotations

import pytest

from coordinator.model.effects import CloseConnection, Send, is_urgent
from coordinator.model.ids import AlarmId, NodeId, RobotId
from coordinator.model.messages import Command, CommandKind
from coordinator.model.mission import MissionState
from coordinator.model.operator import (
    Accepted,
    AcknowledgeAlarm,
    ConfirmationNeeded,
    CreateMission,
    PlaceRobot,
    RefusalCode,
    Refused,
    RemoveRobot,
    ResumeRobots,
    ShelveAlarm,
    StopRobots,
)
from coordinator.model.records import OperatorActed, RobotPlaced
from coordinator.model.robot import Placement
from tests.coordinator.fleet.tiny_plants import alley, yard

A = RobotId("a")


@pytest.fixture
def floor(make_floor):
    """One red robot at home."""
    floor = make_floor(alley())
    floor.join("a", "hw1", "red")
    floor.run(2)
    return floor


def _carried_away(floor):
    """Carry the robot to east and switch it on there: it isn't believed."""
    robot = floor.puppets[A]
    floor.cut(robot)
    robot.boot_id, robot.route_id, robot.steps, robot.node_id = 2, None, {}, NodeId("east")
    floor.connect(robot, Placement(NodeId("east")))
    assert "a.robot_unplaced" in floor.alarms()
    return robot


def test_placing_a_robot_takes_two_steps(floor):
    """A person's word on where a robot stands counts only when confirmed; then the robot works on from there."""
    robot = _carried_away(floor)
    first = floor.ask(PlaceRobot(A, NodeId("east")))
    assert isinstance(first, ConfirmationNeeded)
    assert "node hw1" in floor.fleet.reserved_names(A), "nothing was done yet"

    assert isinstance(floor.ask(PlaceRobot(A, NodeId("east"), first.token)), Accepted)
    placed = [record for record in floor.journal if isinstance(record, RobotPlaced)][-1]
    assert (placed.node_id, placed.by) == ("east", "ann")
    assert "node hw1" not in floor.fleet.reserved_names(A)
    assert "a.robot_unplaced" not in floor.alarms()
    floor.ask(CreateMission(("W-red",)))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)
    assert robot.reached > 0


@pytest.mark.parametrize("mistake", ["late", "made up", "for another node", "used twice"])
def test_a_wrong_confirmation_places_nobody(floor, mistake):
    """A confirmation counts once, soon, and for what was asked."""
    _carried_away(floor)
    first = floor.ask(PlaceRobot(A, NodeId("east")))
    assert isinstance(first, ConfirmationNeeded)
    token, node = first.token, NodeId("east")
    if mistake == "late":
        floor.run(61)
    elif mistake == "made up":
        token = "0" * len(token)
    elif mistake == "for another node":
        node = NodeId("west")
    else:
        floor.ask(PlaceRobot(A, node, token))
    before = [record for record in floor.journal if isinstance(record, RobotPlaced)]
    outcome = floor.ask(PlaceRobot(A, node, token))

    assert isinstance(outcome, Refused)
    assert outcome.code == RefusalCode.CONFLICT
    assert [record for record in floor.journal if isinstance(record, RobotPlaced)] == before


def test_nobody_is_placed_where_another_robot_stands(floor):
    """A person's word doesn't put two robots into one place."""
    floor.join("b", "he1", "red")
    outcome = floor.ask(PlaceRobot(A, NodeId("he1")))
    assert isinstance(outcome, Refused)
    assert outcome.text == "node he1 is held by robot b"


def test_removing_a_robot_takes_two_steps_and_frees_what_it_held(floor):
    """A robot that was carried off the floor holds nothing any more, and its home is free again."""
    first = floor.ask(RemoveRobot(A))
    assert isinstance(first, ConfirmationNeeded)
    assert A in floor.fleet.state.robots
    connection = floor.puppets[A].connection
    assert isinstance(floor.ask(RemoveRobot(A, first.token)), Accepted)
    del floor.puppets[A]

    assert A not in floor.fleet.state.robots
    assert any(isinstance(effect, CloseConnection) and effect.connection == connection for effect in floor.effects)
    other = floor.join("b", "hw1", "red")
    assert floor.robot(other).home == "hw1"


def _commands(floor, kind: CommandKind) -> list[Send]:
    return [
        effect
        for effect in floor.effects
        if isinstance(effect, Send) and isinstance(effect.message, Command) and effect.message.kind is kind
    ]


def test_a_stop_holds_until_somebody_resumes_with_a_reason(floor):
    """Stopped robots stay stopped, over restarts of robot and coordinator, until a person gives a reason to resume."""
    robot = floor.puppets[A]
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: robot.reached >= 1)
    floor.ask(StopRobots((), "smoke"))
    assert robot.is_stopped
    assert [is_urgent(send) for send in _commands(floor, CommandKind.STOP)] == [True]
    floor.run(30)
    floor.crash()
    floor.connect(robot)
    end = floor.robot(robot).base_end
    floor.run(60)
    assert floor.robot(robot).base_end == end
    assert floor.view(robot).is_stopped

    refused = floor.ask(ResumeRobots((), ""))
    assert isinstance(refused, Refused)
    assert robot.is_stopped
    floor.ask(ResumeRobots((), "false alarm"))
    assert not robot.is_stopped
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_a_stop_is_sent_until_it_is_answered(floor):
    """A stop that got lost is said again and again, also over a new stream and by a restarted coordinator."""
    robot = floor.puppets[A]
    robot.is_deaf = True
    floor.ask(StopRobots((A,), "smoke"))
    floor.rest(10)
    assert len(_commands(floor, CommandKind.STOP)) >= 4
    floor.crash()
    robot.is_deaf = False
    floor.connect(robot)
    floor.run(2)

    assert robot.is_stopped
    assert floor.robot(robot).commands == []
    count = len(_commands(floor, CommandKind.STOP))
    floor.run(20)
    assert len(_commands(floor, CommandKind.STOP)) == count


def test_a_resume_voids_a_stop_that_was_never_heard(floor):
    """A robot stopped and resumed while out of reach isn't stopped by the old stop when it is back."""
    robot = floor.puppets[A]
    floor.cut(robot)
    floor.ask(StopRobots((), "smoke"))
    floor.run(3)
    floor.connect(robot)
    floor.ask(ResumeRobots((), "false alarm"))
    floor.run(10)

    assert not robot.is_stopped
    assert floor.robot(robot).commands == []


def test_only_the_robots_named_are_stopped(floor):
    """Stopping one robot leaves the others alone; a name nobody has is refused."""
    other = floor.join("b", "he1", "blue")
    floor.ask(StopRobots((A,), "look"))
    assert (floor.puppets[A].is_stopped, other.is_stopped) == (True, False)
    assert isinstance(floor.ask(StopRobots((RobotId("z"),), "look")), Refused)


def test_a_robot_stopped_by_a_person_at_it_is_seen(floor):
    """A robot that says it is stopped though nobody here stopped it gets no work; others take its points."""
    from coordinator.model.robot import Activity

    robot, other = floor.puppets[A], floor.join("b", "he1", "red")
    robot.activity = Activity.STOPPED
    floor.run(2)
    floor.ask(CreateMission(("W-red",)))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)
    assert other.counter == 1


def test_an_alarm_stays_listed_until_seen_and_over(floor):
    """An alarm goes when it is both over and acknowledged, in whichever order."""
    robot = floor.puppets[A]
    lost = AlarmId("a.robot_lost")

    def lose() -> None:
        robot.is_deaf = True
        floor.run(10, laziness=1.0)
        assert floor.fleet.state.alarms[lost].is_active

    def find() -> None:
        robot.is_deaf = False
        floor.run(2)

    lose()
    find()
    assert not floor.fleet.state.alarms[lost].is_active
    assert floor.fleet.state.alarms[lost].cleared_s is not None
    floor.ask(AcknowledgeAlarm(lost))
    assert lost not in floor.fleet.state.alarms

    lose()
    floor.ask(AcknowledgeAlarm(lost), principal="bob")
    assert floor.fleet.state.alarms[lost].acknowledged_by == "bob"
    find()
    assert lost not in floor.fleet.state.alarms
    assert isinstance(floor.ask(AcknowledgeAlarm(lost)), Refused)


def test_an_alarm_is_raised_once_while_its_condition_lasts(floor):
    """A lasting condition is one alarm, with the time it began."""
    robot = floor.puppets[A]
    robot.is_deaf = True
    floor.run(10, laziness=1.0)
    alarm = floor.fleet.state.alarms[AlarmId("a.robot_lost")]
    floor.run(100, laziness=1.0)
    assert floor.fleet.state.alarms[AlarmId("a.robot_lost")] == alarm


def test_a_shelved_alarm_comes_back_by_itself(floor):
    """Shelving hides an alarm for a while, needs a reason, and ends."""
    floor.puppets[A].is_deaf = True
    floor.run(10, laziness=1.0)
    lost = AlarmId("a.robot_lost")
    assert isinstance(floor.ask(ShelveAlarm(lost, 60.0, "")), Refused)
    assert isinstance(floor.ask(ShelveAlarm(lost, 0.0, "known")), Refused)
    assert isinstance(floor.ask(ShelveAlarm(lost, float("nan"), "known")), Refused)
    assert isinstance(floor.ask(ShelveAlarm(lost, 60.0, "known")), Accepted)
    assert floor.fleet.state.alarms[lost].shelved_until_s == floor.now_s + 60.0

    floor.run(62, laziness=1.0)
    assert floor.fleet.state.alarms[lost].shelved_until_s is None


def test_everything_people_do_is_kept(floor):
    """Each request is in the journal with who asked, what for, and what came of it."""
    floor.ask(StopRobots((A,), "smoke"), principal="ann", key="k1")
    floor.ask(CreateMission(("nowhere",)), principal="bob")
    floor.ask(RemoveRobot(A), principal="eve")

    acted = [record for record in floor.journal if isinstance(record, OperatorActed)]
    assert [(record.principal, record.accepted is not None) for record in acted] == [("ann", True), ("bob", False)]
    assert "smoke" in acted[0].command
    assert acted[1].refused is not None


def test_a_robot_that_joins_while_all_are_stopped_is_stopped_too(make_floor):
    """Stop all holds for robots that come later, until somebody lets all drive again."""
    floor = make_floor(yard())
    floor.join("a", "hn", "red")
    floor.ask(StopRobots((), "drill"))
    late = floor.join("b", "hs", "blue")
    floor.run(30)

    assert late.is_stopped
    assert floor.view(late).is_stopped
    floor.ask(ResumeRobots((), "over"))
    floor.run(2)
    assert not late.is_stopped
