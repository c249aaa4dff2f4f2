"""How much of a path is released at once: a step, a whole corridor, a whole radio hole."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from coordinator.fleet.corridor_use import facing
from coordinator.fleet.release_rule import Refused, check

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot
    from coordinator.fleet.state import RobotState


def next_chunk(core: Core, robot: RobotState, live: LiveRobot) -> tuple[list[int], Refused | None]:
    """The ways to release next, and why they can't be released yet; None when they can."""
    resources = core.resources
    first = resources.ways[live.path[0]]
    whole = _whole(core, robot, live)
    if resources.is_entry(first) and not core.timetable.rows[robot.robot_id].is_planned:
        others = facing(core, robot.robot_id, live.path, first.corridor)
        if others:
            return [], Refused("resource", f"corridor at {resources.node_ids[first.start]}", others)
    if core.coverage.is_dark(resources.ways[whole[-1]].end):
        return [], Refused(
            "link", f"no way back to radio cover from {resources.node_ids[resources.ways[whole[-1]].end]}"
        )
    refused = check(core, robot, live, whole)
    if refused is not None and len(whole) > 1 and refused.cause == "resource" and not core.coverage.is_dark(first.end):
        # Somebody drives ahead the same way: follow step by step; the finishing order keeps the exit.
        return live.path[:1], check(core, robot, live, live.path[:1])
    return whole, refused


def _whole(core: Core, robot: RobotState, live: LiveRobot) -> list[int]:
    """One step, or a whole corridor; and on through a radio hole to where the robot can be told to go on."""
    resources, coverage = core.resources, core.coverage
    first = resources.ways[live.path[0]]
    count = len(_corridor_part(live.path, core, first.corridor)) if resources.is_entry(first) else 1
    while count < len(live.path) and coverage.is_dark(resources.ways[live.path[count - 1]].end):
        count += 1
    whole = live.path[:count]
    last = resources.ways[whole[-1]].end
    if coverage.is_dark(last):
        whole = whole + _way_to_cover(core, robot, last)
    return whole


def _way_to_cover(core: Core, robot: RobotState, start: int) -> list[int]:
    """Ways from a node in a radio hole to the nearest node outside it; empty when there is none."""
    resources = core.resources
    allowed = resources.allowed[robot.factsheet.robot_type_id]
    came: dict[int, int] = {start: -1}
    queue = deque((start,))
    while queue:
        node = queue.popleft()
        for way in resources.out[node]:
            if way.end in came or not allowed[way.index] or way.index in core.closed_why:
                continue
            came[way.end] = way.index
            if core.coverage.is_dark(way.end):
                queue.append(way.end)
                continue
            ways: list[int] = []
            node = way.end
            while came[node] >= 0:
                ways.append(came[node])
                node = resources.ways[came[node]].start
            return ways[::-1]
    return []


def _corridor_part(path: list[int], core: Core, corridor: int) -> list[int]:
    part: list[int] = []
    for index in path:
        if core.resources.ways[index].corridor != corridor:
            break
        part.append(index)
    return part
