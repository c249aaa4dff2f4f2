"""What robots say arrives as they said it, and what breaks a rule is named."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.model.effects import Send
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
from coordinator.model.ids import EdgeId, LevelId, NodeId, PointId, RobotId, RobotTypeId, RouteId, TaskId
from coordinator.model.messages import (
    Acknowledge,
    Command,
    CommandKind,
    Drain,
    Heartbeat,
    RouteUpdate,
    Welcome,
)
from coordinator.model.mission import TaskOrder, TaskOutcome
from coordinator.model.robot import (
    Activity,
    Factsheet,
    Fault,
    LinkQuality,
    Placement,
    Progress,
    StateReport,
)
from coordinator.model.route import Step
from coordinator.transport.codec import (
    UnsupportedVersionError,
    WireError,
    decode_hello,
    decode_request,
    encode_send,
)
from roundsman.v1 import mission_pb2, robot_pb2, route_pb2, session_pb2

ROBOT = RobotId("spot-1")
CONNECTION = 7

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
texts = st.text(max_size=200)
numbers = st.floats(allow_nan=False, allow_infinity=False)
counters = st.integers(0, 2**63 - 1)
ratios = st.floats(0.0, 1.0)
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


def _wire_enum(prefix: str, value: str, module=robot_pb2) -> int:
    return getattr(module, f"{prefix}_{value.upper()}")


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
            activity=_wire_enum("ROBOT_ACTIVITY", report.activity.value),
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


def _over_the_wire(message):
    return type(message).FromString(message.SerializeToString())


@given(reports)
def test_a_state_report_arrives_as_it_was_sent(report: StateReport):
    """Telemetry means the same on both ends of the radio link."""
    event = decode_request(_over_the_wire(_wire_report(report)), ROBOT, CONNECTION)

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

    event = decode_hello(_over_the_wire(session_pb2.SessionRequest(hello=hello)), CONNECTION)

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
        status=_wire_enum("ROUTE_REPLY_STATUS", status.value, route_pb2),
        base_end_seq=base_end_seq,
        text=text,
    )

    event = decode_request(_over_the_wire(session_pb2.SessionRequest(route_reply=reply)), ROBOT, CONNECTION)

    assert event == RouteReplied(ROBOT, CONNECTION, RouteId(route_id), revision, status, base_end_seq, text)


@given(st.integers(1, 2**63 - 1), names, st.none() | st.sampled_from(TaskOutcome), texts, numbers)
def test_a_task_event_arrives_as_it_was_sent(event_seq, order_id, outcome, reason, robot_s):
    """A task that began or ended is understood as it was reported."""
    wire = mission_pb2.TaskEvent(
        event_seq=event_seq,
        order_id=order_id,
        outcome=0 if outcome is None else _wire_enum("TASK_OUTCOME", outcome.value, mission_pb2),
        reason=reason,
        robot_s=robot_s,
    )

    event = decode_request(_over_the_wire(session_pb2.SessionRequest(task_event=wire)), ROBOT, CONNECTION)

    assert event == TaskReported(ROBOT, CONNECTION, event_seq, order_id, outcome, reason, robot_s)


@given(st.integers(0, 2**64 - 1), numbers, numbers, numbers)
def test_a_heartbeat_echo_arrives_as_it_was_sent(nonce, coordinator_s, received_s, sent_s):
    """The four stamps of a round trip survive the way."""
    echo = session_pb2.HeartbeatEcho(
        nonce=nonce, coordinator_s=coordinator_s, robot_received_s=received_s, robot_sent_s=sent_s
    )

    event = decode_request(_over_the_wire(session_pb2.SessionRequest(heartbeat_echo=echo)), ROBOT, CONNECTION)

    assert event == HeartbeatEchoed(ROBOT, CONNECTION, nonce, coordinator_s, received_s, sent_s)


@given(counters, st.sampled_from(CommandStatus), texts)
def test_a_command_reply_arrives_as_it_was_sent(command_id, status, text):
    """Whether a robot did what it was told is understood."""
    reply = session_pb2.CommandReply(
        command_id=command_id, status=_wire_enum("COMMAND_STATUS", status.value, session_pb2), text=text
    )

    event = decode_request(_over_the_wire(session_pb2.SessionRequest(command_reply=reply)), ROBOT, CONNECTION)

    assert event == CommandReplied(ROBOT, CONNECTION, command_id, status, text)


def test_goodbye_ends_the_stream_with_its_reason():
    """A robot that leaves on purpose is told apart from a broken link."""
    request = session_pb2.SessionRequest(goodbye=session_pb2.Goodbye(reason="maintenance"))

    assert decode_request(request, ROBOT, 3) == RobotDisconnected(ROBOT, 3, "goodbye: maintenance")


orders = st.builds(
    TaskOrder,
    order_id=names,
    task_id=names.map(TaskId),
    task_type=names,
    sensor=st.just("") | names,
    duration_s=st.floats(0.1, 1e4),
    point_id=st.none() | names.map(PointId),
    heading_rad=st.none() | numbers,
    charge_until_ratio=st.none() | ratios,
)
steps = st.builds(
    Step,
    seq=counters,
    node_id=names.map(NodeId),
    edge_id=st.none() | st.sampled_from([EdgeId("a"), EdgeId("b.r")]),
    tasks=st.lists(orders, max_size=2).map(tuple),
)
LIMITS = {EdgeId("a"): 1.5, EdgeId("b.r"): 0.5}


def _model_step(wire: route_pb2.RouteStep) -> Step:
    return Step(
        wire.seq,
        NodeId(wire.node_id),
        EdgeId(wire.edge_id) if wire.edge_id else None,
        tuple(
            TaskOrder(
                task.order_id,
                TaskId(task.task_id),
                task.task_type,
                task.sensor,
                task.duration_s,
                PointId(task.point_id) if task.point_id else None,
                None,
                task.heading_rad if task.HasField("heading_rad") else None,
                task.charge_until_ratio if task.HasField("charge_until_ratio") else None,
            )
            for task in wire.tasks
        ),
    )


def _sent(message, sequence: int | None = None) -> session_pb2.SessionResponse:
    return _over_the_wire(encode_send(Send(ROBOT, CONNECTION, 3, 4, 5, message), LIMITS, sequence))


@given(names, counters, st.lists(steps, max_size=3), st.lists(steps, max_size=3))
def test_a_route_update_leaves_as_it_was_decided(route_id, revision, base, horizon):
    """Every step, task and speed limit of a base reaches the robot."""
    route = _sent(RouteUpdate(RouteId(route_id), revision, tuple(base), tuple(horizon))).route

    assert (route.route_id, route.revision) == (route_id, revision)
    assert [_model_step(step) for step in route.base] == base
    assert [_model_step(step) for step in route.horizon] == horizon
    assert [step.max_speed_mps for step in route.base] == [LIMITS.get(step.edge_id, 0.0) for step in base]


@given(numbers, numbers, numbers, numbers, st.booleans(), counters)
def test_a_welcome_leaves_as_it_was_decided(beat_s, hold_s, report_s, now_s, is_valid, through):
    """The session's terms reach the robot."""
    message = Welcome(beat_s, hold_s, report_s, now_s, is_valid, through)
    wire = _sent(message).welcome

    assert wire.version == 1
    assert message == Welcome(
        wire.heartbeat_period_s,
        wire.hold_after_s,
        wire.report_period_s,
        wire.coordinator_s,
        wire.base_is_valid,
        wire.task_events_through,
    )


