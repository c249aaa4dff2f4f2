"""Who drives a one-lane corridor, and where they will leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.model.ids import RobotId

if TYPE_CHECKING:
    from coordinator.fleet.core import Core


def facing(core: Core, robot_id: RobotId, path: list[int], corridor: int) -> tuple[RobotId, ...]:
    """Robots in a corridor that won't leave it where a robot on this path would."""
    mask = core.resources.corridors[corridor]
    own_exit = _exit(core, path, corridor)
    found = []
    for other_id in sorted(core.live):
        if other_id == robot_id or not core.live[other_id].held & mask:
            continue
        is_working = bool(core.state.robots[other_id].open_orders)
        if own_exit is None or is_working or _exit(core, ways_ahead(core, other_id), corridor) != own_exit:
            found.append(other_id)
    return tuple(found)


def ways_ahead(core: Core, robot_id: RobotId) -> list[int]:
    """Ways a robot still has to drive: the rest of its base, then its path."""
    robot = core.state.robots[robot_id]
    base = [
        core.resources.way_index[step.edge_id]
        for step in robot.steps
        if step.seq > robot.reached_seq and step.edge_id is not None
    ]
    return base + core.live[robot_id].path


def _exit(core: Core, ways: list[int], corridor: int) -> int | None:
    """Node where a path leaves a corridor; None when it ends or turns round inside."""
    resources = core.resources
    last = None
    for index in ways:
        way = resources.ways[index]
        if way.corridor == corridor:
            last = way
        elif last is not None:
            break
    if last is None or resources.node_claim[last.end] & resources.corridors[corridor]:
        return None
    return last.end
