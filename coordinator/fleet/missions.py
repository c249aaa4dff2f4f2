"""Missions, visits, and the life of a point's tasks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from coordinator.model.ids import MissionId, PointId
from coordinator.model.mission import (
    MISSION_TRANSITIONS,
    Mission,
    MissionPoint,
    MissionState,
    PointState,
    TaskOrder,
)
from coordinator.model.records import MissionChanged, MissionPointChanged, PointVisited

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.state import RobotState
    from coordinator.model.assignment import Stop

GOING_ON = (MissionState.WAITING, MissionState.RUNNING)


def point_ended(
    core: Core, robot: RobotState, order: TaskOrder, ended_s: float, *, has_failed: bool, reason: str
) -> None:
    """After a task order ended: when it was the last of its visit, count the visit and tell the mission."""
    point_id = order.point_id
    if point_id is None or any(other.point_id == point_id for other in robot.open_orders.values()):
        return
    if not has_failed:
        _visited(core, robot, point_id, ended_s)
    for mission_id in _served(core, point_id, None if has_failed else ended_s, order.mission_id):
        mission = core.state.missions[mission_id]
        if mission.state is MissionState.WAITING:
            change_mission(core, mission, MissionState.RUNNING, "", "coordinator")
        _mission_point_ended(core, core.state.missions[mission_id], point_id, has_failed=has_failed, reason=reason)
    core.is_plan_due = core.is_plan_due or has_failed


def _served(core: Core, point_id: PointId, visited_s: float | None, ordered_by: MissionId | None) -> list[MissionId]:
    """Missions a look at a point counts for: the one that ordered it, and after a visit all that wait for the point."""
    served = []
    for mission_id, mission in core.state.missions.items():
        waits = any(point.point_id == point_id and point.state is PointState.OPEN for point in mission.points)
        is_visited = visited_s is not None and mission.state in GOING_ON and mission.created_s <= visited_s
        if waits and not mission.state.is_final and (mission_id == ordered_by or is_visited):
            served.append(mission_id)
    return served


def begin_points(core: Core, orders: tuple[TaskOrder, ...]) -> None:
    """Orders went into a base: missions they serve are running."""
    for mission_id in dict.fromkeys(order.mission_id for order in orders if order.mission_id is not None):
        mission = core.state.missions.get(mission_id)
        if mission is not None and mission.state is MissionState.WAITING:
            change_mission(core, mission, MissionState.RUNNING, "", "coordinator")


def change_mission(core: Core, mission: Mission, state: MissionState, reason: str, by: str) -> None:
    """Move a mission along its table. Raises AssertionError on an illegal move: a bug of ours."""
    if state.is_final:
        core.clear_alarm(mission.mission_id, "unservable")
    assert state in MISSION_TRANSITIONS[mission.state], f"mission {mission.mission_id}: {mission.state} to {state}"
    core.record(MissionChanged(mission.mission_id, state, reason, by, core.now_s))
    core.is_plan_due = True
    for robot_id in sorted(core.live):
        live = core.live[robot_id]
        live.itinerary = [stop for stop in live.itinerary if is_wanted(core, stop)]


def is_wanted(core: Core, stop: Stop) -> bool:
    """Whether a stop serves no mission, or one that goes on."""
    mission = None if stop.mission_id is None else core.state.missions.get(stop.mission_id)
    return stop.mission_id is None or (mission is not None and mission.state in GOING_ON)


def expire_missions(core: Core) -> None:
    """End missions whose deadline has come, with what is done."""
    for mission_id in list(core.state.missions):
        mission = core.state.missions[mission_id]
        if mission.state.is_final or mission.deadline_s is None or mission.deadline_s > core.now_s:
            continue
        for point in mission.points:
            if point.state is PointState.OPEN:
                core.record(
                    MissionPointChanged(
                        mission_id,
                        replace(point, state=PointState.FAILED, reason="not reached before the deadline"),
                    )
                )
        _end_if_complete(core, mission_id)


def _visited(core: Core, robot: RobotState, point_id: PointId, ended_s: float) -> None:
    point = core.plant.points.get(point_id)
    known = core.state.points.get(point_id)
    last_s = core.state.began_s if known is None else known.last_visit_s
    ended_s = max(ended_s, last_s)
    ratio, is_late = 0.0, False
    if point is not None and point.period_s is not None:
        ratio = (ended_s - last_s) / point.period_s
        is_late = ended_s - last_s > point.period_s + point.tolerance_s
    core.record(PointVisited(point_id, robot.robot_id, ended_s, ratio, is_late))


def _mission_point_ended(core: Core, mission: Mission, point_id: PointId, *, has_failed: bool, reason: str) -> None:
    for point in mission.points:
        if point.point_id != point_id or point.state is not PointState.OPEN:
            continue
        attempts = point.attempt_count + 1
        if not has_failed:
            changed = MissionPoint(point_id, PointState.DONE, attempts)
        elif attempts >= core.settings.task_attempt_count:
            changed = MissionPoint(point_id, PointState.FAILED, attempts, reason or "the task failed")
        else:
            changed = MissionPoint(point_id, PointState.OPEN, attempts, reason)
        core.record(MissionPointChanged(mission.mission_id, changed))
    _end_if_complete(core, mission.mission_id)


def _end_if_complete(core: Core, mission_id: MissionId) -> None:
    mission = core.state.missions[mission_id]
    states = [point.state for point in mission.points]
    if PointState.OPEN in states:
        return
    if mission.state is MissionState.WAITING:
        change_mission(core, mission, MissionState.RUNNING, "", "coordinator")
        mission = core.state.missions[mission_id]
    failed = [point for point in mission.points if point.state is PointState.FAILED]
    if not failed:
        change_mission(core, mission, MissionState.SUCCEEDED, "all points done", "coordinator")
    else:
        state = MissionState.FAILED if len(failed) == len(states) else MissionState.PARTLY_DONE
        why = f"{len(failed)} of {len(states)} points failed, first {failed[0].point_id}: {failed[0].reason}"
        change_mission(core, mission, state, why, "coordinator")
