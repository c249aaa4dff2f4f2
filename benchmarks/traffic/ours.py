"""The product's traffic layer: the production core, driven by events, on a network without delay."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field

from benchmarks.traffic.plants import point_of
from benchmarks.traffic.world import Leg, Vehicle, World
from coordinator.fleet import Fleet, FleetSettings
from coordinator.model.assignment import Plan, Problem, Stop
from coordinator.model.effects import Effect, PlanAssignment, RequestDevice, Send
from coordinator.model.events import (
    AssignmentPlanned,
    DeadlineReached,
    DeviceReported,
    DeviceState,
    Event,
    OperatorRequested,
    ReplyStatus,
    RobotConnected,
    RouteReplied,
    StateReported,
    TaskReported,
)
from coordinator.model.geometry import Pose2
from coordinator.model.ids import EdgeId, RobotId, RouteId
from coordinator.model.messages import RouteUpdate
from coordinator.model.mission import TaskOrder, TaskOutcome
from coordinator.model.operator import CloseEdge, OpenEdge, OperatorCommand
from coordinator.model.robot import Activity, Factsheet, Placement, Progress, StateReport

STOPS_AHEAD_COUNT = 12
NEVER_S = 1e9
MOST_WAIT_S = 60.0
CLOSED_S = 5.0
"""An edge is closed for so long, and the next one is closed so long after."""
SETTINGS = FleetSettings(
    # Robots speak when something changes: no heartbeats, and nobody falls silent.
    heartbeat_period_s=NEVER_S,
    suspect_after_s=NEVER_S,
    lost_after_s=NEVER_S,
    resend_after_s=NEVER_S,
    # Stops are given, so there is nothing to assign but the next of them.
    plan_period_s=240.0,
)
CYCLE_EVENTS = (StateReported, TaskReported, DeadlineReached, AssignmentPlanned)
"""Events after which bases are looked at, or itineraries asked for: a cycle."""


@dataclass(slots=True)
class Link:
    """What a robot's agent knows."""

    vehicle: Vehicle
    route_id: RouteId | None = None
    end: int = 0
    epoch: int = 0
    report_seq: int = 0
    event_seq: int = 0
    ordered_count: int = 0
    orders: deque[tuple[TaskOrder, ...]] = field(default_factory=deque)
    horizon: frozenset[EdgeId] = frozenset()


