"""
Who inspects what, and when.

A plan starts from the present one, books chargers for the robots that are low, inserts points where they cost least,
the one that would lose most by waiting first (regret), and then takes dear points out with their neighbours to put
them back better. All of it is deterministic: the effort is counted, never timed, and ties end in ids.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from coordinator.assignment import kernel as compiled_kernel
from coordinator.assignment.calendar import Calendar, fixed_bookings
from coordinator.assignment.candidates import eligible
from coordinator.assignment.charging import book_charges, book_idle, start_routes
from coordinator.assignment.itinerary import publish
from coordinator.assignment.search import add_charge, begin_search, planned_stops
from coordinator.assignment.settings import DEFAULT, PlannerSettings
from coordinator.assignment.tables import Tables, compile_tables
from coordinator.model.assignment import DockOffer, Plan, PointDemand, Problem, Refusal, RobotOffer, Stop
from coordinator.model.ids import NodeId, PointId, RobotId


def plan(problem: Problem, settings: PlannerSettings = DEFAULT, *, kernel: ModuleType = compiled_kernel) -> Plan:
    """
    Plan the next stops of every robot.

    Never raises on odd numbers in the problem; what can't be planned is left out or refused.

    Args:
        kernel: Another edition of `coordinator.assignment.kernel`: tests pass it uncompiled.

    Returns:
        Itineraries of all robots of the problem, sorted by robot id, with the charger bookings they rest on.
    """
    with np.errstate(all="ignore"):
        tables = compile_tables(problem)
        calendar = fixed_bookings(problem, tables, settings.dock_gap_s)
        starts = start_routes(tables, calendar)
        allowed, refused = eligible(tables, [r.start_row for r in starts])
        book_charges(problem, tables, settings, starts, calendar)
        search = begin_search(tables, settings, starts, allowed)
        kernel.solve(search.board, planned_stops(tables), problem.version)
        without_work = [start for start in starts if search.board.robots["count"][start.robot] == 0]
        for start in book_idle(problem, tables, settings, without_work, calendar):
            add_charge(search, start)
            kernel.begin(search.board, start.robot)
        stops, later = publish(search, list(tables.row), kernel)
        return _answer(problem, tables, refused, calendar=calendar, stops=stops, later=later)


def warm_up() -> None:
    """Plan something small, so that everything is compiled, or loaded, before it is needed."""
    node, video = NodeId("n"), frozenset({"video"})
    point = PointDemand(PointId("p"), node, 1.0, video, 60.0, -60.0, 1.0)
    # One that works, and one that has nothing to do but charge.
    robots = tuple(
        RobotOffer(RobotId(name), node, 0.0, 0.6, sensors, 1.0, 1e-4, 1e-4, 1e-4, 1e-3, 0.1, node)
        for name, sensors in (("r1", video), ("r2", frozenset()))
    )
    plan(Problem(0, 0.0, robots, (point,), (DockOffer(node),), {node: 0}, np.zeros((1, 1)), 1.0))


def _answer(
    problem: Problem,
    tables: Tables,
    refused: tuple[Refusal, ...],
    *,
    calendar: Calendar,
    stops: list[tuple[Stop, ...]],
    later: list[tuple[Stop, ...]],
) -> Plan:
    nodes: list[NodeId] = list(tables.row)
    robots = {r.robot_id: None for r in tables.robots}
    bookings: list[tuple[NodeId, float, float, RobotId]] = []
    for row in sorted(calendar.booked):
        bookings += [(nodes[row], a, z, r) for a, z, r in calendar.booked[row] if r in robots]
    itineraries, beyond = tuple(zip(robots, stops, strict=True)), tuple(zip(robots, later, strict=True))
    return Plan(problem.version, itineraries, tuple(sorted(bookings)), refused, beyond)
