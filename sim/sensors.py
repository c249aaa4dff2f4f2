"""What the plant's points are like, and what sensors make of it."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from coordinator.model.ids import TaskId
from coordinator.plant.map import PlantMap, TaskSpec

DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something wrong at a point: its value moves by `shift` of its scale from a time on, over `rise_s`."""

    task_id: TaskId
    begin_s: float
    rise_s: float
    shift: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value in the task's unit (None if the task has none), how far to trust it, and whether it was truly off."""

    value: float | None
    quality_ratio: float
    is_anomalous: bool


class PlantCondition:
    """
    The truth behind the readings: nominal values, a slow drift over the day, and planted anomalies.

    Args:
        anomaly_ratio: Part of the tasks that go wrong some time within the run.
    """

    def __init__(self, plant: PlantMap, *, seed: int, start_s: float, hours: float, anomaly_ratio: float) -> None:
        chance = random.Random(f"{seed}:condition")
        self._specs: dict[TaskId, TaskSpec] = {
            task.task_id: task for point in plant.points.values() for task in point.tasks
        }
        self._start_s = start_s
        self._phase_rad = {task_id: chance.uniform(0.0, math.tau) for task_id in sorted(self._specs)}
        self._anomalies: dict[TaskId, Anomaly] = {}
        for task_id in sorted(self._specs):
            if chance.random() < anomaly_ratio:
                begin_s = start_s + chance.uniform(0.0, hours * 3600.0)
                shift = chance.choice((-1.0, 1.0)) * chance.uniform(0.2, 0.6)
                self._anomalies[task_id] = Anomaly(task_id, begin_s, chance.uniform(60.0, 1800.0), shift)

    @property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """What was planted, sorted by task."""
        return tuple(self._anomalies.values())

    def unit_of(self, task_id: TaskId) -> str:
        """Unit of a task's value; empty for none."""
        spec = self._specs.get(task_id)
        return spec.unit if spec is not None else ""

    def measure(self, task_id: TaskId, now_s: float, chance: random.Random) -> Measurement:
        """Take a reading: noise of half a percent, poor quality once in fifty."""
        spec = self._specs.get(task_id)
        quality_ratio = chance.uniform(0.3, 0.6) if chance.random() < 0.02 else chance.uniform(0.9, 1.0)
        if spec is None or spec.nominal is None:
            return Measurement(None, quality_ratio, False)
        scale = abs(spec.nominal) or 1.0
        drift = 0.01 * math.sin(self._phase_rad[task_id] + math.tau * (now_s - self._start_s) / DAY_S)
        anomaly = self._anomalies.get(task_id)
        shift = 0.0
        if anomaly is not None and now_s > anomaly.begin_s:
            shift = anomaly.shift * min(1.0, (now_s - anomaly.begin_s) / anomaly.rise_s)
        value = spec.nominal + scale * (drift + shift + chance.gauss(0.0, 0.005))
        return Measurement(value, quality_ratio, abs(shift) > 0.1)
