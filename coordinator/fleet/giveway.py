"""
Robots that wait for each other: who stands aside.

The release rule keeps everybody able to drive home, so a circle of waits can always be opened: somebody in it drives
to a place where it is in nobody's way. The one that was held up longest is the last to be asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.fleet.aside import end_asides, needs, stand_aside
from coordinator.fleet.clearing import age_key, serve_longest
from coordinator.fleet.waits import circle_through
from coordinator.model.ids import RobotId

if TYPE_CHECKING:
    from coordinator.fleet.core import Core

CAUSES = ("resource", "safety", "zone")
"""Causes of waits that others can end by making way."""


def resolve_waits(core: Core) -> None:
    """Let robots stand aside where waits have formed a circle, and go on where the way is clear."""
    end_asides(core)
    waiting = _waiting(core)
    serve_longest(core, waiting)
    for robot_id in waiting:
        wait = core.live[robot_id].wait
        assert wait is not None
        if core.now_s - wait.since_s < core.settings.give_way_after_s:
            continue
        circle = wait_circle(core, robot_id)
        if core.clearing is not None and core.clearing.owner in circle and core.now_s < core.clearing.fresh_until_s:
            continue
        if circle and (_open_circle(core, circle) or _back_out(core, circle, waiting)):
            core.is_traffic_dirty = True


def wait_circle(core: Core, robot_id: RobotId) -> tuple[RobotId, ...]:
    """A circle of waits through a robot, beginning with it; empty when there is none."""
    return circle_through(robot_id, lambda each: _blockers(core, each))


def _blockers(core: Core, robot_id: RobotId) -> tuple[RobotId, ...]:
    live = core.live.get(robot_id)
    return () if live is None or live.wait is None else live.blockers


def _waiting(core: Core) -> list[RobotId]:
    """Robots that wait for others, those held up longest first; their time goes on counting as they stand aside."""
    found = []
    for robot_id in core.placed():
        live = core.live[robot_id]
        is_waiting = live.wait is not None and live.wait.cause in CAUSES
        if is_waiting or live.give_way is not None:
            live.held_up_s += core.settings.tick_s
        if is_waiting:
            found.append(robot_id)
    return sorted(found, key=lambda robot_id: age_key(core, robot_id))


def _open_circle(core: Core, circle: tuple[RobotId, ...]) -> bool:
    """
    Make one robot of the circle stand aside.

    The youngest claim that has a place to go, the oldest only if no other has.
    """
    members = sorted(circle, key=lambda robot_id: age_key(core, robot_id))
    oldest = members[0]
    for robot_id in reversed(members):
        other = oldest if robot_id != oldest else members[-1]
        if stand_aside(core, robot_id, other, _needed(core, circle, robot_id)):
            return True
    return False


def _back_out(core: Core, circle: tuple[RobotId, ...], waiting: list[RobotId]) -> bool:
    """Nobody of the circle has a place to go: those who queue behind it, and bar its ways out, stand aside first."""
    oldest = min(circle, key=lambda robot_id: age_key(core, robot_id))
    jammed = list(circle)
    for robot_id in jammed:
        jammed += [other for other in waiting if other not in jammed and robot_id in core.live[other].blockers]
    for robot_id in jammed[len(circle) :]:
        needed = _needed(core, circle, robot_id)
        if core.live[robot_id].give_way is None and stand_aside(core, robot_id, oldest, needed):
            return True
    return False


def _needed(core: Core, circle: tuple[RobotId, ...], but: RobotId) -> int:
    """All the others of a circle want to drive over."""
    mask = 0
    for member in circle:
        if member != but:
            mask |= needs(core, core.live[member])
    return mask
