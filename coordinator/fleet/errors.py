"""
What can go wrong inside the core by a bug of ours.

None of these reaches the caller: `containment` turns them into alarms.

PlanningError
    ReleaseRefusedError
    NonsensePlanError
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coordinator.checker.finding import Finding
    from coordinator.model.ids import RobotId


class PlanningError(Exception):
    """Planning asked for something that can't be right."""


class ReleaseRefusedError(PlanningError):
    """The checker refuses a release: it would break a rule that holds always."""

    def __init__(self, robot_id: RobotId, finding: Finding) -> None:
        super().__init__(
            f"release to robot {robot_id} refused by rule {finding.rule} at {finding.subject}: {finding.text}"
        )
        self.robot_id = robot_id
        self.finding = finding


class NonsensePlanError(PlanningError):
    """A path or plan that isn't one."""

    def __init__(self, robot_id: RobotId, trouble: str) -> None:
        super().__init__(f"robot {robot_id} was planned nonsense: {trouble}")
        self.robot_id = robot_id
