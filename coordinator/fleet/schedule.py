"""
Planning all robots' ways in time: who drives where next, and who comes first.

A robot's way is searched through the gaps in the others' plans as soon as it has an aim, to its stop and on to a place
where it may stay for good. Times are moved on as robots are late; those that wait or lose by it look for a better way.
A robot that finds no way drives to a place where it bars nobody; it is tried again when the others have moved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from coordinator.traffic.routing import NODE_S, Floats
from coordinator.traffic.safe_intervals import IntervalSearch, Vehicle
from coordinator.traffic.timetable import NO_WORK, STAY, Doing, Leg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot
    from coordinator.fleet.state import RobotState
    from coordinator.model.ids import NodeId, RobotId
    from coordinator.model.route import Step

CATCH_UP_S = 3.0
"""Times are moved on this often; before each search they are, too."""
RETRY_S = 3.0
"""A robot without a plan looks for one again after this long."""
MAKE_ROOM_AFTER_S = 20.0
"""Who stands for so long at a stop that others wait for leaves it."""
LATE_S = 5.0
"""A robot whose arrival moves back, or that waits, by more than this looks for a better plan."""
GAIN_S = 5.0
"""It is taken when it brings the robot there so much sooner."""
OVERDUE_S = 5.0
"""Work that takes longer than it should is guessed to be done after this long."""
REPLAN_COUNT = 4
"""So many robots a second may look for better plans."""
ROADS_COUNT = 12
"""When weights or closures changed so many look for quicker ways at once, and the rest in the seconds that follow."""


@dataclass(frozen=True, slots=True)
class Pace:
    """
    Seconds a type of robot takes for each way, inf for a closed one, and until its body has left the way's start.

    `slow_s` is what it takes longer than the router thinks, for want of speed. Shapes (w,).
    """

    version: int
    slow_s: Floats
    drive_s: Floats
    clear_s: Floats


def enter_steps(core: Core, robot: RobotState, steps: Sequence[Step]) -> None:
    """The base of a robot grew."""
    pace = _pace(core, robot)
    legs: list[Leg] = []
    last = core.timetable.base_leg(robot.robot_id)
    time_s = max(core.now_s, last.arrive_s + last.stay_s)
    for step in steps:
        stay_s = sum(order.duration_s for order in step.tasks)
        if step.edge_id is None:
            legs.append(Leg(STAY, time_s, 0.0, 0.0, stay_s))
        else:
            way = core.resources.way_index[step.edge_id]
            taken_s = min(pace.drive_s.item(way), 600.0)
            legs.append(Leg(way, time_s, taken_s, pace.clear_s.item(way), stay_s))
        time_s = legs[-1].arrive_s + stay_s
    core.timetable.extend(robot.robot_id, legs)


def enter_robot(core: Core, robot: RobotState) -> None:
    """A robot was placed, or is known from the journal: its row begins with its base."""
    if not robot.steps:
        core.timetable.remove(robot.robot_id)
        return
    first = robot.steps[0]
    core.timetable.place(robot.robot_id, core.resources.node_index[first.node_id], first.seq)
    enter_steps(core, robot, robot.steps[1:])
    core.timetable.release(robot.robot_id, robot.cleared_seq, core.live[robot.robot_id].held)


def plan_to(core: Core, robot: RobotState, live: LiveRobot, wanted: NodeId) -> bool:
    """
    Make sure of a plan to a node; tell whether there is one.

    Where there is none, make sure of a plan to leave: nobody may stand in the others' way for good.
    """
    row = core.timetable.rows[robot.robot_id]
    goal = core.resources.node_index[wanted]
    if row.goal == goal and row.is_bound:
        return True
    stay_s = _stay_s(core, live, goal)
    if core.timetable.end_node(robot.robot_id) == goal and not stay_s:
        return True
    if core.now_s - live.searched_s < RETRY_S and live.searched_for == wanted:
        return False
    live.searched_s, live.searched_for = core.now_s, wanted
    if free_at(core, robot) > core.timetable.leave_by_s(robot.robot_id):
        catch_up(core)
    found = search_plan(core, robot, live, goal)
    if found is not None:
        core.timetable.plan(robot.robot_id, found[0], goal, found[1])
        return True
    plan_off(core, robot, live)
    return False


def plan_off(core: Core, robot: RobotState, live: LiveRobot) -> None:
    """Make sure that a robot without a plan leaves where others want to drive, as soon as there is a way."""
    if core.timetable.rows[robot.robot_id].is_planned or not _must_leave(core, robot, live):
        return
    core.searches_count += 1
    search = IntervalSearch(core.resources, core.timetable, _vehicle(core, robot))
    legs = search.make_room(core.timetable.end_node(robot.robot_id), free_at(core, robot))
    if legs:
        core.timetable.plan(robot.robot_id, legs, -1, 0)


def keep_time(core: Core) -> None:
    """Move times on, drop plans that can't be driven any more, and look for better ones where that may pay."""
    timetable = core.timetable
    for robot_id in sorted(timetable.rows):
        row = timetable.rows[robot_id]
        if row.is_planned and core.is_stalled(robot_id):
            timetable.unplan(robot_id)
    if core.unimproved and core.searches_count < ROADS_COUNT:
        catch_up(core)
        _improve_on_new_roads(core)
    if core.now_s - core.caught_up_s < CATCH_UP_S:
        return
    core.caught_up_s = core.now_s
    tried = 0
    for late_s, robot_id in catch_up(core):
        if not core.settings.replan_on_congestion or tried >= REPLAN_COUNT:
            break
        if late_s >= LATE_S or core.live[robot_id].wait is not None:
            tried += _improve(core, robot_id, "congestion", GAIN_S)


