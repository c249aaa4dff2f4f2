"""
Robots that wait for each other: who stands aside, and where.

The release rule keeps everybody able to drive home, so a circle of waits can always be opened: somebody in it drives
to a place where it is in nobody's way. The one that waits longest is never the one to go, so its claim is served in
bounded time: no starvation.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from coordinator.fleet.live import Claim, GiveWay
from coordinator.model.ids import RobotId

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot

STAND_ASIDE_S = 90.0
CLAIM_AFTER_S = 30.0
CLAIM_S = 60.0
CLEAR_ALL_AFTER_S = 75.0


def resolve_waits(core: Core) -> None:
    """Let robots stand aside where waits have formed a circle, and go on where the way is clear."""
    _end_give_ways(core)
    waiting = _waiting(core)
    _claim(core, waiting)
    for robot_id in waiting:
        wait = core.live[robot_id].wait
        assert wait is not None
        if core.now_s - wait.since_s < core.settings.give_way_after_s:
            continue
        circle = wait_circle(core, robot_id)
        if circle and (_open_circle(core, circle) or _back_out(core, circle, waiting)):
            core.is_traffic_dirty = True
    if waiting:
        _clear_the_way(core, waiting)


def _claim(core: Core, waiting: list[RobotId]) -> None:
    """
    Give the robot that waits longest a claim on what it waits for; by turns, when it doesn't help for long.

    Without it, who needs much at once would starve behind a stream of those who need little.
    """
    claim = core.claim
    if claim is not None:
        live = core.live.get(claim.robot_id)
        if live is None or live.wait is None or core.now_s >= claim.until_s:
            core.claim = None
            core.is_traffic_dirty = True
        elif live.wanted != claim.mask:
            core.claim = Claim(claim.robot_id, live.wanted, claim.until_s)
            core.is_traffic_dirty = True
        return
    due = [
        robot_id
        for robot_id in waiting
        if core.now_s - _since_s(core, robot_id) >= CLAIM_AFTER_S and not core.is_stalled(robot_id)
    ]
    if due:
        first = min(due, key=lambda robot_id: (core.live[robot_id].claimed_s, _since_s(core, robot_id), robot_id))
        core.live[first].claimed_s = core.now_s
        core.claim = Claim(first, core.live[first].wanted, core.now_s + CLAIM_S)


def wait_circle(core: Core, robot_id: RobotId) -> tuple[RobotId, ...]:
    """A circle of waits through a robot, beginning with it; empty when there is none."""
    came: dict[RobotId, RobotId] = {}
    queue = deque((robot_id,))
    while queue:
        here = queue.popleft()
        live = core.live.get(here)
        if live is None or live.wait is None:
            continue
        for blocker in live.blockers:
            if blocker == robot_id:
                circle = [here]
                while circle[-1] != robot_id:
                    circle.append(came[circle[-1]])
                return tuple(reversed(circle))
            if blocker not in came:
                came[blocker] = here
                queue.append(blocker)
    return ()


def _waiting(core: Core) -> list[RobotId]:
    """Robots that wait for others, longest first."""
    rows = []
    for robot_id in core.placed():
        wait = core.live[robot_id].wait
        if wait is not None and wait.cause in ("resource", "safety", "zone"):
            rows.append((wait.since_s, robot_id))
    return [robot_id for _, robot_id in sorted(rows)]


def _open_circle(core: Core, circle: tuple[RobotId, ...]) -> bool:
    """
    Make one robot of the circle stand aside.

    The youngest claim that has a place to go, the oldest only if no other has.
    """
    members = sorted(circle, key=lambda robot_id: (_since_s(core, robot_id), robot_id))
    oldest = members[0]
    for robot_id in reversed(members):
        other = oldest if robot_id != oldest else members[-1]
        if _stand_aside(core, robot_id, other, circle):
            return True
    return False


def _back_out(core: Core, circle: tuple[RobotId, ...], waiting: list[RobotId]) -> bool:
    """Nobody of the circle has a place to go: those who queue behind it, and bar its ways out, stand aside first."""
    oldest = min(circle, key=lambda robot_id: (_since_s(core, robot_id), robot_id))
    jammed = list(circle)
    for robot_id in jammed:
        jammed += [other for other in waiting if other not in jammed and robot_id in core.live[other].blockers]
    for robot_id in jammed[len(circle) :]:
        if core.live[robot_id].give_way is None and _stand_aside(core, robot_id, oldest, circle):
            return True
    return False


def _since_s(core: Core, robot_id: RobotId) -> float:
    wait = core.live[robot_id].wait
    return core.now_s if wait is None else wait.since_s


def _stand_aside(core: Core, robot_id: RobotId, other: RobotId, circle: tuple[RobotId, ...]) -> bool:
    """Send a robot to the nearest free place off the others' ways."""
    needed = 0
    for member in circle:
        if member != robot_id:
            needed |= _needs(core, core.live[member])
    robot, live = core.state.robots[robot_id], core.live[robot_id]
    resources = core.resources
    taken = 0
    for other_id in sorted(core.live):
        if other_id != robot_id:
            taken |= core.live[other_id].held
    allowed = resources.allowed[robot.factsheet.robot_type_id]
    homes = {resources.node_index[other.home] for other in core.state.robots.values() if other is not robot}
    start = resources.node_index[robot.base_end.node_id]
    seen = {start}
    came: dict[int, int] = {}
    queue = deque((start,))
    while queue:
        node = queue.popleft()
        for way in resources.out[node]:
            if way.end in seen or way.end in homes or not allowed[way.index]:
                continue
            if resources.step_claim[way.index] & taken or way.index in core.closed_why:
                continue
            seen.add(way.end)
            came[way.end] = way.index
            is_bad_place = _is_inside_corridor(core, way.end) or core.coverage.is_dark(way.end)
            if is_bad_place or resources.node_claim[way.end] & needed:
                queue.append(way.end)
                continue
            if _is_safe_at(core, robot_id, _ways_to(core, came, way.end)):
                place = resources.node_ids[way.end]
                live.give_way = GiveWay(place, other, live.held, core.now_s + STAND_ASIDE_S)
                core.count_replan("give_way")
                return True
            queue.append(way.end)
    return False


