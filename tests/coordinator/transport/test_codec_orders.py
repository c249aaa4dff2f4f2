"""What the coordinator says leaves as it was decided."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coordinator.model.effects import Send
from coordinator.model.ids import EdgeId, NodeId, PointId, RouteId, TaskId
from coordinator.model.messages import Acknowledge, Command, CommandKind, Drain, Heartbeat, RouteUpdate, Welcome
from coordinator.model.mission import TaskOrder
from coordinator.model.route import Step
from coordinator.transport.codec import encode_send
from roundsman.v1 import route_pb2, session_pb2
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
    return over_the_wire(encode_send(Send(ROBOT, CONNECTION, 3, 4, 5, message), LIMITS, sequence))


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

    assert wire.kind == wire_enum("COMMAND_KIND", kind.value, session_pb2)
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
