"""Why this robot: the decision about a point, worked out again when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.assignment.weigh import chosen_robot, weigh
from coordinator.model.explanation import Candidate, Explanation
from coordinator.model.ids import MissionId, PointId, RobotId

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.model.assignment import Plan, Problem


def explain(core: Core, name: str) -> Explanation | None:
    """
    Say who has a point, why, and what the others would have cost.

    Args:
        name: Of the point or of one of its tasks.

    Returns:
        None if the plant has no such point or task.
    """
    point_id = _point_of(core, name)
    if point_id is None:
        return None
    robot_id, is_released, mission_id = _holder(core, point_id)
    decision = _decision(core, point_id, robot_id)
    if decision is None:
        return Explanation(
            point_id, mission_id, robot_id, is_released, _why_unknown(core, point_id, robot_id), 0, 0.0, ()
        )
    problem, plan = decision
    candidates = weigh(problem, plan, point_id) or ()
    asked = next(point for point in problem.points if point.point_id == point_id)
    why = _why(plan, point_id, robot_id, candidates)
    return Explanation(
        point_id, asked.mission_id, robot_id, is_released, why, problem.version, problem.now_s, candidates
    )


def _point_of(core: Core, name: str) -> PointId | None:
    if PointId(name) in core.plant.points:
        return PointId(name)
    for point_id, point in core.plant.points.items():
        if name.startswith(point_id) and any(task.task_id == name for task in point.tasks):
            return point_id
    return None


def _holder(core: Core, point_id: PointId) -> tuple[RobotId | None, bool, MissionId | None]:
    """Who has a point now, whether for good, and for which mission."""
    for robot_id in sorted(core.state.robots):
        for order in core.state.robots[robot_id].open_orders.values():
            if order.point_id == point_id:
                return robot_id, True, order.mission_id
    for robot_id in sorted(core.live):
        live = core.live[robot_id]
        for place, stop in enumerate(live.itinerary):
            if stop.point_id == point_id:
                is_next = place == 0 and live.target == stop.node_id and live.target_why == "stop"
                return robot_id, is_next, stop.mission_id
    return None, False, None


def _decision(core: Core, point_id: PointId, robot_id: RobotId | None) -> tuple[Problem, Plan] | None:
    """The newest decision about a point; where a robot has it, the newest that gave it to that robot."""
    for problem, plan in core.decisions.newest_first():
        if any(point.point_id == point_id for point in problem.points):
            chosen = chosen_robot(plan, point_id)
            if robot_id is None or (chosen is not None and chosen[0] == robot_id):
                return problem, plan
    return None


def _why(plan: Plan, point_id: PointId, robot_id: RobotId | None, candidates: tuple[Candidate, ...]) -> str:
    chosen = chosen_robot(plan, point_id)
    if robot_id is not None and chosen is not None:
        return chosen[1].reason
    refusal = next((refusal.rule for refusal in plan.refused if refusal.point_id == point_id), "")
    if refusal:
        return refusal
    if any(not candidate.rule for candidate in candidates):
        return "not among the next stops of any robot yet: other points come first"
    return "no robot can now"


def _why_unknown(core: Core, point_id: PointId, robot_id: RobotId | None) -> str:
    if robot_id is not None:
        return "decided by a plan that is too old to be kept"
    if core.plant.points[point_id].period_s is None:
        return "nobody asks for it: it has no revisit period, and no mission wants it"
    return "no plan has been made for it since the coordinator started"
