"""The newest observations in memory, for those who ask what came in lately; the journal has all of them."""

from __future__ import annotations

from collections import deque

from coordinator.model.ids import PointId, RobotId
from coordinator.model.observation import Observation
from coordinator.model.records import ObservationStored, Record

MAX_KEPT = 10_000


class ObservationLog:
    """Bounded: the oldest make room."""

    def __init__(self, max_kept: int = MAX_KEPT) -> None:
        self._kept: deque[tuple[RobotId, Observation, float]] = deque(maxlen=max_kept)

    def __len__(self) -> int:
        return len(self._kept)

    def note(self, record: Record) -> None:
        """Keep a record that became durable, if it is an observation."""
        if isinstance(record, ObservationStored):
            self._kept.append((record.robot_id, record.observation, record.stored_s))

    def recent(
        self, *, point_id: PointId | None, robot_id: RobotId | None, limit: int
    ) -> list[tuple[RobotId, Observation, float]]:
        """Robot, result and when it was stored; newest first."""
        found: list[tuple[RobotId, Observation, float]] = []
        for entry in reversed(self._kept):
            robot, observation, _ = entry
            if (point_id is None or observation.point_id == point_id) and robot_id in (None, robot):
                found.append(entry)
                if len(found) >= limit:
                    break
        return found
