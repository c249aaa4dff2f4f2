"""
What each robot would have cost: a decision worked out again, robot by robot, from the problem and its answer.

Shares the hard rules and the price of ages with the planner, but drives each route through anew instead of reading the
planner's arrays: what it says is what the published plan costs, not what the search thought on the way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coordinator.assignment.calendar import fixed_bookings
from coordinator.assignment.candidates import hard_rules
from coordinator.assignment.charging import start_routes
from coordinator.assignment.cost import AgeCost, choose_cost
from coordinator.assignment.route import Route
from coordinator.assignment.settings import DEFAULT, PlannerSettings
from coordinator.assignment.tables import Drive, Tables, compile_tables
from coordinator.model.assignment import Plan, Problem, Stop
from coordinator.model.explanation import Candidate
from coordinator.model.ids import MissionId, PointId, RobotId

CHARGE_TOLERANCE_RATIO = 1e-6


@dataclass(frozen=True, slots=True)
class _Driven:
    """A route driven through: price, driving time, when each stop begins and ends, and the rule it breaks or ""."""

    price: float
    drive_s: float
    arrive_s: tuple[float, ...]
    end_s: tuple[float, ...]
    rule: str


def weigh(
    problem: Problem, plan: Plan, point_id: PointId, settings: PlannerSettings = DEFAULT
) -> tuple[Candidate, ...] | None:
    """
    Say of each robot what giving it a point would have cost, or which rule removed it.

    Returns:
        The chosen robot first, then the others that could, the cheapest first, then the rest by id; None if the
        problem didn't ask for the point.
    """
    with np.errstate(all="ignore"):
        tables = compile_tables(problem)
        place = next((i for i, p in enumerate(tables.points) if p.point_id == point_id), None)
        if place is None:
            return None
        starts = start_routes(tables, fixed_bookings(problem, tables, settings.dock_gap_s))
        scale = _Scale(tables, settings, choose_cost(tables, settings))
        rules = hard_rules(tables, [start.start_row for start in starts])
        itineraries = dict(plan.itineraries)
        candidates: list[tuple[tuple[object, ...], Candidate]] = []
        for robot, start in enumerate(starts):
            robot_id = tables.robots[robot].robot_id
            stops = itineraries.get(robot_id, ())[len(start.head) :]
            broken = next((name for name, mask in rules if not mask[robot, place]), "")
            if start.closed:
                candidate = Candidate(robot_id, "reach: it can't drive to what it has to do first")
            elif broken:
                candidate = Candidate(robot_id, _said(tables, robot, place, broken))
            else:
                candidate = scale.weigh(start, stops, place)
            is_chosen = any(stop.point_id == point_id for stop in stops)
            price = math.inf if candidate.price is None else candidate.price
            candidates.append(((not is_chosen, price, robot_id), candidate))
        return tuple(candidate for _, candidate in sorted(candidates, key=lambda pair: pair[0]))


def chosen_robot(plan: Plan, point_id: PointId) -> tuple[RobotId, Stop] | None:
    """Who has a point by a plan, and its stop there."""
    for robot_id, stops in plan.itineraries:
        for stop in stops:
            if stop.point_id == point_id:
                return robot_id, stop
    return None


def _said(tables: Tables, robot: int, place: int, rule: str) -> str:
    point, offer = tables.points[place], tables.robots[robot]
    match rule:
        case "sensors":
            return f"sensors: it lacks {' + '.join(sorted(point.sensors - offer.sensors))}"
        case "barred":
            return "barred: it tried in vain lately, or doesn't get home from there"
        case "reach":
            return f"reach: no open way to node {point.node_id} and on to a charger"
        case _:
            return f"energy: a full charge is too little for it to node {point.node_id} and a charger"


@dataclass(frozen=True, slots=True)
class _Scale:
    """Weighs routes of one problem."""

    tables: Tables
    settings: PlannerSettings
    cost: AgeCost

    def weigh(self, start: Route, stops: tuple[Stop, ...], place: int) -> Candidate:
        """Try a point at its place in the plan, or at each place of a route that doesn't have it."""
        point = self.tables.points[place]
        rest = tuple(stop for stop in stops if stop.point_id != point.point_id)
        visit = Stop(point.node_id, point.point_id, point.mission_id, 0.0, 0.0)
        here = [k for k, stop in enumerate(stops) if stop.point_id == point.point_id]
        without = self._drive(start, rest)
        best: Candidate | None = None
        rule = ""
        for k in here or range(len(rest) + 1):
            driven = self._drive(start, (*rest[:k], visit, *rest[k:]))
            ratio = (driven.end_s[k] - float(self.tables.last_s[place])) * float(self.tables.rate_per_s[place])
            is_early = point.mission_id is None and ratio < self.settings.early_ratio
            broken = driven.rule or (
                f"early: age ratio {ratio:.2f} at the visit, nobody comes below {self.settings.early_ratio:g}"
                if is_early
                else ""
            )
            if broken and not here:
                rule = rule or broken
                continue
            price = driven.price - without.price + self._change_price(point.point_id, point.mission_id, start.robot)
            if best is None or best.price is None or price < best.price:
                best = Candidate(
                    robot_id=self.tables.robots[start.robot].robot_id,
                    rule="",
                    arrive_s=driven.arrive_s[k],
                    age_ratio=ratio,
                    detour_s=driven.drive_s - without.drive_s,
                    price=price,
                    place=k,
                )
        return best or Candidate(self.tables.robots[start.robot].robot_id, rule)

    def _change_price(self, point_id: PointId, mission_id: MissionId | None, robot: int) -> float:
        """What it costs to take a planned point from another robot."""
        for k, offer in enumerate(self.tables.robots):
            if any((stop.point_id, stop.mission_id) == (point_id, mission_id) for stop in offer.planned):
                return self.settings.change_price if k != robot else 0.0
        return 0.0

    def _drive(self, start: Route, stops: tuple[Stop, ...]) -> _Driven:
        tables, drive, offer = self.tables, self.tables.drives[start.robot], self.tables.robots[start.robot]
        index: dict[tuple[PointId | None, MissionId | None], int] = {}
        index.update(((p.point_id, p.mission_id), i) for i, p in enumerate(tables.points))
        row, time_s, ratio = start.start_row, start.start_s, start.start_ratio
        price, drive_s, rule = 0.0, 0.0, ""
        arrive_s, end_s = [], []
        for stop in stops:
            leg_s = float(tables.travel_s[row, tables.row[stop.node_id]]) * drive.pace
            row, time_s, drive_s = tables.row[stop.node_id], time_s + leg_s, drive_s + leg_s
            ratio -= leg_s * drive.travel_use
            price += self.settings.busy_price_per_s * leg_s
            if stop.charge_until_ratio is not None:
                if time_s > stop.arrive_s + 1e-3:
                    rule = rule or f"charger: it would be late for the one booked at {stop.node_id}"
                ratio -= max(0.0, stop.arrive_s - time_s) * drive.idle_use
                arrive_s.append(max(time_s, stop.arrive_s))
                time_s = max(time_s, stop.leave_s)
                rule = rule or _too_empty(ratio, offer.reserve_ratio)
                ratio = max(ratio, stop.charge_until_ratio)
            else:
                arrive_s.append(time_s)
                place = index.get((stop.point_id, stop.mission_id))
                if place is not None:
                    work_s = float(tables.duration_s[place])
                    time_s += work_s
                    ratio -= work_s * drive.inspect_use
                    price += self.settings.busy_price_per_s * work_s + self._visit_price(place, time_s)
            end_s.append(time_s)
        rule = rule or _too_empty(ratio - self._way_out(drive, row), offer.reserve_ratio)
        return _Driven(price, drive_s, tuple(arrive_s), tuple(end_s), rule)

    def _way_out(self, drive: Drive, row: int) -> float:
        """Charge for the way to the nearest charger, and what is kept over the reserve where none is booked."""
        if drive.top_use <= 0.0:
            return 0.0
        return float(self.tables.refuge_s[row]) * drive.pace * drive.travel_use + self.settings.margin_ratio

    def _visit_price(self, place: int, end_s: float) -> float:
        tables, settings = self.tables, self.settings
        ratio = (end_s - float(tables.last_s[place])) * float(tables.rate_per_s[place])
        weight = float(tables.weight[place])
        price = weight * float(self.cost.price(np.array([ratio]))[0])
        if tables.one_off[place]:
            price += weight * settings.mission_price / settings.outside_s * (end_s - tables.now_s)
        return price


def _too_empty(ratio: float, reserve_ratio: float) -> str:
    if ratio >= reserve_ratio - CHARGE_TOLERANCE_RATIO:
        return ""
    return f"energy: it would be at {ratio:.2f} on the way to a charger, its reserve is {reserve_ratio:.2f}"