def catch_up(core: Core) -> list[tuple[float, RobotId]]:
    """Move times on: how much later each robot arrives, most first."""
    robots = core.state.robots
    return core.timetable.refresh({robot_id: free_at(core, robots[robot_id]) for robot_id in core.timetable.rows})


def _must_leave(core: Core, robot: RobotState, live: LiveRobot) -> bool:
    """Whether a robot without a plan is where others want to drive: on through ways, or at a stop they wait for."""
    here = robot.base_end.node_id
    node = core.resources.node_index[here]
    if _is_refuge(core, robot, node):
        return False
    if node not in core.finishing.refuges:
        return True
    if live.wait is None or core.now_s - live.wait.since_s < MAKE_ROOM_AFTER_S:
        return False
    return any(other is not live and other.searched_for == here for other in core.live.values())


def replan_on_new_roads(core: Core) -> None:
    """Weights or closures changed: drop plans over closed ways, and begin to look for quicker ones."""
    for robot_id in sorted(core.timetable.rows):
        drive_s = _pace(core, core.state.robots[robot_id]).drive_s
        ways = [leg.way for leg in core.timetable.planned_legs(robot_id) if leg.way != STAY]
        closed = [way for way in ways if drive_s.item(way) == inf]
        if closed:
            core.timetable.unplan(robot_id)
            core.live[robot_id].searched_s = -inf
            core.count_replan(core.closed_why.get(closed[0], "closure"))
        else:
            core.timetable.repace(robot_id, drive_s)
    catch_up(core)
    if core.settings.replan_on_congestion:
        # Those that are left from before come first.
        core.unimproved.update(dict.fromkeys(sorted(core.timetable.rows)))
        _improve_on_new_roads(core)


def _improve_on_new_roads(core: Core) -> None:
    """Let some of those that haven't done so since weights changed look for quicker ways."""
    settings, tried = core.settings, 0
    for robot_id in list(core.unimproved):
        if tried >= ROADS_COUNT:
            break
        del core.unimproved[robot_id]
        if robot_id in core.timetable.rows:
            rest_s = core.timetable.arrive_s(robot_id) - core.now_s
            gain_s = max(settings.congestion_gain_s, settings.congestion_gain_ratio * rest_s)
            tried += _improve(core, robot_id, "congestion", gain_s)


def free_at(core: Core, robot: RobotState) -> float:
    """When a robot will be done with its base, by the timetable's guesses and how far it has come."""
    live, left_ratio = core.live[robot.robot_id], NO_WORK
    if robot.open_orders:
        orders = robot.step(robot.reached_seq).tasks
        left_ratio = sum(order.order_id in robot.open_orders for order in orders) / max(1, len(orders))
    doing = Doing(robot.reached_seq, live.ready_s, left_ratio)
    return core.timetable.base_done_s(robot.robot_id, doing, now_s=core.now_s, overdue_s=OVERDUE_S)


