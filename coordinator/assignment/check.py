"""An independent look at a plan: which rules does it break? Shares nothing with the planner."""

from __future__ import annotations

import math

from coordinator.model.assignment import Plan, PointDemand, Problem, RobotOffer, Stop

TIME_TOLERANCE_S = 1e-3
CHARGE_TOLERANCE_RATIO = 1e-6


def check_plan(problem: Problem, plan: Plan) -> tuple[str, ...]:
    """Name each broken rule; none if the plan is sound. Frozen stops aren't its fault: they only set the start."""
    found: list[str] = []
    robots = {r.robot_id: r for r in problem.robots}
    if plan.version != problem.version:
        found.append(f"plan answers version {plan.version}, problem has {problem.version}")
    if [r for r, _ in plan.itineraries] != sorted(robots):
        found.append("itineraries aren't those of the problem's robots, sorted")
    found += _check_points(problem, plan)
    for robot_id, stops in plan.itineraries:
        if robot_id in robots:
            found += _check_itinerary(problem, plan, robots[robot_id], stops)
    return (*found, *_check_bookings(problem, plan))


def _is_charge(stop: Stop) -> bool:
    return stop.charge_until_ratio is not None


def _check_points(problem: Problem, plan: Plan) -> list[str]:
    """No point twice, none both planned and refused, none that isn't asked for."""
    found = []
    frozen = {r.robot_id: len(r.frozen) for r in problem.robots}
    taken = {s.point_id for r in problem.robots for s in r.frozen if s.point_id is not None}
    asked = {(p.point_id, p.mission_id) for p in problem.points}
    refused = {(r.point_id, r.mission_id) for r in plan.refused}
    seen = set()
    for robot_id, stops in plan.itineraries:
        for stop in stops[frozen.get(robot_id, 0) :]:
            if stop.point_id is None:
                continue
            key = (stop.point_id, stop.mission_id)
            if key in seen or stop.point_id in taken:
                found.append(f"point {stop.point_id} is planned twice, again by {robot_id}")
            if key not in asked or key in refused:
                found.append(f"point {stop.point_id} of {robot_id} isn't asked for, or is refused")
            seen.add(key)
    return found


def _check_itinerary(problem: Problem, plan: Plan, robot: RobotOffer, stops: tuple[Stop, ...]) -> list[str]:
    """Frozen stops first; then times, energy and rules of every further stop."""
    name, count = robot.robot_id, len(robot.frozen)
    found = [
        f"{name}: time of stop {k} isn't a number"
        for k, s in enumerate(stops)
        if not (math.isfinite(s.arrive_s) and math.isfinite(s.leave_s))
    ]

    def key(stop: Stop) -> tuple[object, ...]:
        return (stop.node_id, stop.point_id, stop.mission_id, stop.charge_until_ratio)

    if [key(s) for s in stops[:count]] != [key(s) for s in robot.frozen]:
        found.append(f"{name}: frozen stops aren't kept first")
    if any(not s.reason for s in stops[count:]):
        found.append(f"{name}: a stop has no reason")
    demands: dict[object, PointDemand] = {(p.point_id, p.mission_id): p for p in problem.points}
    node, time_s, ratio = robot.node_id, max(robot.free_s, problem.now_s), robot.charge_ratio
    for k, stop in enumerate(stops):
        drive_s = _drive_s(problem, robot, node, stop)
        bad, ours = stop.arrive_s < time_s + drive_s - TIME_TOLERANCE_S, k >= count
        if bad and (ours or math.isfinite(drive_s)):
            found.append(f"{name}: at {stop.node_id} by {stop.arrive_s:.1f}, earliest {time_s + drive_s:.1f}")
        if not math.isfinite(drive_s):
            if ours:
                found.append(f"{name}: no way to {stop.node_id}")
            return found
        wait_s = max(0.0, stop.arrive_s - time_s - drive_s)
        ratio -= drive_s * robot.travel_ratio_per_s + wait_s * robot.idle_ratio_per_s
        if ours and drive_s + wait_s > 0.0 and ratio < -CHARGE_TOLERANCE_RATIO:
            found.append(f"{name}: charge {ratio:.3f} on arrival at {stop.node_id}")
        work_s = stop.leave_s - stop.arrive_s
        if _is_charge(stop):
            ratio = min(max(1.0, ratio), ratio + work_s * robot.charge_ratio_per_s)
            found += _check_charge(problem, plan, robot, stop) if work_s > 0.0 else []
        else:
            ratio -= work_s * robot.inspect_ratio_per_s
            if ours:
                found += _check_visit(robot, stop, demands.get((stop.point_id, stop.mission_id)), ratio)
        node, time_s = stop.node_id, stop.leave_s
    return found


def _drive_s(problem: Problem, robot: RobotOffer, node: str, stop: Stop) -> float:
    if node == stop.node_id:
        return 0.0
    index = {str(n): i for n, i in problem.node_index.items()}
    if node not in index or stop.node_id not in index or not robot.speed_mps > 0.0:
        return math.inf
    drive_s = float(problem.travel_s[index[node], index[stop.node_id]])
    if not drive_s >= 0.0:
        return math.inf
    return drive_s * max(1.0, problem.reference_speed_mps / robot.speed_mps)


def _check_visit(robot: RobotOffer, stop: Stop, demand: PointDemand | None, ratio: float) -> list[str]:
    name, point = robot.robot_id, stop.point_id
    found = []
    if demand is None:
        return [f"{name}: point {point} is unknown"]
    if stop.node_id != demand.node_id:
        found.append(f"{name}: point {point} isn't at {stop.node_id}")
    if not demand.sensors <= robot.sensors:
        found.append(f"{name}: point {point} needs {sorted(demand.sensors - robot.sensors)}")
    if robot.robot_id in demand.barred:
        found.append(f"{name}: barred from point {point}")
    if stop.leave_s < stop.arrive_s + demand.duration_s - TIME_TOLERANCE_S:
        found.append(f"{name}: too short at point {point}")
    if ratio < robot.reserve_ratio - CHARGE_TOLERANCE_RATIO:
        found.append(f"{name}: charge {ratio:.3f} after point {point}, reserve {robot.reserve_ratio:.3f}")
    return found


def _check_charge(problem: Problem, plan: Plan, robot: RobotOffer, stop: Stop) -> list[str]:
    """A charge rests on a booking of its own that spans it."""
    if any(
        node == stop.node_id and who == robot.robot_id
        and from_s <= stop.arrive_s + TIME_TOLERANCE_S and stop.leave_s <= to_s + TIME_TOLERANCE_S
        for node, from_s, to_s, who in plan.bookings
    ):  # fmt: skip
        return []
    return [f"{robot.robot_id}: charge at {stop.node_id} from {stop.arrive_s:.1f} isn't booked"]


def _check_bookings(problem: Problem, plan: Plan) -> list[str]:
    """Never two robots at one charger, nor one in an interval that a robot outside this problem holds."""
    offered = {r.robot_id for r in problem.robots}
    foreign = [(d.node_id, a, z, r) for d in problem.docks for a, z, r in d.booked if r not in offered]
    ours = list(plan.bookings)
    return [
        f"charger {node}: {who} from {from_s:.1f} and {other} from {start_s:.1f} overlap"
        for k, (node, from_s, to_s, who) in enumerate(ours)
        for place, start_s, end_s, other in (*ours[k + 1 :], *foreign)
        if place == node and other != who and from_s < end_s - TIME_TOLERANCE_S and start_s < to_s - TIME_TOLERANCE_S
        if not (math.isnan(start_s) or math.isnan(end_s)) and end_s > start_s
    ]
