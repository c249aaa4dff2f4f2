"""Results of inspections, and the alarms they raise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from coordinator.model.geometry import Pose2
from coordinator.model.ids import AlarmId, PointId, RobotId, TaskId


@dataclass(frozen=True, slots=True)
class Observation:
    """
    One result of one task order. `(robot_id, counter)` is its key.

    Attributes:
        counter: Counts this robot's observations from 1 without gaps, across boots.
        taken_s: When taken, coordinator's timeline, by the robot's estimate.
        taken_error_s: Uncertainty of `taken_s`.
        value: Measured value in `unit`; None when the result is its blob alone.
        quality_ratio: Trust in the result, 0 to 1.
        blob_sha256: Content hash of the picture, thermal frame or sound; empty for none.
    """

    counter: int
    order_id: str
    point_id: PointId
    task_id: TaskId
    taken_s: float
    taken_error_s: float = 0.0
    pose: Pose2 | None = None
    value: float | None = None
    unit: str = ""
    quality_ratio: float = 1.0
    blob_sha256: str = ""
    blob_bytes: int = 0
    blob_type: str = ""


class Severity(Enum):
    """How urgent an alarm is; names as in ISA-18.2 practice."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Alarm:
    """
    A condition that a person must see; one alarm a condition (`alarm_id` is derived from subject and code).

    Attributes:
        subject: Point, robot, edge, device or `coordinator`.
        code: Stable name of the condition, such as `high_high` or `robot_lost`.
        is_active: Whether the condition holds now.
        is_acknowledged: Whether a person has seen it. Active or not, an alarm stays listed until both are settled.
        shelved_until_s: Not shown before; None when not shelved.
    """

    alarm_id: AlarmId
    subject: str
    code: str
    severity: Severity
    text: str
    raised_s: float
    is_active: bool = True
    is_acknowledged: bool = False
    cleared_s: float | None = None
    acknowledged_by: str = ""
    shelved_until_s: float | None = None
    robot_id: RobotId | None = None
