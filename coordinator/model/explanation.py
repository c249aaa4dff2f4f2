"""Why a robot, and no other, has a task."""

from __future__ import annotations

from dataclasses import dataclass

from coordinator.model.ids import MissionId, PointId, RobotId


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A robot that could, or couldn't, have been given a point.

    Attributes:
        rule: Which rule removed it; empty if none did. The numbers below are None then, and only then, if one did.
        arrive_s: When it would be there, or will be.
        age_ratio: Of the point at the end of that visit.
        detour_s: How much longer it drives for it.
        price: What the visit adds to the plan's objective: its own age, and those of the robot's stops it delays.
        place: How many of its other planned stops come first.
    """

    robot_id: RobotId
    rule: str
    arrive_s: float | None = None
    age_ratio: float | None = None
    detour_s: float | None = None
    price: float | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    A decision about one point, worked out again from what the planner was told.

    Attributes:
        mission_id: The mission it was planned for; None for the standing patrol.
        robot_id: Who has it, by that plan or because it was released; None for nobody.
        is_released: Whether it is that robot's order already, or its next stop: no plan gives it to another.
        why: In one line.
        version, decided_s: Of the plan, and when it was asked for; 0 if no plan about the point is kept any more.
        candidates: The chosen robot first, then those that could, the cheapest first, then the others by id.
    """

    point_id: PointId
    mission_id: MissionId | None
    robot_id: RobotId | None
    is_released: bool
    why: str
    version: int
    decided_s: float
    candidates: tuple[Candidate, ...]
