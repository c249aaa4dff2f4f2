"""The fleet's picture, for those who watch."""

from __future__ import annotations

from collections.abc import Iterable

from coordinator.model.ids import RobotId
from coordinator.model.mission import Mission
from coordinator.model.observation import Alarm, Observation
from coordinator.model.robot import LinkState
from coordinator.model.snapshot import EdgeView, FleetSnapshot, PointView, RobotView, StopEta, Totals
from coordinator.transport.codec.robot import encode_activity, encode_fault, encode_link, encode_pose
from coordinator.transport.codec.route import SpeedLimits, encode_steps
from roundsman.v1 import fleet_pb2

_LINKS = {
    LinkState.LIVE: fleet_pb2.LINK_STATE_LIVE,
    LinkState.SUSPECT: fleet_pb2.LINK_STATE_SUSPECT,
    LinkState.LOST: fleet_pb2.LINK_STATE_LOST,
}


def encode_fleet(snapshot: FleetSnapshot, limits: SpeedLimits) -> fleet_pb2.FleetState:
    """The whole picture."""
    return fleet_pb2.FleetState(
        now_s=snapshot.now_s,
        epoch=snapshot.epoch,
        plant_id=snapshot.plant_id,
        robots=[_encode_robot(robot, limits) for robot in snapshot.robots],
        points=[_encode_point(point) for point in snapshot.points],
        missions=[_encode_mission(mission) for mission in snapshot.missions],
        alarms=[_encode_alarm(alarm) for alarm in snapshot.alarms],
        edges=[_encode_edge(edge) for edge in snapshot.edges],
        totals=_encode_totals(snapshot.totals),
        is_degraded=snapshot.is_degraded,
    )


def _encode_robot(robot: RobotView, limits: SpeedLimits) -> fleet_pb2.RobotSummary:
    wait = robot.wait
    return fleet_pb2.RobotSummary(
        robot_id=robot.robot_id,
        robot_type_id=robot.robot_type_id,
        link=_LINKS[robot.link],
        heard_s=robot.heard_s,
        activity=encode_activity(robot.activity),
        map_pose_body=None if robot.pose is None else encode_pose(robot.pose),
        speed_mps=robot.speed_mps,
        charge_ratio=robot.charge_ratio,
        last_node_id=robot.last_node_id or "",
        home_node_id=robot.home,
        base=encode_steps(robot.base, limits),
        horizon=encode_steps(robot.horizon, limits),
        next_point_ids=robot.next_point_ids,
        wait=None
        if wait is None
        else fleet_pb2.WaitReason(
            cause=wait.cause, subject=wait.subject, behind_robot_id=wait.behind or "", since_s=wait.since_s
        ),
        is_stopped=robot.is_stopped,
        faults=[encode_fault(fault) for fault in robot.faults],
        quality=None if robot.quality is None else encode_link(robot.quality),
        observations_stored_count=robot.observations_stored_count,
        observations_missing_count=robot.observations_missing_count,
        session=robot.session,
        stops=[_encode_stop(stop) for stop in robot.stops],
    )


def _encode_stop(stop: StopEta) -> fleet_pb2.StopEta:
    return fleet_pb2.StopEta(
        node_id=stop.node_id,
        point_id=stop.point_id or "",
        mission_id=stop.mission_id or "",
        is_released=stop.is_released,
        p50_s=stop.p50_s,
        p90_s=stop.p90_s,
    )


def _encode_point(point: PointView) -> fleet_pb2.PointSummary:
    return fleet_pb2.PointSummary(
        point_id=point.point_id,
        last_visit_s=point.last_visit_s,
        due_s=point.due_s,
        age_ratio=point.age_ratio,
        is_overdue=point.is_overdue,
        visit_count=point.visit_count,
        robot_id=point.robot_id or "",
    )


def _encode_mission(mission: Mission) -> fleet_pb2.MissionSummary:
    return fleet_pb2.MissionSummary(
        mission_id=mission.mission_id,
        name=mission.name,
        state=mission.state.value,
        priority=mission.priority,
        created_s=mission.created_s,
        deadline_s=mission.deadline_s,
        ended_s=mission.ended_s,
        reason=mission.reason,
        points=[
            fleet_pb2.MissionPointSummary(
                point_id=point.point_id,
                state=point.state.value,
                attempt_count=point.attempt_count,
                reason=point.reason,
            )
            for point in mission.points
        ],
    )


def _encode_alarm(alarm: Alarm) -> fleet_pb2.AlarmSummary:
    return fleet_pb2.AlarmSummary(
        alarm_id=alarm.alarm_id,
        subject=alarm.subject,
        code=alarm.code,
        severity=alarm.severity.value,
        text=alarm.text,
        raised_s=alarm.raised_s,
        is_active=alarm.is_active,
        is_acknowledged=alarm.is_acknowledged,
        cleared_s=alarm.cleared_s,
        acknowledged_by=alarm.acknowledged_by,
        shelved_until_s=alarm.shelved_until_s,
        robot_id=alarm.robot_id or "",
    )


def _encode_edge(edge: EdgeView) -> fleet_pb2.EdgeSummary:
    return fleet_pb2.EdgeSummary(
        edge_id=edge.edge_id,
        is_closed=edge.is_closed,
        is_blockage=edge.is_blockage,
        reason=edge.reason,
        source=edge.source,
        until_s=edge.until_s,
        holder_robot_id=edge.holder or "",
        delay_ratio=edge.delay_ratio,
    )


def _encode_totals(totals: Totals) -> fleet_pb2.FleetTotals:
    return fleet_pb2.FleetTotals(
        visits_count=totals.visits_count,
        late_visits_count=totals.late_visits_count,
        max_age_ratio=totals.max_age_ratio,
        wait_s_by_cause=dict(totals.wait_s_by_cause),
        replans_by_reason=dict(totals.replans_by_reason),
        observations_stored_count=totals.observations_stored_count,
        observations_missing_count=totals.observations_missing_count,
        observations_duplicate_count=totals.observations_duplicate_count,
    )


def encode_observations(
    stored: Iterable[tuple[RobotId, Observation, float]],
) -> fleet_pb2.ListObservationsResponse:
    """Results in the ledger: robot, result, and when it was stored."""
    return fleet_pb2.ListObservationsResponse(
        observations=[
            fleet_pb2.StoredObservation(
                robot_id=robot_id,
                counter=observation.counter,
                point_id=observation.point_id,
                task_id=observation.task_id,
                taken_s=observation.taken_s,
                stored_s=stored_s,
                value=observation.value,
                unit=observation.unit,
                quality_ratio=observation.quality_ratio,
                blob_sha256=observation.blob_sha256,
            )
            for robot_id, observation, stored_s in stored
        ]
    )