class Ours:
    """Hands the core what robots report, and robots what the core releases; measures the core's CPU time."""

    name = "roundsman"

    def __init__(self, world: World) -> None:
        self._world = world
        self._links = {vehicle.robot_id: Link(vehicle) for vehicle in world.vehicles}
        self._inbox: deque[Event] = deque()
        self._is_busy = False
        self._woken_s = -1.0
        self._request = 0
        self._core_s = 0.0
        self.cycles_s: list[float] = []
        self.fleet = Fleet(world.resources.plant, settings=SETTINGS, now_s=world.now_s)

    def start(self) -> None:
        """All robots say Hello at home."""
        self._carry_out(self.fleet.start(self._world.now_s))
        for connection, link in enumerate(self._links.values(), start=1):
            vehicle = link.vehicle
            self._feed(
                RobotConnected(
                    robot_id=vehicle.robot_id,
                    connection=connection,
                    boot_id=1,
                    factsheet=Factsheet(vehicle.type_id),
                    placement=Placement(self._world.node_id(vehicle.node)),
                    epoch=0,
                    progress=None,
                    charge_ratio=1.0,
                    is_stopped=False,
                )
            )
            assert self.fleet.state.robots[vehicle.robot_id].home == self._world.node_id(vehicle.home)
            self._report(link)
        self._rearm()

    def progressed(self, vehicle: Vehicle) -> None:
        """A report at once."""
        self._report(self._links[vehicle.robot_id])

    def worked(self, vehicle: Vehicle) -> None:
        """The tasks of the stop are done."""
        link = self._links[vehicle.robot_id]
        for order in link.orders.popleft():
            link.event_seq += 1
            self._feed(
                TaskReported(
                    vehicle.robot_id,
                    vehicle.number + 1,
                    link.event_seq,
                    order.order_id,
                    TaskOutcome.DONE,
                    "",
                    self._world.now_s,
                )
            )

    def woken(self) -> None:
        """The core's deadline."""
        if self.fleet.next_deadline_s() <= self._world.now_s:
            self._feed(DeadlineReached())
        self._rearm()

    def close_edges(self, count: int) -> list[float]:
        """
        Close edges of the running plant for a while, one after the other: always the one most robots mean to drive.

        Returns:
            For each closure how long until no robot's horizon leads over it: the seconds that pass in the world, and
            the CPU time of all the core does at the moment when the last of these robots is told. Fewer than `count`
            when all edges robots mean to drive were closed once.
        """
        taken_s: list[float] = []
        closed: set[EdgeId] = set()
        while len(taken_s) < count:
            uses = Counter(edge_id for link in self._links.values() for edge_id in link.horizon - closed)
            if not uses:
                break
            edge_id = min(uses, key=lambda edge_id: (-uses[edge_id], edge_id))
            closed.add(edge_id)
            taken_s.append(self._close(edge_id))
        return taken_s

    def _close(self, edge_id: EdgeId) -> float:
        """Close an edge and open it again: how long until all robots had another horizon."""
        begin_s, before_s = self._world.now_s, self._core_s
        both = {edge_id, self._world.resources.plant.edges[edge_id].reverse_id}
        self._operate(CloseEdge(edge_id, "works"))
        while any(both & link.horizon for link in self._links.values()) and self._world.now_s < begin_s + MOST_WAIT_S:
            before_s = self._core_s
            self._world.step()
        taken_s = self._world.now_s - begin_s + self._core_s - before_s
        self._world.go_on(max(self._world.now_s, begin_s + CLOSED_S))
        self._operate(OpenEdge(edge_id))
        self._world.go_on(self._world.now_s + CLOSED_S)
        return taken_s

    def _operate(self, command: OperatorCommand) -> None:
        self._request += 1
        self._feed(OperatorRequested(self._request, "benchmark", "", command))

    def _rearm(self) -> None:
        deadline_s = self.fleet.next_deadline_s()
        if deadline_s > self._woken_s:
            self._woken_s = deadline_s
            self._world.wake_at(deadline_s)

    def _report(self, link: Link) -> None:
        vehicle = link.vehicle
        link.report_seq += 1
        node = self._world.resources.plant.nodes[self._world.node_id(vehicle.node)]
        progress = None
        if link.route_id is not None:
            progress = Progress(link.route_id, vehicle.reached, vehicle.cleared, link.end)
        report = StateReport(
            report_seq=link.report_seq,
            robot_s=self._world.now_s,
            pose=Pose2(node.x_m, node.y_m, 0.0, node.level_id),
            speed_mps=0.0,
            charge_ratio=1.0,
            activity=Activity.WORKING if vehicle.is_working else Activity.DRIVING,
            progress=progress,
        )
        self._feed(StateReported(vehicle.robot_id, vehicle.number + 1, report))

    def _feed(self, event: Event) -> None:
        """Hand an event in, and all that follows from it at once."""
        self._inbox.append(event)
        if self._is_busy:
            return
        self._is_busy = True
        while self._inbox:
            event = self._inbox.popleft()
            # The core has no threads, and the thread's time is quicker to be had than the process's.
            begin_s = time.thread_time()
            effects = self.fleet.handle(event, self._world.now_s)
            taken_s = time.thread_time() - begin_s
            self._core_s += taken_s
            if isinstance(event, CYCLE_EVENTS):
                self.cycles_s.append(taken_s)
            self._carry_out(effects)
        self._is_busy = False

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(message=RouteUpdate() as update):
                    self._take_route(self._links[effect.robot_id], update)
                case RequestDevice(device_id=device_id, robot_id=robot_id, edge_id=edge_id):
                    # Doors and lifts open at once for everybody: only who passes first is a matter of policy.
                    state = DeviceState.CLOSED if robot_id is None else DeviceState.OPEN
                    self._inbox.append(DeviceReported(device_id, state, robot_id, edge_id))
                case PlanAssignment():
                    self._inbox.append(AssignmentPlanned(self._plan(effect.problem)))
                case _:
                    pass

    def _take_route(self, link: Link, update: RouteUpdate) -> None:
        link.route_id = update.route_id
        link.horizon = frozenset(step.edge_id for step in update.horizon if step.edge_id is not None)
        legs: list[Leg] = []
        for step in update.base:
            if step.seq <= link.end:
                continue
            assert step.seq == link.end + 1, "a base has a gap"
            link.end = step.seq
            if step.tasks:
                link.orders.append(step.tasks)
                link.ordered_count += 1
            way = None if step.edge_id is None else self._world.resources.way_index[step.edge_id]
            legs.append(Leg(way, bool(step.tasks)))
        vehicle = link.vehicle
        self._inbox.append(
            RouteReplied(
                vehicle.robot_id,
                vehicle.number + 1,
                update.route_id,
                update.revision,
                ReplyStatus.ACCEPTED,
                link.end,
                "",
            )
        )
        if legs:
            reached = vehicle.reached
            self._world.grant(vehicle, legs)
            if vehicle.reached != reached:
                # A stop where the robot stands is begun at once.
                self._report(link)

    def _plan(self, problem: Problem) -> Plan:
        """The next stops of every robot, as given."""
        return Plan(problem.version, tuple((offer.robot_id, self._stops(offer.robot_id)) for offer in problem.robots))

    def _stops(self, robot_id: RobotId) -> tuple[Stop, ...]:
        link = self._links[robot_id]
        now_s = self._world.now_s
        open_points = {order.point_id for orders in link.orders for order in orders}
        stops: list[Stop] = []
        for number in range(link.ordered_count, link.ordered_count + STOPS_AHEAD_COUNT):
            job = link.vehicle.jobs[number]
            node_id = self._world.node_id(job.node)
            point_id = point_of(node_id, job.turn)
            if point_id in open_points:
                break
            stops.append(Stop(node_id, point_id, None, now_s, now_s + job.dwell_s))
        return tuple(stops)
