"""From routes to the stops that are published, each with its reason."""

from __future__ import annotations

import numpy as np

from coordinator.assignment.kernel import CHARGE
from coordinator.assignment.route import Route
from coordinator.assignment.search import Search
from coordinator.assignment.tables import Floats
from coordinator.model.assignment import Stop
from coordinator.model.ids import NodeId


def publish(search: Search, nodes: list[NodeId]) -> list[tuple[Stop, ...]]:
    """Cut each route to its horizon and say why each stop is in it."""
    tables, board = search.tables, search.board
    counts = [_published_count(search, start) for start in search.starts]
    planned = [board.stops["point"][robot, :count].tolist() for robot, count in enumerate(counts)]
    points = [i for stops in planned for i in stops if i != CHARGE]
    more_s = _detours(search, points)
    arrive_s, leave_s = board.stops["arrive_s"].tolist(), board.stops["leave_s"].tolist()
    answers, column = [], 0
    for start, indices in zip(search.starts, planned, strict=True):
        stops = list(start.head)
        for k, i in enumerate(indices):
            from_s, to_s = arrive_s[start.robot][k], leave_s[start.robot][k + 1]
            if i == CHARGE:
                stops.append(_charge_stop(start, nodes, from_s, to_s))
                continue
            point = tables.points[i]
            ratio = (to_s - tables.last_s[i]) * tables.rate_per_s[i]
            reason = f"age {ratio:.2f} at visit{_next_best(search, more_s[:, column], start.robot)}"
            stops.append(Stop(point.node_id, point.point_id, point.mission_id, from_s, to_s, None, reason))
            column += 1
        answers.append(tuple(stops))
    return answers


def _published_count(search: Search, start: Route) -> int:
    settings, robot = search.settings, search.board.robots[start.robot]
    planned = int(robot["count"])
    arrive_s = search.board.stops["arrive_s"][start.robot, :planned]
    soon = int(np.searchsorted(arrive_s, search.tables.now_s + settings.publish_s, "right"))
    count = max(soon, min(settings.publish_min_count, planned))
    room = max(0, settings.publish_max_count - len(start.head))
    # A booked charge stays in: work before it was planned on its strength.
    return max(min(count, room), min(int(robot["charge_at"]) + 1, planned) if start.slot else 0)


def _charge_stop(start: Route, nodes: list[NodeId], arrive_s: float, leave_s: float) -> Stop:
    assert start.slot is not None
    reason = f"charge {start.start_ratio:.2f} when free; charger booked for {leave_s - arrive_s:.0f} s"
    return Stop(nodes[start.slot.row], None, None, arrive_s, leave_s, start.slot.until_ratio, reason)


def _detours(search: Search, points: list[int]) -> Floats:
    """Shortest way round by each point for each robot, s; inf if it may not. Shape (robots, points)."""
    tables, board = search.tables, search.board
    index = np.array(points, dtype=np.int64)
    at = tables.point_row[index]
    detours = np.full((len(search.starts), len(points)), np.inf)
    if not points:
        return detours
    for robot, count in enumerate(board.robots["count"].tolist()):
        pace, rows = tables.drives[robot].pace, board.stops["row"][robot, : count + 1]
        if not np.isfinite(pace):
            continue
        way_s = tables.travel_s[rows[:, None], at]
        way_s[:count] += tables.travel_s[at, rows[1:, None]]
        way_s[:count] -= board.stops["leg_s"][robot, :count, None] / pace
        detours[robot] = way_s.min(axis=0) * pace
    detours[~board.fits["is_allowed"][:, index]] = np.inf
    return detours


def _next_best(search: Search, more_s: Floats, robot: int) -> str:
    others = more_s.copy()
    others[robot] = np.inf
    best = int(others.argmin())
    if not np.isfinite(others[best]):
        return "; no other robot can"
    return f"; next best robot {search.tables.robots[best].robot_id} {others[best]:+.0f} s of way"
