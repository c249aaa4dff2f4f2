"""Telemetry: where robots are, what lies behind them, and what hinders them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.fleet.foretelling import arrived
from coordinator.fleet.missions import point_ended
from coordinator.fleet.roads import open_edge, report_blockage
from coordinator.fleet.sessions import heard
from coordinator.fleet.travel import begin_anew, note_hindrance, passed, worked
from coordinator.model.events import HeartbeatEchoed, ReplyStatus, RouteReplied, StateReported, TaskReported
from coordinator.model.geometry import distance_m, to_segment_m
from coordinator.model.messages import Acknowledge
from coordinator.model.mission import TaskOutcome
from coordinator.model.observation import Severity
from coordinator.model.records import StepPassed, TaskEnded, TaskEventsSeen
from coordinator.model.robot import Activity, Progress

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot
    from coordinator.fleet.state import RobotState
    from coordinator.model.ids import RobotId
    from coordinator.model.robot import StateReport


def state_reported(core: Core, event: StateReported) -> None:
    """A frame of telemetry: the newest wins."""
    live = core.live.get(event.robot_id)
    if live is None or live.connection != event.connection:
        return
    heard(core, live)
    old, report = live.report, event.report
    if old is not None and report.report_seq <= old.report_seq:
        return
    robot = core.state.robots[event.robot_id]
    was_stalled = core.is_stalled(event.robot_id)
    live.report = report
    note_hindrance(core, live)
    if report.progress is not None and robot.route_id == report.progress.route_id:
        _progress(core, robot, live, report.progress)
    _hear_coverage(core, robot, report)
    _blockage(core, live, report)
    if old is None or report.faults != old.faults:
        _faults(core, live, report)
    _believe_pose(core, robot, live, report)
    if core.is_stalled(event.robot_id) != was_stalled:
        core.is_traffic_dirty = core.is_plan_due = True
        core.roads_s = -1e18


def route_replied(core: Core, event: RouteReplied) -> None:
    """A robot's verdict on a route update."""
    live = core.live.get(event.robot_id)
    if live is None or live.connection != event.connection:
        return
    heard(core, live)
    robot = core.state.robots[event.robot_id]
    if event.route_id != robot.route_id or not robot.steps or event.base_end_seq > robot.base_end.seq:
        return
    match event.status:
        case ReplyStatus.ACCEPTED | ReplyStatus.STALE:
            live.accepted_seq = max(live.accepted_seq, event.base_end_seq)
        case ReplyStatus.DISCONTINUOUS:
            live.accepted_seq = event.base_end_seq
            live.is_route_due = True
        case ReplyStatus.REFUSED:
            text = f"robot {event.robot_id} refuses its route: {event.text}"
            core.note_alarm(event.robot_id, "route_refused", Severity.HIGH, text, event.robot_id)


def heartbeat_echoed(core: Core, event: HeartbeatEchoed) -> None:
    """Four time stamps give round trip and clock offset; the quickest echo lately is the best."""
    live = core.live.get(event.robot_id)
    if live is None or live.connection != event.connection:
        return
    heard(core, live)
    rtt_s = core.now_s - event.coordinator_s - (event.robot_sent_s - event.robot_received_s)
    offset_s = (event.coordinator_s + core.now_s - event.robot_received_s - event.robot_sent_s) / 2.0
    if live.clock_offset_s is None or rtt_s <= live.rtt_s * 1.05:
        live.clock_offset_s = offset_s
    live.rtt_s = max(0.0, rtt_s)


def task_reported(core: Core, event: TaskReported) -> None:
    """A task began or ended. Events count without gaps; known ones are acknowledged again, later ones must wait."""
    live = core.live.get(event.robot_id)
    if live is None or live.connection != event.connection:
        return
    heard(core, live)
    robot = core.state.robots[event.robot_id]
    if event.event_seq == robot.task_events_through + 1:
        order = robot.open_orders.get(event.order_id)
        if event.outcome is None or order is None:
            core.record(TaskEventsSeen(event.robot_id, event.event_seq))
        else:
            had_failed = order.point_id in robot.failed_points
            ended_s = _coordinator_s(core, live, event.robot_s)
            core.record(
                TaskEnded(event.robot_id, event.order_id, event.event_seq, event.outcome, event.reason, ended_s)
            )
            has_failed = had_failed or event.outcome is not TaskOutcome.DONE
            point_ended(core, robot, order, ended_s, has_failed=has_failed, reason=event.reason)
            if event.outcome is TaskOutcome.DONE:
                worked(core, live, order)
            begin_anew(core, live)
            core.is_traffic_dirty = True
    core.send(event.robot_id, Acknowledge(robot.task_events_through))


def _coordinator_s(core: Core, live: LiveRobot, robot_s: float) -> float:
    """A robot's time on the coordinator's timeline, never in the future."""
    if live.clock_offset_s is None:
        return core.now_s
    return min(core.now_s, robot_s + live.clock_offset_s)


