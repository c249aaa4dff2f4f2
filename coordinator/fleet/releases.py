"""
What becomes base.

A chunk of the path (one step, or a whole one-lane corridor) is released when nobody else holds any of it, a door or
lift on it is open for the robot, nobody comes the other way through the corridor, and afterwards as many robots as
before can be led home (traffic.finishing). Otherwise the robot waits at its decision node, and the refusal says for
what and behind whom.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coordinator.fleet.devices import ask_device
from coordinator.fleet.missions import begin_points
from coordinator.fleet.targets import choose_target
from coordinator.model.ids import RobotId
from coordinator.model.messages import RouteUpdate
from coordinator.model.mission import CHARGE_TASK_ID, TaskOrder
from coordinator.model.records import BaseExtended
from coordinator.model.robot import LinkState
from coordinator.model.route import Step
from coordinator.model.snapshot import Wait

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.live import Claim, LiveRobot
    from coordinator.fleet.state import RobotState
    from coordinator.model.assignment import Stop

HORIZON_COUNT = 24


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a chunk isn't released: cause and subject as in Wait, and the robots behind it."""

    cause: str
    subject: str
    blockers: tuple[RobotId, ...] = ()


def advance(core: Core) -> None:
    """Extend all bases that may grow: robots that wait longest first, then by id."""
    order = sorted(core.placed(), key=lambda robot_id: (_claim_s(core, robot_id), robot_id))
    for robot_id in order:
        _extend(core, core.state.robots[robot_id], core.live[robot_id])


def send_routes(core: Core) -> None:
    """Tell robots of longer bases and other horizons."""
    for robot_id in sorted(core.live):
        live = core.live[robot_id]
        if live.is_route_due and live.connection is not None:
            live.is_route_due = False
            send_route(core, core.state.robots[robot_id], live)


def send_route(core: Core, robot: RobotState, live: LiveRobot) -> None:
    """Send all base steps the robot isn't known to hold, and the horizon."""
    if robot.route_id is None:
        return
    live.revision += 1
    live.sent_s = core.now_s
    base = tuple(step for step in robot.steps if step.seq > live.accepted_seq)
    core.send(robot.robot_id, RouteUpdate(robot.route_id, live.revision, base, horizon(core, robot, live)))


def horizon(core: Core, robot: RobotState, live: LiveRobot) -> tuple[Step, ...]:
    """The path beyond the base, as steps without tasks."""
    resources = core.resources
    steps = []
    for seq, index in enumerate(live.path[:HORIZON_COUNT], start=robot.base_end.seq + 1):
        way = resources.ways[index]
        steps.append(Step(seq, resources.node_ids[way.end], way.edge_id))
    return tuple(steps)


def _claim_s(core: Core, robot_id: RobotId) -> float:
    wait = core.live[robot_id].wait
    return core.now_s if wait is None else wait.since_s


def _extend(core: Core, robot: RobotState, live: LiveRobot) -> None:
    hindrance = _hindrance(core, robot, live)
    if hindrance is not None:
        _note_wait(core, robot, live, hindrance)
        return
    refused: Refused | None = None
    while not robot.open_orders:
        choose_target(core, robot, live)
        if live.target is None:
            break
        if not live.path:
            if not _arrive(core, robot, live):
                break
            continue
        if not _wants_more(core, robot):
            break
        refused = _release_next(core, robot, live)
        if refused is not None:
            break
    _note_wait(core, robot, live, refused)


def _hindrance(core: Core, robot: RobotState, live: LiveRobot) -> Refused | None:
    """Why nothing at all may be released to the robot."""
    if live.connection is None or live.link is not LinkState.LIVE:
        return Refused("link", f"robot {robot.robot_id}")
    if robot.is_stopped:
        return Refused("stop", f"robot {robot.robot_id}")
    if live.distrust or live.pose_trouble:
        return Refused("fault", live.distrust or live.pose_trouble)
    if core.is_stalled(robot.robot_id):
        return Refused("fault", f"robot {robot.robot_id}")
    return None


