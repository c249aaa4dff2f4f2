"""What operators ask for, and what they are told."""

from __future__ import annotations

from typing import Protocol

from coordinator.model.ids import AlarmId, EdgeId, MissionId, NodeId, PointId, RobotId
from coordinator.model.operator import (
    Accepted,
    AcknowledgeAlarm,
    CancelMission,
    CloseEdge,
    ConfirmationNeeded,
    CreateMission,
    OpenEdge,
    OperatorCommand,
    PauseMission,
    PlaceRobot,
    RemoveRobot,
    RerunFailed,
    ResumeMission,
    ResumeRobots,
    ShelveAlarm,
    StopRobots,
)
from coordinator.transport.codec import checks
from coordinator.transport.codec.errors import WireError
from roundsman.v1 import fleet_pb2

MAX_POINTS = 10_000
MAX_ROBOTS = 1_000
MAX_SHELVE_S = 604_800.0


class MutatingRequest(Protocol):
    """Every mutating request of FleetService."""

    @property
    def context(self) -> fleet_pb2.CallContext: ...


def decode_context(wire: fleet_pb2.CallContext) -> tuple[str, str]:
    """
    The principal and the idempotency key of a call; both may be empty.

    Raises:
        WireError: If one breaks its rule.
    """
    if wire.idempotency_key:
        checks.name("context.idempotency_key", wire.idempotency_key)
    return checks.text("context.principal", wire.principal, 64), wire.idempotency_key


def decode_create_mission(wire: fleet_pb2.CreateMissionRequest) -> CreateMission:
    """Visit points once."""
    if not wire.point_ids:
        raise WireError("point_ids", "[]", f"must have 1 to {MAX_POINTS} points")
    checks.at_most("point_ids", wire.point_ids, MAX_POINTS)
    return CreateMission(
        point_ids=tuple(
            PointId(checks.name(f"point_ids[{index}]", point_id)) for index, point_id in enumerate(wire.point_ids)
        ),
        name=checks.text("name", wire.name, 100),
        priority=int(checks.within("priority", wire.priority, 0, 100)) if wire.HasField("priority") else 50,
        deadline_s=checks.finite("deadline_s", wire.deadline_s) if wire.HasField("deadline_s") else None,
        mission_id=MissionId(checks.name("mission_id", wire.mission_id)) if wire.mission_id else None,
    )


def decode_change_mission(wire: fleet_pb2.ChangeMissionRequest) -> OperatorCommand:
    """Pause, resume, cancel or re-run."""
    mission_id = MissionId(checks.name("mission_id", wire.mission_id))
    reason = checks.text("reason", wire.reason)
    match wire.change:
        case fleet_pb2.MISSION_CHANGE_PAUSE:
            return PauseMission(mission_id, reason)
        case fleet_pb2.MISSION_CHANGE_RESUME:
            return ResumeMission(mission_id)
        case fleet_pb2.MISSION_CHANGE_CANCEL:
            return CancelMission(mission_id, _given("reason", reason, "to cancel"))
        case fleet_pb2.MISSION_CHANGE_RERUN_FAILED:
            return RerunFailed(mission_id)
        case unknown:
            raise WireError("change", unknown, "must be a known change")


def decode_set_edge(wire: fleet_pb2.SetEdgeRequest) -> CloseEdge | OpenEdge:
    """Close or open an edge."""
    edge_id = EdgeId(checks.name("edge_id", wire.edge_id))
    if not wire.is_closed:
        return OpenEdge(edge_id)
    reason = _given("reason", checks.text("reason", wire.reason), "to close")
    return CloseEdge(edge_id, reason, checks.positive("for_s", wire.for_s) if wire.HasField("for_s") else None)


def decode_stop_robots(wire: fleet_pb2.StopRobotsRequest) -> StopRobots:
    """Brake and latch; no reason is asked of who stops."""
    return StopRobots(_robot_ids(wire), checks.text("reason", wire.reason))


