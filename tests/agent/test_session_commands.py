"""Stops and other commands: done at once, once, and until somebody resumes."""

from __future__ import annotations

from agent.states import Latch
from roundsman.v1 import robot_pb2, session_pb2
from tests.agent.harness import Robot


def test_stop_brakes_at_once_and_holds_until_resume():
    """A stopped robot gets neither legs nor tasks, whatever else arrives."""
    robot = Robot()
    robot.connect()
    robot.route(0, 1)
    robot.command(1, "STOP")
    assert robot.body.names()[-1] == "stop"
    robot.route((2, ["a"]), revision=2)
    robot.driver.reached(1)
    assert robot.body.given == [1]
    assert robot.last("state").activity == robot_pb2.ROBOT_ACTIVITY_STOPPED

    robot.command(2, "RESUME")
    assert robot.body.names()[-2:] == ["resume", "follow"]
    assert robot.body.given == [1, 2]


def test_stop_survives_a_restart_of_the_agent():
    """Switching a stopped robot off and on doesn't free it."""
    before = Robot()
    before.connect()
    before.command(3, "STOP")

    after = Robot(boot_id=2, memory=before.persisted[-1])
    after.connect()
    assert after.sent[0].hello.is_stopped
    assert after.body.names() == ["start", "stop"]
    after.route(0, 1)
    assert after.body.given == []
    after.command(3, "STOP")
    assert after.last("command_reply").status == session_pb2.COMMAND_STATUS_DONE


def test_command_sent_again_is_answered_again_and_done_once():
    """A lost answer doesn't make a robot obey twice."""
    robot = Robot()
    robot.connect()
    robot.command(1, "PAUSE")
    robot.command(2, "RESUME")
    robot.command(1, "PAUSE")

    assert robot.body.names().count("hold") == 1
    assert robot.session.latch is Latch.FREE
    assert [reply.command_id for reply in robot.all("command_reply")] == [1, 2, 1]


def test_resume_older_than_the_stop_does_not_free_the_robot():
    """A late RESUME from before a STOP is refused."""
    robot = Robot()
    robot.connect()
    robot.command(8, "STOP")
    robot.command(7, "RESUME")

    assert robot.session.latch is Latch.STOPPED
    assert robot.last("command_reply").status == session_pb2.COMMAND_STATUS_REFUSED
    assert "newer command, 8" in robot.last("command_reply").text


def test_resume_that_was_stuck_in_the_network_has_expired():
    """A RESUME delivered a minute late moves nothing; a STOP as late still stops."""
    robot = Robot()
    robot.connect(coordinator_s=5000.0)
    robot.command(1, "PAUSE")
    robot.now_s += 60.0
    robot.command(2, "RESUME", valid_for_s=5.0)
    assert robot.last("command_reply").status == session_pb2.COMMAND_STATUS_EXPIRED
    assert robot.session.latch is Latch.PAUSED

    robot.command(3, "STOP", valid_for_s=5.0)
    assert robot.session.latch is Latch.STOPPED


def test_person_at_the_robot_stops_it_until_resume():
    """A stop button on the robot has the same effect as one in the control room."""
    robot = Robot()
    robot.connect()
    robot.driver.local_stop("button")
    assert robot.last("state").activity == robot_pb2.ROBOT_ACTIVITY_STOPPED
    assert robot.persisted[-1].latch is Latch.STOPPED

    robot.command(1, "RESUME")
    assert robot.body.names()[-1] == "resume"