def _note_wait(core: Core, robot: RobotState, live: LiveRobot, refused: Refused | None) -> None:
    is_at_end = robot.reached_seq == robot.base_end.seq and not robot.open_orders
    has_aim = live.target is not None and live.target != robot.base_end.node_id
    if refused is None or not is_at_end or not (has_aim or refused.cause in ("stop", "fault")):
        core.set_wait(live, None)
        live.blockers, live.wait_way = (), None
        return
    live.blockers = refused.blockers
    live.wait_way = live.path[0] if live.path else None
    since_s = core.now_s if live.wait is None else live.wait.since_s
    behind = refused.blockers[0] if refused.blockers else None
    core.set_wait(live, Wait(refused.cause, refused.subject, behind, since_s))


def _wants_more(core: Core, robot: RobotState) -> bool:
    """Whether the base is shorter than the lookahead beyond the robot."""
    ways = core.resources.way_index
    ahead = [step for step in robot.steps if step.seq > robot.reached_seq and step.edge_id is not None]
    if len(ahead) < core.settings.lookahead_count:
        return True
    length_m = sum(core.resources.ways[ways[step.edge_id]].length_m for step in ahead if step.edge_id is not None)
    return length_m < core.settings.lookahead_m


def _arrive(core: Core, robot: RobotState, live: LiveRobot) -> bool:
    """The base ends at the target: put the work there into the base as a stay step. Tell whether there was any."""
    stop = _stop_at_target(robot, live)
    if stop is None:
        if live.give_way is None:
            live.target = None
        return False
    tasks = _orders(core, stop)
    live.itinerary.pop(0)
    live.target = None
    step = Step(robot.base_end.seq + 1, robot.base_end.node_id, None, tasks)
    _release(core, robot, live, (step,))
    return True


def _stop_at_target(robot: RobotState, live: LiveRobot) -> Stop | None:
    """The itinerary's first stop, if that is what the robot is on its way to."""
    if live.give_way is not None or not live.itinerary or live.itinerary[0].node_id != live.target:
        return None
    return live.itinerary[0]


def _release_next(core: Core, robot: RobotState, live: LiveRobot) -> Refused | None:
    """Release the next chunk of the path, or say why not."""
    chunk, refused = _next_chunk(core, robot, live)
    if refused is not None:
        return refused
    resources = core.resources
    steps: list[Step] = []
    stop_at = len(live.path) - 1
    for place, index in enumerate(chunk):
        way = resources.ways[index]
        steps.append(Step(robot.base_end.seq + 1 + place, resources.node_ids[way.end], way.edge_id))
    live.path = live.path[len(chunk) :]
    if not live.path:
        stop = _stop_at_target(robot, live)
        if stop is not None:
            steps[stop_at] = replace(steps[stop_at], tasks=_orders(core, stop))
            live.itinerary.pop(0)
            live.target = None
    _release(core, robot, live, tuple(steps))
    return None


def _release(core: Core, robot: RobotState, live: LiveRobot, steps: tuple[Step, ...]) -> None:
    assert robot.route_id is not None
    core.record(BaseExtended(robot.robot_id, robot.route_id, steps))
    begin_points(core, steps[-1].tasks)
    live.is_route_due = True


def _next_chunk(core: Core, robot: RobotState, live: LiveRobot) -> tuple[list[int], Refused | None]:
    """The ways to release next, and why they can't be released yet; None when they can."""
    resources = core.resources
    first = resources.ways[live.path[0]]
    whole = _whole(core, robot, live)
    if resources.is_entry(first):
        facing = _facing(core, robot.robot_id, live.path, first.corridor)
        if facing:
            return [], Refused("resource", f"corridor at {resources.node_ids[first.start]}", facing)
    if core.coverage.is_dark(resources.ways[whole[-1]].end):
        return [], Refused(
            "link", f"no way back to radio cover from {resources.node_ids[resources.ways[whole[-1]].end]}"
        )
    refused = _check(core, robot, live, whole)
    if refused is not None and len(whole) > 1 and refused.cause == "resource" and not core.coverage.is_dark(first.end):
        # Somebody drives ahead the same way: follow step by step; the finishing order keeps the exit.
        return live.path[:1], _check(core, robot, live, live.path[:1])
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


def _facing(core: Core, robot_id: RobotId, path: list[int], corridor: int) -> tuple[RobotId, ...]:
    """Robots in a corridor that won't leave it where a robot on this path would."""
    mask = core.resources.corridors[corridor]
    own_exit = _exit(core, path, corridor)
    facing = []
    for other_id in sorted(core.live):
        if other_id == robot_id or not core.live[other_id].held & mask:
            continue
        is_working = bool(core.state.robots[other_id].open_orders)
        if own_exit is None or is_working or _exit(core, _ways_ahead(core, other_id), corridor) != own_exit:
            facing.append(other_id)
    return tuple(facing)


