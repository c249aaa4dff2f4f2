"""From routes to the stops that are published, each with its reason."""

from __future__ import annotations

import numpy as np

from coordinator.assignment.insertion import Search
from coordinator.assignment.route import CHARGE, Route, Times
from coordinator.assignment.tables import Floats
from coordinator.model.assignment import Stop
from coordinator.model.ids import NodeId


def publish(search: Search, nodes: list[NodeId]) -> list[tuple[Stop, ...]]:
    """Cut each route to its horizon and say why each stop is in it."""
    counts = [_published_count(search, r, t) for r, t in zip(search.routes, search.times, strict=True)]
    points = [i for r, n in zip(search.routes, counts, strict=True) for i in r.stops[:n] if i != CHARGE]
    more_s = _detours(search, points)
    answers, column = [], 0
    for route, times, count in zip(search.routes, search.times, counts, strict=True):
        stops = list(route.head)
        for k, i in enumerate(route.stops[:count]):
            arrive_s, leave_s = times.arrive_s[k], times.leave_s[k + 1]
            if i == CHARGE:
                stops.append(_charge_stop(route, nodes, arrive_s, leave_s))
                continue
            point = search.tables.points[i]
            ratio = (leave_s - search.tables.last_s[i]) / search.tables.period_s[i]
            reason = f"age {ratio:.2f} at visit{_next_best(search, more_s[:, column], route.robot)}"
            stops.append(Stop(point.node_id, point.point_id, point.mission_id, arrive_s, leave_s, None, reason))
            column += 1
        answers.append(tuple(stops))
    return answers


def _published_count(search: Search, route: Route, times: Times) -> int:
    settings = search.settings
    room = max(0, settings.publish_max_count - len(route.head))
    count = 0
    for k in range(len(route.stops)):
        if k < settings.publish_min_count or times.arrive_s[k] <= search.tables.now_s + settings.publish_s:
            count = k + 1
    # A booked charge stays in: work before it was planned on its strength.
    return max(min(count, room), min(times.charge_index + 1, len(route.stops)) if route.slot else 0)


def _charge_stop(route: Route, nodes: list[NodeId], arrive_s: float, leave_s: float) -> Stop:
    assert route.slot is not None
    reason = f"charge {route.start_ratio:.2f} when free; charger booked for {leave_s - arrive_s:.0f} s"
    return Stop(nodes[route.slot.row], None, None, arrive_s, leave_s, route.slot.until_ratio, reason)


def _detours(search: Search, points: list[int]) -> Floats:
    """Shortest way round by each point for each robot, s; inf if it may not. Shape (robots, points)."""
    tables = search.tables
    index = np.array(points, dtype=np.intp)
    detours = np.full((len(search.routes), len(points)), np.inf)
    if not points:
        return detours
    for robot, times in enumerate(search.times):
        pace, count = tables.drives[robot].pace, len(times.legs_s)
        if not np.isfinite(pace):
            continue
        way_s = tables.to_point_s[np.array(times.rows)[:, None], index]
        if count:
            way_s[:count] += tables.from_point_s[np.array(times.rows[1:])[:, None], index]
            way_s[:count] -= np.array(times.legs_s)[:, None] / pace
        detours[robot] = way_s.min(axis=0) * pace
    detours[~search.allowed[:, index]] = np.inf
    return detours


def _next_best(search: Search, more_s: Floats, robot: int) -> str:
    others = more_s.copy()
    others[robot] = np.inf
    best = int(others.argmin())
    if not np.isfinite(others[best]):
        return "; no other robot can"
    return f"; next best robot {search.tables.robots[best].robot_id} {others[best]:+.0f} s of way"