def decode_resume_robots(wire: fleet_pb2.ResumeRobotsRequest) -> ResumeRobots:
    """Drop the latch of stop."""
    return ResumeRobots(_robot_ids(wire), _given("reason", checks.text("reason", wire.reason), "to resume"))


def decode_place_robot(wire: fleet_pb2.PlaceRobotRequest) -> PlaceRobot:
    """A person confirms where a robot stands."""
    return PlaceRobot(
        RobotId(checks.name("robot_id", wire.robot_id)),
        NodeId(checks.name("node_id", wire.node_id)),
        checks.text("confirm_token", wire.confirm_token),
    )


def decode_remove_robot(wire: fleet_pb2.RemoveRobotRequest) -> RemoveRobot:
    """A person confirms that a robot is off the floor."""
    robot_id = RobotId(checks.name("robot_id", wire.robot_id))
    return RemoveRobot(robot_id, checks.text("confirm_token", wire.confirm_token))


def decode_change_alarm(wire: fleet_pb2.ChangeAlarmRequest) -> AcknowledgeAlarm | ShelveAlarm:
    """Acknowledge or shelve."""
    alarm_id = AlarmId(checks.key("alarm_id", wire.alarm_id))
    comment = checks.text("comment", wire.comment)
    match wire.change:
        case fleet_pb2.ALARM_CHANGE_ACKNOWLEDGE:
            return AcknowledgeAlarm(alarm_id, comment)
        case fleet_pb2.ALARM_CHANGE_SHELVE:
            for_s = checks.positive("shelve_for_s", wire.shelve_for_s, MAX_SHELVE_S)
            return ShelveAlarm(alarm_id, for_s, _given("comment", comment, "to shelve"))
        case unknown:
            raise WireError("change", unknown, "must be a known change")


def encode_outcome(outcome: Accepted | ConfirmationNeeded) -> fleet_pb2.CallResult:
    """What a call did; a refusal is a status, not a result."""
    match outcome:
        case Accepted():
            return fleet_pb2.CallResult(subject=outcome.subject, text=outcome.text)
        case ConfirmationNeeded():
            return fleet_pb2.CallResult(text=outcome.text, confirm_token=outcome.token)


def decode_period(wire: fleet_pb2.WatchFleetRequest | fleet_pb2.WatchTrafficRequest) -> float:
    """Seconds between the pictures of a watcher."""
    if wire.min_period_s == 0.0:
        return 1.0
    return checks.within("min_period_s", wire.min_period_s, 0.05, 60.0)


def decode_limit(wire: fleet_pb2.ListObservationsRequest) -> int:
    """How many observations to list."""
    return 100 if wire.limit == 0 else int(checks.within("limit", wire.limit, 1, 1000))


def decode_traffic_query(
    wire: fleet_pb2.GetTrafficRequest | fleet_pb2.WatchTrafficRequest,
) -> tuple[RobotId | None, int]:
    """The robot it is about, if it is about one, and how many rows."""
    robot_id = RobotId(checks.name("robot_id", wire.robot_id)) if wire.robot_id else None
    return robot_id, 20 if wire.limit == 0 else int(checks.within("limit", wire.limit, 1, 1000))


def decode_explain(wire: fleet_pb2.ExplainTaskRequest) -> str:
    """The point or task that is asked about."""
    return checks.text("task_id", _given("task_id", wire.task_id, "as a point or a task of the plant"), 200)


def _robot_ids(wire: fleet_pb2.StopRobotsRequest | fleet_pb2.ResumeRobotsRequest) -> tuple[RobotId, ...]:
    checks.at_most("robot_ids", wire.robot_ids, MAX_ROBOTS)
    return tuple(RobotId(checks.name(f"robot_ids[{index}]", robot_id)) for index, robot_id in enumerate(wire.robot_ids))


def _given(field: str, value: str, why: str) -> str:
    if not value.strip():
        raise WireError(field, value, f"must be given {why}")
    return value
