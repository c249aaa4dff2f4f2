"""A floor of puppet robots: they obey the core's messages at once or late, as a test pulls their strings."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from coordinator.assignment.assign import plan
from coordinator.fleet import Fleet, FleetSettings, FleetState
from coordinator.fleet.apply import fold
from coordinator.fleet.codec import decode_record, encode_record, encode_state
from coordinator.fleet.state import RobotState
from coordinator.model.effects import (
    AcknowledgeObservations,
    Append,
    CloseConnection,
    Effect,
    PlanAssignment,
    Reply,
    RequestDevice,
    Send,
)
from coordinator.model.events import (
    AssignmentPlanned,
    CommandReplied,
    CommandStatus,
    DeadlineReached,
    DeviceReported,
    DeviceState,
    Event,
    HeartbeatEchoed,
    ObservationReceived,
    OperatorRequested,
    ReplyStatus,
    RobotConnected,
    RobotDisconnected,
    RouteReplied,
    StateReported,
    TaskReported,
)
from coordinator.model.geometry import Pose2
from coordinator.model.ids import MissionId, NodeId, RobotId, RobotTypeId
from coordinator.model.messages import Command, CommandKind, Heartbeat, RouteUpdate, Welcome
from coordinator.model.mission import Mission, TaskOutcome
from coordinator.model.observation import Observation
from coordinator.model.operator import OperatorCommand, Outcome
from coordinator.model.records import Record
from coordinator.model.robot import Activity, Factsheet, LinkQuality, Placement, StateReport
from coordinator.model.snapshot import RobotView
from coordinator.plant.map import PlantMap
from coordinator.traffic.resources import Resources
from tests.coordinator.fleet.puppet import Puppet

_STANDING = (Activity.FAULTED, Activity.MANUAL, Activity.STOPPED)


class Floor:
    """A plant floor: the core, its journal as a list, and puppets. Every step checks that no two are in one place."""

    def __init__(self, plant: PlantMap, *, seed: int = 0, settings: FleetSettings | None = None) -> None:
        self.plant = plant
        self.settings = settings or FleetSettings()
        self.now_s = 1_800_000_000.0
        self.random = random.Random(seed)
        self.resources = Resources(plant)
        self.journal: list[Record] = []
        self.puppets: dict[RobotId, Puppet] = {}
        self.outcomes: dict[int, Outcome] = {}
        self.effects: list[Effect] = []
        self.planner = plan
        self.devices_obey = True
        self.has_planner_bug = False
        """Only then may the checker refuse anything, or planning fail."""
        self.asked_devices: list[RequestDevice] = []
        self.connections = 0
        self.requests = 0
        self._inbox: deque[Event] = deque()
        self._is_busy = False
        self.fleet = Fleet(plant, settings=self.settings, now_s=self.now_s)
        self._perform(self.fleet.start(self.now_s))

    # -- strings ------------------------------------------------------------------------------------------------

    def join(self, robot_id: str, node_id: str, type_id: str | None = None) -> Puppet:
        """A robot says Hello at a node."""
        name = RobotTypeId(type_id or next(iter(self.plant.robot_types)))
        puppet = self.puppets.setdefault(RobotId(robot_id), Puppet(RobotId(robot_id), name, NodeId(node_id)))
        self.connect(puppet)
        return puppet

    def connect(self, puppet: Puppet, placement: Placement | None = None) -> None:
        """Open a stream and say Hello."""
        self.connections += 1
        puppet.connection = self.connections
        self.feed(
            RobotConnected(
                robot_id=puppet.robot_id,
                connection=puppet.connection,
                boot_id=puppet.boot_id,
                factsheet=Factsheet(puppet.type_id),
                placement=placement or puppet.placement(self.plant),
                epoch=puppet.epoch,
                progress=puppet.progress,
                charge_ratio=puppet.charge_ratio,
                is_stopped=puppet.is_stopped,
            )
        )

    def cut(self, puppet: Puppet) -> None:
        """The stream breaks."""
        if puppet.connection is not None:
            connection, puppet.connection = puppet.connection, None
            self.feed(RobotDisconnected(puppet.robot_id, connection, "cut"))

    def reboot(self, puppet: Puppet) -> None:
        """The agent starts anew where the robot stands: it holds no base."""
        self.cut(puppet)
        placement = puppet.placement(self.plant)
        puppet.is_on_edge = placement.edge_id is not None
        puppet.boot_id += 1
        puppet.route_id, puppet.event_seq = None, 0
        puppet.pending.clear()
        puppet.unacknowledged.clear()
        self.connect(puppet, placement)

    def move(self, puppet: Puppet) -> bool:
        """Pull a robot on by half a step, or let it do its next task. Tells whether it could."""
        if puppet.is_stopped or puppet.is_idle or puppet.activity in _STANDING or puppet.route_id is None:
            return False
        if puppet.pending:
            self._work(puppet)
            return True
        if puppet.reached >= puppet.end:
            return False
        step = puppet.steps[puppet.reached + 1]
        if step.edge_id is not None and puppet.cleared < puppet.reached:
            puppet.cleared = puppet.reached
        else:
            puppet.reached += 1
            puppet.cleared = max(puppet.cleared, puppet.reached - 1)
            puppet.node_id = step.node_id
            puppet.pending = [order for order in step.tasks if order.order_id not in puppet.done]
            puppet.charge_ratio = max(0.0, puppet.charge_ratio - 0.001)
        self.check_truth()
        self.report(puppet)
        return True

    def report(self, puppet: Puppet) -> None:
        """Send a state report."""
        if puppet.connection is None:
            return
        puppet.report_seq += 1
        node = self.plant.nodes[puppet.node_id]
        report = StateReport(
            report_seq=puppet.report_seq,
            robot_s=self.now_s,
            pose=Pose2(node.x_m, node.y_m, 0.0, node.level_id) if puppet.knows_place else None,
            speed_mps=0.0,
            charge_ratio=puppet.charge_ratio,
            activity=puppet.activity,
            progress=puppet.progress,
            faults=puppet.faults,
            link=None if puppet.rsrp_dbm is None else LinkQuality(rsrp_dbm=puppet.rsrp_dbm),
            blocked_edge_id=puppet.blocked_edge_id,
        )
        self.feed(StateReported(puppet.robot_id, puppet.connection, report))

    def ask(self, command: OperatorCommand, *, key: str = "", principal: str = "ann") -> Outcome:
        """An operator asks for something; returns the answer."""
        self.requests += 1
        self.feed(OperatorRequested(self.requests, principal, key, command))
        return self.outcomes[self.requests]

    def run(self, seconds: float, *, step_s: float = 1.0, laziness: float = 0.0) -> None:
        """Let time pass; each step every robot moves unless it is lazy just then. Above 1 all report and none moves."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s += step_s
            self.feed(DeadlineReached())
            for puppet in list(self.puppets.values()):
                is_lazy = self.random.random() < laziness
                if is_lazy and laziness <= 1.0:
                    continue
                if is_lazy or not self.move(puppet):
                    self.report(puppet)

    def feed(self, event: Event) -> list[Effect]:
        """Hand an event to the core, carry out what it asks for, and check all invariants."""
        self._inbox.append(event)
        effects: list[Effect] = []
        if self._is_busy:
            return effects
        self._is_busy = True
        while self._inbox:
            new = self.fleet.handle(self._inbox.popleft(), self.now_s)
            self.fleet.check_invariants()
            # Of totals() one row, without adding up all books after each event.
            refusals = self.fleet._core.refusals
            assert self.has_planner_bug or not refusals, f"planning went wrong: {refusals}"
            self._perform(new)
            effects += new
        self._is_busy = False
        return effects

    # -- the world's side -----------------------------------------------------------------------------------------

    def crash(self) -> None:
        """The coordinator dies and starts again from its journal; every stream breaks."""
        state = fold(decode_record(*encode_record(record)) for record in self.journal)
        assert encode_state(state) == encode_state(self.fleet.state), "I9: fold differs from live state"
        self.fleet = Fleet(self.plant, settings=self.settings, state=state, now_s=self.now_s)
        self._perform(self.fleet.start(self.now_s))
        for puppet in self.puppets.values():
            puppet.connection = None

    def check_fold(self) -> None:
        """I9: the journal folds to the live state."""
        folded: FleetState = fold(decode_record(*encode_record(record)) for record in self.journal)
        assert encode_state(folded) == encode_state(self.fleet.state)

    def check_truth(self) -> None:
        """I1: no two robots in one exclusive resource."""
        taken = 0
        for puppet in self.puppets.values():
            mine = puppet.occupied(self.resources) & self.resources.exclusive
            assert not mine & taken, f"I1: {puppet.robot_id} in {self.resources.names(mine & taken)}"
            taken |= mine

    def _work(self, puppet: Puppet) -> None:
        order = puppet.pending.pop(0)
        puppet.done.add(order.order_id)
        if order.charge_until_ratio is not None:
            puppet.charge_ratio = max(puppet.charge_ratio, order.charge_until_ratio)
        elif order.point_id is not None and puppet.task_outcome is TaskOutcome.DONE:
            puppet.counter += 1
            observation = Observation(
                puppet.counter, order.order_id, order.point_id, order.task_id, self.now_s, value=1.0
            )
            self.feed(ObservationReceived(puppet.robot_id, 1, observation))
        self._task_event(puppet, order.order_id, None)
        self._task_event(puppet, order.order_id, puppet.task_outcome, puppet.task_reason)

    def _task_event(self, puppet: Puppet, order_id: str, outcome: TaskOutcome | None, reason: str = "") -> None:
        puppet.event_seq += 1
        event = TaskReported(
            puppet.robot_id, puppet.connection or 0, puppet.event_seq, order_id, outcome, reason, self.now_s
        )
        puppet.unacknowledged.append(event)
        if puppet.connection is not None:
            self.feed(event)

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Append):
                self.journal.append(effect.record)
        for effect in effects:
            self.effects.append(effect)
            match effect:
                case Send():
                    self._receive(effect)
                case CloseConnection():
                    puppet = self.puppets.get(effect.robot_id)
                    if puppet is not None and puppet.connection == effect.connection:
                        puppet.connection = None
                case Reply():
                    self.outcomes[effect.request] = effect.outcome
                case PlanAssignment():
                    self.feed(AssignmentPlanned(self.planner(effect.problem)))
                case RequestDevice(device_id=device_id, robot_id=robot_id, edge_id=edge_id):
                    self.asked_devices.append(effect)
                    if not self.devices_obey:
                        continue
                    state = DeviceState.CLOSED if robot_id is None else DeviceState.OPEN
                    self.feed(DeviceReported(device_id, state, robot_id, edge_id))
                case AcknowledgeObservations():
                    pass

    def _receive(self, effect: Send) -> None:
        puppet = self.puppets.get(effect.robot_id)
        if puppet is None or puppet.connection != effect.connection or effect.epoch < puppet.epoch or puppet.is_deaf:
            return
        puppet.epoch = effect.epoch
        match effect.message:
            case Welcome() as welcome:
                puppet.session = effect.session
                if not welcome.base_is_valid:
                    puppet.route_id, puppet.steps = None, {}
                    puppet.pending.clear()
                for event in puppet.unacknowledged[:]:
                    if event.event_seq <= welcome.task_events_through:
                        puppet.unacknowledged.remove(event)
                    else:
                        self.feed(
                            TaskReported(
                                event.robot_id,
                                effect.connection,
                                event.event_seq,
                                event.order_id,
                                event.outcome,
                                event.reason,
                                event.robot_s,
                            )
                        )
            case RouteUpdate() as update:
                self._take_route(puppet, effect, update)
            case Heartbeat() as heartbeat:
                self.feed(
                    HeartbeatEchoed(
                        puppet.robot_id,
                        effect.connection,
                        heartbeat.nonce,
                        heartbeat.coordinator_s,
                        self.now_s,
                        self.now_s,
                    )
                )
            case Command() as command:
                if command.kind in (CommandKind.STOP, CommandKind.RESUME):
                    puppet.is_stopped = command.kind is CommandKind.STOP
                self.feed(
                    CommandReplied(puppet.robot_id, effect.connection, command.command_id, CommandStatus.DONE, "")
                )
            case _:
                pass

    def _take_route(self, puppet: Puppet, effect: Send, update: RouteUpdate) -> None:
        is_taken = puppet.take(update)
        self.feed(
            RouteReplied(
                puppet.robot_id,
                effect.connection,
                update.route_id,
                update.revision,
                ReplyStatus.ACCEPTED if is_taken else ReplyStatus.STALE,
                puppet.end,
                "",
            )
        )

    # -- what tests ask -------------------------------------------------------------------------------------------

    def robot(self, puppet: Puppet) -> RobotState:
        """What the journal knows of a robot."""
        return self.fleet.state.robots[puppet.robot_id]

    def view(self, puppet: Puppet) -> RobotView:
        """What an operator sees of a robot."""
        return next(row for row in self.fleet.snapshot(self.now_s).robots if row.robot_id == puppet.robot_id)

    def mission(self, mission_id: str) -> Mission:
        """A mission as it stands."""
        return self.fleet.state.missions[MissionId(mission_id)]

    def alarms(self) -> list[str]:
        """Ids of all active alarms."""
        return sorted(alarm_id for alarm_id, alarm in self.fleet.state.alarms.items() if alarm.is_active)

    def listed(self) -> list[str]:
        """Ids of all alarms an operator sees: active, or over and not acknowledged."""
        return sorted(self.fleet.state.alarms)

    def closed(self, puppet: Puppet) -> list[CloseConnection]:
        """How streams of a robot were ended by the core."""
        return [
            effect
            for effect in self.effects
            if isinstance(effect, CloseConnection) and effect.robot_id == puppet.robot_id
        ]

    def until(self, condition: Callable[[], bool], *, within_s: float = 300.0, **how: float) -> None:
        """Let time pass until something holds; fails when it doesn't come in time."""
        end_s = self.now_s + within_s
        while not condition():
            assert self.now_s < end_s, f"not within {within_s:g} s"
            self.run(1.0, **how)

    def rest(self, seconds: float) -> None:
        """Let time pass while no robot moves; they report, though."""
        self.run(seconds, laziness=2.0)
