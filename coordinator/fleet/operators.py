"""What people ask for: answered once a key, audited, two steps where a mistake could hurt."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from coordinator.fleet import obstacles
from coordinator.fleet.commands import issue
from coordinator.fleet.missions import change_mission
from coordinator.fleet.plant_alarms import is_round_trip
from coordinator.fleet.roads import close_edge, open_edge
from coordinator.fleet.sessions import claim_of, place
from coordinator.model.effects import Reply
from coordinator.model.events import OperatorRequested
from coordinator.model.ids import AlarmId, EdgeId, MissionId, RobotId, is_name
from coordinator.model.messages import CommandKind
from coordinator.model.mission import (
    MISSION_TRANSITIONS,
    Mission,
    MissionPoint,
    MissionState,
    PointState,
    TaskOutcome,
)
from coordinator.model.operator import (
    Accepted,
    AcknowledgeAlarm,
    CancelMission,
    CloseEdge,
    ConfirmationNeeded,
    CreateMission,
    OpenEdge,
    OperatorCommand,
    Outcome,
    PauseMission,
    PlaceRobot,
    RefusalCode,
    Refused,
    RemoveRobot,
    RerunFailed,
    ResumeMission,
    ResumeRobots,
    ShelveAlarm,
    StopRobots,
)
from coordinator.model.records import (
    AlarmChanged,
    AlarmRemoved,
    MissionCreated,
    MissionPointChanged,
    OperatorActed,
    RobotRemoved,
    StopChanged,
    TaskEnded,
)
from coordinator.model.robot import Placement
from coordinator.plant.map import NodeRole

if TYPE_CHECKING:
    from coordinator.fleet.core import Core


def requested(core: Core, event: OperatorRequested) -> None:
    """Carry out a request, or answer as its key was answered before."""
    digest = hashlib.sha256(repr(event.command).encode()).hexdigest()
    known = core.state.answers.get(event.idempotency_key) if event.idempotency_key else None
    outcome: Outcome
    if known is not None and known.command_digest != digest:
        text = f"key {event.idempotency_key} was used for another request: a new request needs a new key"
        core.effects.append(Reply(event.request, Refused(RefusalCode.KEY_REUSED, text)))
        return
    if known is not None:
        outcome = known.accepted or known.refused or Accepted("")
        core.effects.append(Reply(event.request, outcome))
        return
    outcome = _carry_out(core, event.command, event.principal)
    if not isinstance(outcome, ConfirmationNeeded):
        core.record(
            OperatorActed(
                principal=event.principal,
                idempotency_key=event.idempotency_key,
                command_digest=digest,
                command=repr(event.command)[:1000],
                accepted=outcome if isinstance(outcome, Accepted) else None,
                refused=outcome if isinstance(outcome, Refused) else None,
                at_s=core.now_s,
            )
        )
    core.effects.append(Reply(event.request, outcome))


def _carry_out(core: Core, command: OperatorCommand, by: str) -> Outcome:
    match command:
        case CreateMission():
            return _create(core, command, by)
        case CancelMission() | PauseMission() | ResumeMission():
            return _move_mission(core, command, by)
        case RerunFailed():
            return _rerun(core, command, by)
        case CloseEdge() | OpenEdge():
            return _set_edge(core, command, by)
        case StopRobots() | ResumeRobots():
            return _stop_or_resume(core, command, by)
        case PlaceRobot():
            return _place(core, command, by)
        case RemoveRobot():
            return _remove(core, command, by)
        case AcknowledgeAlarm() | ShelveAlarm():
            return _change_alarm(core, command, by)
        case _:
            assert_never(command)


def _create(core: Core, command: CreateMission, by: str) -> Outcome:
    if not command.point_ids:
        return Refused(RefusalCode.INVALID, "a mission needs at least one point")
    unknown = [point_id for point_id in command.point_ids if point_id not in core.plant.points]
    if unknown:
        return Refused(RefusalCode.NOT_FOUND, f"no point {unknown[0]!r} in plant {core.plant.plant_id}")
    if not 0 <= command.priority <= 100:
        return Refused(RefusalCode.INVALID, f"priority {command.priority} isn't in 0 to 100")
    if command.deadline_s is not None and command.deadline_s <= core.now_s:
        return Refused(RefusalCode.INVALID, "the deadline is past")
    mission_id = command.mission_id or MissionId(f"m{core.state.mission_count + 1}")
    if not is_name(mission_id):
        return Refused(RefusalCode.INVALID, f"mission id {mission_id!r}: 1 to 64 of A-Z a-z 0-9 . _ -")
    if mission_id in core.state.missions:
        return Refused(RefusalCode.CONFLICT, f"mission {mission_id} exists already")
    for point_id in dict.fromkeys(command.point_ids):
        sensors = core.plant.points[point_id].sensors
        if not any(sensors <= robot_type.sensors for robot_type in core.plant.robot_types.values()):
            text = f"point {point_id} needs {', '.join(sorted(sensors))}: no robot type carries that"
            return Refused(RefusalCode.INVALID, text)
        if not is_round_trip(core, core.plant.points[point_id], core.plant.nodes_with(NodeRole.PARKING)):
            node_id = core.plant.points[point_id].node_id
            text = f"point {point_id}: no robot that drives to node {node_id} can leave it again"
            return Refused(RefusalCode.INVALID, text)
    mission = Mission(
        mission_id=mission_id,
        name=command.name or mission_id,
        points=tuple(MissionPoint(point_id) for point_id in dict.fromkeys(command.point_ids)),
        state=MissionState.WAITING,
        priority=command.priority,
        created_s=core.now_s,
        deadline_s=command.deadline_s,
    )
    core.record(MissionCreated(mission, by))
    core.is_plan_due = True
    return Accepted(mission_id, f"mission {mission_id} with {len(mission.points)} points")


def _move_mission(core: Core, command: CancelMission | PauseMission | ResumeMission, by: str) -> Outcome:
    mission = core.state.missions.get(command.mission_id)
    if mission is None:
        return Refused(RefusalCode.NOT_FOUND, f"no mission {command.mission_id}")
    match command:
        case CancelMission():
            target, reason = MissionState.CANCELLED, command.reason or "cancelled"
        case PauseMission():
            target, reason = MissionState.PAUSED, command.reason
        case _:
            is_begun = any(point.attempt_count for point in mission.points)
            target, reason = (MissionState.RUNNING if is_begun else MissionState.WAITING), ""
    if target not in MISSION_TRANSITIONS[mission.state]:
        text = f"mission {mission.mission_id} is {mission.state.value}: it can't become {target.value}"
        return Refused(RefusalCode.CONFLICT, text)
    if target is MissionState.CANCELLED:
        for point in mission.points:
            if point.state is PointState.OPEN:
                failed = replace(point, state=PointState.FAILED, reason="cancelled")
                core.record(MissionPointChanged(mission.mission_id, failed))
    change_mission(core, core.state.missions[mission.mission_id], target, reason, by)
    return Accepted(mission.mission_id, f"mission {mission.mission_id} is {target.value}")


def _rerun(core: Core, command: RerunFailed, by: str) -> Outcome:
    mission = core.state.missions.get(command.mission_id)
    if mission is None:
        return Refused(RefusalCode.NOT_FOUND, f"no mission {command.mission_id}")
    if not mission.state.is_final:
        return Refused(
            RefusalCode.CONFLICT, f"mission {mission.mission_id} is {mission.state.value}: it must have ended"
        )
    left = tuple(point.point_id for point in mission.points if point.state is not PointState.DONE)
    if not left:
        return Refused(RefusalCode.CONFLICT, f"mission {mission.mission_id}: all points are done")
    return _create(core, CreateMission(left, f"{mission.name} again", mission.priority), by)


def _set_edge(core: Core, command: CloseEdge | OpenEdge, by: str) -> Outcome:
    edge_id = command.edge_id
    if edge_id not in core.plant.edges:
        return Refused(RefusalCode.NOT_FOUND, f"no edge {edge_id!r} in plant {core.plant.plant_id}")
    if isinstance(command, OpenEdge):
        if edge_id not in core.state.closures:
            return Refused(RefusalCode.CONFLICT, f"edge {edge_id} isn't closed")
        open_edge(core, edge_id, by)
        return Accepted(edge_id, f"edge {edge_id} is open")
    if not command.reason:
        return Refused(RefusalCode.INVALID, "closing an edge needs a reason")
    if command.for_s is not None and not command.for_s > 0:
        return Refused(RefusalCode.INVALID, f"for {command.for_s} s: must be above 0")
    until_s = None if command.for_s is None else core.now_s + command.for_s
    close_edge(core, EdgeId(edge_id), command.reason, by, until_s, is_blockage=False)
    return Accepted(edge_id, f"edge {edge_id} is closed")


def _stop_or_resume(core: Core, command: StopRobots | ResumeRobots, by: str) -> Outcome:
    is_stop = isinstance(command, StopRobots)
    if not command.reason and not is_stop:
        return Refused(RefusalCode.INVALID, "resuming needs a reason")
    unknown = [robot_id for robot_id in command.robot_ids if robot_id not in core.state.robots]
    if unknown:
        return Refused(RefusalCode.NOT_FOUND, f"no robot {unknown[0]}")
    robot_ids = command.robot_ids or tuple(sorted(core.state.robots))
    core.record(StopChanged(robot_ids, is_stop, by, command.reason, is_all=not command.robot_ids))
    kind = CommandKind.STOP if is_stop else CommandKind.RESUME
    for robot_id in robot_ids:
        issue(core, robot_id, kind, reason=command.reason)
    core.is_traffic_dirty = core.is_plan_due = True
    return Accepted("fleet" if not command.robot_ids else ",".join(robot_ids), f"{kind.value}: {len(robot_ids)} robots")


def _place(core: Core, command: PlaceRobot, by: str) -> Outcome:
    robot = core.state.robots.get(command.robot_id)
    if robot is None:
        return Refused(RefusalCode.NOT_FOUND, f"no robot {command.robot_id}")
    if command.node_id not in core.plant.nodes:
        return Refused(RefusalCode.NOT_FOUND, f"no node {command.node_id!r} in plant {core.plant.plant_id}")
    placement = Placement(command.node_id)
    other = core.holder(claim_of(core, placement) & core.resources.exclusive, command.robot_id)
    if other is not None:
        return Refused(RefusalCode.CONFLICT, f"node {command.node_id} is held by robot {other}")
    subject = f"place {command.robot_id} at {command.node_id}"
    pending = _confirm(
        core,
        subject,
        command.confirm,
        f"robot {command.robot_id} stands at {command.node_id}; all it held else becomes free",
    )
    if pending is not None:
        return pending
    for order_id in list(robot.open_orders):
        core.record(TaskEnded(robot.robot_id, order_id, 0, TaskOutcome.SKIPPED, "placed by hand", core.now_s))
    core.live[command.robot_id].itinerary.clear()
    place(core, command.robot_id, placement, by)
    core.is_plan_due = True
    return Accepted(command.robot_id, f"robot {command.robot_id} stands at {command.node_id}")


def _remove(core: Core, command: RemoveRobot, by: str) -> Outcome:
    if command.robot_id not in core.state.robots and not obstacles.is_obstacle(core, command.robot_id):
        return Refused(RefusalCode.NOT_FOUND, f"no robot {command.robot_id}")
    pending = _confirm(
        core,
        f"remove {command.robot_id}",
        command.confirm,
        f"robot {command.robot_id} is off the floor; all it held becomes free",
    )
    if pending is not None:
        return pending
    obstacles.forget(core, command.robot_id, by)
    if command.robot_id in core.state.robots:
        _take_off(core, command.robot_id, by)
    return Accepted(command.robot_id, f"robot {command.robot_id} is removed")


def _take_off(core: Core, robot_id: RobotId, by: str) -> None:
    """A robot of the fleet is off the floor."""
    live = core.live[robot_id]
    if live.connection is not None:
        core.close(robot_id, live.connection, "ABORTED", "removed by an operator")
    for code in ("robot_lost", "robot_unplaced", "pose", "duplicate_identity"):
        core.clear_alarm(robot_id, code)
    core.record(RobotRemoved(robot_id, by))
    core.is_plan_due = True


def _confirm(core: Core, subject: str, token: str, text: str) -> Outcome | None:
    """None when the second step came in time; else what to answer to this step."""
    known = core.confirmations.get(subject)
    if token:
        if known is None or known[0] != token or known[1] < core.now_s:
            return Refused(RefusalCode.CONFLICT, f"{subject}: the confirmation is unknown or too old; begin again")
        del core.confirmations[subject]
        return None
    fresh = hashlib.sha256(f"{subject} {core.nonce()}".encode()).hexdigest()[:12]
    core.confirmations[subject] = (fresh, core.now_s + core.settings.confirm_within_s)
    return ConfirmationNeeded(fresh, f"confirm that {text}")


def _change_alarm(core: Core, command: AcknowledgeAlarm | ShelveAlarm, by: str) -> Outcome:
    alarm = core.state.alarms.get(AlarmId(command.alarm_id))
    if alarm is None:
        return Refused(RefusalCode.NOT_FOUND, f"no alarm {command.alarm_id}")
    if isinstance(command, AcknowledgeAlarm):
        if not alarm.is_active:
            core.record(AlarmRemoved(alarm.alarm_id))
        else:
            core.record(AlarmChanged(replace(alarm, is_acknowledged=True, acknowledged_by=by)))
        return Accepted(alarm.alarm_id, f"alarm {alarm.alarm_id} is acknowledged")
    if not 0 < command.for_s <= 604_800:
        return Refused(RefusalCode.INVALID, f"shelve for {command.for_s} s: above 0 and at most 604800")
    if not command.reason:
        return Refused(RefusalCode.INVALID, "shelving an alarm needs a reason")
    core.record(AlarmChanged(replace(alarm, shelved_until_s=core.now_s + command.for_s)))
    return Accepted(alarm.alarm_id, f"alarm {alarm.alarm_id} is shelved")
