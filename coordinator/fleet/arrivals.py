"""When robots will arrive at their stops, as far as learned times can tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from coordinator.model.snapshot import StopEta
from coordinator.traffic.duration import NOTHING, Duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot
    from coordinator.fleet.state import RobotState
    from coordinator.model.assignment import Stop
    from coordinator.model.ids import NodeId

LEAST_LEFT_RATIO = 0.1
"""What takes longer than expected takes at least this share of its time more."""


def etas(core: Core, robot: RobotState, live: LiveRobot) -> tuple[StopEta, ...]:
    """
    Stops ahead of a robot in order, those in its base first.

    A robot that can't be expected to move, or that has no open way to a stop, has no time for it nor for what follows.
    """
    rows: list[StopEta] = []
    least_p50_s = least_p90_s = core.now_s
    for place, (stop, left) in enumerate(stops_ahead(core, robot, live)):
        if left is None:
            rows.append(stop)
            continue
        p50_s, p90_s = core.calibration.quantiles_s(place, left.p50_s, max(left.p50_s, left.p90_s))
        # Places are calibrated apart, but nobody is at a later stop before an earlier one.
        least_p50_s = max(least_p50_s, core.now_s + p50_s)
        least_p90_s = max(least_p90_s, least_p50_s, core.now_s + p90_s)
        rows.append(replace(stop, p50_s=least_p50_s, p90_s=least_p90_s))
    return tuple(rows)


def stops_ahead(core: Core, robot: RobotState, live: LiveRobot) -> Iterator[tuple[StopEta, Duration | None]]:
    """
    Stops in order, each with the sum of all times until the arrival there, taken as independent of each other.

    The sum is None for a robot that can't be expected to move, and from the first stop without an open way on.
    """
    if not robot.steps:
        return
    is_going = live.connection is not None and not core.is_stalled(robot.robot_id)
    left: Duration | None = NOTHING if is_going else None
    for stop, travel in _legs(core, robot, live):
        left = left + travel if left is not None and travel is not None else None
        if stop is not None:
            yield stop, left


def base_left(core: Core, robot: RobotState, live: LiveRobot) -> Duration:
    """Time until the robot has driven and worked through its base, charging left out."""
    left = NOTHING
    for _, part in _base_parts(core, robot, live):
        left += part
    return left


def drive_left_s(core: Core, robot: RobotState) -> float:
    """Mean time of the ways of the base that the robot hasn't driven to their end."""
    speed_mps, ways = core.robot_type(robot).max_speed_mps, core.resources.way_index
    return sum(
        core.travel_times.drive(ways[step.edge_id], speed_mps, core.now_s).mean_s
        for step in robot.steps
        if step.seq > robot.reached_seq and step.edge_id is not None
    )


def _legs(core: Core, robot: RobotState, live: LiveRobot) -> Iterator[tuple[StopEta | None, Duration | None]]:
    """What lies ahead: a time, and the stop that is reached after it. None for a time: no open way."""
    yield from _base_parts(core, robot, live)
    for order in robot.open_orders.values():
        if order.charge_until_ratio is not None:
            yield None, Duration(_charging_s(core, robot, live, order.charge_until_ratio))
    yield from _itinerary_parts(core, robot, live)


def _base_parts(core: Core, robot: RobotState, live: LiveRobot) -> Iterator[tuple[StopEta | None, Duration]]:
    speed_mps = core.robot_type(robot).max_speed_mps
    since_s = core.now_s - live.ready_s if live.knows_start else 0.0
    for step in robot.steps:
        open_orders = [order for order in step.tasks if order.order_id in robot.open_orders]
        if step.seq > robot.reached_seq and step.edge_id is not None:
            drive = core.travel_times.drive(core.resources.way_index[step.edge_id], speed_mps, core.now_s)
            yield None, _rest(drive, since_s)
            since_s = 0.0
        for number, order in enumerate(open_orders):
            is_first = number == 0 or open_orders[number - 1].point_id != order.point_id
            if step.seq > robot.reached_seq and is_first:
                yield StopEta(step.node_id, order.point_id, order.mission_id, is_released=True), NOTHING
            if order.charge_until_ratio is None:
                yield None, _rest(core.travel_times.work(order.task_type, order.duration_s), since_s)
                since_s = 0.0


def _charging_s(core: Core, robot: RobotState, live: LiveRobot, until_ratio: float) -> float:
    battery = core.robot_type(robot).battery
    charge_ratio = live.hello_charge_ratio if live.report is None else live.report.charge_ratio
    return max(0.0, until_ratio - charge_ratio) * battery.capacity_j / battery.charge_w


def _itinerary_parts(
    core: Core, robot: RobotState, live: LiveRobot
) -> Iterator[tuple[StopEta | None, Duration | None]]:
    index = core.resources.node_index
    core.router.prepare(robot.factsheet.robot_type_id, (index[stop.node_id] for stop in live.itinerary))
    node_id, after_s = robot.base_end.node_id, 0.0
    path: Sequence[int] | None = live.path if live.path is live.sound_path else None
    if live.give_way is not None:
        yield None, _along(core, robot, live, path or (), core.now_s)
        yield None, Duration(max(0.0, live.give_way.until_s - core.now_s) / 2.0)
        node_id, path = live.give_way.node_id, None
    for stop in live.itinerary:
        if path is None or live.target != stop.node_id:
            path = _way(core, robot, node_id, stop.node_id)
        travel = None if path is None else _along(core, robot, live, path, core.now_s + after_s)
        eta = StopEta(stop.node_id, stop.point_id, stop.mission_id, is_released=False)
        yield eta, travel
        work = _work(core, stop)
        yield None, work
        after_s += work.mean_s + (0.0 if travel is None else travel.mean_s)
        node_id, path = stop.node_id, None


def _along(core: Core, robot: RobotState, live: LiveRobot, path: Sequence[int], at_s: float) -> Duration:
    """Time for a path that isn't released yet, waits and the delays of the last minutes counted."""
    times, speed_mps = core.travel_times, core.robot_type(robot).max_speed_mps
    jam = Duration(sum(core.congestion.delay_s(way) for way in path))
    if path and live.wait is not None and live.wait_way == path[0]:
        first = times.drive(path[0], speed_mps, at_s) + times.rest_of_wait(path[0], at_s)
        return first + times.path(path[1:], speed_mps, at_s) + jam
    return times.path(path, speed_mps, at_s) + jam


def _way(core: Core, robot: RobotState, start: NodeId, goal: NodeId) -> list[int] | None:
    """The router's way; None when there is none, or none that can be."""
    index = core.resources.node_index
    ways = core.router.way(robot.factsheet.robot_type_id, index[start], index[goal])
    count = len(core.resources.ways)
    return ways if ways is not None and all(0 <= way < count for way in ways) else None


def _work(core: Core, stop: Stop) -> Duration:
    if stop.point_id is None:
        return Duration(max(0.0, stop.leave_s - stop.arrive_s))
    total = NOTHING
    for task in core.plant.points[stop.point_id].tasks:
        total += core.travel_times.work(task.task_type, task.duration_s)
    return total


def _rest(whole: Duration, since_s: float) -> Duration:
    """What is left of something that began a while ago."""
    if since_s <= 0.0:
        return whole
    return Duration(max(LEAST_LEFT_RATIO * whole.mean_s, whole.mean_s - since_s), whole.variance, whole.third)