def soonest(core: Core, robot_id: RobotId, goal: int) -> float:
    """When a robot could be at a node if nobody else was there."""
    robot = core.state.robots[robot_id]
    to_goal_s = core.router.to_goal_s(robot.factsheet.robot_type_id, goal)
    return free_at(core, robot) + to_goal_s.item(core.timetable.end_node(robot_id))


def least_soonest(core: Core, robot_id: RobotId, goal: int) -> float:
    """The same with all ways open and free: never later than `soonest`, and cheap."""
    robot = core.state.robots[robot_id]
    to_goal_s = core.router.least_to_goal_s(robot.factsheet.robot_type_id, goal)
    return free_at(core, robot) + to_goal_s.item(core.timetable.end_node(robot_id))


def _improve(core: Core, robot_id: RobotId, reason: str, gain_s: float) -> bool:
    """Look for a quicker way to the same aim; tell whether it was looked for."""
    row, robot, live = core.timetable.rows[robot_id], core.state.robots[robot_id], core.live[robot_id]
    if row.goal < 0 or not row.is_planned or not row.is_bound or live.give_way is not None:
        return False
    limit_s = core.timetable.arrive_s(robot_id) - gain_s
    if least_soonest(core, robot_id, row.goal) > limit_s or soonest(core, robot_id, row.goal) > limit_s:
        return False
    found = search_plan(core, robot, live, row.goal, limit_s)
    if found is None:
        return True
    legs, count = found
    before = core.timetable.planned_ways(robot_id)
    core.timetable.plan(robot_id, legs, row.goal, count)
    if core.timetable.planned_ways(robot_id) != before:
        core.count_replan(reason)
        live.is_route_due = True
    core.is_traffic_dirty = True
    return True


def search_plan(
    core: Core, robot: RobotState, live: LiveRobot, goal: int, limit_s: float = inf
) -> tuple[list[Leg], int] | None:
    """Search the legs to a goal and on, arriving by `limit_s`, and how many of them lead there."""
    to_goal_s = core.router.to_goal_s(robot.factsheet.robot_type_id, goal)
    start = core.timetable.end_node(robot.robot_id)
    if to_goal_s[start] == inf:
        return None
    core.searches_count += 1
    search = IntervalSearch(core.resources, core.timetable, _vehicle(core, robot))
    return search.visit(start, free_at(core, robot), goal, _stay_s(core, live, goal), to_goal_s, limit_s=limit_s)


def _stay_s(core: Core, live: LiveRobot, goal: int) -> float:
    """How long the robot means to stay at its aim."""
    stay_s = 0.0
    for stop in live.itinerary:
        if core.resources.node_index[stop.node_id] != goal:
            break
        stay_s += max(0.0, stop.leave_s - stop.arrive_s)
    return min(stay_s, 7200.0)


def _vehicle(core: Core, robot: RobotState) -> Vehicle:
    pace, known = _pace(core, robot), core.roll.refuges()
    home, refuges = core.resources.node_index[robot.home], known.of_nobody.copy()
    refuges[home] = not core.coverage.is_dark(home)
    return Vehicle(robot.robot_id, pace.drive_s, pace.clear_s, refuges, known.dead_ends)


def _is_refuge(core: Core, robot: RobotState, node: int) -> bool:
    """Whether a robot may stay at a node for good: its home, or a dead end nobody owns and where nobody works."""
    if node == core.resources.node_index[robot.home]:
        return not core.coverage.is_dark(node)
    return bool(core.roll.refuges().of_nobody[node])


def _pace(core: Core, robot: RobotState) -> Pace:
    """How long a robot takes on the ways that are open now."""
    type_id = robot.factsheet.robot_type_id
    known = core.paces.get(type_id)
    if known is None:
        speed_mps, ways = core.plant.robot_types[type_id].max_speed_mps, core.resources.ways
        slow_s = np.array([max(0.0, way.length_m / speed_mps - way.free_s) for way in ways])
        clear_m = core.resources.clear_m
        clear_s = np.array([NODE_S + min(way.length_m, clear_m) / min(way.speed_mps, speed_mps) for way in ways])
        known = Pace(-1, slow_s, slow_s, clear_s)
    if known.version != core.router.version:
        drive_s = core.router.ways_s(type_id) + known.slow_s
        known = core.paces[type_id] = replace(known, version=core.router.version, drive_s=drive_s)
    return known
