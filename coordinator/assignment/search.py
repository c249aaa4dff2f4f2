"""A problem as the kernel wants it, and what the kernel made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coordinator.assignment.board import CHARGE, FIT, NOTHING, POINT, ROBOT, RULES, STOP, Board, Records
from coordinator.assignment.cost import AgeCost, choose_cost, outside_price
from coordinator.assignment.route import Route
from coordinator.assignment.settings import PlannerSettings
from coordinator.assignment.tables import Bools, Ints, Tables
from coordinator.model.ids import MissionId, PointId

FAR_S = 1e12
"""Instead of inf, which times 0 isn't a number."""


@dataclass(frozen=True, slots=True)
class Search:
    """
    The state of planning.

    Attributes:
        starts: Of each robot: what comes before the planned stops.
        board: The kernel's; it plans in place.
    """

    tables: Tables
    settings: PlannerSettings
    starts: list[Route]
    board: Board


def begin_search(tables: Tables, settings: PlannerSettings, starts: list[Route], allowed: Bools) -> Search:
    """Lay out the arrays; no route has a stop yet."""
    cost = choose_cost(tables, settings)
    fits = np.zeros(allowed.T.shape, dtype=FIT)
    fits["is_allowed"], fits["known"] = allowed.T, -1
    board = Board(
        rules=_rules(tables, settings, cost),
        travel_s=tables.travel_s,
        refuge_s=tables.refuge_s,
        points=_points(tables, settings, cost, starts),
        robots=_robots(tables, settings, starts),
        stops=np.zeros((len(starts), settings.search_count + 2), dtype=STOP),
        fits=fits,
    )
    board.points["is_open"] &= allowed.any(axis=0)
    return Search(tables, settings, starts, board)


def _rules(tables: Tables, settings: PlannerSettings, cost: AgeCost) -> Records:
    rules = np.zeros(1, dtype=RULES)
    rules["now_s"] = tables.now_s
    for name in ("doublings", "knee_ratio", "linear", "square"):
        rules[name] = getattr(cost, name)
    for name in (
        "search_count", "busy_price_per_s", "early_price_per_s", "change_price", "swap_count", "swap_size"
    ):  # fmt: skip
        rules[name] = getattr(settings, name)
    return rules


def _points(tables: Tables, settings: PlannerSettings, cost: AgeCost, starts: list[Route]) -> Records:
    points = np.zeros(len(tables.points), dtype=POINT)
    points["row"] = tables.point_row
    points["refuge_s"] = np.minimum(tables.refuge_s[tables.point_row], FAR_S)
    points["duration_s"] = tables.duration_s
    points["last_s"] = tables.last_s
    points["rate_per_s"] = tables.rate_per_s
    points["weight"] = tables.weight
    points["floor_ratio"] = np.where(tables.one_off, -np.inf, settings.early_ratio)
    points["hurry_per_s"] = tables.weight * tables.one_off * (settings.mission_price / settings.outside_s)
    points["outside"] = outside_price(tables, cost, settings)
    points["owner"] = -1
    head_points = {s.point_id for r in starts for s in r.head if s.point_id is not None}
    points["is_open"] = [p.point_id not in head_points for p in tables.points]
    points["is_open"] &= points["outside"] > settings.busy_price_per_s * tables.duration_s
    return points


def _robots(tables: Tables, settings: PlannerSettings, starts: list[Route]) -> Records:
    robots = np.zeros(len(starts), dtype=ROBOT)
    drives = tables.drives
    robots["start_row"] = [r.start_row for r in starts]
    robots["start_s"] = [r.start_s for r in starts]
    robots["start_ratio"] = [r.start_ratio for r in starts]
    robots["is_closed"] = [r.closed for r in starts]
    robots["pace"] = [d.pace for d in drives]
    robots["travel_use"] = [d.travel_use for d in drives]
    robots["idle_use"] = [d.idle_use for d in drives]
    robots["inspect_use"] = [d.inspect_use for d in drives]
    robots["reserve_ratio"] = [d.reserve_ratio for d in drives]
    robots["margin_ratio"] = [settings.margin_ratio * (d.top_use > 0.0) for d in drives]
    robots["slot_row"] = -1
    for start in starts:
        _set_slot(robots[start.robot], start)
    return robots


def add_charge(search: Search, start: Route) -> None:
    """Tell the kernel of a charge that was booked later."""
    _set_slot(search.board.robots[start.robot], start)


def _set_slot(robot: np.void, start: Route) -> None:
    slot = start.slot
    if slot is not None:
        robot["slot_row"], robot["slot_until_ratio"] = slot.row, slot.until_ratio
        robot["slot_from_s"], robot["slot_to_s"] = slot.from_s, slot.to_s


def planned_stops(tables: Tables) -> Ints:
    """Lay out the present plan: for each robot points and `CHARGE` in order, then `NOTHING`. Shape (robots, most)."""
    place: dict[tuple[PointId | None, MissionId | None], int] = {}
    place.update(((p.point_id, p.mission_id), i) for i, p in enumerate(tables.points))
    rows = [
        [
            CHARGE if stop.charge_until_ratio is not None else place.get((stop.point_id, stop.mission_id), NOTHING)
            for stop in robot.planned
            if stop.charge_until_ratio is not None or stop.point_id is not None
        ]
        for robot in tables.robots
    ]
    planned = np.full((len(rows), max(map(len, rows), default=0)), NOTHING, dtype=np.int64)
    for robot, row in enumerate(rows):
        planned[robot, : len(row)] = row
    return planned
