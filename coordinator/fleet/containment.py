"""
The one place where failures of planning end.

Whatever router, release rule, giving way or the making and taking of plans raise: the robot keeps its base, an alarm
names it and what happened, and the fleet goes on. What was journaled before the failure stands; it was checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coordinator.fleet.core import alarm_id_of
from coordinator.fleet.errors import ReleaseRefusedError
from coordinator.fleet.targets import bar
from coordinator.fleet.waits import Hold
from coordinator.model.observation import Severity
from coordinator.model.snapshot import Wait

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.model.assignment import Stop
    from coordinator.model.ids import RobotId

RELEASE_REFUSED = "release_refused"
PLANNING_FAILED = "planning_failed"
GIVE_UP_AFTER_S = 20.0
"""A stop that a robot couldn't be led to for so long goes to others."""


def contain_robot(core: Core, robot_id: RobotId, work: Callable[[], None]) -> None:
    """Plan for one robot; when that fails it waits at the end of its base, with the stops it was to make."""
    stops = list(core.live[robot_id].itinerary)
    try:
        work()
    except Exception as error:  # noqa: BLE001  (planning for this robot ends here, with an alarm)
        _hold(core, robot_id, stops, error)


def contain(core: Core, task: str, work: Callable[[], None]) -> None:
    """Do a part of planning that is about no single robot; when it fails the fleet goes on without it."""
    subject = f"planning.{task}"
    try:
        work()
    except Exception as error:  # noqa: BLE001  (this part of planning ends here, with an alarm)
        core.count_refusal(PLANNING_FAILED)
        core.raise_alarm(subject, PLANNING_FAILED, Severity.HIGH, f"{task} failed: {_what(error)}")
    else:
        if core.state.alarms:
            core.clear_alarm(subject, PLANNING_FAILED)


def end_trouble(core: Core, robot_id: RobotId) -> None:
    """A release went through: what was wrong with planning for this robot is over."""
    if core.state.alarms:
        core.clear_alarm(robot_id, RELEASE_REFUSED)
        core.clear_alarm(robot_id, PLANNING_FAILED)


def is_in_trouble(core: Core, robot_id: RobotId) -> bool:
    """Whether planning can't move a robot just now."""
    alarms = core.state.alarms
    if not alarms:
        return False
    known = (alarms.get(alarm_id_of(robot_id, code)) for code in (RELEASE_REFUSED, PLANNING_FAILED))
    return any(alarm is not None and alarm.is_active for alarm in known)


def _hold(core: Core, robot_id: RobotId, stops: list[Stop], error: Exception) -> None:
    robot, live = core.state.robots[robot_id], core.live[robot_id]
    if isinstance(error, ReleaseRefusedError):
        rule, subject, code, text = error.finding.rule, error.finding.subject, RELEASE_REFUSED, str(error)
    else:
        rule, subject, code = PLANNING_FAILED, f"robot {robot_id}", PLANNING_FAILED
        text = f"planning for robot {robot_id} failed: {_what(error)}"
    core.count_refusal(rule)
    core.stalled_s = core.now_s
    row = core.timetable.rows.get(robot_id)
    if row is not None and row.granted != robot.base_end.seq:
        # The timetable failed to hear of the base: all it needs to know is where that ends.
        core.timetable.place(robot_id, core.resources.node_index[robot.base_end.node_id], robot.base_end.seq)
    elif row is not None:
        # Who can't be led on mustn't come before those who can.
        core.timetable.unplan(robot_id)
    core.raise_alarm(robot_id, code, Severity.HIGH, text, robot_id)
    if stops and core.now_s - core.state.alarms[alarm_id_of(robot_id, code)].raised_s > GIVE_UP_AFTER_S:
        bar(core, live, stops.pop(0))
    ordered = {order.point_id for order in robot.open_orders.values()}
    live.itinerary = [stop for stop in stops if stop.point_id not in ordered]
    live.target, live.path, live.give_way, live.wait_way, live.blockers = None, [], None, None, ()
    is_at_end = robot.reached_seq == robot.base_end.seq and not robot.open_orders
    since_s = core.now_s if live.wait is None else live.wait.since_s
    live.wait = Wait("safety", subject, None, since_s) if is_at_end else None
    core.waits.note(robot_id, Hold("safety", subject, ()) if is_at_end else None, core.now_s)


def _what(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
