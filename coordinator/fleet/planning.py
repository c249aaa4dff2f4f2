"""Asking the assignment planner, and taking its answer."""

from __future__ import annotations

from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING

from coordinator.fleet.arrivals import base_left, drive_left_s
from coordinator.fleet.missions import is_wanted
from coordinator.model.assignment import DockOffer, Plan, PointDemand, Problem, RobotOffer, Stop
from coordinator.model.effects import PlanAssignment
from coordinator.model.ids import NodeId, PointId, RobotId
from coordinator.model.mission import Mission, MissionState, PointState
from coordinator.model.observation import Severity
from coordinator.plant.map import NodeRole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot
    from coordinator.fleet.state import RobotState

PLAN_TIMEOUT_S = 10.0
ITINERARY_COUNT = 10_000
STOP_COUNT = 100
"""More stops than this at once, or robots than above, are a planner's mistake."""
MISSION_SERVE_S = 1800.0
"""A mission's points age as if their period were this at priority 50."""
REFERENCE_SPEED_MPS = 1.2
NEVER_SEEN_RATIO = 0.75
"""Share of its period that a point counts as idle already when the fleet begins and has never seen it."""


def ask_for_plan(core: Core) -> None:
    """Ask for new itineraries when they are due and no answer is outstanding."""
    if core.plan_asked_s is not None and core.now_s - core.plan_asked_s < PLAN_TIMEOUT_S:
        return
    age_s = core.now_s - core.planned_s
    is_due = age_s >= core.settings.plan_period_s or (core.is_plan_due and age_s >= core.settings.plan_soonest_s)
    if not is_due:
        return
    core.plan_version += 1
    core.is_plan_due = False
    core.planned_s = core.now_s
    problem = build_problem(core)
    if problem.robots:
        core.plan_asked_s = core.now_s
        core.decisions.asked(problem)
        core.effects.append(PlanAssignment(problem))


def take_plan(core: Core, plan: Plan) -> None:
    """Set itineraries from the planner's answer; a stale one is dropped."""
    if plan.version != core.plan_version or core.plan_asked_s is None:
        return
    core.plan_asked_s = None
    core.is_traffic_dirty = True
    core.bookings = plan.bookings
    core.decisions.answered(plan)
    for robot_id, planned in islice(plan.itineraries, ITINERARY_COUNT):
        robot, live = core.state.robots.get(robot_id), core.live.get(robot_id)
        if robot is None or live is None or not robot.steps:
            continue
        stops = _sound(core, robot_id, planned)
        served = {order.point_id for order in robot.open_orders.values()}
        live.itinerary = [
            stop
            for stop in stops
            if is_wanted(core, stop)
            and (stop.point_id is None or stop.point_id not in served)
            and not (stop.point_id is None and _is_charging(robot))
        ]
    for refusal in plan.refused:
        if refusal.mission_id in core.state.missions and any(
            live.connection is not None for live in core.live.values()
        ):
            text = f"mission {refusal.mission_id}: nobody can serve {refusal.point_id} now: {refusal.rule}"
            core.raise_alarm(refusal.mission_id, "unservable", Severity.LOW, text)


def _sound(core: Core, robot_id: RobotId, planned: Iterable[Stop]) -> list[Stop]:
    """Stops that mean something on this plant, up to the first that doesn't; that one raises an alarm."""
    sound: list[Stop] = []
    trouble = ""
    for stop in islice(planned, STOP_COUNT + 1):
        trouble = f"more than {STOP_COUNT} stops" if len(sound) == STOP_COUNT else _nonsense(core, stop)
        if trouble:
            core.count_refusal("plan")
            text = f"the planner's itinerary of robot {robot_id} isn't one: {trouble}; it is cut off there"
            core.note_alarm(robot_id, "bad_plan", Severity.MEDIUM, text, robot_id)
            core.is_plan_due = True
            break
        sound.append(stop)
    return sound


