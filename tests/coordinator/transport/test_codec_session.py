"""What robots say arrives as they said it."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from coordinator.model.events import (
    CommandReplied,
    CommandStatus,
    HeartbeatEchoed,
    ReplyStatus,
    RobotConnected,
    RobotDisconnected,
    RouteReplied,
    StateReported,
    TaskReported,
)
from coordinator.model.geometry import Pose2
from coordinator.model.ids import EdgeId, LevelId, NodeId, RobotId, RobotTypeId, RouteId
from coordinator.model.mission import TaskOutcome
from coordinator.model.robot import Activity, Factsheet, Fault, LinkQuality, Placement, Progress, StateReport
from coordinator.transport.codec import decode_hello, decode_request
from roundsman.v1 import mission_pb2, robot_pb2, route_pb2, session_pb2
from tests.coordinator.transport.words import (
    CONNECTION,
    ROBOT,
    counters,
    names,
    numbers,
    over_the_wire,
    ratios,
    texts,
    wire_enum,
)

poses = st.builds(Pose2, numbers, numbers, st.floats(-math.pi, math.pi), names.map(LevelId))
progresses = st.builds(
    lambda route_id, reached, back, ahead: Progress(
        RouteId(route_id), reached, max(-1, reached - back), reached + ahead
    ),
    names,
    st.integers(0, 10**9),
    st.integers(0, 10),
    st.integers(0, 10),
)
links = st.builds(
    LinkQuality,
    st.none() | st.floats(-160.0, 0.0),
    st.none() | st.floats(-30.0, 50.0),
    st.text(max_size=64),
    st.none() | st.floats(0.0, 100.0),
)
reports = st.builds(
    StateReport,
    report_seq=counters,
    robot_s=numbers,
    pose=st.none() | poses,
    speed_mps=st.floats(-10.0, 10.0),
    charge_ratio=ratios,
    activity=st.sampled_from(Activity),
    progress=st.none() | progresses,
    faults=st.lists(st.builds(Fault, names, texts, st.booleans()), max_size=4).map(tuple),
    link=st.none() | links,
    blocked_edge_id=st.none() | names.map(EdgeId),
)


def _wire_progress(progress: Progress | None) -> robot_pb2.RouteProgress | None:
    if progress is None:
        return None
    return robot_pb2.RouteProgress(
        route_id=progress.route_id,
        reached_seq=progress.reached_seq,
        cleared_seq=progress.cleared_seq,
        base_end_seq=progress.base_end_seq,
    )


def _wire_pose(pose: Pose2 | None) -> robot_pb2.Pose2D | None:
    if pose is None:
        return None
    return robot_pb2.Pose2D(x_m=pose.x_m, y_m=pose.y_m, yaw_rad=pose.yaw_rad, level_id=pose.level_id)


def _wire_report(report: StateReport) -> session_pb2.SessionRequest:
    link = report.link
    return session_pb2.SessionRequest(
        state=robot_pb2.StateReport(
            report_seq=report.report_seq,
            robot_s=report.robot_s,
            map_pose_body=_wire_pose(report.pose),
            speed_mps=report.speed_mps,
            charge_ratio=report.charge_ratio,
            activity=wire_enum("ROBOT_ACTIVITY", report.activity.value),
            progress=_wire_progress(report.progress),
            faults=[
                robot_pb2.RobotFault(code=fault.code, text=fault.text, stops_driving=fault.stops_driving)
                for fault in report.faults
            ],
            link=None
            if link is None
            else robot_pb2.LinkQuality(
                rsrp_dbm=link.rsrp_dbm, sinr_db=link.sinr_db, cell_id=link.cell_id, rtt_s=link.rtt_s
            ),
            blocked_edge_id=report.blocked_edge_id or "",
        )
    )


@given(reports)
def test_a_state_report_arrives_as_it_was_sent(report: StateReport):
    """Telemetry means the same on both ends of the radio link."""
    event = decode_request(over_the_wire(_wire_report(report)), ROBOT, CONNECTION)

    assert event == StateReported(ROBOT, CONNECTION, report)


@given(names, counters, names, names, st.none() | names, counters, st.none() | progresses, ratios, st.booleans())
def test_a_hello_arrives_as_it_was_sent(
    robot_id, boot_id, type_id, node_id, edge_id, epoch, progress, charge_ratio, is_stopped
):
    """Who a robot is and what it holds is understood as it was said."""
    hello = session_pb2.Hello(
        min_version=1,
        max_version=3,
        robot_id=robot_id,
        boot_id=boot_id,
        factsheet=robot_pb2.Factsheet(robot_type_id=type_id, model="m", agent_version="1.2"),
        placement=robot_pb2.Placement(node_id=node_id, edge_id=edge_id or ""),
        epoch=epoch,
        progress=_wire_progress(progress),
        charge_ratio=charge_ratio,
        is_stopped=is_stopped,
    )

    event = decode_hello(over_the_wire(session_pb2.SessionRequest(hello=hello)), CONNECTION)

    assert event == RobotConnected(
        RobotId(robot_id),
        CONNECTION,
        boot_id,
        Factsheet(RobotTypeId(type_id), "m", "1.2"),
        Placement(NodeId(node_id), None if edge_id is None else EdgeId(edge_id)),
        epoch,
        progress,
        charge_ratio,
        is_stopped,
    )


@given(names, counters, st.sampled_from(ReplyStatus), counters, texts)
def test_a_route_reply_arrives_as_it_was_sent(route_id, revision, status, base_end_seq, text):
    """A robot's verdict on a route is understood as it was given."""
    reply = route_pb2.RouteReply(
        route_id=route_id,
        revision=revision,
        status=wire_enum("ROUTE_REPLY_STATUS", status.value, route_pb2),
        base_end_seq=base_end_seq,
        text=text,
    )

    event = decode_request(over_the_wire(session_pb2.SessionRequest(route_reply=reply)), ROBOT, CONNECTION)

    assert event == RouteReplied(ROBOT, CONNECTION, RouteId(route_id), revision, status, base_end_seq, text)


