"""A robot's session: what it says becomes events, what the core says becomes messages."""

from __future__ import annotations

from typing import assert_never

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
from coordinator.model.ids import RobotId, RouteId
from coordinator.model.messages import (
    Acknowledge,
    Command,
    CommandKind,
    Drain,
    Heartbeat,
    RobotMessage,
    RouteUpdate,
    Welcome,
)
from coordinator.model.mission import TaskOutcome
from coordinator.transport.codec import checks
from coordinator.transport.codec.errors import WireError
from coordinator.transport.codec.robot import (
    decode_factsheet,
    decode_placement,
    decode_progress,
    decode_state,
)
from coordinator.transport.codec.route import SpeedLimits, encode_route
from roundsman.v1 import mission_pb2, route_pb2, session_pb2

PROTOCOL_VERSION = 1

SessionEvent = (
    RobotConnected | RobotDisconnected | StateReported | RouteReplied | TaskReported | HeartbeatEchoed | CommandReplied
)

_REPLIES = {
    route_pb2.ROUTE_REPLY_STATUS_ACCEPTED: ReplyStatus.ACCEPTED,
    route_pb2.ROUTE_REPLY_STATUS_STALE: ReplyStatus.STALE,
    route_pb2.ROUTE_REPLY_STATUS_DISCONTINUOUS: ReplyStatus.DISCONTINUOUS,
    route_pb2.ROUTE_REPLY_STATUS_REFUSED: ReplyStatus.REFUSED,
}
_OUTCOMES: dict[int, TaskOutcome | None] = {
    mission_pb2.TASK_OUTCOME_UNSPECIFIED: None,
    mission_pb2.TASK_OUTCOME_DONE: TaskOutcome.DONE,
    mission_pb2.TASK_OUTCOME_FAILED: TaskOutcome.FAILED,
    mission_pb2.TASK_OUTCOME_SKIPPED: TaskOutcome.SKIPPED,
}
_STATUSES = {
    session_pb2.COMMAND_STATUS_DONE: CommandStatus.DONE,
    session_pb2.COMMAND_STATUS_EXPIRED: CommandStatus.EXPIRED,
    session_pb2.COMMAND_STATUS_REFUSED: CommandStatus.REFUSED,
}
_KINDS = {
    CommandKind.STOP: session_pb2.COMMAND_KIND_STOP,
    CommandKind.RESUME: session_pb2.COMMAND_KIND_RESUME,
    CommandKind.PAUSE: session_pb2.COMMAND_KIND_PAUSE,
    CommandKind.END_TASK: session_pb2.COMMAND_KIND_END_TASK,
}


class UnsupportedVersionError(WireError):
    """The agent and this coordinator share no protocol version."""


def decode_hello(request: session_pb2.SessionRequest, connection: int) -> RobotConnected:
    """
    The first message of a stream.

    Raises:
        UnsupportedVersionError: If the agent doesn't speak PROTOCOL_VERSION.
        WireError: If it isn't a valid Hello.
    """
    if request.WhichOneof("payload") != "hello":
        raise WireError("payload", request.WhichOneof("payload"), "must be hello in the first message")
    hello = request.hello
    if not hello.min_version <= PROTOCOL_VERSION <= hello.max_version:
        spoken = f"{hello.min_version} to {hello.max_version}"
        raise UnsupportedVersionError("hello.min_version", spoken, f"must include protocol version {PROTOCOL_VERSION}")
    return RobotConnected(
        robot_id=RobotId(checks.name("hello.robot_id", hello.robot_id)),
        connection=connection,
        boot_id=checks.counter("hello.boot_id", hello.boot_id),
        factsheet=decode_factsheet("hello.factsheet", hello.factsheet),
        placement=decode_placement("hello.placement", hello.placement),
        epoch=checks.counter("hello.epoch", hello.epoch),
        progress=decode_progress("hello.progress", hello.progress),
        charge_ratio=checks.within("hello.charge_ratio", hello.charge_ratio, 0.0, 1.0),
        is_stopped=hello.is_stopped,
    )


def decode_request(request: session_pb2.SessionRequest, robot_id: RobotId, connection: int) -> SessionEvent | None:
    """
    Any later message; None for one that only a newer protocol knows.

    Raises:
        WireError: If a field breaks its rule.
    """
    match request.WhichOneof("payload"):
        case "state":
            return StateReported(robot_id, connection, decode_state(request.state))
        case "heartbeat_echo":
            return _decode_echo(request.heartbeat_echo, robot_id, connection)
        case "route_reply":
            return _decode_route_reply(request.route_reply, robot_id, connection)
        case "task_event":
            return _decode_task_event(request.task_event, robot_id, connection)
        case "command_reply":
            return _decode_command_reply(request.command_reply, robot_id, connection)
        case "goodbye":
            reason = checks.clip(request.goodbye.reason)
            return RobotDisconnected(robot_id, connection, f"goodbye: {reason}" if reason else "goodbye")
        case "hello":
            raise WireError("payload", "hello", "must be the first message of a stream, and only that")
        case None:
            return None