def _nonsense(core: Core, stop: Stop) -> str:
    """Why a stop can't be one; empty when it can."""
    node = core.plant.nodes.get(stop.node_id)
    if node is None:
        return f"there is no node {stop.node_id}"
    if not (isfinite(stop.arrive_s) and isfinite(stop.leave_s)):
        return f"the times of its stop at {stop.node_id} aren't numbers"
    if stop.point_id is None:
        return "" if NodeRole.CHARGER in node.roles else f"it is to charge at {stop.node_id}, which is no charger"
    point = core.plant.points.get(stop.point_id)
    if point is None:
        return f"there is no point {stop.point_id}"
    return "" if point.node_id == stop.node_id else f"point {stop.point_id} isn't at {stop.node_id}"


def build_problem(core: Core) -> Problem:
    """The assignment problem as it stands: robots free to plan, points that want a visit, chargers."""
    robots = []
    frozen: set[PointId] = set()
    for robot_id in core.placed():
        robot, live = core.state.robots[robot_id], core.live[robot_id]
        if live.connection is None or core.is_stalled(robot_id):
            live.itinerary = []
            continue
        offer = _offer(core, robot, live)
        frozen |= {stop.point_id for stop in offer.frozen if stop.point_id is not None}
        robots.append(offer)
    served = {order.point_id for robot in core.state.robots.values() for order in robot.open_orders.values()}
    points, docks = _demands(core, served | frozen), _docks(core)
    nodes = _nodes(robots, points, docks)
    return Problem(
        version=core.plan_version,
        now_s=core.now_s,
        robots=tuple(robots),
        points=points,
        docks=docks,
        node_index={node_id: i for i, node_id in enumerate(nodes)},
        travel_s=core.router.matrix_s([core.resources.node_index[node_id] for node_id in nodes]),
        reference_speed_mps=REFERENCE_SPEED_MPS,
        travel_version=core.router.version,
    )


def _nodes(robots: list[RobotOffer], points: tuple[PointDemand, ...], docks: tuple[DockOffer, ...]) -> list[NodeId]:
    """All nodes a plan may name, sorted."""
    nodes = {point.node_id for point in points} | {dock.node_id for dock in docks}
    for robot in robots:
        nodes |= {robot.node_id, robot.home}
        nodes.update(stop.node_id for stop in (*robot.frozen, *robot.planned))
    return sorted(nodes)


def _offer(core: Core, robot: RobotState, live: LiveRobot) -> RobotOffer:
    robot_type = core.robot_type(robot)
    battery = robot_type.battery
    free_s, charge_ratio = _free_at(core, robot, live)
    frozen: tuple[Stop, ...] = ()
    planned = tuple(live.itinerary)
    if planned and live.target == planned[0].node_id and live.target_why == "stop":
        frozen, planned = planned[:1], planned[1:]
    return RobotOffer(
        robot_id=robot.robot_id,
        node_id=robot.base_end.node_id,
        free_s=free_s,
        charge_ratio=charge_ratio,
        sensors=robot_type.sensors,
        speed_mps=robot_type.max_speed_mps,
        travel_ratio_per_s=battery.travel_w / battery.capacity_j,
        idle_ratio_per_s=battery.idle_w / battery.capacity_j,
        inspect_ratio_per_s=battery.inspect_w / battery.capacity_j,
        charge_ratio_per_s=battery.charge_w / battery.capacity_j,
        reserve_ratio=battery.reserve_ratio,
        home=robot.home,
        frozen=frozen,
        planned=planned,
    )


def _free_at(core: Core, robot: RobotState, live: LiveRobot) -> tuple[float, float]:
    """When the robot will be done with its base, and its charge then."""
    battery = core.robot_type(robot).battery
    charge_ratio = live.hello_charge_ratio if live.report is None else live.report.charge_ratio
    travel_s = drive_left_s(core, robot)
    free_s = core.now_s + base_left(core, robot, live).mean_s
    charge_ratio -= travel_s * battery.travel_w / battery.capacity_j
    for order in robot.open_orders.values():
        if order.charge_until_ratio is not None:
            lack_ratio = max(0.0, order.charge_until_ratio - charge_ratio)
            free_s += lack_ratio * battery.capacity_j / battery.charge_w
            charge_ratio += lack_ratio
        else:
            charge_ratio -= order.duration_s * battery.inspect_w / battery.capacity_j
    return free_s, max(0.0, charge_ratio)


