"""The one way durable state changes: apply a record."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from coordinator.fleet.state import (
    ANSWERS_KEPT_COUNT,
    ENDED_MISSIONS_KEPT_COUNT,
    Answer,
    FleetState,
    PointState,
    RobotState,
)
from coordinator.model.ids import RobotId
from coordinator.model.mission import TaskOutcome
from coordinator.model.records import (
    AlarmChanged,
    AlarmRemoved,
    BaseExtended,
    CommandEnded,
    CommandIssued,
    EdgeClosed,
    EdgeOpened,
    EpochStarted,
    MissionChanged,
    MissionCreated,
    MissionPointChanged,
    ObservationsMissing,
    ObservationStored,
    OperatorActed,
    PointVisited,
    Record,
    RobotJoined,
    RobotPlaced,
    RobotRemoved,
    SessionClosed,
    SessionOpened,
    StepPassed,
    StopChanged,
    TaskEnded,
    TaskEventsSeen,
    TravelTimesLearned,
)
from coordinator.model.route import Step


def fold(records: Iterable[Record], state: FleetState | None = None) -> FleetState:
    """State after all records, beginning at `state` (changed in place) or at nothing."""
    folded = FleetState() if state is None else state
    for record in records:
        apply(folded, record)
    return folded


def apply(state: FleetState, record: Record) -> None:
    """Change the state as a record says. Raises KeyError when the record names what the state doesn't have: a bug."""
    match record:
        case EpochStarted():
            _start_epoch(state, record)
        case RobotJoined():
            _join(state, record)
        case RobotRemoved():
            _remove(state, record.robot_id)
        case SessionOpened():
            _open_session(state.robots[record.robot_id], record)
        case SessionClosed():
            pass
        case RobotPlaced():
            _place(state, record)
        case BaseExtended():
            _extend(state, record)
        case StepPassed():
            _pass(state.robots[record.robot_id], record)
        case StopChanged() | CommandIssued() | CommandEnded():
            _command(state, record)
        case TaskEnded():
            _end_task(state.robots[record.robot_id], record)
        case TaskEventsSeen():
            state.robots[record.robot_id].task_events_through = record.event_seq
        case PointVisited():
            _visit(state, record)
        case ObservationStored():
            _store_observation(state.robots[record.robot_id], record.observation.counter)
        case ObservationsMissing():
            _declare_missing(state.robots[record.robot_id], record)
        case MissionCreated() | MissionChanged() | MissionPointChanged():
            _change_mission(state, record)
        case EdgeClosed():
            state.closures[record.edge_id] = record
        case EdgeOpened():
            del state.closures[record.edge_id]
        case AlarmChanged():
            state.alarms[record.alarm.alarm_id] = record.alarm
        case AlarmRemoved():
            del state.alarms[record.alarm_id]
        case OperatorActed():
            _answer(state, record)
        case TravelTimesLearned():
            _learn(state, record)
        case _:
            assert_never(record)


def _start_epoch(state: FleetState, record: EpochStarted) -> None:
    state.epoch = record.epoch
    state.plant_id = record.plant_id
    state.plant_digest = record.plant_digest
    state.began_s = state.began_s or record.started_s


def _command(state: FleetState, record: StopChanged | CommandIssued | CommandEnded) -> None:
    if isinstance(record, StopChanged):
        if record.is_all:
            state.is_all_stopped = record.is_stopped
        for robot_id in record.robot_ids:
            state.robots[robot_id].is_stopped = record.is_stopped
        return
    robot = state.robots[record.robot_id]
    if isinstance(record, CommandIssued):
        robot.commands.append(record)
        robot.last_command_id = record.command_id
    else:
        robot.commands = [command for command in robot.commands if command.command_id != record.command_id]


def _answer(state: FleetState, record: OperatorActed) -> None:
    if not record.idempotency_key:
        return
    answer = Answer(record.command_digest, record.accepted, record.refused)
    state.answers[record.idempotency_key] = answer
    if len(state.answers) > ANSWERS_KEPT_COUNT:
        del state.answers[next(iter(state.answers))]


def _join(state: FleetState, record: RobotJoined) -> None:
    robot = state.removed.pop(record.robot_id, None) or RobotState(record.robot_id, record.factsheet, record.home)
    robot.factsheet, robot.home = record.factsheet, record.home
    state.robots[record.robot_id] = robot


def _remove(state: FleetState, robot_id: RobotId) -> None:
    """What a robot holds is void; its numbers are kept: used twice, it would take a new stop for an old one."""
    robot = state.robots.pop(robot_id)
    robot.route_id, robot.steps, robot.reached_seq, robot.cleared_seq = None, [], 0, -1
    robot.open_orders, robot.failed_points = {}, []
    state.removed[robot_id] = robot


