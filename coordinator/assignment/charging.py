"""When a robot charges: short top-ups, one after the other, each at a booked charger."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from coordinator.assignment.calendar import Calendar
from coordinator.assignment.route import Route, Slot
from coordinator.assignment.settings import PlannerSettings
from coordinator.assignment.tables import Drive, Tables, finite
from coordinator.model.assignment import Problem, RobotOffer, Stop
from coordinator.model.ids import MissionId, PointId, RobotId

Durations = dict[tuple[PointId | None, MissionId | None], float]


@dataclass(frozen=True, slots=True)
class Wish:
    """A robot that should charge, and where it would rather, because the present plan says so."""

    robot: int
    planned: Stop | None


def start_routes(tables: Tables, calendar: Calendar) -> list[Route]:
    """Drive every robot through its frozen stops, those that charge first booked first."""
    routes: dict[int, Route] = {}
    asked = zip(tables.points, tables.duration_s.tolist(), strict=True)
    duration_s: Durations = {(p.point_id, p.mission_id): d for p, d in asked}
    order = sorted(range(len(tables.robots)), key=lambda k: (_first_charge_s(tables.robots[k]), k))
    for k in order:
        routes[k] = _start_route(k, tables, calendar, duration_s)
    return [routes[k] for k in range(len(tables.robots))]


def _first_charge_s(robot: RobotOffer) -> float:
    return min((finite(s.arrive_s, 0.0) for s in robot.frozen if s.charge_until_ratio is not None), default=math.inf)


def _start_route(k: int, tables: Tables, calendar: Calendar, duration_s: Durations) -> Route:
    robot, drive = tables.robots[k], tables.drives[k]
    row, time_s, ratio = (
        tables.row[robot.node_id],
        max(tables.now_s, finite(robot.free_s, tables.now_s)),
        drive.charge_ratio,
    )
    head: list[Stop] = []
    for n, stop in enumerate(robot.frozen):
        next_row = tables.row[stop.node_id]
        leg_s = float(tables.travel_s[row, next_row]) * drive.pace if next_row != row else 0.0
        if not math.isfinite(leg_s):
            return Route(k, (*head, *robot.frozen[n:]), row, time_s, ratio, closed=True)
        arrive_s, row = time_s + leg_s, next_row
        ratio -= leg_s * drive.travel_use
        if stop.charge_until_ratio is not None:
            until = min(1.0, max(0.0, finite(stop.charge_until_ratio, 1.0)))
            work_s = max(0.0, until - ratio) / drive.gain if drive.gain > 0.0 else 0.0
            begin_s = calendar.earliest(row, arrive_s, work_s, robot.robot_id)
            ratio = max(until if drive.gain > 0.0 else ratio, ratio - (begin_s - arrive_s) * drive.idle_use)
            arrive_s = begin_s
            if work_s > 0.0:
                calendar.book(row, begin_s, begin_s + work_s, robot.robot_id)
        else:
            given_s = max(0.0, finite(stop.leave_s - stop.arrive_s, 0.0))
            work_s = duration_s.get((stop.point_id, stop.mission_id), given_s) if stop.point_id else given_s
            ratio -= work_s * drive.inspect_use
        time_s = arrive_s + work_s
        head.append(
            Stop(
                stop.node_id, stop.point_id, stop.mission_id, arrive_s, time_s, stop.charge_until_ratio,
                stop.reason or "frozen",
            )
        )  # fmt: skip
    return Route(k, tuple(head), row, time_s, ratio, closed=not math.isfinite(drive.pace))


def book_charges(
    problem: Problem, tables: Tables, settings: PlannerSettings, routes: list[Route], calendar: Calendar
) -> None:
    """Give the robots that are low a slot each; who is close to its own goes first, then the emptiest."""
    wishes: list[tuple[float, float, int, Wish]] = []
    for route in routes:
        drive, robot = tables.drives[route.robot], tables.robots[route.robot]
        planned = next((s for s in robot.planned if s.charge_until_ratio is not None), None)
        if route.closed or drive.gain <= 0.0 or (drive.top_use <= 0.0 and route.start_ratio >= drive.reserve_ratio):
            continue
        due = planned is not None and route.start_ratio < settings.charge_to_ratio - 0.1
        if route.start_ratio < settings.charge_below_ratio or due:
            soon_s = planned.arrive_s if planned is not None and due else math.inf
            soon_s = soon_s if soon_s < tables.now_s + 240.0 else math.inf
            wishes.append((soon_s, route.start_ratio, route.robot, Wish(route.robot, planned)))
    for _, _, k, wish in sorted(wishes, key=lambda w: w[:3]):
        _book(problem, tables, settings, routes[k], calendar=calendar, wish=wish)


def book_idle(
    problem: Problem, tables: Tables, settings: PlannerSettings, routes: Sequence[Route], calendar: Calendar
) -> list[Route]:
    """Let those of some robots without work top up that are low, if a charger is free at once; returns them."""
    done = []
    for route in sorted(routes, key=lambda r: (r.start_ratio, r.robot)):
        drive = tables.drives[route.robot]
        if route.head or route.closed or drive.gain <= 0.0 or drive.top_use <= 0.0:
            continue
        if route.start_ratio < settings.idle_charge_below_ratio and _book(
            problem, tables, settings, route, calendar=calendar, wish=Wish(route.robot, None), at_once=True
        ):
            done.append(route)
    return done


def _book(
    problem: Problem,
    tables: Tables,
    settings: PlannerSettings,
    route: Route,
    *,
    calendar: Calendar,
    wish: Wish,
    at_once: bool = False,
) -> bool:
    """Find the charger where the charge can begin first, and book it."""
    robot, drive = tables.robots[route.robot], tables.drives[route.robot]
    best: tuple[float, str, Slot] | None = None
    for dock in problem.docks:
        row = tables.row[dock.node_id]
        leg_s = float(tables.travel_s[route.start_row, row]) * drive.pace
        if not math.isfinite(leg_s) or route.start_ratio - leg_s * drive.travel_use < 0.0:
            continue
        ready_s = route.start_s + leg_s
        slot = _slot(route, row, ready_s, settings, calendar=calendar, drive=drive, robot_id=robot.robot_id)
        late = slot.from_s > tables.now_s + settings.book_ahead_s + leg_s
        if late or (at_once and slot.from_s > ready_s + 60.0):
            continue
        if route.start_ratio - leg_s * drive.travel_use - (slot.from_s - ready_s) * drive.idle_use < 0.0:
            continue
        score = slot.from_s + leg_s
        if wish.planned is not None and wish.planned.node_id == dock.node_id:
            score -= 60.0
        if best is None or (score, dock.node_id) < best[:2]:
            best = (score, dock.node_id, slot)
    if best is None:
        return False
    route.slot = best[2]
    calendar.book(route.slot.row, route.slot.from_s, route.slot.to_s, robot.robot_id)
    return True


def _slot(
    route: Route,
    row: int,
    ready_s: float,
    settings: PlannerSettings,
    *,
    calendar: Calendar,
    drive: Drive,
    robot_id: RobotId,
) -> Slot:
    """Book long enough for a robot that works until then: the longer it waits, the more it needs."""
    from_s, until = ready_s, settings.charge_to_ratio
    length_s = 0.0
    for _ in range(3):
        left = max(0.0, route.start_ratio - (from_s - route.start_s) * drive.top_use)
        length_s = max(60.0, (until - left) / drive.gain)
        from_s = calendar.earliest(row, ready_s, length_s, robot_id)
    left = max(0.0, route.start_ratio - (from_s - route.start_s) * drive.top_use)
    until = min(until, left + length_s * drive.gain)
    return Slot(row, from_s, from_s + length_s, max(until, min(1.0, left)))
