"""Arrivals foretold are remembered and compared with those that come, so that the next ones are foretold better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.fleet.arrivals import stops_ahead
from coordinator.fleet.live import Foretold

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot
    from coordinator.fleet.state import RobotState
    from coordinator.model.route import Step

FORETELL_PERIOD_S = 60.0
FORETOLD_COUNT = 40
"""Kept of one robot and point at most, the newest."""
LEAST_SPREAD_S = 1.0


def foretell(core: Core) -> None:
    """Note the arrivals of the robot whose turn it is; each has one about a minute, and no two at once."""
    due = [
        (core.live[robot_id].foretold_s, robot_id)
        for robot_id in core.placed()
        if core.now_s - core.live[robot_id].foretold_s >= FORETELL_PERIOD_S
    ]
    if not due:
        return
    _, robot_id = min(due)
    live = core.live[robot_id]
    live.foretold_s = core.now_s
    for place, (stop, left) in enumerate(stops_ahead(core, core.state.robots[robot_id], live)):
        if stop.point_id is not None and left is not None:
            p50_s = core.now_s + left.p50_s
            known = live.foretold.setdefault(stop.point_id, [])
            known.append(Foretold(place, p50_s, max(core.now_s + left.p90_s, p50_s + LEAST_SPREAD_S)))
            del known[:-FORETOLD_COUNT]


def arrived(core: Core, robot: RobotState, live: LiveRobot, step: Step) -> None:
    """A robot reached a node with work: learn from what was foretold; nobody else's arrival there is awaited now."""
    for point_id in dict.fromkeys(order.point_id for order in step.tasks if order.order_id in robot.open_orders):
        if point_id is None:
            continue
        for foretold in live.foretold.get(point_id, ()):
            score = (core.now_s - foretold.p50_s) / (foretold.p90_s - foretold.p50_s)
            core.calibration.arrived(foretold.place, score)
        for other in core.live.values():
            other.foretold.pop(point_id, None)
