"""How much of the robots' time visits take at least: a linear program over who serves what."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from coordinator.assignment.board import Floats
from coordinator.assignment.template.rounds import RobotKind, Rounds

PRECISION = 1e-4
NOISE = 1e-6
"""Of a program's answer."""


@dataclass(frozen=True, slots=True)
class Load:
    """
    A worst age ratio for which the robots don't have the time.

    Attributes:
        kinds: Those whose time is the bottleneck.
        is_chargers: Whether it is the chargers instead.
        share: Of each point: what it takes of the bottleneck. Shape (n,).
    """

    ratio: float
    kinds: tuple[int, ...]
    is_chargers: bool
    share: Floats


def load_bound(rounds: Rounds) -> Load:
    """Find the largest ratio for which the time isn't enough, but for `PRECISION`."""
    low, high = 0.0, 1.0
    needed, load = _solve(rounds, high)
    while needed > high * (1.0 + NOISE):
        low, high = high, 2.0 * high
        needed, load = _solve(rounds, high)
    # Where stays are of no use, this is the answer: just below it the time isn't enough, just above it is.
    high = min(high, needed * (1.0 + PRECISION))
    ratio = needed * (1.0 - PRECISION)
    while high - low > 2.1 * PRECISION * high and high > PRECISION:
        needed, tried = _solve(rounds, ratio)
        if needed > ratio * (1.0 + NOISE):
            low, load = ratio, tried
        else:
            high = ratio
        ratio = 0.5 * (low + high)
    return replace(load, ratio=low)


def _solve(rounds: Rounds, ratio: float) -> tuple[float, Load]:
    """
    Share the visits out so that the busiest have least to do; above `ratio`: at that ratio they have too much.

    Variables are, for each kind and point that it can serve, the share of arrivals and the share of stays, and last
    what the busiest have to do, times the ratio; it is minimised.
    """
    n, count = len(rounds.points), len(rounds.kinds)
    kinds, points = np.nonzero(rounds.can_serve)
    visit_s, charge_s = _visit_s(rounds)
    arriving_s, charging_s = visit_s[kinds, points], charge_s[kinds, points]
    can_arrive = np.isfinite(arriving_s)
    period_s = rounds.period_s[points]
    arrival, stay = np.flatnonzero(can_arrive), len(np.flatnonzero(can_arrive)) + np.arange(len(points))
    many = len(arrival) + len(points)
    time_share = (arriving_s / period_s)[arrival]
    rows = np.concatenate((kinds[arrival], kinds))
    values = np.concatenate((time_share, np.full(len(points), ratio)))
    has_chargers = rounds.chargers_count > 0
    limit = np.array([kind.count for kind in rounds.kinds] + [rounds.chargers_count] * has_chargers, dtype=np.float64)
    columns = np.concatenate((np.arange(len(arrival)), stay))
    if has_chargers:
        rows = np.concatenate((rows, np.full(len(arrival), count)))
        columns = np.concatenate((columns, np.arange(len(arrival))))
        values = np.concatenate((values, (charging_s / period_s)[arrival]))
    at_most = coo_array((values, (rows, columns)), shape=(len(limit), many + 1)).tolil()
    at_most[:, [many]] = -limit[:, None]
    served_by = np.concatenate((points[arrival], points))
    each = coo_array((np.ones(many), (served_by, np.concatenate((np.arange(len(arrival)), stay)))), shape=(n, many + 1))
    aim = np.zeros(many + 1)
    aim[many] = 1.0
    found = linprog(aim, A_ub=at_most.tocsr(), b_ub=np.zeros(len(limit)), A_eq=each.tocsr(), b_eq=np.ones(n))
    if found.status != 0:
        raise ArithmeticError(f"the program of the robots' time has no answer: {found.message}")
    prices = -np.asarray(found.ineqlin.marginals)
    is_tight = prices > 1e-9
    used = np.zeros(n)
    np.add.at(used, served_by, found.x[:many] * values[:many] * is_tight[rows[:many]])
    tight = tuple(int(k) for k in np.flatnonzero(is_tight[:count]))
    return float(found.fun), Load(ratio, tight, not tight, used)


def _visit_s(rounds: Rounds) -> tuple[Floats, Floats]:
    """Least time of a visit that comes from another point, charging counted, and the charging in it. Shape (k, n)."""
    both = [_kind_visit_s(kind, rounds.duration_s) for kind in rounds.kinds]
    return np.array([visit_s for visit_s, _ in both]), np.array([charge_s for _, charge_s in both])


def _kind_visit_s(kind: RobotKind, duration_s: Floats) -> tuple[Floats, Floats]:
    from_s = np.where(kind.can_serve[:, None], kind.travel_s, np.inf)
    np.fill_diagonal(from_s, np.inf)
    in_s = from_s.min(axis=0)
    charge_s = (in_s * kind.travel_use + duration_s * kind.inspect_use) / kind.gain if kind.has_battery else 0.0 * in_s
    return in_s + duration_s + charge_s, charge_s
