"""Missions and tasks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from coordinator.model.ids import MissionId, PointId, TaskId

CHARGE_TASK_ID = TaskId("charge")


class TaskOutcome(Enum):
    """How a task order ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class TaskOrder:
    """
    One task for one robot at one node.

    Attributes:
        order_id: Unique in the plant; the robot performs each at most once.
        point_id: None for charging.
        mission_id: Mission it serves; None for the standing patrol and for charging.
        heading_rad: Heading to take in the map frame; None for any.
        duration_s: Expected time standing.
        charge_until_ratio: Charging ends here; set for `charge` only.
    """

    order_id: str
    task_id: TaskId
    task_type: str
    sensor: str
    duration_s: float
    point_id: PointId | None = None
    mission_id: MissionId | None = None
    heading_rad: float | None = None
    charge_until_ratio: float | None = None

    @property
    def is_charge(self) -> bool:
        """Whether this is charging."""
        return self.task_id == CHARGE_TASK_ID


class MissionState(Enum):
    """Life of a mission; the table is MISSION_TRANSITIONS."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    PARTLY_DONE = "partly_done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the mission has ended."""
        return not MISSION_TRANSITIONS[self]


MISSION_TRANSITIONS: dict[MissionState, frozenset[MissionState]] = {
    MissionState.WAITING: frozenset(
        {MissionState.RUNNING, MissionState.PAUSED, MissionState.FAILED, MissionState.CANCELLED}
    ),
    MissionState.RUNNING: frozenset(
        {
            MissionState.PAUSED,
            MissionState.SUCCEEDED,
            MissionState.PARTLY_DONE,
            MissionState.FAILED,
            MissionState.CANCELLED,
        }
    ),
    MissionState.PAUSED: frozenset(
        {
            MissionState.WAITING,
            MissionState.RUNNING,
            MissionState.SUCCEEDED,
            MissionState.PARTLY_DONE,
            MissionState.FAILED,
            MissionState.CANCELLED,
        }
    ),
    MissionState.SUCCEEDED: frozenset(),
    MissionState.PARTLY_DONE: frozenset(),
    MissionState.FAILED: frozenset(),
    MissionState.CANCELLED: frozenset(),
}


class PointState(Enum):
    """Where one point of a mission stands."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MissionPoint:
    """One point of a mission: its state, how often it was tried, and why it failed."""

    point_id: PointId
    state: PointState = PointState.OPEN
    attempt_count: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Mission:
    """
    One run over a list of points, asked for by a person or a program.

    Attributes:
        priority: 0 to 100; a higher one is served earlier.
        created_s: When it was accepted, coordinator's timeline.
        deadline_s: It fails with what is open then; None for none.
        reason: Why it ended; empty before.
    """

    mission_id: MissionId
    name: str
    points: tuple[MissionPoint, ...]
    state: MissionState
    priority: int
    created_s: float
    deadline_s: float | None = None
    ended_s: float | None = None
    reason: str = ""
