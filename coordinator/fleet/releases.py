"""
Bases grow, and robots are told.

Whoever waits longest is looked at first. A base grows until it is as long as the lookahead asks for, ends in work, or
the release rule says no; then the robot waits at its decision node, and the refusal says for what and behind whom.
Nothing here is trusted: the checker looks at each release before it is journaled, and whatever fails holds back one
robot alone.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from coordinator.fleet.chunks import next_chunk
from coordinator.fleet.containment import contain_robot, end_trouble
from coordinator.fleet.core import is_helpless
from coordinator.fleet.errors import NonsensePlanError
from coordinator.fleet.holds import cause_of, hold_of, is_at_end
from coordinator.fleet.missions import begin_points
from coordinator.fleet.orders import orders_of
from coordinator.fleet.release_rule import Refused
from coordinator.fleet.targets import choose_target
from coordinator.fleet.travel import may_leave
from coordinator.model.ids import RobotId
from coordinator.model.messages import RouteUpdate
from coordinator.model.records import BaseExtended
from coordinator.model.robot import LinkState
from coordinator.model.route import Step
from coordinator.model.snapshot import Wait

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot
    from coordinator.fleet.state import RobotState
    from coordinator.model.assignment import Stop

HORIZON_COUNT = 24
EPOCH_SHIFT = 32
"""Revisions of later epochs are higher than any of earlier ones."""
SEARCH_COUNT = 24
"""After so many searches for plans in one event no further base is looked at."""
EXTENSION_COUNT = 100
BASE_COUNT = 150
"""A base that is to grow more often than this at once, or beyond as many steps, belongs to an endless plan."""


def advance(core: Core) -> None:
    """Extend all bases that may grow: robots that wait longest first, then by id."""
    # Sorting keeps the order by id where claims are equally old.
    for robot_id in sorted(core.placed(), key=partial(_claim_s, core)):
        robot, live = core.state.robots[robot_id], core.live[robot_id]
        if core.searches_count >= SEARCH_COUNT:
            # The rest have their turn with the next event: it mustn't wait for hundreds of plans.
            core.is_traffic_dirty = True
            break
        if not _is_settled(core, robot, live):
            contain_robot(core, robot_id, partial(_extend, core, robot, live))


def send_routes(core: Core) -> None:
    """Tell robots of longer bases and other horizons."""
    due = [robot_id for robot_id, live in core.live.items() if live.is_route_due and live.connection is not None]
    for robot_id in sorted(due):
        live = core.live[robot_id]
        live.is_route_due = False
        send_route(core, core.state.robots[robot_id], live)


def send_route(core: Core, robot: RobotState, live: LiveRobot) -> None:
    """Send all base steps the robot isn't known to hold, and the horizon."""
    if robot.route_id is None:
        return
    # A restarted coordinator doesn't know how far it had counted; robots drop what is older than they have seen.
    live.revision = max(live.revision, core.state.epoch << EPOCH_SHIFT) + 1
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
    live.settled = None
    refused: Refused | None = None
    extensions = 0
    if robot.open_orders and robot.reached_seq == robot.base_end.seq:
        # While it works its way on is planned already.
        choose_target(core, robot, live)
        _check_path(core, robot, live)
    while not robot.open_orders:
        choose_target(core, robot, live)
        if live.target is None:
            break
        _check_path(core, robot, live)
        extensions += 1
        if extensions > EXTENSION_COUNT or len(robot.steps) > BASE_COUNT:
            raise NonsensePlanError(robot.robot_id, f"its base would grow without end on its way to {live.target}")
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
    row = core.timetable.rows[robot.robot_id]
    is_on_its_way = refused is None and bool(live.itinerary) and robot.robot_id not in core.waits.present
    if is_on_its_way and live.target_why == "stop" and row.is_bound:
        live.settled = _situation(core, robot, live)


def _is_settled(core: Core, robot: RobotState, live: LiveRobot) -> bool:
    """Whether nothing has changed since the robot's base was found long enough."""
    if live.settled is None or live.settled != _situation(core, robot, live):
        return False
    return live.link is LinkState.LIVE and live.connection is not None and not core.is_stalled(robot.robot_id)


