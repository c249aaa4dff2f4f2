"""The ledger: each result stored once, each loss declared, limits watched."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from coordinator.model.effects import AcknowledgeObservations, RefuseObservation
from coordinator.model.events import ObservationReceived, ObservationsDeclaredMissing, UploadOpened
from coordinator.model.observation import Observation, Severity
from coordinator.model.records import ObservationsMissing, ObservationStored
from coordinator.plant.map import Limits, TaskSpec

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.state import RobotState

GAP_LIMIT_COUNT = 1000
"""A loss of more results than this is believed only when all earlier ones are known: it is kept one by one."""
_LIMIT_CODES = ("low_low", "low", "high", "high_high")


def upload_opened(core: Core, event: UploadOpened) -> None:
    """A robot's upload stream began: tell it where to go on."""
    robot = core.state.robots.get(event.robot_id)
    if robot is None:
        core.effects.append(RefuseObservation(event.robot_id, event.upload, 0, f"robot {event.robot_id} is unknown"))
        return
    core.live[event.robot_id].upload = event.upload
    core.effects.append(AcknowledgeObservations(event.robot_id, event.upload, robot.observations_through))


def observation_received(core: Core, event: ObservationReceived) -> None:
    """A result arrived: store it if it is new, acknowledge what is durable either way."""
    robot = core.state.robots.get(event.robot_id)
    if robot is None:
        return
    observation = event.observation
    if _is_known(robot, observation.counter):
        core.duplicates_count += 1
    else:
        task = _task(core, observation)
        refusal = _refusal(observation, task)
        if refusal:
            core.record(ObservationsMissing(event.robot_id, observation.counter, observation.counter, refusal))
            core.effects.append(RefuseObservation(event.robot_id, event.upload, observation.counter, refusal))
        else:
            core.record(ObservationStored(event.robot_id, observation, core.now_s))
            if task is not None and observation.value is not None:
                _watch_limits(core, task, observation)
    core.effects.append(AcknowledgeObservations(event.robot_id, event.upload, robot.observations_through))


def declared_missing(core: Core, event: ObservationsDeclaredMissing) -> None:
    """A robot had to drop results: the loss is part of the ledger."""
    robot = core.state.robots.get(event.robot_id)
    if robot is None:
        return
    if (
        event.first_counter > robot.observations_through + 1
        and event.last_counter - event.first_counter > GAP_LIMIT_COUNT
    ):
        span = f"{event.first_counter} to {event.last_counter}"
        text = f"robot {event.robot_id} says results {span} are lost, before earlier ones came"
        core.note_alarm(event.robot_id, "bad_message", Severity.MEDIUM, text, event.robot_id)
    elif event.last_counter > robot.observations_through:
        core.record(ObservationsMissing(event.robot_id, event.first_counter, event.last_counter, event.reason))
        text = f"robot {event.robot_id} lost results {event.first_counter} to {event.last_counter}: {event.reason}"
        core.note_alarm(event.robot_id, "observations_missing", Severity.MEDIUM, text, event.robot_id)
    core.effects.append(AcknowledgeObservations(event.robot_id, event.upload, robot.observations_through))


def _is_known(robot: RobotState, counter: int) -> bool:
    return counter <= robot.observations_through or counter in robot.observations_ahead


def _task(core: Core, observation: Observation) -> TaskSpec | None:
    point = core.plant.points.get(observation.point_id)
    if point is None:
        return None
    return next((task for task in point.tasks if task.task_id == observation.task_id), None)


def _refusal(observation: Observation, task: TaskSpec | None) -> str:
    """Why a result can never be stored; empty when it can."""
    if task is None:
        where = f"task {observation.task_id} at point {observation.point_id}"
        return f"observation {observation.counter}: the plant has no {where}"
    if observation.value is not None and not math.isfinite(observation.value):
        return f"observation {observation.counter}: value {observation.value} isn't finite"
    return ""


def _watch_limits(core: Core, task: TaskSpec, observation: Observation) -> None:
    """Raise and clear the limit alarms of a task by its newest value."""
    assert observation.value is not None
    beyond = beyond_limit(task.limits, observation.value)
    for code in _LIMIT_CODES:
        if code != beyond:
            core.clear_alarm(task.task_id, code)
    if beyond:
        severity = Severity.CRITICAL if beyond in ("low_low", "high_high") else Severity.HIGH
        limit = getattr(task.limits, beyond)
        text = f"{task.task_id} reads {observation.value:.4g} {task.unit}, limit {beyond} is {limit:g}"
        core.raise_alarm(task.task_id, beyond, severity, text)


def beyond_limit(limits: Limits, value: float) -> str:
    """The worst limit a value is beyond: low_low, low, high or high_high; empty when within all."""
    if limits.low_low is not None and value <= limits.low_low:
        return "low_low"
    if limits.high_high is not None and value >= limits.high_high:
        return "high_high"
    if limits.low is not None and value <= limits.low:
        return "low"
    if limits.high is not None and value >= limits.high:
        return "high"
    return ""
