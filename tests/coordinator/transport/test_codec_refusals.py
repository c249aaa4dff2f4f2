"""What breaks a rule on the wire is refused and named; what is newer than us does no harm."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.model.events import StateReported
from coordinator.model.robot import Activity
from coordinator.transport.codec import UnsupportedVersionError, WireError, decode_hello, decode_request
from roundsman.v1 import mission_pb2, robot_pb2, route_pb2, session_pb2
from tests.coordinator.transport.words import CONNECTION, ROBOT, over_the_wire


def _state(**fields) -> session_pb2.SessionRequest:
    return session_pb2.SessionRequest(state=robot_pb2.StateReport(**{"charge_ratio": 0.5, **fields}))


def _pose(**fields) -> session_pb2.SessionRequest:
    return _state(map_pose_body=robot_pb2.Pose2D(**{"level_id": "ground", **fields}))


BAD = [
    (_pose(x_m=math.nan), "state.map_pose_body.x_m"),
    (_pose(y_m=math.inf), "state.map_pose_body.y_m"),
    (_pose(yaw_rad=3.2), "state.map_pose_body.yaw_rad"),
    (_pose(yaw_rad=math.nan), "state.map_pose_body.yaw_rad"),
    (_pose(level_id=""), "state.map_pose_body.level_id"),
    (_pose(level_id="../etc"), "state.map_pose_body.level_id"),
    (_state(robot_s=math.nan), "state.robot_s"),
    (_state(speed_mps=10.1), "state.speed_mps"),
    (_state(speed_mps=math.nan), "state.speed_mps"),
    (_state(charge_ratio=1.01), "state.charge_ratio"),
    (_state(charge_ratio=math.nan), "state.charge_ratio"),
    (_state(report_seq=2**63), "state.report_seq"),
    (_state(faults=[robot_pb2.RobotFault(code="a b")]), "state.faults[0].code"),
    (_state(faults=[robot_pb2.RobotFault(code="a", text="x" * 201)]), "state.faults[0].text"),
    (_state(faults=[robot_pb2.RobotFault(code="a")] * 33), "state.faults"),
    (_state(history=[robot_pb2.TimedPose()] * 65), "state.history"),
    (_state(link=robot_pb2.LinkQuality(rsrp_dbm=1.0)), "state.link.rsrp_dbm"),
    (_state(link=robot_pb2.LinkQuality(sinr_db=math.nan)), "state.link.sinr_db"),
    (_state(link=robot_pb2.LinkQuality(rtt_s=-0.1)), "state.link.rtt_s"),
    (_state(link=robot_pb2.LinkQuality(cell_id="c" * 65)), "state.link.cell_id"),
    (_state(blocked_edge_id="a/b"), "state.blocked_edge_id"),
    (
        _state(progress=robot_pb2.RouteProgress(route_id="r", reached_seq=1, cleared_seq=2)),
        "state.progress.cleared_seq",
    ),
    (
        _state(progress=robot_pb2.RouteProgress(route_id="r", cleared_seq=-2)),
        "state.progress.cleared_seq",
    ),
    (_state(progress=robot_pb2.RouteProgress(route_id="r" * 161)), "state.progress.route_id"),
    (
        session_pb2.SessionRequest(route_reply=route_pb2.RouteReply(route_id="r")),
        "route_reply.status",
    ),
    (
        session_pb2.SessionRequest(route_reply=route_pb2.RouteReply(route_id="r", status=99)),
        "route_reply.status",
    ),
    (
        session_pb2.SessionRequest(task_event=mission_pb2.TaskEvent(event_seq=1, order_id="o", outcome=99)),
        "task_event.outcome",
    ),
    (session_pb2.SessionRequest(task_event=mission_pb2.TaskEvent(order_id="o")), "task_event.event_seq"),
    (session_pb2.SessionRequest(task_event=mission_pb2.TaskEvent(event_seq=1)), "task_event.order_id"),
    (session_pb2.SessionRequest(command_reply=session_pb2.CommandReply()), "command_reply.status"),
    (
        session_pb2.SessionRequest(heartbeat_echo=session_pb2.HeartbeatEcho(robot_sent_s=math.inf)),
        "heartbeat_echo.robot_sent_s",
    ),
    (session_pb2.SessionRequest(hello=session_pb2.Hello()), "payload"),
]


@pytest.mark.parametrize(("request_", "field"), BAD, ids=[f"{n}-{field}" for n, (_, field) in enumerate(BAD)])
def test_a_message_that_breaks_a_rule_is_refused_by_field_value_and_rule(request_, field: str):
    """A number that can't be true, or a name that isn't one, never reaches the fleet."""
    with pytest.raises(WireError) as caught:
        decode_request(over_the_wire(request_), ROBOT, CONNECTION)

    assert caught.value.field == field
    assert caught.value.value in str(caught.value)
    assert caught.value.rule.startswith("must ")


def test_an_activity_of_a_newer_agent_keeps_the_robot_from_getting_more():
    """Telemetry in words we don't know is read as "leave it alone", not thrown away."""
    event = decode_request(_state(activity=99), ROBOT, CONNECTION)

    assert isinstance(event, StateReported)
    assert event.report.activity is Activity.MANUAL


def test_a_payload_of_a_newer_agent_is_ignored():
    """A message kind we don't know does no harm."""
    assert decode_request(session_pb2.SessionRequest.FromString(b"\xa2\x06\x00"), ROBOT, 1) is None


def test_the_first_message_must_be_a_hello_of_our_version():
    """Nobody joins without saying who it is, in a protocol both speak."""
    with pytest.raises(WireError, match="must be hello"):
        decode_hello(_state(), 1)
    future = session_pb2.SessionRequest(hello=session_pb2.Hello(min_version=2, max_version=3))
    with pytest.raises(UnsupportedVersionError):
        decode_hello(future, 1)
    with pytest.raises(WireError, match="must name the start"):
        decode_hello(
            session_pb2.SessionRequest(
                hello=session_pb2.Hello(
                    min_version=1,
                    max_version=1,
                    robot_id="a",
                    factsheet=robot_pb2.Factsheet(robot_type_id="t"),
                    placement=robot_pb2.Placement(edge_id="e"),
                )
            ),
            1,
        )


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(data: bytes):
    """Garbage on the wire ends in a refusal, never in a crash."""
    try:
        request = session_pb2.SessionRequest.FromString(data)
    except Exception:  # noqa: BLE001 - protobuf's own refusal, before the codec.
        return
    try:
        decode_request(request, ROBOT, CONNECTION)
    except WireError:
        return