def _situation(core: Core, robot: RobotState, live: LiveRobot) -> tuple[object, ...]:
    """All that decides whether a base with a planned way to a stop beyond it grows, and by which way."""
    aim = live.give_way is None, live.itinerary[0].node_id if live.itinerary else None
    row = core.timetable.rows[robot.robot_id]
    done = robot.reached_seq, robot.steps[-1].seq, len(robot.open_orders)
    return aim, live.target_why, row.revision, core.router.version, done


def _check_path(core: Core, robot: RobotState, live: LiveRobot) -> None:
    """A path must lead from the end of the base to the target, or nobody may see it."""
    if live.target is None or live.path is live.sound_path:
        return
    resources = core.resources
    node = resources.node_index[robot.base_end.node_id]
    if len(live.path) > len(resources.ways):
        raise NonsensePlanError(robot.robot_id, f"a path of {len(live.path)} ways, the plant has {len(resources.ways)}")
    for index in live.path:
        if not 0 <= index < len(resources.ways):
            raise NonsensePlanError(robot.robot_id, f"way {index} isn't on the map")
        way = resources.ways[index]
        if way.start != node:
            here = resources.node_ids[node]
            raise NonsensePlanError(robot.robot_id, f"its path jumps from {here} to edge {way.edge_id}")
        node = way.end
    if resources.node_ids[node] != live.target:
        raise NonsensePlanError(robot.robot_id, f"its path ends at {resources.node_ids[node]}, not at {live.target}")
    live.sound_path = live.path


def _hindrance(core: Core, robot: RobotState, live: LiveRobot) -> Refused | None:
    """Why nothing at all may be released to the robot."""
    if live.connection is None or live.link is not LinkState.LIVE:
        return Refused("link", f"robot {robot.robot_id}")
    if robot.is_stopped:
        return Refused("stop", f"robot {robot.robot_id}")
    if live.distrust or live.pose_trouble:
        return Refused("fault", live.distrust or live.pose_trouble)
    if is_helpless(live.report):
        return Refused("fault", f"robot {robot.robot_id}")
    return None


def _note_wait(core: Core, robot: RobotState, live: LiveRobot, refused: Refused | None) -> None:
    if refused is None:
        live.wanted = 0
    at_end = is_at_end(robot)
    has_aim = live.target is not None and live.target != robot.base_end.node_id
    is_held = refused is not None and refused.cause in ("stop", "fault")
    if refused is not None and (is_held or (at_end and has_aim)):
        live.blockers = refused.blockers
        live.wait_way = live.path[0] if live.path else None
        since_s = core.now_s if live.wait is None else live.wait.since_s
        behind = refused.blockers[0] if refused.blockers else None
        live.wait = Wait(cause_of(refused), refused.subject, behind, since_s)
    else:
        live.wait, live.wait_way, live.blockers = None, None, ()
    hold = hold_of(core, robot, live, refused) if at_end or live.wait is not None else None
    core.waits.note(robot.robot_id, hold, core.now_s)


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
    stops = _take_stops(live)
    if not stops:
        if live.give_way is None:
            if live.target_why != "room":
                live.held_up_s = 0.0
            live.target = None
        return False
    step = Step(robot.base_end.seq + 1, robot.base_end.node_id, None, orders_of(core, stops))
    _release(core, robot, live, (step,))
    return True


def _take_stops(live: LiveRobot) -> list[Stop]:
    """Take the leading stops at the target from the itinerary; none when the robot drives there for another reason."""
    stops: list[Stop] = []
    if live.give_way is None:
        while live.itinerary and live.itinerary[0].node_id == live.target:
            stops.append(live.itinerary.pop(0))
    if stops:
        live.target = None
        live.held_up_s = 0.0
    return stops


def _release_next(core: Core, robot: RobotState, live: LiveRobot) -> Refused | None:
    """Release the next chunk of the path, or say why not."""
    chunk, refused = next_chunk(core, robot, live)
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
        stops = _take_stops(live)
        if stops:
            steps[stop_at] = replace(steps[stop_at], tasks=orders_of(core, stops))
    _release(core, robot, live, tuple(steps))
    return None


def _release(core: Core, robot: RobotState, live: LiveRobot, steps: tuple[Step, ...]) -> None:
    assert robot.route_id is not None
    may_leave(core, robot, live)
    core.record(BaseExtended(robot.robot_id, robot.route_id, steps))
    end_trouble(core, robot.robot_id)
    begin_points(core, tuple(order for step in steps for order in step.tasks))
    live.is_route_due = True
