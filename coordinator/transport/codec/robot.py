"""Robots on the wire: poses, progress, telemetry, factsheets."""

from __future__ import annotations

from math import inf, pi

from coordinator.model.geometry import Pose2
from coordinator.model.ids import NAME, EdgeId, LevelId, NodeId, RobotTypeId, RouteId
from coordinator.model.robot import (
    Activity,
    Factsheet,
    Fault,
    LinkQuality,
    Placement,
    Progress,
    StateReport,
)
from coordinator.transport.codec import checks
from coordinator.transport.codec.errors import WireError
from roundsman.v1 import robot_pb2

MAX_FAULTS = 32
MAX_HISTORY = 64
MAX_CELL_CHARACTERS = 64
# A yaw of pi that went through single precision is a little more than pi.
_YAW_LIMIT_RAD = pi + 1e-6

_ACTIVITIES: dict[int, Activity] = {
    robot_pb2.ROBOT_ACTIVITY_IDLE: Activity.IDLE,
    robot_pb2.ROBOT_ACTIVITY_DRIVING: Activity.DRIVING,
    robot_pb2.ROBOT_ACTIVITY_WORKING: Activity.WORKING,
    robot_pb2.ROBOT_ACTIVITY_CHARGING: Activity.CHARGING,
    robot_pb2.ROBOT_ACTIVITY_STOPPED: Activity.STOPPED,
    robot_pb2.ROBOT_ACTIVITY_BLOCKED: Activity.BLOCKED,
    robot_pb2.ROBOT_ACTIVITY_FAULTED: Activity.FAULTED,
    robot_pb2.ROBOT_ACTIVITY_MANUAL: Activity.MANUAL,
}
_WIRE_ACTIVITIES = {activity: robot_pb2.RobotActivity.ValueType(wire) for wire, activity in _ACTIVITIES.items()}


def decode_pose(field: str, wire: robot_pb2.Pose2D) -> Pose2:
    """A pose with finite coordinates on a named level."""
    x_m, y_m, yaw_rad, level_id = wire.x_m, wire.y_m, wire.yaw_rad, wire.level_id
    if not -inf < x_m < inf:
        raise WireError(f"{field}.x_m", x_m, "must be finite")
    if not -inf < y_m < inf:
        raise WireError(f"{field}.y_m", y_m, "must be finite")
    if not -_YAW_LIMIT_RAD <= yaw_rad <= _YAW_LIMIT_RAD:
        raise WireError(f"{field}.yaw_rad", yaw_rad, "must be in [-pi, pi]")
    if NAME.fullmatch(level_id) is None:
        checks.name(f"{field}.level_id", level_id)
    return Pose2(x_m, y_m, yaw_rad, LevelId(level_id))


def encode_pose(pose: Pose2) -> robot_pb2.Pose2D:
    """A pose for those who watch."""
    return robot_pb2.Pose2D(x_m=pose.x_m, y_m=pose.y_m, yaw_rad=pose.yaw_rad, level_id=pose.level_id)


def decode_progress(field: str, wire: robot_pb2.RouteProgress) -> Progress | None:
    """How far along its route a robot is; None when it holds no route."""
    route_id = wire.route_id
    if not route_id:
        return None
    reached_seq, cleared_seq, end_seq = wire.reached_seq, wire.cleared_seq, wire.base_end_seq
    if not -1 <= cleared_seq <= reached_seq:
        raise WireError(f"{field}.cleared_seq", cleared_seq, f"must be in [-1, reached_seq = {reached_seq}]")
    if reached_seq > checks.MAX_COUNTER or end_seq > checks.MAX_COUNTER:
        raise WireError(field, max(reached_seq, end_seq), "must be below 2^63")
    if len(route_id) > checks.MAX_KEY_CHARACTERS or not route_id.isprintable():
        checks.key(f"{field}.route_id", route_id)
    return Progress(RouteId(route_id), reached_seq, cleared_seq, end_seq)


