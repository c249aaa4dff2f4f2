"""From routes to the stops that are published, each with its reason."""

from __future__ import annotations

from bisect import bisect_right
from types import ModuleType

import numpy as np

from coordinator.assignment.board import CHARGE
from coordinator.assignment.route import Route
from coordinator.assignment.search import Search
from coordinator.assignment.tables import Tables
from coordinator.model.assignment import Stop
from coordinator.model.ids import NodeId


def publish(
    search: Search, nodes: list[NodeId], kernel: ModuleType
) -> tuple[list[tuple[Stop, ...]], list[tuple[Stop, ...]]]:
    """Cut each route at its horizon: the stops before it, with the reason of each, and those beyond."""
    tables, stops = search.tables, search.board.stops
    arrive_s, leave_s, routes = stops["arrive_s"].tolist(), stops["leave_s"].tolist(), stops["point"].tolist()
    counts, charges = search.board.robots["count"].tolist(), search.board.robots["charge_at"].tolist()
    planned: list[list[int]] = []
    for start, route, times_s, count, charge_at in zip(search.starts, routes, arrive_s, counts, charges, strict=True):
        planned.append(route[: _published_count(search, start, times_s[:count], charge_at)])
    visits = [(start.robot, i) for start in search.starts for i in planned[start.robot] if i != CHARGE]
    others, more_s = kernel.next_bests(search.board, np.array(visits, dtype=np.int64).reshape(-1, 2).T.copy())
    comparisons = iter(zip(others.tolist(), more_s.tolist(), strict=True))
    last_s, rate_per_s = tables.last_s.tolist(), tables.rate_per_s.tolist()
    answers = []
    for start, indices in zip(search.starts, planned, strict=True):
        itinerary = list(start.head)
        for k, i in enumerate(indices):
            from_s, to_s = arrive_s[start.robot][k], leave_s[start.robot][k + 1]
            if i == CHARGE:
                itinerary.append(_charge_stop(start, nodes, from_s, to_s))
                continue
            point = tables.points[i]
            ratio = (to_s - last_s[i]) * rate_per_s[i]
            reason = f"age {ratio:.2f} at visit; {_next_best(tables, *next(comparisons))}"
            itinerary.append(Stop(point.node_id, point.point_id, point.mission_id, from_s, to_s, None, reason))
        answers.append(tuple(itinerary))
    later = []
    for start, indices in zip(search.starts, planned, strict=True):
        stops_beyond = []
        # Charges aren't among them: a booked one is always published.
        for k in range(len(indices), counts[start.robot]):
            point = tables.points[routes[start.robot][k]]
            from_s, to_s = arrive_s[start.robot][k], leave_s[start.robot][k + 1]
            stops_beyond.append(Stop(point.node_id, point.point_id, point.mission_id, from_s, to_s))
        later.append(tuple(stops_beyond))
    return answers, later


def _published_count(search: Search, start: Route, arrive_s: list[float], charge_at: int) -> int:
    settings, planned = search.settings, len(arrive_s)
    soon = bisect_right(arrive_s, search.tables.now_s + settings.publish_s)
    count = max(soon, min(settings.publish_min_count, planned))
    room = max(0, settings.publish_max_count - len(start.head))
    # A booked charge stays in: work before it was planned on its strength.
    return max(min(count, room), min(charge_at + 1, planned) if start.slot else 0)


def _charge_stop(start: Route, nodes: list[NodeId], arrive_s: float, leave_s: float) -> Stop:
    assert start.slot is not None
    reason = f"charge {start.start_ratio:.2f} when free; charger booked for {leave_s - arrive_s:.0f} s"
    return Stop(nodes[start.slot.row], None, None, arrive_s, leave_s, start.slot.until_ratio, reason)


def _next_best(tables: Tables, robot: int, more_s: float) -> str:
    return (
        "no other robot can" if robot < 0 else f"next best robot {tables.robots[robot].robot_id} {more_s:+.0f} s of way"
    )
