"""
The release rule, applied to a chunk of a robot's path.

A chunk may become base when nobody else holds any of it, it isn't being cleared for another robot, it is the robot's
turn by the timetable, doors and lifts on it are open for the robot, it doesn't end (without a plan) in the mouth of a
corridor somebody is about to leave there, and afterwards as many robots as before can be led into refuges
(traffic.finishing), whether those that stand still move again or not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coordinator.fleet.corridor_use import facing, ways_ahead
from coordinator.fleet.devices import ask_device, gates
from coordinator.model.ids import RobotId

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.live import Clearing, LiveRobot
    from coordinator.fleet.state import RobotState
    from coordinator.traffic.finishing import Mover


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a chunk isn't released: cause and subject as in Wait, and the robots behind it."""

    cause: str
    subject: str
    blockers: tuple[RobotId, ...] = ()


def check(core: Core, robot: RobotState, live: LiveRobot, chunk: list[int]) -> Refused | None:
    """Why a chunk can't be released now; None when it can."""
    resources = core.resources
    claim = 0
    for index in chunk:
        claim |= resources.step_claim[index]
    live.wanted = claim
    taken = claim & ~live.held & core.holdings.barred(live.held)
    clearing = core.clearing
    if not taken and clearing is not None and _must_yield(robot, live, claim, clearing):
        return Refused("resource", resources.name(claim & clearing.mask), (clearing.owner,))
    if taken:
        return Refused("resource", resources.name(taken), core.holdings.holders(taken, robot.robot_id))
    before = _before(core, robot, live, chunk)
    if before is not None:
        return before
    for way in gates(core, chunk):
        refused = ask_device(core, robot, way)
        if refused:
            return Refused(refused[0], refused[1])
    exit_way = None if core.timetable.rows[robot.robot_id].is_planned else _ahead_of_facing(core, robot, live, chunk)
    if exit_way is not None:
        return exit_way
    return _check_finish(core, robot, live, claim, resources.ways[chunk[-1]].end)


def _must_yield(robot: RobotState, live: LiveRobot, claim: int, clearing: Clearing) -> bool:
    """Whether the way is being cleared for another; those who stand aside may go."""
    return clearing.owner != robot.robot_id and bool(claim & clearing.mask) and live.give_way is None


def _before(core: Core, robot: RobotState, live: LiveRobot, chunk: list[int]) -> Refused | None:
    """Who comes first by the timetable; who stands aside, or whose way is being cleared, needn't mind."""
    if live.give_way is not None or (core.clearing is not None and core.clearing.owner == robot.robot_id):
        return None
    timetable = core.timetable
    if not timetable.rows[robot.robot_id].is_planned:
        hold = timetable.in_way(robot.robot_id, live.path)
        if hold is not None:
            return Refused("resource", core.resources.bit_names[hold.bit], (hold.robot_id,))
    holds = timetable.ahead(robot.robot_id, chunk)
    if any(core.coverage.is_dark(core.resources.ways[way].end) for way in chunk):
        # Into a radio hole and out again at once: what it holds already it keeps till it is back.
        holds = [hold for hold in holds if not live.held >> hold.bit & 1]
    if not holds:
        return None
    others = tuple(dict.fromkeys(hold.robot_id for hold in holds))
    return Refused("resource", core.resources.bit_names[holds[0].bit], others)


def _ahead_of_facing(core: Core, robot: RobotState, live: LiveRobot, chunk: list[int]) -> Refused | None:
    """Don't stand in the mouth of a corridor that somebody is about to leave there."""
    resources = core.resources
    rest = live.path[len(chunk) :]
    if not rest or not resources.is_entry(resources.ways[rest[0]]):
        return None
    way = resources.ways[rest[0]]
    mouth = way.start
    for other_id in facing(core, robot.robot_id, rest, way.corridor):
        if any(resources.ways[index].end == mouth for index in ways_ahead(core, other_id)):
            return Refused("resource", f"corridor at {resources.node_ids[mouth]}", (other_id,))
    return None


def _check_finish(core: Core, robot: RobotState, live: LiveRobot, claim: int, end: int) -> Refused | None:
    movers = core.movers()
    after = with_claim(movers, robot.robot_id, claim, end)
    worse = left_over(core, movers, after)
    if worse:
        return _unsafe(core, robot, worse)
    stalled = [mover for mover in movers if core.is_stalled(mover.robot_id)]
    if stalled:
        immovable = 0
        for mover in stalled:
            immovable |= mover.held
        names = {mover.robot_id for mover in stalled}
        worse = _more(
            core.finishing_around.unfinished([mover for mover in after if mover.robot_id not in names], immovable),
            core.finishing_around.unfinished([mover for mover in movers if mover.robot_id not in names], immovable),
        )
        if worse:
            return _unsafe(core, robot, worse)
    return None


def with_claim(movers: list[Mover], robot_id: RobotId, claim: int, end: int) -> list[Mover]:
    """All robots as they would be if one was released a claim and its base ended at a node."""
    return [
        replace(mover, end=end, held=mover.held | claim) if mover.robot_id == robot_id else mover for mover in movers
    ]


def left_over(core: Core, movers: list[Mover], after: list[Mover]) -> tuple[RobotId, ...]:
    """Robots that could be led into a refuge before, and couldn't afterwards."""
    unfinished = core.finishing.unfinished(after)
    return _more(unfinished, core.finishing.unfinished(movers)) if unfinished else ()


def _more(after: tuple[RobotId, ...], before: tuple[RobotId, ...]) -> tuple[RobotId, ...]:
    return tuple(robot_id for robot_id in after if robot_id not in before)


def _unsafe(core: Core, robot: RobotState, worse: tuple[RobotId, ...]) -> Refused:
    others = tuple(robot_id for robot_id in worse if robot_id != robot.robot_id)
    if not others:
        others = tuple(
            robot_id
            for robot_id in core.placed()
            if robot_id != robot.robot_id
            and core.state.robots[robot_id].base_end.node_id != core.state.robots[robot_id].home
        )
    return Refused("safety", f"no finishing order for {', '.join(worse)}", others)