def decode_state(wire: robot_pb2.StateReport, field: str = "state") -> StateReport:
    """
    A frame of telemetry.

    An activity this version doesn't know reads as MANUAL: its progress counts, and nothing is released to it.
    """
    report_seq, robot_s, speed_mps, charge_ratio = (
        wire.report_seq,
        wire.robot_s,
        wire.speed_mps,
        wire.charge_ratio,
    )
    if report_seq > checks.MAX_COUNTER:
        raise WireError(f"{field}.report_seq", report_seq, "must be below 2^63")
    if not -inf < robot_s < inf:
        raise WireError(f"{field}.robot_s", robot_s, "must be finite")
    if not -10.0 <= speed_mps <= 10.0:
        raise WireError(f"{field}.speed_mps", speed_mps, "must be in [-10, 10]")
    if not 0.0 <= charge_ratio <= 1.0:
        raise WireError(f"{field}.charge_ratio", charge_ratio, "must be in [0, 1]")
    checks.at_most(field + ".history", wire.history, MAX_HISTORY)
    has, blocked_edge_id = wire.HasField, wire.blocked_edge_id
    return StateReport(
        report_seq,
        robot_s,
        decode_pose(field + ".map_pose_body", wire.map_pose_body) if has("map_pose_body") else None,
        speed_mps,
        charge_ratio,
        _ACTIVITIES.get(wire.activity, Activity.MANUAL),
        decode_progress(field + ".progress", wire.progress),
        _decode_faults(field + ".faults", wire) if wire.faults else (),
        _decode_link(field + ".link", wire.link) if has("link") else None,
        EdgeId(checks.name(field + ".blocked_edge_id", blocked_edge_id)) if blocked_edge_id else None,
    )


def _decode_faults(field: str, wire: robot_pb2.StateReport) -> tuple[Fault, ...]:
    checks.at_most(field, wire.faults, MAX_FAULTS)
    return tuple(
        Fault(
            checks.name(f"{field}[{index}].code", fault.code),
            checks.text(f"{field}[{index}].text", fault.text),
            fault.stops_driving,
        )
        for index, fault in enumerate(wire.faults)
    )


def _decode_link(field: str, wire: robot_pb2.LinkQuality) -> LinkQuality:
    has = wire.HasField
    rsrp_dbm = wire.rsrp_dbm if has("rsrp_dbm") else None
    sinr_db = wire.sinr_db if has("sinr_db") else None
    rtt_s = wire.rtt_s if has("rtt_s") else None
    if rsrp_dbm is not None and not -160.0 <= rsrp_dbm <= 0.0:
        raise WireError(f"{field}.rsrp_dbm", rsrp_dbm, "must be in [-160, 0]")
    if sinr_db is not None and not -30.0 <= sinr_db <= 50.0:
        raise WireError(f"{field}.sinr_db", sinr_db, "must be in [-30, 50]")
    if rtt_s is not None and not 0.0 <= rtt_s < inf:
        raise WireError(f"{field}.rtt_s", rtt_s, "must be finite and at least 0")
    if len(wire.cell_id) > MAX_CELL_CHARACTERS:
        raise WireError(f"{field}.cell_id", wire.cell_id, f"must have at most {MAX_CELL_CHARACTERS} characters")
    return LinkQuality(rsrp_dbm, sinr_db, wire.cell_id, rtt_s)


def encode_link(quality: LinkQuality) -> robot_pb2.LinkQuality:
    """The radio link for those who watch."""
    return robot_pb2.LinkQuality(
        rsrp_dbm=quality.rsrp_dbm, sinr_db=quality.sinr_db, cell_id=quality.cell_id, rtt_s=quality.rtt_s
    )


def encode_fault(fault: Fault) -> robot_pb2.RobotFault:
    """A fault for those who watch."""
    return robot_pb2.RobotFault(code=fault.code, text=fault.text, stops_driving=fault.stops_driving)


def encode_activity(activity: Activity | None) -> robot_pb2.RobotActivity.ValueType:
    """What a robot does; unspecified before its first report."""
    return robot_pb2.ROBOT_ACTIVITY_UNSPECIFIED if activity is None else _WIRE_ACTIVITIES[activity]


def decode_factsheet(field: str, wire: robot_pb2.Factsheet) -> Factsheet:
    """What a robot is; whether the plant knows its type is the core's question."""
    type_id = RobotTypeId(checks.name(f"{field}.robot_type_id", wire.robot_type_id))
    return Factsheet(type_id, checks.clip(wire.model), checks.clip(wire.agent_version))


def decode_placement(field: str, wire: robot_pb2.Placement) -> Placement:
    """Where a robot stands in the graph."""
    if not wire.node_id:
        if wire.edge_id:
            raise WireError(f"{field}.node_id", "", "must name the start of edge_id")
        return Placement(None)
    node_id = NodeId(checks.name(f"{field}.node_id", wire.node_id))
    return Placement(node_id, EdgeId(checks.name(f"{field}.edge_id", wire.edge_id)) if wire.edge_id else None)
