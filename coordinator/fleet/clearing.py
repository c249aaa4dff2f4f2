"""
Nobody starves: the way of the robot that was held up longest, and finds no plan, is cleared.

Nobody else is released into it; all who are in it leave, and those who bar their ways out before them. The release
rule keeps a finishing order (traffic.finishing), so among the robots that bar each other there is always one whose
way to a refuge is free: each tick sends at least one of them off, none of them comes back before the robot has passed,
and after at most as many moves as there are robots it drives.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from coordinator.fleet.aside import barring, stand_aside
from coordinator.fleet.containment import is_in_trouble
from coordinator.fleet.live import Clearing
from coordinator.model.ids import NodeId, RobotId

if TYPE_CHECKING:
    from coordinator.fleet.core import Core

CLEAR_AFTER_S = 150.0
"""Held up for so long on the way to one stop,"""
CLEAR_WAIT_S = 45.0
"""and waiting for so long now, a robot has its way cleared."""
CLEAR_S = 300.0
"""Then it is the next one's turn."""
CLEAR_COUNT = 8
"""So many ways ahead of the robot are cleared at a time, and the rest of the corridor they end in."""


def age_key(core: Core, robot_id: RobotId) -> tuple[float, float, RobotId]:
    """Sorts robots by how long they were held up on the way to their present stop, longest first."""
    live = core.live[robot_id]
    since_s = core.now_s if live.wait is None else live.wait.since_s
    return -live.held_up_s, since_s, robot_id


def serve_longest(core: Core, waiting: list[RobotId]) -> None:
    """Clear the way of whoever was held up longest."""
    if core.clearing is not None and _is_over(core):
        core.clearing = None
        core.is_traffic_dirty = True
    if core.clearing is None:
        first = _next(core, waiting)
        if first is None:
            return
        core.live[first].cleared_s = core.now_s
        core.clearing = Clearing(first, 0, core.now_s + CLEAR_S / 2, core.now_s + CLEAR_S)
    _clear(core, core.clearing)


def _next(core: Core, waiting: list[RobotId]) -> RobotId | None:
    """Whose turn it is among those without a plan: those who never were first, then who was held up longest."""
    due = []
    for robot_id in waiting:
        live = core.live[robot_id]
        assert live.wait is not None
        is_long = live.held_up_s >= CLEAR_AFTER_S and core.now_s - live.wait.since_s >= CLEAR_WAIT_S
        is_lost = not core.timetable.rows[robot_id].is_planned
        if is_long and is_lost and not core.is_stalled(robot_id) and not is_in_trouble(core, robot_id):
            due.append(robot_id)
    return min(due, key=lambda robot_id: (core.live[robot_id].cleared_s, age_key(core, robot_id)), default=None)


def _is_over(core: Core) -> bool:
    """Whether the robot has got to where it wanted, can't go there now, or had its time."""
    assert core.clearing is not None
    live = core.live.get(core.clearing.owner)
    if live is None or live.connection is None or core.is_stalled(live.robot_id) or core.now_s >= core.clearing.until_s:
        return True
    if is_in_trouble(core, live.robot_id):
        return True
    return live.target is None or live.held_up_s < CLEAR_WAIT_S


def _clear(core: Core, clearing: Clearing) -> None:
    """Send away those in the robot's way, and those who bar their ways out."""
    owner, mask = clearing.owner, _ahead(core, clearing.owner)
    live = core.live[owner]
    if mask != clearing.mask:
        core.clearing = replace(clearing, mask=mask)
        core.is_traffic_dirty = True
    jam = [other for other in sorted(core.live) if other != owner and core.live[other].held & mask]
    jam += [other for other in live.blockers if other not in jam]
    behind = dict.fromkeys(jam, owner)
    for robot_id in jam:
        other = core.live[robot_id]
        if core.is_stalled(robot_id) or core.state.robots[robot_id].open_orders or _is_off(core, robot_id, mask):
            continue
        if other.give_way is not None and not _claim_at(core, other.give_way.node_id) & mask:
            bars = tuple(each for each in other.blockers if other.wait is not None)
        else:
            needed = mask if robot_id != owner else 0
            if stand_aside(core, robot_id, behind[robot_id], needed, refuges_only=True):
                core.is_traffic_dirty = True
                continue
            bars = barring(core, robot_id)
        for each in bars:
            if each not in behind:
                behind[each] = robot_id if each == owner else owner
                jam.append(each)


def _is_off(core: Core, robot_id: RobotId, mask: int) -> bool:
    """Whether a robot stands in a refuge already, in nobody's way."""
    node = core.resources.node_index[core.state.robots[robot_id].base_end.node_id]
    return node in core.finishing.refuges and not core.resources.node_claim[node] & mask


def _claim_at(core: Core, node_id: NodeId) -> int:
    return core.resources.node_claim[core.resources.node_index[node_id]]


def _ahead(core: Core, robot_id: RobotId) -> int:
    """Mask of the next part of a robot's path, to the end of the corridor it ends in, and of what it waits for."""
    resources = core.resources
    live = core.live[robot_id]
    mask = live.wanted if live.wait is not None else 0
    corridor = -1
    for count, index in enumerate(live.path):
        if count >= CLEAR_COUNT and (corridor < 0 or resources.ways[index].corridor != corridor):
            break
        corridor = resources.ways[index].corridor
        mask |= resources.step_claim[index]
    return mask
