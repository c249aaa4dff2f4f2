"""Where a robot drives next, and by which way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.fleet.schedule import RETRY_S, plan_off, plan_to
from coordinator.model.ids import NodeId

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot
    from coordinator.fleet.state import RobotState
    from coordinator.model.assignment import Stop

LEAVE_AFTER_S = 5.0
"""A robot that has nothing to do waits so long for a new aim, then drives home: it may be in others' way."""
BAR_S = 120.0
"""A point without an open way to it isn't tried again by the robot for this long."""


def choose_target(core: Core, robot: RobotState, live: LiveRobot) -> None:
    """Set target and path beyond the base; drops stops that can't be reached, or not left again."""
    while True:
        wanted, why = _wanted(core, robot, live)
        if wanted is None:
            if not _leave(core, robot, live):
                _drop_path(live)
            return
        if _follow_plan(core, robot, live, wanted, why):
            return
        is_same = (wanted, why, core.router.version) == (live.target, live.target_why, live.path_version)
        if is_same and (live.path or robot.base_end.node_id == wanted):
            return
        if _can_return(core, robot, wanted) and _find_path(core, robot, live, wanted, why):
            live.is_shut_in = False
            return
        if why != "stop":
            live.is_shut_in = why == "home"
            _drop_path(live)
            live.give_way = None
            return
        bar(core, live, live.itinerary.pop(0))


def bar(core: Core, live: LiveRobot, stop: Stop) -> None:
    """A robot doesn't try a stop again for a while."""
    if stop.point_id is not None:
        live.barred[stop.point_id] = core.now_s + BAR_S
    core.is_plan_due = True


def _drop_path(live: LiveRobot) -> None:
    """The robot has nowhere to go; it is told if it was told another thing before."""
    live.is_route_due = live.is_route_due or bool(live.path)
    live.target, live.path = None, []


def _can_return(core: Core, robot: RobotState, node_id: NodeId) -> bool:
    """Whether the robot would get home from a node again, as the map is drawn."""
    index = core.resources.node_index
    return core.returns.can_return(robot.factsheet.robot_type_id, index[node_id], index[robot.home])


def _leave(core: Core, robot: RobotState, live: LiveRobot) -> bool:
    """Without an aim, and a home in a radio hole, drive off as the timetable says: others count on it."""
    if core.now_s - live.ready_s < LEAVE_AFTER_S:
        return False
    if core.now_s - live.searched_s >= RETRY_S:
        live.searched_s = core.now_s
        plan_off(core, robot, live)
    path = core.timetable.planned_ways(robot.robot_id)
    if not path:
        return False
    if path != live.path:
        live.target, live.target_why = core.resources.node_ids[core.resources.ways[path[-1]].end], "room"
        live.path, live.is_route_due = path, True
    live.path_version = core.router.version
    return True


def _may_stay(core: Core, robot: RobotState) -> bool:
    """Whether a robot stands where nobody drives through, and nobody else is planned to come."""
    node = core.timetable.end_node(robot.robot_id)
    return node in core.finishing.refuges and not core.timetable.is_wanted(robot.robot_id)


def _follow_plan(core: Core, robot: RobotState, live: LiveRobot, wanted: NodeId, why: str) -> bool:
    """Take the path from the timetable: to the aim, or to where the robot bars nobody while there is none."""
    is_planned = plan_to(core, robot, live, wanted)
    is_there = is_planned and robot.base_end.node_id == wanted
    if is_there and live.give_way is not None:
        # It stays until the other has passed: its way on mustn't come before the other's.
        core.timetable.unplan(robot.robot_id)
    path = [] if is_there else core.timetable.planned_ways(robot.robot_id)
    if not is_planned:
        if live.give_way is not None:
            # Its place in the timetable's order is what holds it here: it gives that up as well.
            core.timetable.unplan(robot.robot_id)
            return False
        if not path:
            return False
        if _may_stay(core, robot):
            _drop_path(live)
            return True
        wanted, why = core.resources.node_ids[core.resources.ways[path[-1]].end], "room"
    if (wanted, why) != (live.target, live.target_why) or path != live.path:
        live.target, live.target_why, live.path = wanted, why, path
        live.is_route_due = True
    live.path_version = core.router.version
    return True


def _wanted(core: Core, robot: RobotState, live: LiveRobot) -> tuple[NodeId | None, str]:
    if live.give_way is not None:
        return live.give_way.node_id, "give_way"
    if live.itinerary:
        return live.itinerary[0].node_id, "stop"
    is_aim_near = core.plan_asked_s is not None or core.is_plan_due
    if robot.base_end.node_id == robot.home or (is_aim_near and core.now_s - live.ready_s < LEAVE_AFTER_S):
        return None, ""
    if core.coverage.is_dark(core.resources.node_index[robot.home]):
        return None, ""
    return robot.home, "home"


def _find_path(core: Core, robot: RobotState, live: LiveRobot, wanted: NodeId, why: str) -> bool:
    """Find the best path, or keep the present one when another gains too little. False when there is no open way."""
    router, index = core.router, core.resources.node_index
    type_id = robot.factsheet.robot_type_id
    start, goal = index[robot.base_end.node_id], index[wanted]
    best = router.way(type_id, start, goal)
    if best is None:
        return False
    is_same_aim = wanted == live.target and why == live.target_why and bool(live.path)
    live.target, live.target_why, live.path_version = wanted, why, router.version
    if not is_same_aim:
        live.path = best
        live.is_route_due = True
        return True
    if best == live.path:
        return True
    settings = core.settings
    old_s, new_s = router.cost_s(type_id, live.path), router.cost_s(type_id, best)
    gain_s = old_s - new_s
    if old_s == float("inf"):
        reason = core.closed_why.get(_first_closed(core, robot, live), "closure")
    elif settings.replan_on_congestion and gain_s > max(
        settings.congestion_gain_s, settings.congestion_gain_ratio * old_s
    ):
        reason = "congestion"
    else:
        return True
    live.path = best
    live.is_route_due = True
    core.count_replan(reason)
    return True


def _first_closed(core: Core, robot: RobotState, live: LiveRobot) -> int:
    type_id = robot.factsheet.robot_type_id
    for way in live.path:
        if core.router.cost_s(type_id, [way]) == float("inf"):
            return way
    return -1