def _ways_to(core: Core, came: dict[int, int], node: int) -> list[int]:
    ways: list[int] = []
    while node in came:
        ways.append(came[node])
        node = core.resources.ways[came[node]].start
    return ways


def _is_safe_at(core: Core, robot_id: RobotId, ways: list[int]) -> bool:
    """Whether a robot may be released all these ways (the last one first) without leaving anybody over."""
    claim = 0
    for index in ways:
        claim |= core.resources.step_claim[index]
    end = core.resources.ways[ways[0]].end
    movers = core.movers()
    after = [
        replace(mover, end=end, held=mover.held | claim) if mover.robot_id == robot_id else mover for mover in movers
    ]
    left = core.finishing.unfinished(after)
    return not left or set(left) <= set(core.finishing.unfinished(movers))


def _is_inside_corridor(core: Core, node: int) -> bool:
    claim = core.resources.node_claim[node]
    return any(claim & mask for mask in core.resources.corridors)


def _needs(core: Core, live: LiveRobot) -> int:
    """All a robot wants to drive over: its path, and the way out of a radio hole released with it."""
    mask = live.wanted if live.wait is not None else 0
    for index in live.path:
        mask |= core.resources.step_claim[index]
    return mask


def _end_give_ways(core: Core) -> None:
    """Stop standing aside when the other robot has passed, or after a while."""
    for robot_id in sorted(core.live):
        live = core.live[robot_id]
        if live.give_way is None:
            continue
        other = core.live.get(live.give_way.other)
        is_passed = other is None or not (live.give_way.spot & (other.held | _needs(core, other)))
        if is_passed or core.now_s >= live.give_way.until_s:
            live.give_way = None
            core.is_traffic_dirty = True


def _clear_the_way(core: Core, waiting: list[RobotId]) -> None:
    """
    Last resort for the longest wait.

    All others that wait get out of its way, as far as the release rule lets them.
    """
    oldest = waiting[0]
    if core.now_s - _since_s(core, oldest) < CLEAR_ALL_AFTER_S:
        return
    for robot_id in waiting[1:]:
        if core.live[robot_id].give_way is None and _stand_aside(core, robot_id, oldest, (oldest,)):
            core.is_traffic_dirty = True
