"""The immutable picture of the fleet for those who watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.fleet.arrivals import etas
from coordinator.fleet.releases import horizon
from coordinator.model.ids import EdgeId, PointId, RobotId
from coordinator.model.snapshot import EdgeView, FleetSnapshot, PointView, RobotView, Totals, Wait
from coordinator.traffic.travel_times import free_s

if TYPE_CHECKING:
    from coordinator.fleet.core import Core

NEXT_POINTS_COUNT = 8


def take_snapshot(core: Core) -> FleetSnapshot:
    """Everything an operator may see, rows sorted by id."""
    return FleetSnapshot(
        now_s=core.now_s,
        epoch=core.state.epoch,
        plant_id=core.plant.plant_id,
        robots=tuple(_robot(core, robot_id) for robot_id in sorted(core.state.robots)),
        points=_points(core),
        missions=tuple(core.state.missions[mission_id] for mission_id in sorted(core.state.missions)),
        alarms=tuple(core.state.alarms[alarm_id] for alarm_id in sorted(core.state.alarms)),
        edges=_edges(core),
        totals=totals(core),
        is_degraded=core.is_degraded,
    )


def totals(core: Core) -> Totals:
    """Counters; waits that still last are counted up to now."""
    robots = core.state.robots.values()
    return Totals(
        visits_count=core.state.visits_count,
        late_visits_count=core.state.late_visits_count,
        max_age_ratio=core.state.max_age_ratio,
        wait_s_by_cause=tuple(core.waits.by_cause(core.now_s).items()),
        replans_by_reason=tuple(sorted(core.replans.items())),
        observations_stored_count=sum(robot.stored_count for robot in robots),
        observations_missing_count=sum(robot.missing_count for robot in robots),
        observations_duplicate_count=core.duplicates_count,
        refusals_by_rule=tuple(sorted(core.refusals.items())),
    )


def present_wait(core: Core, robot_id: RobotId) -> Wait | None:
    """Why a robot waits now."""
    present = core.waits.present.get(robot_id)
    if present is None:
        return None
    return Wait(present.hold.cause, present.hold.subject, present.hold.behind, present.since_s)


def _robot(core: Core, robot_id: RobotId) -> RobotView:
    robot, live = core.state.robots[robot_id], core.live[robot_id]
    report = live.report
    ordered = [order.point_id for order in robot.open_orders.values() if order.point_id is not None]
    planned = [stop.point_id for stop in live.itinerary if stop.point_id is not None]
    return RobotView(
        robot_id=robot_id,
        robot_type_id=robot.factsheet.robot_type_id,
        link=live.link,
        heard_s=live.heard_s,
        activity=live.activity,
        pose=None if report is None else report.pose,
        speed_mps=0.0 if report is None else report.speed_mps,
        charge_ratio=0.0 if report is None else report.charge_ratio,
        last_node_id=robot.step(robot.reached_seq).node_id if robot.steps else None,
        home=robot.home,
        base=tuple(robot.steps),
        horizon=horizon(core, robot, live) if robot.steps else (),
        next_point_ids=tuple(dict.fromkeys(ordered + planned))[:NEXT_POINTS_COUNT],
        wait=present_wait(core, robot_id),
        is_stopped=robot.is_stopped,
        faults=() if report is None else report.faults,
        quality=None if report is None else report.link,
        observations_stored_count=robot.stored_count,
        observations_missing_count=robot.missing_count,
        session=robot.session,
        stops=etas(core, robot, live),
    )


def _points(core: Core) -> tuple[PointView, ...]:
    bound: dict[PointId, RobotId] = {}
    for robot_id in sorted(core.live):
        for stop in reversed(core.live[robot_id].itinerary):
            if stop.point_id is not None:
                bound[stop.point_id] = robot_id
        for order in core.state.robots[robot_id].open_orders.values():
            if order.point_id is not None:
                bound[order.point_id] = robot_id
    views = []
    for point_id, point in core.plant.points.items():
        known = core.state.points.get(point_id)
        last_s = core.state.began_s if known is None else known.last_visit_s
        age_s = core.now_s - last_s
        has_period = point.period_s is not None
        views.append(
            PointView(
                point_id=point_id,
                last_visit_s=None if known is None else known.last_visit_s,
                due_s=last_s + point.period_s if point.period_s is not None else None,
                age_ratio=age_s / point.period_s if point.period_s is not None else None,
                is_overdue=has_period and age_s > (point.period_s or 0.0) + point.tolerance_s,
                visit_count=0 if known is None else known.visit_count,
                robot_id=bound.get(point_id),
            )
        )
    return tuple(views)


def _edges(core: Core) -> tuple[EdgeView, ...]:
    holders: dict[EdgeId, RobotId] = {}
    for robot_id in sorted(core.state.robots):
        robot = core.state.robots[robot_id]
        for step in robot.steps:
            if step.seq > robot.reached_seq and step.edge_id is not None:
                holders[step.edge_id] = robot_id
    rows = []
    for edge_id in core.plant.edges:
        closure = core.state.closures.get(edge_id)
        way = core.resources.ways[core.resources.way_index[edge_id]]
        usual_s = free_s(way, way.speed_mps)
        delay_s = core.congestion.delay_s(way.index) + core.travel_times.extra_s.get(way.index, 0.0)
        ratio = (usual_s + delay_s) / usual_s
        if closure is None and edge_id not in holders and ratio <= 1.0 and not core.plant.edges[edge_id].is_locked:
            continue
        rows.append(
            EdgeView(
                edge_id=edge_id,
                is_closed=closure is not None or core.plant.edges[edge_id].is_locked,
                is_blockage=closure is not None and closure.is_blockage,
                reason=closure.reason if closure is not None else "",
                source=closure.source if closure is not None else "",
                until_s=closure.until_s if closure is not None else None,
                holder=holders.get(edge_id),
                delay_ratio=ratio,
            )
        )
    return tuple(rows)
