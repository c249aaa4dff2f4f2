"""What a simulated robot's sensors see where it stands: the inspection point it looks at. Pure."""

from __future__ import annotations

import math
import random

import numpy as np
from numpy.typing import NDArray

from coordinator.model.ids import LevelId
from coordinator.plant.map import PlantMap, TaskSpec
from sim.sensors import PlantCondition

NEAR_M = 1.0
PICTURE_PX = 120
# A full scale of a gauge is this many times what a healthy point shows.
SCALE_RATIO = 2.0
KELVIN_0C = 273.15
CENTIKELVIN = 100.0


class Scene:
    """All points of a plant, as sensors see them."""

    def __init__(self, plant: PlantMap, condition: PlantCondition, chance: random.Random) -> None:
        self._plant = plant
        self._condition = condition
        self._chance = chance

    def value(self, sensor: str, x_m: float, y_m: float, yaw_rad: float, level_id: LevelId, *, now_s: float) -> float:
        """What a sensor measures there; 0 where no point is for it."""
        task = self._task(sensor, x_m, y_m, yaw_rad, level_id)
        if task is None:
            return 0.0
        return self._condition.measure(task.task_id, now_s, self._chance).value or 0.0

    def gauge(self, x_m: float, y_m: float, yaw_rad: float, level_id: LevelId, *, now_s: float) -> NDArray[np.uint8]:
        """A dial with its needle, seen by the camera: height x width x 1."""
        task = self._task("camera", x_m, y_m, yaw_rad, level_id)
        part = 0.0
        if task is not None and task.nominal:
            value = self._condition.measure(task.task_id, now_s, self._chance).value or 0.0
            part = min(1.0, max(0.0, value / (SCALE_RATIO * task.nominal)))
        return _dial(part)

    def thermal(self, x_m: float, y_m: float, yaw_rad: float, level_id: LevelId, *, now_s: float) -> NDArray[np.uint16]:
        """A warm spot in centikelvin, its hottest pixel what the point has: height x width."""
        hot_c = max(15.0, self.value("thermal", x_m, y_m, yaw_rad, level_id, now_s=now_s))
        rows, columns = np.mgrid[-1:1:60j, -1:1:80j]
        warmth_c = 15.0 + (hot_c - 15.0) * np.exp(-4.0 * (rows**2 + columns**2))
        warmth_c[30, 40] = hot_c
        frame: NDArray[np.uint16] = np.rint((warmth_c + KELVIN_0C) * CENTIKELVIN).astype(np.uint16)
        return frame

    def _task(self, sensor: str, x_m: float, y_m: float, yaw_rad: float, level_id: LevelId) -> TaskSpec | None:
        found: list[tuple[float, str, TaskSpec]] = []
        for point in self._plant.points.values():
            node = self._plant.nodes[point.node_id]
            if node.level_id != level_id or math.hypot(node.x_m - x_m, node.y_m - y_m) > NEAR_M:
                continue
            turn_rad = abs(math.remainder(point.heading_rad - yaw_rad, math.tau))
            found.extend((turn_rad, task.task_id, task) for task in point.tasks if task.sensor == sensor)
        return min(found)[2] if found else None


def _dial(part: float) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[-1 : 1 : PICTURE_PX * 1j, -1 : 1 : PICTURE_PX * 1j]
    radius = np.hypot(rows, columns)
    picture = np.where(radius < 0.9, 230, 90).astype(np.uint8)
    picture[(radius > 0.86) & (radius < 0.9)] = 20
    # From bottom left over the top to bottom right.
    needle_rad = math.radians(225.0 - 270.0 * part)
    along = columns * math.cos(needle_rad) - rows * math.sin(needle_rad)
    aside = np.abs(columns * math.sin(needle_rad) + rows * math.cos(needle_rad))
    picture[(along > 0.0) & (along < 0.75) & (aside < 0.03)] = 10
    return picture[:, :, None]
