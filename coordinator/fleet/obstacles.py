"""
Robots that couldn't join, for want of a parking node: bodies on the floor that nobody may be led to.

The ways to where such a robot says it stands are closed, and an alarm names it, until it joins after all, says Hello
from elsewhere, or a person takes it off the floor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.fleet.core import alarm_id_of
from coordinator.fleet.roads import refresh_roads
from coordinator.model.observation import Severity
from coordinator.model.records import EdgeClosed, EdgeOpened
from coordinator.plant.map import NodeRole

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.model.ids import EdgeId, RobotId
    from coordinator.model.robot import Placement

NO_PARKING = "no_parking"
REASON = "a robot without a parking node stands there"


def keep_off(core: Core, robot_id: RobotId, placement: Placement) -> str:
    """Lead nobody to where a robot stands that can't join, and tell a person; gives the alarm's text."""
    claim = _claim(core, placement)
    if claim:
        _close(core, robot_id, claim)
    count = len(core.plant.nodes_with(NodeRole.PARKING))
    text = f"robot {robot_id} can't join: all {count} parking nodes have an owner; {_where(core, placement, claim)}"
    known = core.state.alarms.get(alarm_id_of(robot_id, NO_PARKING))
    if known is not None and known.text != text:
        core.clear_alarm(robot_id, NO_PARKING)
    core.raise_alarm(robot_id, NO_PARKING, Severity.HIGH, text)
    return text


def is_obstacle(core: Core, robot_id: RobotId) -> bool:
    """Whether a robot stands on the floor without belonging to the fleet, as far as is known."""
    alarm = core.state.alarms.get(alarm_id_of(robot_id, NO_PARKING))
    return alarm is not None and alarm.is_active


def forget(core: Core, robot_id: RobotId, by: str) -> None:
    """The robot is off the floor, or joins: the ways to where it stood are open again."""
    core.clear_alarm(robot_id, NO_PARKING)
    closed = _closed_for(core, robot_id)
    for edge_id in closed:
        core.record(EdgeOpened(edge_id, by))
    if closed:
        _roads_changed(core)


def _claim(core: Core, placement: Placement) -> int:
    """Mask of the exclusive resources a body is in; 0 where that isn't known."""
    resources = core.resources
    claim = 0
    if placement.edge_id is not None and placement.edge_id in resources.way_index:
        claim = resources.step_claim[resources.way_index[placement.edge_id]]
    if placement.node_id is not None and placement.node_id in resources.node_index:
        claim |= resources.node_claim[resources.node_index[placement.node_id]]
    return claim & resources.exclusive


def _close(core: Core, robot_id: RobotId, claim: int) -> None:
    """Close all ways on which a body would touch one there, but those that others have closed."""
    resources, closures = core.resources, core.state.closures
    before = _closed_for(core, robot_id)
    wanted = [way.edge_id for way in resources.ways if resources.step_claim[way.index] & claim]
    for edge_id in before:
        if edge_id not in wanted:
            core.record(EdgeOpened(edge_id, robot_id))
    new = [edge_id for edge_id in wanted if edge_id not in closures or closures[edge_id].is_blockage]
    for edge_id in new:
        core.record(EdgeClosed(edge_id, REASON, robot_id, None, is_blockage=False))
    if new or not set(before) <= set(wanted):
        _roads_changed(core)


def _closed_for(core: Core, robot_id: RobotId) -> list[EdgeId]:
    """Edges that are closed because a robot stands there, sorted."""
    closures = core.state.closures
    return [each for each in sorted(closures) if (closures[each].source, closures[each].reason) == (robot_id, REASON)]


def _where(core: Core, placement: Placement, claim: int) -> str:
    if not claim:
        return "where it stands isn't known: find it, nobody is kept off"
    place = placement.node_id if placement.edge_id is None else f"edge {placement.edge_id}"
    others = core.holdings.holders(claim, but=None)
    held = f"; robot {others[0]} has that reserved already" if others else ""
    return f"it stands at {place}, the ways there are closed{held}"


def _roads_changed(core: Core) -> None:
    refresh_roads(core)
    core.is_traffic_dirty = core.is_plan_due = True
