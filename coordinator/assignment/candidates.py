"""Who may visit what, and which rule removed the last robot."""

from __future__ import annotations

import numpy as np

from coordinator.assignment.tables import Bools, Tables
from coordinator.model.assignment import Refusal


def eligible(tables: Tables, start_rows: list[int]) -> tuple[Bools, tuple[Refusal, ...]]:
    """
    Apply the hard rules that don't depend on the plan.

    Args:
        start_rows: Node of each robot after its frozen stops.

    Returns:
        Who may serve what, shape (robots, points), and the points left without a robot.
    """
    allowed = np.ones((len(tables.robots), len(tables.points)), dtype=np.bool_)
    rule_of: dict[int, str] = {}
    if not tables.robots:
        rule_of = dict.fromkeys(range(len(tables.points)), "no robot is offered")
    for name, mask in hard_rules(tables, start_rows):
        allowed &= mask
        for i in np.flatnonzero(~allowed.any(axis=0)).tolist():
            rule_of.setdefault(i, _explain(tables, i, name))
    refused = tuple(
        Refusal(tables.points[i].point_id, tables.points[i].mission_id, rule_of[i]) for i in sorted(rule_of)
    )
    return allowed, refused


def hard_rules(tables: Tables, start_rows: list[int]) -> tuple[tuple[str, Bools], ...]:
    """Name the hard rules, in the order in which they are applied, and whom each lets through: (robots, points)."""
    return (
        ("sensors", _sensors(tables)),
        ("barred", _not_barred(tables)),
        ("reach", _reach(tables, start_rows)),
        ("energy", _energy(tables, start_rows)),
    )


def _explain(tables: Tables, i: int, rule: str) -> str:
    point = tables.points[i]
    match rule:
        case "sensors":
            return f"sensors: no robot carries {' + '.join(sorted(point.sensors))}"
        case "barred":
            return "barred: every robot that carries the sensors is barred"
        case "reach":
            return f"reach: no open way to node {point.node_id} and on to a charger"
        case _:
            return f"energy: a full charge is too little for node {point.node_id} and the way to a charger"


def _sensors(tables: Tables) -> Bools:
    needs: dict[frozenset[str], int] = {}
    kind = np.array([needs.setdefault(p.sensors, len(needs)) for p in tables.points], dtype=np.int64)
    can = np.array([[need <= r.sensors for need in needs] for r in tables.robots], dtype=np.bool_)
    return can.reshape(len(tables.robots), len(needs))[:, kind]


def _not_barred(tables: Tables) -> Bools:
    mask = np.ones((len(tables.robots), len(tables.points)), dtype=np.bool_)
    place = {r.robot_id: k for k, r in enumerate(tables.robots)}
    barred = [(i, robot_id) for i, p in enumerate(tables.points) if p.barred for robot_id in sorted(p.barred)]
    for i, robot_id in barred:
        if robot_id in place:
            mask[place[robot_id], i] = False
    return mask


def _reach(tables: Tables, start_rows: list[int]) -> Bools:
    way = np.isfinite(tables.travel_s[np.array(start_rows, dtype=np.int64)[:, None], tables.point_row])
    can_drive = np.isfinite(np.array([d.pace for d in tables.drives], dtype=np.float64))
    safe: Bools = way & np.isfinite(tables.refuge_s[tables.point_row]) & can_drive[:, None]
    return safe


def _energy(tables: Tables, start_rows: list[int]) -> Bools:
    """A full robot must manage the way there, from its place or a charger, the work, and the way to a charger."""
    numbers = [(d.pace, d.travel_use, d.inspect_use, d.reserve_ratio) for d in tables.drives]
    pace, travel_use, inspect_use, reserve_ratio = np.array(numbers, dtype=np.float64).reshape(-1, 4, 1).swapaxes(0, 1)
    from_start_s = tables.travel_s[np.array(start_rows, dtype=np.int64)[:, None], tables.point_row]
    way_s = np.minimum(from_start_s, tables.from_dock_s) + tables.refuge_s[tables.point_row]
    used = way_s * pace * travel_use + tables.duration_s * inspect_use
    enough: Bools = np.isfinite(way_s) & np.isfinite(pace) & (used + reserve_ratio <= 1.0)
    return enough