def _open_session(robot: RobotState, record: SessionOpened) -> None:
    robot.session = record.session
    if record.boot_id != robot.boot_id:
        robot.boot_id = record.boot_id
        robot.task_events_through = 0


def _place(state: FleetState, record: RobotPlaced) -> None:
    robot = state.robots[record.robot_id]
    state.route_count += 1
    robot.route_id = record.route_id
    robot.steps = [Step(0, record.node_id, None)]
    robot.reached_seq = 0
    robot.cleared_seq = -1
    robot.open_orders.clear()
    robot.failed_points.clear()
    if record.edge_id is not None and record.end_node_id is not None:
        robot.steps.append(Step(1, record.end_node_id, record.edge_id))
        robot.cleared_seq = 0


def _extend(state: FleetState, record: BaseExtended) -> None:
    robot = state.robots[record.robot_id]
    for step in record.steps:
        robot.steps.append(step)
        for order in step.tasks:
            robot.open_orders[order.order_id] = order
            state.order_count += 1


def _pass(robot: RobotState, record: StepPassed) -> None:
    robot.reached_seq = record.reached_seq
    robot.cleared_seq = record.cleared_seq
    while robot.steps[0].seq < min(robot.reached_seq, robot.cleared_seq + 1):
        del robot.steps[0]


def _end_task(robot: RobotState, record: TaskEnded) -> None:
    order = robot.open_orders.pop(record.order_id, None)
    if record.event_seq:
        robot.task_events_through = record.event_seq
    if order is None or order.point_id is None:
        return
    if record.outcome is not TaskOutcome.DONE and order.point_id not in robot.failed_points:
        robot.failed_points.append(order.point_id)
    is_last = all(other.point_id != order.point_id for other in robot.open_orders.values())
    if is_last and order.point_id in robot.failed_points:
        robot.failed_points.remove(order.point_id)


def _visit(state: FleetState, record: PointVisited) -> None:
    point = state.points.get(record.point_id)
    count = 0 if point is None else point.visit_count
    state.points[record.point_id] = PointState(record.visited_s, count + 1)
    state.visits_count += 1
    state.late_visits_count += record.is_late
    state.max_age_ratio = max(state.max_age_ratio, record.age_ratio)


def _store_observation(robot: RobotState, counter: int) -> None:
    robot.stored_count += 1
    insort(robot.observations_ahead, counter)
    _advance_observations(robot)


def _declare_missing(robot: RobotState, record: ObservationsMissing) -> None:
    first, last = max(record.first_counter, robot.observations_through + 1), record.last_counter
    if last < first:
        return
    known = [counter for counter in robot.observations_ahead if first <= counter <= last]
    robot.missing_count += last - first + 1 - len(known)
    beyond = [counter for counter in robot.observations_ahead if counter not in known]
    if first == robot.observations_through + 1:
        # However many they are, they aren't kept one by one.
        robot.observations_through, robot.observations_ahead = last, beyond
    else:
        robot.observations_ahead = sorted([*beyond, *range(first, last + 1)])
    _advance_observations(robot)


def _advance_observations(robot: RobotState) -> None:
    ahead = robot.observations_ahead
    while ahead and ahead[0] == robot.observations_through + 1:
        robot.observations_through = ahead.pop(0)


def _learn(state: FleetState, record: TravelTimesLearned) -> None:
    for entry in record.edges:
        if entry.times is None:
            state.edge_times.pop(entry.key, None)
        else:
            state.edge_times[entry.key] = entry
    for work in record.work:
        state.work_times[work.task_type] = work
    for errors in record.arrivals:
        state.arrival_errors[str(errors.place)] = errors


def _change_mission(state: FleetState, record: MissionCreated | MissionChanged | MissionPointChanged) -> None:
    if isinstance(record, MissionCreated):
        state.missions[record.mission.mission_id] = record.mission
        state.mission_count += 1
        return
    mission = state.missions[record.mission_id]
    if isinstance(record, MissionPointChanged):
        changed = record.point
        points = tuple(changed if point.point_id == changed.point_id else point for point in mission.points)
        state.missions[record.mission_id] = replace(mission, points=points)
        return
    ended_s = record.changed_s if record.state.is_final else None
    state.missions[record.mission_id] = replace(mission, state=record.state, reason=record.reason, ended_s=ended_s)
    if record.state.is_final:
        ended = [key for key, kept in state.missions.items() if kept.state.is_final]
        for key in ended[: max(0, len(ended) - ENDED_MISSIONS_KEPT_COUNT)]:
            del state.missions[key]
