"""What holds a robot up, for the books of waiting: refusals, standing aside, closed ways, a stuck journal."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING

from coordinator.fleet.waits import Hold

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot
    from coordinator.fleet.release_rule import Refused
    from coordinator.fleet.state import RobotState


def is_at_end(robot: RobotState) -> bool:
    """Whether a robot has come to the end of its base and done its work there."""
    return robot.reached_seq == robot.base_end.seq and not robot.open_orders


def cause_of(refused: Refused) -> str:
    """The cause of a refusal as people are told: a full zone is told apart from a place."""
    is_zone = refused.cause == "resource" and refused.subject.startswith("zone ")
    return "zone" if is_zone else refused.cause


def hold_of(core: Core, robot: RobotState, live: LiveRobot, refused: Refused | None) -> Hold | None:
    """What holds a robot up that is refused, or has come to the end of its base; None when it has nothing to do."""
    if live.wait is not None and refused is not None:
        return Hold(live.wait.cause, live.wait.subject, refused.blockers)
    if live.give_way is not None:
        return Hold("give_way", f"node {live.give_way.node_id}", (live.give_way.other,))
    if live.target is None and live.is_shut_in:
        return _shut_in(core, robot)
    return None


def note_journal(core: Core) -> None:
    """Nothing is released while the journal can't be written: who comes to the end of its base waits for it."""
    for robot_id in core.placed():
        robot, live = core.state.robots[robot_id], core.live[robot_id]
        has_aim = bool(live.itinerary) or live.target not in (None, robot.base_end.node_id)
        if robot_id not in core.waits.present and is_at_end(robot) and has_aim:
            core.waits.note(robot_id, Hold("journal", "coordinator"), core.now_s)


def _shut_in(core: Core, robot: RobotState) -> Hold | None:
    """A robot that can't even drive home waits for the nearest closed way; None when it can."""
    resources, type_id = core.resources, robot.factsheet.robot_type_id
    start, home = resources.node_index[robot.base_end.node_id], resources.node_index[robot.home]
    if core.router.to_goal_s(type_id, home)[start] != inf:
        return None
    allowed = resources.allowed[type_id]
    seen = {start}
    queue = deque((start,))
    while queue:
        for way in resources.out[queue.popleft()]:
            if not allowed[way.index]:
                continue
            if way.index in core.closed_why:
                holder = core.holder(resources.step_claim[way.index] & resources.exclusive, robot.robot_id)
                is_stalled = holder is not None and core.closed_why[way.index] == "stalled_robot"
                return Hold("closure", f"edge {way.edge_id}", (holder,) if is_stalled and holder else ())
            if way.end not in seen:
                seen.add(way.end)
                queue.append(way.end)
    return Hold("closure", f"way to {robot.home}")
