"""Robots come, go, fall silent and come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.fleet import obstacles
from coordinator.fleet.commands import issue
from coordinator.fleet.waits import Hold
from coordinator.model.events import RobotConnected, RobotDisconnected
from coordinator.model.geometry import distance_m
from coordinator.model.ids import NodeId, RobotId, RouteId
from coordinator.model.messages import CommandKind, Heartbeat, Welcome
from coordinator.model.mission import TaskOutcome
from coordinator.model.observation import Severity
from coordinator.model.records import RobotJoined, RobotPlaced, SessionClosed, SessionOpened, StopChanged, TaskEnded
from coordinator.model.robot import LinkState, Placement
from coordinator.plant.map import NodeRole, ZoneKind

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot
    from coordinator.fleet.state import RobotState


def connect(core: Core, event: RobotConnected) -> None:
    """A stream said Hello: open a session, or end the stream with the reason."""
    refusal = _refusal(core, event)
    if refusal is not None:
        core.close(event.robot_id, event.connection, *refusal)
        return
    robot = core.state.robots.get(event.robot_id)
    if robot is None:
        home = _free_home(core, event.placement)
        if home is None:
            text = obstacles.keep_off(core, event.robot_id, event.placement)
            core.close(event.robot_id, event.connection, "RESOURCE_EXHAUSTED", text)
            return
        obstacles.forget(core, event.robot_id, "coordinator")
        core.record(RobotJoined(event.robot_id, event.factsheet, home))
        robot = core.state.robots[event.robot_id]
    live = core.live[event.robot_id]
    if live.connection is not None:
        core.close(event.robot_id, live.connection, "ABORTED", "a newer stream of the same robot took over")
    is_base_valid = (
        robot.boot_id == event.boot_id
        and event.progress is not None
        and robot.route_id is not None
        and event.progress.route_id == robot.route_id
    )
    core.record(SessionOpened(robot.robot_id, robot.session + 1, event.boot_id))
    _begin(core, live, event)
    core.clear_alarm(robot.robot_id, "duplicate_identity")
    core.clear_alarm(robot.robot_id, "robot_lost")
    if not is_base_valid:
        _replace_base(core, robot, live, event.placement)
    elif event.progress is not None:
        live.accepted_seq = event.progress.base_end_seq
    core.send(robot.robot_id, _welcome(core, robot, is_base_valid=is_base_valid))
    live.is_route_due = True
    core.is_traffic_dirty = core.is_plan_due = True
    if core.state.is_all_stopped and not robot.is_stopped:
        core.record(StopChanged((robot.robot_id,), is_stopped=True, by="coordinator", reason="all are stopped"))
        issue(core, robot.robot_id, CommandKind.STOP, reason="all are stopped")


def disconnect(core: Core, event: RobotDisconnected) -> None:
    """A stream ended. The reservations stay; silence frees nothing."""
    live = core.live.get(event.robot_id)
    if live is None or live.connection != event.connection:
        return
    live.connection = None
    core.record(SessionClosed(event.robot_id, core.state.robots[event.robot_id].session, event.reason))
    core.is_traffic_dirty = True


def heartbeat(core: Core) -> None:
    """Say to every robot that the coordinator lives, and see who fell silent."""
    is_due = core.now_s - core.heartbeat_s >= core.settings.heartbeat_period_s - core.settings.tick_s / 2
    if is_due:
        core.heartbeat_s = core.now_s
    for robot_id in sorted(core.live):
        live = core.live[robot_id]
        if is_due and live.connection is not None:
            core.send(robot_id, Heartbeat(core.nonce(), core.now_s, live.rtt_s))
        _judge_link(core, live)


def heard(core: Core, live: LiveRobot) -> None:
    """Anything of a robot arrived."""
    live.heard_s = core.now_s
    if live.link is not LinkState.LIVE:
        if live.link is LinkState.LOST:
            # What it stands on was closed to others meanwhile.
            core.roads_s = -1e18
            core.is_plan_due = True
        live.link = LinkState.LIVE
        core.clear_alarm(live.robot_id, "robot_lost")
        core.is_traffic_dirty = True


def _judge_link(core: Core, live: LiveRobot) -> None:
    silence_s = core.now_s - live.heard_s
    if silence_s >= core.settings.lost_after_s:
        if live.link is not LinkState.LOST:
            live.link = LinkState.LOST
            robot = core.state.robots[live.robot_id]
            if robot.steps and robot.reached_seq == robot.base_end.seq and not robot.open_orders:
                core.coverage.lost(core.resources.node_index[robot.base_end.node_id])
            text = (
                f"robot {live.robot_id} is silent; its last word is {silence_s:.0f} s old, its state since then unknown"
            )
            core.raise_alarm(live.robot_id, "robot_lost", Severity.MEDIUM, text, live.robot_id)
            core.is_traffic_dirty = core.is_plan_due = True
    elif silence_s >= core.settings.suspect_after_s and live.link is LinkState.LIVE:
        live.link = LinkState.SUSPECT
        live.is_hindered = True
        core.is_traffic_dirty = True


def _refusal(core: Core, event: RobotConnected) -> tuple[str, str] | None:
    """Status and reason why a Hello is not accepted."""
    if event.factsheet.robot_type_id not in core.plant.robot_types:
        type_id, known = event.factsheet.robot_type_id, ", ".join(core.plant.robot_types)
        return "NOT_FOUND", (
            f"robot {event.robot_id}: type {type_id!r} isn't in plant {core.plant.plant_id} (known: {known})"
        )
    if event.epoch > core.state.epoch:
        text = (
            f"robot {event.robot_id} has seen epoch {event.epoch}, this coordinator is at {core.state.epoch}: "
            "its journal is older than another coordinator's"
        )
        core.note_alarm(event.robot_id, "epoch_behind", Severity.CRITICAL, text)
        return "FAILED_PRECONDITION", text
    robot, live = core.state.robots.get(event.robot_id), core.live.get(event.robot_id)
    if robot is None or live is None:
        return None
    if event.boot_id < robot.boot_id:
        return "FAILED_PRECONDITION", (
            f"robot {event.robot_id}: boot {event.boot_id} is older than boot {robot.boot_id} seen before"
        )
    is_heard = live.connection is not None and core.now_s - live.heard_s < core.settings.suspect_after_s
    if is_heard and event.boot_id != robot.boot_id:
        text = f"a second robot says it is {event.robot_id} (boot {event.boot_id}) while boot {robot.boot_id} is heard"
        core.raise_alarm(event.robot_id, "duplicate_identity", Severity.HIGH, text, event.robot_id)
        return "ALREADY_EXISTS", text
    return None


def _begin(core: Core, live: LiveRobot, event: RobotConnected) -> None:
    live.connection = event.connection
    live.sequence = 0
    live.report = None
    live.hello_charge_ratio = event.charge_ratio
    live.clock_offset_s = None
    live.accepted_seq = -1
    live.commands_sent_s.clear()
    live.pose_trouble = ""
    live.ready_s = core.now_s
    live.is_hindered = True
    live.knows_start = False
    heard(core, live)


def _welcome(core: Core, robot: RobotState, *, is_base_valid: bool) -> Welcome:
    settings = core.settings
    return Welcome(
        heartbeat_period_s=settings.heartbeat_period_s,
        hold_after_s=settings.hold_after_s,
        report_period_s=settings.report_period_s,
        coordinator_s=core.now_s,
        base_is_valid=is_base_valid,
        task_events_through=robot.task_events_through,
    )


def _free_home(core: Core, placement: Placement) -> NodeId | None:
    """The nearest parking node without an owner; the one the robot stands on before all others."""
    taken = {robot.home for robot in core.state.robots.values()}
    index = core.resources.node_index
    free = [node_id for node_id in core.plant.nodes_with(NodeRole.PARKING) if node_id not in taken]
    free = [node_id for node_id in free if not core.coverage.is_dark(index[node_id])] or free
    if not free:
        return None
    if placement.node_id is None or placement.node_id not in core.plant.nodes:
        return free[0]
    here = core.plant.nodes[placement.node_id]

    def order(node_id: NodeId) -> tuple[bool, float, NodeId]:
        node = core.plant.nodes[node_id]
        return (
            node.level_id != here.level_id,
            distance_m(node.x_m, node.y_m, here.x_m, here.y_m),
            node_id,
        )

    return min(free, key=order)


def _replace_base(core: Core, robot: RobotState, live: LiveRobot, placement: Placement) -> None:
    """The robot holds no base of ours (any more): its own account of where it stands replaces its reservations."""
    for order_id in list(robot.open_orders):
        core.record(TaskEnded(robot.robot_id, order_id, 0, TaskOutcome.SKIPPED, "the robot started anew", core.now_s))
    live.itinerary.clear()
    live.target, live.path, live.give_way = None, [], None
    trouble = _placement_trouble(core, robot, live, placement)
    if trouble:
        live.distrust = trouble
        core.waits.note(robot.robot_id, Hold("fault", trouble), core.now_s)
        core.raise_alarm(
            robot.robot_id, "robot_unplaced", Severity.HIGH, f"{trouble}: place it by hand", robot.robot_id
        )
        return
    assert placement.node_id is not None
    place(core, robot.robot_id, placement, "robot")


def place(core: Core, robot_id: RobotId, placement: Placement, by: str) -> None:
    """Replace a robot's reservations by where it stands. The caller has seen to it that nobody else holds that."""
    assert placement.node_id is not None
    end = None if placement.edge_id is None else core.plant.edges[placement.edge_id].end
    route_id = RouteId(f"{robot_id}-{core.state.route_count + 1}")
    core.record(RobotPlaced(robot_id, route_id, placement.node_id, placement.edge_id, end, by))
    live = core.live[robot_id]
    live.distrust = ""
    live.accepted_seq = -1
    live.target, live.path, live.give_way = None, [], None
    live.is_route_due = True
    core.finishing.forget(robot_id)
    core.finishing_around.forget(robot_id)
    core.clear_alarm(robot_id, "robot_unplaced")
    core.clear_alarm(robot_id, "impossible_progress")
    _judge_way_out(core, core.state.robots[robot_id])


