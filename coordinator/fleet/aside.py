"""Standing aside: a robot drives to a place where it is in nobody's way, and stays until the other has passed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from coordinator.fleet.live import GiveWay
from coordinator.fleet.release_rule import left_over, with_claim
from coordinator.model.ids import RobotId

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot

STAND_ASIDE_S = 90.0


def stand_aside(core: Core, robot_id: RobotId, other: RobotId, needed: int, *, refuges_only: bool = False) -> bool:
    """Send a robot to the nearest free place off the mask the others need; tell whether there is one."""
    live = core.live[robot_id]
    resources = core.resources
    for node, ways in _free_places(core, robot_id):
        is_refuge = node in core.finishing.refuges
        if core.coverage.is_dark(node) or not (is_refuge or _is_open(core, node, refuges_only)):
            continue
        if not resources.node_claim[node] & needed and _is_safe_at(core, robot_id, ways):
            live.give_way = GiveWay(
                resources.node_ids[node], other, live.held & resources.exclusive, core.now_s + STAND_ASIDE_S
            )
            core.count_replan("give_way")
            return True
    return False


def end_asides(core: Core) -> None:
    """Stop standing aside when the other robot has passed, or after a while."""
    for robot_id in sorted(core.live):
        live = core.live[robot_id]
        if live.give_way is not None and _is_over(core, robot_id, live.give_way):
            live.give_way = None
            core.is_traffic_dirty = True


def _is_over(core: Core, robot_id: RobotId, give_way: GiveWay) -> bool:
    other = core.live.get(give_way.other)
    if other is None:
        return True
    owner = None if core.clearing is None else core.clearing.owner
    is_late = core.now_s >= give_way.until_s
    if give_way.other == owner:
        # Whoever is in the way of a clearing stays off it; its owner may itself have to let somebody out first.
        return other.give_way is None and not give_way.spot & (other.held | needs(core, other))
    if robot_id == owner and other.give_way is None:
        return is_late
    return is_late or not give_way.spot & (other.held | needs(core, other))


def needs(core: Core, live: LiveRobot) -> int:
    """All a robot wants to drive over: its path, and the way out of a radio hole released with it."""
    mask = live.wanted if live.wait is not None else 0
    for index in live.path:
        mask |= core.resources.step_claim[index]
    return mask & core.resources.exclusive


def barring(core: Core, robot_id: RobotId) -> tuple[RobotId, ...]:
    """Robots that hold the edge of all a robot can reach now: one of them must go before it gets any further."""
    taken = core.holdings.barred(core.live[robot_id].held)
    reached = {core.resources.node_index[core.state.robots[robot_id].base_end.node_id]}
    reached.update(node for node, _ in _free_places(core, robot_id))
    edge = 0
    for node in reached:
        for way in core.resources.out[node]:
            edge |= core.resources.step_claim[way.index] & taken
    return tuple(other for other in sorted(core.live) if other != robot_id and core.live[other].held & edge)


def _free_places(core: Core, robot_id: RobotId) -> Iterator[tuple[int, list[int]]]:
    """Nodes a robot can reach over what nobody holds, but others' homes, nearest first; with the ways, last first."""
    robot = core.state.robots[robot_id]
    resources = core.resources
    taken = core.holdings.barred(core.live[robot_id].held)
    allowed = resources.allowed[robot.factsheet.robot_type_id]
    homes = {resources.node_index[other.home] for other in core.state.robots.values() if other is not robot}
    start = resources.node_index[robot.base_end.node_id]
    came: dict[int, int] = {start: -1}
    queue = deque((start,))
    while queue:
        node = queue.popleft()
        for way in resources.out[node]:
            if way.end in came or way.end in homes or not allowed[way.index]:
                continue
            if resources.step_claim[way.index] & taken or way.index in core.closed_why:
                continue
            came[way.end] = way.index
            queue.append(way.end)
            yield way.end, _ways_to(core, came, way.end)


def _ways_to(core: Core, came: dict[int, int], node: int) -> list[int]:
    ways: list[int] = []
    while came[node] >= 0:
        ways.append(came[node])
        node = core.resources.ways[came[node]].start
    return ways


def _is_safe_at(core: Core, robot_id: RobotId, ways: list[int]) -> bool:
    """Whether a robot may be released all these ways (the last one first) without leaving anybody over."""
    claim = 0
    for index in ways:
        claim |= core.resources.step_claim[index]
    movers = core.movers()
    return not left_over(core, movers, with_claim(movers, robot_id, claim, core.resources.ways[ways[0]].end))


def _is_open(core: Core, node: int, refuges_only: bool) -> bool:
    """Whether one may wait at a node that is no refuge: not inside a corridor."""
    claim = core.resources.node_claim[node]
    return not refuges_only and not any(claim & mask for mask in core.resources.corridors)