def _progress(core: Core, robot: RobotState, live: LiveRobot, progress: Progress) -> None:
    if not robot.steps:
        return
    reached, cleared = progress.reached_seq, progress.cleared_seq
    live.accepted_seq = max(live.accepted_seq, min(progress.base_end_seq, robot.base_end.seq))
    if (reached, cleared) == (robot.reached_seq, robot.cleared_seq):
        return
    if reached < robot.reached_seq or cleared < robot.cleared_seq:
        return
    if reached > robot.base_end.seq or cleared > reached:
        text = f"robot {robot.robot_id} reports step {reached} cleared {cleared}, its base ends at {robot.base_end.seq}"
        core.raise_alarm(robot.robot_id, "impossible_progress", Severity.CRITICAL, text, robot.robot_id)
        live.distrust = text
        return
    if reached == robot.reached_seq + 1:
        passed(core, robot, live, robot.step(reached))
    if reached > robot.reached_seq:
        begin_anew(core, live)
        arrived(core, robot, live, robot.step(reached))
    assert robot.route_id is not None
    core.record(StepPassed(robot.robot_id, robot.route_id, reached, cleared))


def _hear_coverage(core: Core, robot: RobotState, report: StateReport) -> None:
    if report.link is None or report.link.rsrp_dbm is None or not robot.steps or robot.cleared_seq == robot.reached_seq:
        return
    node_id = robot.step(robot.reached_seq).node_id
    core.coverage.heard(core.resources.node_index[node_id], report.link.rsrp_dbm)


def _blockage(core: Core, live: LiveRobot, report: StateReport) -> None:
    edge_id = report.blocked_edge_id
    if report.activity is not Activity.BLOCKED or edge_id is None or edge_id not in core.plant.edges:
        if live.blocked_since_s is not None:
            live.blocked_since_s = None
            for closed_id, closure in sorted(core.state.closures.items()):
                if closure.is_blockage and closure.source == live.robot_id and closed_id in core.state.closures:
                    open_edge(core, closed_id, live.robot_id)
        return
    if live.blocked_since_s is None:
        live.blocked_since_s = core.now_s
    elif core.now_s - live.blocked_since_s >= core.settings.blocked_after_s:
        report_blockage(core, live.robot_id, edge_id)


def _faults(core: Core, live: LiveRobot, report: StateReport) -> None:
    present = {fault.code: fault for fault in report.faults}
    for code, fault in sorted(present.items()):
        severity = Severity.HIGH if fault.stops_driving else Severity.MEDIUM
        core.raise_alarm(
            live.robot_id,
            f"fault.{code}",
            severity,
            f"robot {live.robot_id}: {fault.text or code}",
            live.robot_id,
        )
    if not core.state.alarms:
        return
    prefix = f"{live.robot_id}.fault."
    for alarm_id, alarm in list(core.state.alarms.items()):
        if alarm.is_active and alarm_id.startswith(prefix) and alarm_id[len(prefix) :] not in present:
            core.clear_alarm(live.robot_id, alarm.code)


def _believe_pose(core: Core, robot: RobotState, live: LiveRobot, report: StateReport) -> None:
    """A robot whose pose is unknown or far from its reserved way gets no new release until it is right again."""
    if not robot.steps or live.distrust:
        return
    trouble = ""
    if report.pose is None:
        trouble = "pose unknown"
    elif not _is_near_way(core, robot, report, core.settings.off_route_m):
        other = _whose_way(core, robot, report)
        trouble = "pose off the reserved way" + (f", in what robot {other} has reserved" if other else "")
    if trouble == live.pose_trouble:
        return
    core.clear_alarm(robot.robot_id, "pose")
    if trouble:
        severity = Severity.MEDIUM if report.pose is None else Severity.HIGH
        text = f"robot {robot.robot_id}: {trouble}"
        core.raise_alarm(robot.robot_id, "pose", severity, text, robot.robot_id)
    live.pose_trouble = trouble
    core.is_traffic_dirty = True


def _whose_way(core: Core, robot: RobotState, report: StateReport) -> RobotId | None:
    """Another robot whose reserved way a pose is in."""
    reach_m = 2.0 * core.plant.max_radius_m
    others = (core.state.robots[robot_id] for robot_id in core.placed() if robot_id != robot.robot_id)
    return next((other.robot_id for other in others if _is_near_way(core, other, report, reach_m)), None)


def _is_near_way(core: Core, robot: RobotState, report: StateReport, limit_m: float) -> bool:
    pose = report.pose
    assert pose is not None
    nodes = core.plant.nodes
    before = None
    for step in robot.steps:
        node = nodes[step.node_id]
        if distance_m(node.x_m, node.y_m, pose.x_m, pose.y_m) <= limit_m:
            return True
        if before is not None:
            way = ((before.x_m, before.y_m), (node.x_m, node.y_m))
            if to_segment_m((pose.x_m, pose.y_m), way) <= limit_m:
                return True
        before = node
    return False