def _judge_way_out(core: Core, robot: RobotState) -> None:
    """A robot that stands where nobody may drive can't be led out."""
    index, node_id = core.resources.node_index, robot.base_end.node_id
    core.clear_alarm(robot.robot_id, "no_way_out")
    if core.returns.can_return(robot.factsheet.robot_type_id, index[node_id], index[robot.home]):
        return
    zones = [
        str(zone.zone_id)
        for zone in core.plant.zones.values()
        if zone.kind is ZoneKind.BLOCKED and node_id in zone.node_ids
    ]
    where = f"{node_id} in blocked zone {', '.join(zones)}" if zones else node_id
    text = (
        f"robot {robot.robot_id} stands at {where}: no way leads from there to its home {robot.home}; move it by hand"
    )
    core.raise_alarm(robot.robot_id, "no_way_out", Severity.HIGH, text, robot.robot_id)


def claim_of(core: Core, placement: Placement) -> int:
    """Mask of what a robot at a placement occupies."""
    resources = core.resources
    if placement.edge_id is not None:
        return resources.step_claim[resources.way_index[placement.edge_id]]
    if placement.node_id is None:
        return 0
    return resources.node_claim[resources.node_index[placement.node_id]]


def _placement_trouble(core: Core, robot: RobotState, live: LiveRobot, placement: Placement) -> str:
    """Why a robot's account of its place can't be taken; empty when it can."""
    if placement.node_id is None:
        return f"robot {robot.robot_id} doesn't know where it is"
    if placement.node_id not in core.plant.nodes:
        return f"robot {robot.robot_id} says it is at {placement.node_id}, which isn't on the map"
    if placement.edge_id is not None and placement.edge_id not in core.plant.edges:
        return f"robot {robot.robot_id} says it is on edge {placement.edge_id}, which isn't on the map"
    if placement.edge_id is not None and core.plant.edges[placement.edge_id].start != placement.node_id:
        where = f"edge {placement.edge_id} from {placement.node_id}"
        return f"robot {robot.robot_id} says it is on {where}, where it doesn't begin"
    claim = claim_of(core, placement)
    other = core.holder(claim & core.resources.exclusive, robot.robot_id)
    if other is not None:
        return f"robot {robot.robot_id} says it is at {placement.node_id}, which robot {other} holds"
    if robot.steps and claim & ~live.held & core.resources.exclusive:
        return f"robot {robot.robot_id} says it is at {placement.node_id}, outside what it had reserved"
    return ""
