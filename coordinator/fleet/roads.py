"""Which ways are open and how slow they are: closures, blockages, robots that stand still, congestion."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from coordinator.fleet.containment import contain
from coordinator.fleet.schedule import replan_on_new_roads
from coordinator.model.ids import EdgeId, RobotId
from coordinator.model.records import EdgeClosed, EdgeOpened

if TYPE_CHECKING:
    from coordinator.fleet.core import Core

CONGESTION_PERIOD_S = 10.0


def refresh_roads(core: Core) -> None:
    """Give the router the present closures and delays; new weights make all paths be looked at again."""
    contain(core, "weighing roads", partial(_refresh_roads, core))


def _refresh_roads(core: Core) -> None:
    closed: dict[int, str] = {}
    for edge_id in sorted(core.state.closures):
        closed[core.resources.way_index[edge_id]] = (
            "blockage" if core.state.closures[edge_id].is_blockage else "closure"
        )
    core.finishing.close(frozenset(way for way, why in closed.items() if why == "closure"))
    core.finishing_around.close(frozenset(closed))
    stalled = 0
    for robot_id in core.placed():
        if core.is_stalled(robot_id):
            stalled |= core.live[robot_id].held
    if stalled & core.resources.exclusive:
        for way in core.resources.ways:
            if core.resources.step_claim[way.index] & stalled & core.resources.exclusive:
                closed.setdefault(way.index, "stalled_robot")
    delays: dict[int, float] = {}
    if core.settings.replan_on_congestion:
        delays = core.congestion.delays_s(core.now_s)
        for index, extra_s in core.travel_times.extra_s.items():
            delays[index] = delays.get(index, 0.0) + extra_s
    core.closed_why = closed
    if core.router.update(frozenset(closed), delays):
        core.is_traffic_dirty = True
        replan_on_new_roads(core)


def close_edge(
    core: Core, edge_id: EdgeId, reason: str, source: str, until_s: float | None, *, is_blockage: bool
) -> None:
    """Close an edge, both directions of a two-way one."""
    for each in _both(core, edge_id):
        core.record(EdgeClosed(each, reason, source, until_s, is_blockage))
    refresh_roads(core)
    core.is_traffic_dirty = core.is_plan_due = True


def open_edge(core: Core, edge_id: EdgeId, by: str) -> None:
    """Drop a closure or blockage."""
    for each in _both(core, edge_id):
        if each in core.state.closures:
            core.record(EdgeOpened(each, by))
    refresh_roads(core)
    core.is_traffic_dirty = core.is_plan_due = True


def expire_closures(core: Core) -> None:
    """Open what was closed for a time."""
    for edge_id in sorted(core.state.closures):
        closure = core.state.closures.get(edge_id)
        if closure is not None and closure.until_s is not None and closure.until_s <= core.now_s:
            open_edge(core, edge_id, "time")


def report_blockage(core: Core, robot_id: RobotId, edge_id: EdgeId) -> None:
    """A robot stands before something on an edge; renewed while it lasts, never overriding an operator's closure."""
    known = core.state.closures.get(edge_id)
    until_s = core.now_s + core.settings.blockage_s
    if known is None or (
        known.is_blockage and known.until_s is not None and known.until_s < core.now_s + core.settings.blockage_s / 2
    ):
        close_edge(core, edge_id, "obstacle", robot_id, until_s, is_blockage=True)


def _both(core: Core, edge_id: EdgeId) -> tuple[EdgeId, ...]:
    reverse = core.plant.edges[edge_id].reverse_id
    return (edge_id,) if reverse is None else tuple(sorted((edge_id, reverse)))