def _ways_ahead(core: Core, robot_id: RobotId) -> list[int]:
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


def _check(core: Core, robot: RobotState, live: LiveRobot, chunk: list[int]) -> Refused | None:
    """The release rule for a chunk."""
    resources = core.resources
    claim = 0
    for index in chunk:
        claim |= resources.step_claim[index]
    live.wanted = claim
    taken = claim & ~live.held & _held_by_others(core, robot.robot_id)
    prior = core.claim
    if not taken and prior is not None and _must_yield(robot, live, claim, prior):
        return Refused("resource", resources.name(claim & prior.mask), (prior.robot_id,))
    if taken:
        holders = [other for other in sorted(core.live) if other != robot.robot_id and core.live[other].held & taken]
        return Refused("resource", resources.name(taken), tuple(holders))
    for index in chunk:
        refused = ask_device(core, robot, resources.ways[index])
        if refused:
            return Refused(refused[0], refused[1])
    exit_way = _ahead_of_facing(core, robot, live, chunk)
    if exit_way is not None:
        return exit_way
    return _check_finish(core, robot, live, claim, resources.ways[chunk[-1]].end)


def _must_yield(robot: RobotState, live: LiveRobot, claim: int, prior: Claim) -> bool:
    """Whether another's claim comes first; those in its way may leave, and those who stand aside may go."""
    is_other = prior.robot_id != robot.robot_id and bool(claim & prior.mask)
    return is_other and not live.held & prior.mask and live.give_way is None


def _held_by_others(core: Core, robot_id: RobotId) -> int:
    held = 0
    counts = dict.fromkeys((bit for bit, _ in core.resources.counted), 0)
    for other_id in sorted(core.live):
        if other_id != robot_id:
            other = core.live[other_id].held
            held |= other & core.resources.exclusive
            for bit in counts:
                counts[bit] += bool(other & bit)
    for bit, capacity in core.resources.counted:
        if counts[bit] >= capacity:
            held |= bit
    return held


def _ahead_of_facing(core: Core, robot: RobotState, live: LiveRobot, chunk: list[int]) -> Refused | None:
    """Don't stand in the mouth of a corridor that somebody is about to leave there."""
    resources = core.resources
    rest = live.path[len(chunk) :]
    if not rest or not resources.is_entry(resources.ways[rest[0]]):
        return None
    way = resources.ways[rest[0]]
    mouth = way.start
    for other_id in _facing(core, robot.robot_id, rest, way.corridor):
        if any(resources.ways[index].end == mouth for index in _ways_ahead(core, other_id)):
            return Refused("resource", f"corridor at {resources.node_ids[mouth]}", (other_id,))
    return None


def _check_finish(core: Core, robot: RobotState, live: LiveRobot, claim: int, end: int) -> Refused | None:
    movers = core.movers()
    after = [
        replace(mover, end=end, held=mover.held | claim) if mover.robot_id == robot.robot_id else mover
        for mover in movers
    ]
    unfinished = core.finishing.unfinished(after)
    if unfinished:
        worse = _more(unfinished, core.finishing.unfinished(movers))
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


def _orders(core: Core, stop: Stop) -> tuple[TaskOrder, ...]:
    """Task orders of a stop, numbered on from the last one of the plant."""
    number = core.state.order_count
    if stop.point_id is None:
        return (
            TaskOrder(
                order_id=f"o{number + 1}",
                task_id=CHARGE_TASK_ID,
                task_type="charge",
                sensor="",
                duration_s=max(1.0, stop.leave_s - stop.arrive_s),
                charge_until_ratio=stop.charge_until_ratio or 0.9,
            ),
        )
    point = core.plant.points[stop.point_id]
    return tuple(
        TaskOrder(
            order_id=f"o{number + place}",
            task_id=task.task_id,
            task_type=task.task_type,
            sensor=task.sensor,
            duration_s=task.duration_s,
            point_id=point.point_id,
            mission_id=stop.mission_id,
            heading_rad=point.heading_rad,
        )
        for place, task in enumerate(point.tasks, start=1)
    )