@given(counters, st.sampled_from(CommandKind), texts, numbers, texts)
def test_a_command_leaves_as_it_was_decided(command_id, kind, order_id, valid_for_s, reason):
    """Each kind of command reaches the robot as that kind."""
    wire = _sent(Command(command_id, kind, order_id, valid_for_s, reason)).command

    assert wire.kind == _wire_enum("COMMAND_KIND", kind.value, session_pb2)
    assert (wire.command_id, wire.order_id, wire.valid_for_s, wire.reason) == (
        command_id,
        order_id,
        valid_for_s,
        reason,
    )


@given(counters, numbers, numbers)
def test_small_messages_leave_as_they_were_decided(count, first_s, second_s):
    """Heartbeats, acknowledgements and drains reach the robot, also when all their numbers are zero."""
    beat = _sent(Heartbeat(count, first_s, second_s)).heartbeat

    assert (beat.nonce, beat.coordinator_s, beat.rtt_s) == (count, first_s, second_s)
    assert _sent(Acknowledge(count)).acknowledge.task_events_through == count
    assert _sent(Acknowledge(0)).WhichOneof("payload") == "acknowledge"
    assert _sent(Drain(first_s)).drain.reconnect_after_s == first_s
    assert _sent(Drain(0.0)).WhichOneof("payload") == "drain"


def test_every_message_carries_the_three_numbers_that_fence_it():
    """A robot can tell a message of an old coordinator, an old session or an old order."""
    response = _sent(Drain(1.0))

    assert (response.epoch, response.session, response.sequence) == (3, 4, 5)
    assert _sent(Drain(1.0), sequence=9).sequence == 9


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
        decode_request(_over_the_wire(request_), ROBOT, CONNECTION)

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
