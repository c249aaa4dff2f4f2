"""Take bad points out with their neighbours and put them back better."""

from __future__ import annotations

import numpy as np

from coordinator.assignment.insertion import Search, copy_board
from coordinator.assignment.route import CHARGE


def improve(search: Search, turn: int) -> None:
    """
    Try the dearest points; a change stays only if the whole plan gets cheaper.

    Args:
        turn: Number of the plan: later plans begin with other points, so that over some of them all get their try.
    """
    ranking = _ranking(search)
    count = search.settings.swap_count
    # Half of the tries go to the very worst, the rest goes round among the others.
    worst = ranking[: count // 2]
    others = ranking[count // 2 :]
    start = turn * (count - len(worst)) % len(others) if others else 0
    for point in (*worst, *(others[start:] + others[:start])[: count - len(worst)]):
        _swap(search, point)


def _ranking(search: Search) -> list[int]:
    """Order the wanted points by price, the dearest first: in a route its price there, else that of being left out."""
    tables = search.tables
    end_s = np.full(len(tables.points), np.nan)
    for route, times in zip(search.routes, search.times, strict=True):
        for i, leave_s in zip(route.stops, times.leave_s[1:], strict=True):
            if i != CHARGE:
                end_s[i] = leave_s
    price = tables.weight * search.cost.price((end_s - tables.last_s) / tables.period_s)
    index = np.flatnonzero(np.isfinite(price) | search.open)
    price = np.where(np.isfinite(price), price, search.outside)[index]
    return [int(i) for i in index[np.argsort(-price, kind="stable")]]


def _swap(search: Search, point: int) -> None:
    """Take a point and its nearest planned neighbours out, and insert them again one by one."""
    tables = search.tables
    planned = np.array([i for r in search.routes for i in r.stops if i not in (CHARGE, point)], dtype=np.intp)
    row = tables.point_rows[point]
    away_s = tables.to_point_s[row, planned] + tables.from_point_s[row, planned]
    near = planned[np.argsort(away_s, kind="stable")[: search.settings.swap_size]]
    out = {point, *near.tolist()}
    total, board, is_open = sum(search.prices), copy_board(search.board), search.open.copy()
    times, prices = list(search.times), list(search.prices)
    touched = [r for r in search.routes if not out.isdisjoint(r.stops)]
    before = {r.robot: list(r.stops) for r in search.routes}
    for route in touched:
        route.stops = [i for i in route.stops if i not in out]
        search.refresh(route.robot)
    search.open[list(out)] = True
    search.fill(np.array(sorted(out), dtype=np.intp), 1)
    if sum(search.prices) < total - 1e-9:
        return
    for route in search.routes:
        route.stops = before[route.robot]
    search.board, search.times, search.prices, search.open = board, times, prices, is_open