def _demands(core: Core, served: set[PointId | None]) -> tuple[PointDemand, ...]:
    demands: dict[PointId, PointDemand] = {}
    barred, nobody = _barred(core), frozenset[RobotId]()
    began_s, states = core.state.began_s, core.state.points
    for point_id, point in core.plant.points.items():
        period_s = point.period_s
        if period_s is None or point_id in served:
            continue
        known = states.get(point_id)
        # Nobody knows how old the last look by a person is: a point never seen is seen soon.
        last_s = began_s - NEVER_SEEN_RATIO * period_s if known is None else known.last_visit_s
        barred_here, demand = barred.get(point_id, nobody), core.demands.get(point_id)
        if demand is None or demand.last_visit_s != last_s or demand.barred != barred_here:
            demand = core.demands[point_id] = PointDemand(
                point_id, point.node_id, point.duration_s, point.sensors, period_s, last_s, point.weight, None,
                barred_here,
            )  # fmt: skip
        demands[point_id] = demand
    for mission in core.state.missions.values():
        if mission.state not in (MissionState.WAITING, MissionState.RUNNING):
            continue
        for mission_point in mission.points:
            point_id = mission_point.point_id
            if mission_point.state is PointState.OPEN and point_id not in served:
                demand = _mission_demand(core, mission, point_id, barred.get(point_id, nobody))
                demands[point_id] = _sooner(demands.get(point_id), demand, core.now_s)
    return tuple(demands[point_id] for point_id in sorted(demands))


def _mission_demand(core: Core, mission: Mission, point_id: PointId, barred: frozenset[RobotId]) -> PointDemand:
    point = core.plant.points[point_id]
    return PointDemand(
        point_id=point_id,
        node_id=point.node_id,
        duration_s=point.duration_s,
        sensors=point.sensors,
        period_s=MISSION_SERVE_S * (100 - mission.priority + 10) / 60,
        last_visit_s=mission.created_s - MISSION_SERVE_S / 2,
        weight=point.weight,
        mission_id=mission.mission_id,
        barred=barred,
    )


def _sooner(patrol: PointDemand | None, mission: PointDemand, now_s: float) -> PointDemand:
    """One visit serves the patrol and a mission: the mission's, as urgent as the more urgent of both."""
    if patrol is None:
        return mission
    patrol_ratio = (now_s - patrol.last_visit_s) / patrol.period_s
    mission_ratio = (now_s - mission.last_visit_s) / mission.period_s
    if mission_ratio >= patrol_ratio:
        return mission
    return PointDemand(
        mission.point_id, mission.node_id, mission.duration_s, mission.sensors, patrol.period_s,
        patrol.last_visit_s, patrol.weight, mission.mission_id, mission.barred,
    )  # fmt: skip


def _barred(core: Core) -> dict[PointId, frozenset[RobotId]]:
    """For each point the robots that tried in vain lately, or wouldn't get home again from there."""
    barred: dict[PointId, set[RobotId]] = {}
    index = core.resources.node_index
    for robot_id, live in core.live.items():
        for point_id, until_s in live.barred.items():
            if until_s > core.now_s:
                barred.setdefault(point_id, set()).add(robot_id)
        robot = core.state.robots[robot_id]
        sources = core.returns.sources(robot.factsheet.robot_type_id, index[robot.home])
        if len(sources) < len(index):
            for point_id, point in core.plant.points.items():
                if index[point.node_id] not in sources:
                    barred.setdefault(point_id, set()).add(robot_id)
    return {point_id: frozenset(robots) for point_id, robots in barred.items()}


def _docks(core: Core) -> tuple[DockOffer, ...]:
    booked: dict[NodeId, list[tuple[float, float, RobotId]]] = {
        node_id: [] for node_id in core.plant.nodes_with(NodeRole.CHARGER)
    }
    for robot_id in core.placed():
        robot, live = core.state.robots[robot_id], core.live[robot_id]
        node_id = robot.base_end.node_id
        if node_id in booked:
            free_s, _ = _free_at(core, robot, live)
            until_s = core.now_s + 3600.0 if core.is_stalled(robot_id) else free_s
            booked[node_id].append((core.now_s, until_s, robot_id))
    return tuple(DockOffer(node_id, tuple(sorted(rows))) for node_id, rows in sorted(booked.items()))


def _is_charging(robot: RobotState) -> bool:
    return any(order.is_charge for order in robot.open_orders.values())