def _decode_echo(wire: session_pb2.HeartbeatEcho, robot_id: RobotId, connection: int) -> HeartbeatEchoed:
    return HeartbeatEchoed(
        robot_id,
        connection,
        wire.nonce,
        checks.finite("heartbeat_echo.coordinator_s", wire.coordinator_s),
        checks.finite("heartbeat_echo.robot_received_s", wire.robot_received_s),
        checks.finite("heartbeat_echo.robot_sent_s", wire.robot_sent_s),
    )


def _decode_route_reply(wire: route_pb2.RouteReply, robot_id: RobotId, connection: int) -> RouteReplied:
    status = _REPLIES.get(wire.status)
    if status is None:
        raise WireError("route_reply.status", wire.status, "must be a known status")
    return RouteReplied(
        robot_id,
        connection,
        RouteId(checks.key("route_reply.route_id", wire.route_id)),
        checks.counter("route_reply.revision", wire.revision),
        status,
        checks.counter("route_reply.base_end_seq", wire.base_end_seq),
        checks.clip(wire.text),
    )


def _decode_task_event(wire: mission_pb2.TaskEvent, robot_id: RobotId, connection: int) -> TaskReported:
    if wire.outcome not in _OUTCOMES:
        raise WireError("task_event.outcome", wire.outcome, "must be a known outcome, or unset")
    return TaskReported(
        robot_id,
        connection,
        checks.counter("task_event.event_seq", wire.event_seq, 1),
        checks.key("task_event.order_id", wire.order_id),
        _OUTCOMES[wire.outcome],
        checks.clip(wire.reason),
        checks.finite("task_event.robot_s", wire.robot_s),
    )


def _decode_command_reply(wire: session_pb2.CommandReply, robot_id: RobotId, connection: int) -> CommandReplied:
    status = _STATUSES.get(wire.status)
    if status is None:
        raise WireError("command_reply.status", wire.status, "must be a known status")
    command_id = checks.counter("command_reply.command_id", wire.command_id)
    return CommandReplied(robot_id, connection, command_id, status, checks.clip(wire.text))


def encode_send(send: Send, limits: SpeedLimits, sequence: int | None = None) -> session_pb2.SessionResponse:
    """
    A message to a robot.

    Args:
        limits: From `speed_limits`, for the steps of routes.
        sequence: Replaces the effect's own, for an adapter that sends in another order than the core spoke.
    """
    response = session_pb2.SessionResponse(
        epoch=send.epoch, session=send.session, sequence=send.sequence if sequence is None else sequence
    )
    _fill(response, send.message, limits)
    return response


def _fill(response: session_pb2.SessionResponse, message: RobotMessage, limits: SpeedLimits) -> None:
    match message:
        case Heartbeat():
            beat = response.heartbeat
            beat.nonce, beat.coordinator_s, beat.rtt_s = message.nonce, message.coordinator_s, message.rtt_s
        case RouteUpdate():
            response.route.CopyFrom(encode_route(message, limits))
        case Command():
            response.command.command_id = message.command_id
            response.command.kind = _KINDS[message.kind]
            response.command.order_id = message.order_id
            response.command.valid_for_s = message.valid_for_s
            response.command.reason = message.reason
        case Acknowledge():
            # Zero is a message too, so the field is set even when its only number is the default.
            response.acknowledge.SetInParent()
            response.acknowledge.task_events_through = message.task_events_through
        case Welcome():
            response.welcome.CopyFrom(_encode_welcome(message))
        case Drain():
            response.drain.SetInParent()
            response.drain.reconnect_after_s = message.reconnect_after_s
        case _:
            assert_never(message)


def _encode_welcome(message: Welcome) -> session_pb2.Welcome:
    return session_pb2.Welcome(
        version=PROTOCOL_VERSION,
        heartbeat_period_s=message.heartbeat_period_s,
        hold_after_s=message.hold_after_s,
        report_period_s=message.report_period_s,
        coordinator_s=message.coordinator_s,
        base_is_valid=message.base_is_valid,
        task_events_through=message.task_events_through,
    )