@given(st.integers(1, 2**63 - 1), names, st.none() | st.sampled_from(TaskOutcome), texts, numbers)
def test_a_task_event_arrives_as_it_was_sent(event_seq, order_id, outcome, reason, robot_s):
    """A task that began or ended is understood as it was reported."""
    wire = mission_pb2.TaskEvent(
        event_seq=event_seq,
        order_id=order_id,
        outcome=0 if outcome is None else wire_enum("TASK_OUTCOME", outcome.value, mission_pb2),
        reason=reason,
        robot_s=robot_s,
    )

    event = decode_request(over_the_wire(session_pb2.SessionRequest(task_event=wire)), ROBOT, CONNECTION)

    assert event == TaskReported(ROBOT, CONNECTION, event_seq, order_id, outcome, reason, robot_s)


@given(st.integers(0, 2**64 - 1), numbers, numbers, numbers)
def test_a_heartbeat_echo_arrives_as_it_was_sent(nonce, coordinator_s, received_s, sent_s):
    """The four stamps of a round trip survive the way."""
    echo = session_pb2.HeartbeatEcho(
        nonce=nonce, coordinator_s=coordinator_s, robot_received_s=received_s, robot_sent_s=sent_s
    )

    event = decode_request(over_the_wire(session_pb2.SessionRequest(heartbeat_echo=echo)), ROBOT, CONNECTION)

    assert event == HeartbeatEchoed(ROBOT, CONNECTION, nonce, coordinator_s, received_s, sent_s)


@given(counters, st.sampled_from(CommandStatus), texts)
def test_a_command_reply_arrives_as_it_was_sent(command_id, status, text):
    """Whether a robot did what it was told is understood."""
    reply = session_pb2.CommandReply(
        command_id=command_id, status=wire_enum("COMMAND_STATUS", status.value, session_pb2), text=text
    )

    event = decode_request(over_the_wire(session_pb2.SessionRequest(command_reply=reply)), ROBOT, CONNECTION)

    assert event == CommandReplied(ROBOT, CONNECTION, command_id, status, text)


def test_goodbye_ends_the_stream_with_its_reason():
    """A robot that leaves on purpose is told apart from a broken link."""
    request = session_pb2.SessionRequest(goodbye=session_pb2.Goodbye(reason="maintenance"))

    assert decode_request(request, ROBOT, 3) == RobotDisconnected(ROBOT, 3, "goodbye: maintenance")
