"""
Who inspects what, and when.

A plan starts from the present one, books chargers for the robots that are low, inserts points where they cost least,
the one that would lose most by waiting first (regret), and then takes the worst points out with their neighbours to put
them back better. All of it is deterministic: the effort is counted, never timed, and ties end in ids.

Source:
    Ropke and Pisinger, "An Adaptive Large Neighborhood Search Heuristic for the Pickup and Delivery Problem
    with Time Windows", Transportation Science 2006, sections 3.1 (removal) and 3.2 (regret); here with a convex
    price of lateness.
"""

from __future__ import annotations

import numpy as np

from coordinator.assignment.calendar import Calendar, fixed_bookings
from coordinator.assignment.candidates import eligible
from coordinator.assignment.charging import book_charges, book_idle, start_routes
from coordinator.assignment.cost import choose_cost, outside_price
from coordinator.assignment.improvement import improve
from coordinator.assignment.insertion import Search, empty_board
from coordinator.assignment.itinerary import publish
from coordinator.assignment.route import CHARGE, Route, drive_through
from coordinator.assignment.settings import DEFAULT, PlannerSettings
from coordinator.assignment.tables import Bools, Floats, Tables, compile_tables
from coordinator.model.assignment import Plan, Problem, Refusal
from coordinator.model.ids import NodeId, RobotId


def plan(problem: Problem, settings: PlannerSettings = DEFAULT) -> Plan:
    """
    Plan the next stops of every robot.

    Never raises on odd numbers in the problem; what can't be planned is left out or refused.

    Returns:
        Itineraries of all robots of the problem, sorted by robot id, with the charger bookings they rest on.
    """
    with np.errstate(all="ignore"):
        tables = compile_tables(problem)
        calendar = fixed_bookings(problem, tables, settings.dock_gap_s)
        routes = start_routes(tables, calendar)
        allowed, refused = eligible(tables, [r.start_row for r in routes])
        book_charges(problem, tables, settings, routes, calendar)
        search = _begin(tables, settings, routes, allowed)
        _keep_planned(search)
        batch = max(1, len(routes) // settings.batch_share)
        search.fill(np.flatnonzero(search.open), batch)
        improve(search, problem.version)
        for robot in book_idle(problem, tables, settings, routes, calendar):
            search.refresh(robot)
        return _answer(problem, search, refused, calendar)


def _begin(tables: Tables, settings: PlannerSettings, routes: list[Route], allowed: Bools) -> Search:
    cost = choose_cost(tables, settings)
    outside = outside_price(tables, cost, settings)
    count = len(tables.points)
    head = {(s.point_id, s.mission_id) for r in routes for s in r.head if s.point_id is not None}
    head_points = {point for point, _ in head}
    wanted = np.array([p.point_id not in head_points for p in tables.points], dtype=np.bool_)
    wanted &= (outside > settings.busy_price_per_s * tables.duration_s) & allowed.any(axis=0)
    return Search(
        tables=tables,
        settings=settings,
        cost=cost,
        routes=routes,
        allowed=allowed,
        outside=outside,
        open=wanted,
        owner=np.full(count, -1, dtype=np.intp),
        board=empty_board(len(routes), settings.search_count + 3, len(tables.travel_s)),
        pace=_per_robot([d.pace for d in tables.drives]),
        travel_use=_per_robot([d.travel_use for d in tables.drives]),
        inspect_use=_per_robot([d.inspect_use for d in tables.drives]),
        times=[drive_through(r, tables, settings.margin_ratio) for r in routes],
        prices=[0.0] * len(routes),
    )


def _per_robot(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float64).reshape(-1, 1, 1)


def _keep_planned(search: Search) -> None:
    """Start from the present plan: what each robot was going to do, as far as the hard rules still let it."""
    tables = search.tables
    place = {(p.point_id, p.mission_id): i for i, p in enumerate(tables.points)}
    for route, robot in zip(search.routes, tables.robots, strict=True):
        before: list[int] = []
        after: list[int] = []
        part = before
        for stop in robot.planned:
            if stop.charge_until_ratio is not None:
                part = after
                continue
            i = place.get((stop.point_id, stop.mission_id), -1) if stop.point_id is not None else -1
            if i >= 0 and search.open[i] and search.allowed[route.robot, i]:
                search.open[i] = False
                search.owner[i] = route.robot
                part.append(i)
        _restore(search, route, before, after)
        search.refresh(route.robot)


def _restore(search: Search, route: Route, before: list[int], after: list[int]) -> None:
    """Take over planned points as they were; drop from the end, or all, what no longer fits."""
    settings, tables = search.settings, search.tables
    if route.closed:
        before, after = [], []
    charge = [CHARGE] if route.slot is not None else []
    if not charge:
        before, after = before + after, []
    before, after = before[: settings.search_count], after[: max(0, settings.search_count - len(before))]
    while True:
        route.stops = before + charge + after
        times = drive_through(route, tables, settings.margin_ratio)
        early = {
            i
            for i, end_s in zip(route.stops, times.leave_s[1:], strict=True)
            if i != CHARGE and not tables.one_off[i]
            if not end_s - tables.last_s[i] >= settings.early_ratio * tables.period_s[i]
        }
        if early:
            before, after = [i for i in before if i not in early], [i for i in after if i not in early]
        elif before and not (times.slack_s >= 0.0 and times.spare_ratio[0] >= 0.0):
            # What no longer fits before the charge may follow it.
            before, after = before[:-1], [before[-1], *after] if charge else []
        elif after and not times.spare_ratio[1] >= 0.0:
            after = after[:-1]
        else:
            return _release(search, route)


def _release(search: Search, route: Route) -> None:
    mine = search.owner == route.robot
    mine[[i for i in route.stops if i != CHARGE]] = False
    search.open |= mine


def _answer(problem: Problem, search: Search, refused: tuple[Refusal, ...], calendar: Calendar) -> Plan:
    tables = search.tables
    nodes: list[NodeId] = list(tables.row)
    stops = publish(search, nodes)
    robots = [r.robot_id for r in tables.robots]
    bookings: list[tuple[NodeId, float, float, RobotId]] = []
    for row in sorted(calendar.booked):
        bookings += [(nodes[row], a, z, r) for a, z, r in calendar.booked[row] if r in set(robots)]
    return Plan(problem.version, tuple(zip(robots, stops, strict=True)), tuple(sorted(bookings)), refused)
