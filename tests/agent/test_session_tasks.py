"""What a robot tells of its tasks and their readings."""

from __future__ import annotations

import pytest

from agent.body import Outcome
from agent.spool import MemorySpool
from roundsman.v1 import session_pb2
from tests.agent.harness import READING, Robot


def test_task_is_reported_done_only_after_its_reading_is_on_disk():
    """A reading the coordinator was told of is never lost with the robot."""
    robot = Robot(spool=MemorySpool(quota_bytes=100))
    robot.connect()
    robot.route(0, (1, ["a"]), 2)
    robot.driver.reached(1)
    robot.done("a")

    assert robot.events() == [(1, "a", "begun"), (2, "a", "failed")]
    assert "finds no room" in robot.last("task_event").reason
    assert robot.body.given == [1, 2]


def test_task_done_without_a_reading_has_failed():
    """An inspection without a result doesn't count as one."""
    robot = Robot()
    robot.connect()
    robot.route(0, (1, ["a"]))
    robot.driver.reached(1)
    robot.done("a", None)

    assert robot.events()[-1] == (2, "a", "failed")


def test_reading_carries_the_coordinators_time():
    """A reading's time is that of the plant, with its uncertainty, whatever the robot's clock shows."""
    robot = Robot()
    robot.driver.connected()
    robot.now_s += 0.2
    robot.number, robot.sequence = 1, 0
    terms = session_pb2.Welcome(
        version=1, heartbeat_period_s=1.0, hold_after_s=10.0, report_period_s=1.0, coordinator_s=9000.1
    )
    robot.say(welcome=terms)
    robot.heartbeat(9000.21, rtt_s=0.0)
    robot.heartbeat(9000.21, rtt_s=0.02)
    robot.route(0, (1, ["a"]))
    robot.driver.reached(1)
    robot.done("a")

    entry = robot.spool.entry_after(0)
    assert entry.observation.taken_s == pytest.approx(9000.22, abs=1e-6)
    assert entry.observation.taken_error_s == pytest.approx(0.01, abs=1e-6)
    assert entry.observation.map_pose_body.level_id == "ground"


def test_ended_early_charge_is_done_and_other_task_skipped():
    """Calling a robot from its charger isn't a failure; a task cut short is not an inspection."""
    robot = Robot()
    robot.connect()
    robot.route((0, ["charge-1"]), (1, ["a"]), (2, ["b"]))
    robot.command(1, "END_TASK", order_id="charge-1")
    robot.driver.task_ended("charge-1", Outcome.SKIPPED)
    assert robot.events()[-1] == (2, "charge-1", "done")

    robot.command(2, "END_TASK", order_id="b")
    assert robot.events()[-1] == (3, "b", "skipped")
    robot.driver.reached(1)
    robot.command(3, "END_TASK", order_id="a")
    robot.driver.task_ended("a", Outcome.FAILED, "arm busy")
    assert robot.events()[-1] == (5, "a", "skipped")
    robot.command(4, "END_TASK", order_id="x")
    assert robot.last("command_reply").status == session_pb2.COMMAND_STATUS_REFUSED


def test_reading_for_a_task_that_is_not_under_way_is_ignored():
    """A body that ends a task twice gives one result."""
    robot = Robot()
    robot.connect()
    robot.route(0, (1, ["a"]))
    robot.driver.reached(1)
    robot.done("a", READING)
    robot.done("a", READING)

    assert robot.spool.last_counter() == 1
    assert len(robot.events()) == 2
