"""What a robot tells of itself: echoes, reports, and a body that does what nobody ordered."""

from __future__ import annotations

import pytest

from agent.body import Activity, Fault
from agent.held_route import BodyError
from roundsman.v1 import robot_pb2, route_pb2
from tests.agent.harness import Robot


def test_heartbeat_is_echoed_at_once_with_both_clocks():
    """The coordinator measures the link by the robot's answers."""
    robot = Robot()
    robot.connect()
    robot.now_s += 0.5
    robot.heartbeat(5000.5, nonce=42)

    echo = robot.last("heartbeat_echo")
    assert (echo.nonce, echo.coordinator_s, echo.robot_received_s) == (42, 5000.5, robot.now_s)


def test_reports_come_in_their_period_and_at_once_when_something_changes():
    """Nobody waits a second to hear of a fault."""
    robot = Robot()
    robot.connect()
    robot.sent.clear()
    for _ in range(30):
        robot.now_s += 0.1
        robot.heartbeat(5000.0)
        robot.tell()
    assert len(robot.all("state")) == 3
    assert len(robot.last("state").history) == 9
    robot.sent.clear()

    robot.tell(Activity.BLOCKED, blocked_edge_id="e7")
    robot.tell(Activity.IDLE, faults=(Fault("motor_hot", stops_driving=True),))
    robot.tell(Activity.IDLE, faults=(Fault("motor_hot", stops_driving=True),))
    activities = [report.activity for report in robot.all("state")]
    assert activities == [robot_pb2.ROBOT_ACTIVITY_BLOCKED, robot_pb2.ROBOT_ACTIVITY_FAULTED]
    assert [report.report_seq for report in robot.all("state")] == sorted(
        {report.report_seq for report in robot.all("state")}
    )


def test_robot_driven_by_a_person_forgets_its_base_and_is_placed_anew():
    """After a joystick the robot isn't where its route thinks."""
    robot = Robot()
    robot.connect()
    robot.route(0, 1, 2)
    robot.tell(Activity.MANUAL)
    assert robot.body.names()[-1] == "void_base"
    robot.route(3, revision=2)
    assert robot.last("route_reply").status == route_pb2.ROUTE_REPLY_STATUS_REFUSED

    robot.tell(Activity.IDLE)
    assert "placed anew" in robot.closed[-1].reason


def test_body_that_skips_a_node_is_found_out():
    """A body that breaks the rules never frees a node nobody left."""
    robot = Robot()
    robot.connect()
    robot.route(0, 1, 2)
    with pytest.raises(BodyError, match="leg 2 as reached after 0"):
        robot.driver.reached(2)
    with pytest.raises(BodyError, match="reached only 0"):
        robot.driver.cleared(1)
    robot.driver.reached(1)
    robot.driver.reached(1)
    robot.driver.reached(2)
    robot.driver.cleared(2)

    assert robot.session.route.cleared_seq == -1
    assert robot.session.ignored_count == 2
