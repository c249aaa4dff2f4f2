"""The core's working place: durable state, live state, and the effects of the event at hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from coordinator.checker.releases import Releases
from coordinator.fleet.apply import apply
from coordinator.fleet.decisions import Decisions
from coordinator.fleet.errors import ReleaseRefusedError
from coordinator.fleet.live import Clearing, LiveRobot
from coordinator.fleet.roll import Roll
from coordinator.fleet.schedule import Pace, enter_robot, enter_steps
from coordinator.fleet.waits import Waits
from coordinator.model.effects import Append, CloseConnection, Effect, Send
from coordinator.model.ids import AlarmId, EdgeId, NodeId, PointId, RobotId, RobotTypeId
from coordinator.model.observation import Alarm, Severity
from coordinator.model.records import (
    AlarmChanged,
    AlarmRemoved,
    BaseExtended,
    Record,
    RobotJoined,
    RobotPlaced,
    RobotRemoved,
    StepPassed,
)
from coordinator.model.robot import Activity, LinkState, StateReport
from coordinator.plant.map import NodeRole
from coordinator.traffic.calibration import Calibration
from coordinator.traffic.congestion import Congestion
from coordinator.traffic.coverage import Coverage
from coordinator.traffic.finishing import FinishingOrder, Mover
from coordinator.traffic.flow import Flow
from coordinator.traffic.holdings import Holdings
from coordinator.traffic.resources import Resources
from coordinator.traffic.returns import Returns
from coordinator.traffic.routing import Router
from coordinator.traffic.timetable import Timetable
from coordinator.traffic.travel_times import TravelTimes
from coordinator.traffic.window import Window

# A tuple: looked at with each report, where hashing an enum member costs more than comparing three.
_HELPLESS = (Activity.FAULTED, Activity.MANUAL, Activity.STOPPED)

if TYPE_CHECKING:
    from coordinator.fleet.settings import FleetSettings
    from coordinator.fleet.state import FleetState, RobotState
    from coordinator.model.assignment import PointDemand
    from coordinator.model.messages import RobotMessage
    from coordinator.plant.map import PlantMap, RobotType


class Core:
    """
    All that the handlers of events share.

    Handlers change durable state through `record` alone. `is_traffic_dirty` asks for bases to be looked at when the
    event is done, `is_plan_due` for new itineraries. `stalled_s` is when some robot was last unable to move by
    itself: until it moves again others may rightly wait for each other behind it. `checker` sees every record first and
    refuses releases that planning should never have made; `refusals` counts these by rule, and failures of planning.
    `searches_count` is how many plans were searched within the present event; `unimproved` are robots that haven't
    looked for a quicker way since weights or closures changed.
    """

    def __init__(self, plant: PlantMap, settings: FleetSettings, state: FleetState, now_s: float, seed: int) -> None:
        self.plant = plant
        self.settings = settings
        self.state = state
        self.now_s = now_s
        self.effects: list[Effect] = []
        self.resources = Resources(plant)
        self.router = Router(self.resources)
        self.returns = Returns(self.resources)
        self.paces: dict[RobotTypeId, Pace] = {}
        self.finishing = FinishingOrder(self.resources)
        self.finishing_around = FinishingOrder(self.resources)
        self.checker = _checker_of(plant, state)
        self.refusals: dict[str, int] = {}
        self.congestion = Congestion()
        self.flow = Flow(now_s)
        self.waits = Waits(now_s)
        self.coverage = Coverage(self.resources)
        self.travel_times = TravelTimes(self.resources, state.edge_times.values(), state.work_times.values())
        self.calibration = Calibration(state.arrival_errors.values())
        self.learned_s = -1e18
        self.timetable = Timetable(self.resources)
        self.roll = Roll(self.resources, state.robots, self._idle_ends(), self.finishing.refuges)
        self._nonce_count = seed
        self.live: dict[RobotId, LiveRobot] = {}
        self.holdings = Holdings(self.resources)
        self.next_tick_s = now_s
        self.heartbeat_s = -1e18
        self.is_traffic_dirty = True
        self.is_plan_due = True
        self.plan_version, self.decisions = 0, Decisions()
        self.plan_asked_s: float | None = None
        # After a restart known robots are given time to come back before work is shared out.
        self.planned_s = now_s - settings.plan_soonest_s + settings.regroup_s if state.robots else -1e18
        self.demands: dict[PointId, PointDemand] = {}
        self.bookings: tuple[tuple[NodeId, float, float, RobotId], ...] = ()
        self.open_for: dict[str, tuple[RobotId, EdgeId | None]] = {}
        self.asked_devices: dict[str, tuple[RobotId, EdgeId, float]] = {}
        self.device_asked_s: dict[str, float] = {}
        self.clearing: Clearing | None = None
        self.confirmations: dict[str, tuple[str, float]] = {}
        self.closed_why: dict[int, str] = {}
        self.roads_s = -1e18
        self.unimproved: dict[RobotId, None] = {}
        self.caught_up_s = -1e18
        self.searches_count = 0
        self.stalled_s = -1e18
        self.replans: dict[str, int] = {}
        self.replans_lately: Window[str] = Window(now_s)
        self.duplicates_count = 0
        self.is_degraded = False
        self._remember_robots()

    def _remember_robots(self) -> None:
        for robot in self.state.robots.values():
            # Silence counts from now: a robot that hasn't come back yet isn't lost, and bars no way to others.
            live = LiveRobot(robot.robot_id, heard_s=self.now_s, link=LinkState.SUSPECT)
            self.live[robot.robot_id] = live
            self._stand(robot)
            enter_robot(self, robot)

    def record(self, record: Record) -> None:
        """
        Change durable state and have it journaled.

        Raises:
            ReleaseRefusedError: If the checker finds anything wrong with a release; nothing is changed then.
        """
        if isinstance(record, BaseExtended):
            found = self.checker.admit(record)
            if found:
                raise ReleaseRefusedError(record.robot_id, found[0])
        else:
            self.checker.take(record)
        apply(self.state, record)
        self.effects.append(Append(record))
        match record:
            case BaseExtended() | StepPassed() | RobotPlaced():
                robot = self.state.robots[record.robot_id]
                live = self.live[record.robot_id]
                self._stand(robot)
                self.is_traffic_dirty = True
                if isinstance(record, BaseExtended):
                    enter_steps(self, robot, record.steps)
                elif isinstance(record, StepPassed):
                    self.timetable.release(record.robot_id, robot.cleared_seq, live.held)
                else:
                    self.roll.change()
                    enter_robot(self, robot)
            case RobotJoined():
                self.roll.change()
                self.live.setdefault(record.robot_id, LiveRobot(record.robot_id))
            case RobotRemoved():
                self.roll.change()
                self._hold(self.live.pop(record.robot_id), 0)
                self.waits.forget(record.robot_id, self.now_s)
                self.timetable.remove(record.robot_id)
                self.finishing.forget(record.robot_id)
                self.finishing_around.forget(record.robot_id)
                self.is_traffic_dirty = True

    def send(self, robot_id: RobotId, message: RobotMessage) -> None:
        """Say something to a robot, if it has a stream."""
        live = self.live[robot_id]
        if live.connection is None:
            return
        live.sequence += 1
        session = self.state.robots[robot_id].session
        self.effects.append(Send(robot_id, live.connection, self.state.epoch, session, live.sequence, message))

    def close(self, robot_id: RobotId, connection: int, code: str, reason: str) -> None:
        """End a stream."""
        self.effects.append(CloseConnection(robot_id, connection, code, reason))

    def raise_alarm(
        self, subject: str, code: str, severity: Severity, text: str, robot_id: RobotId | None = None
    ) -> None:
        """Raise the alarm of a condition, once while it lasts; `clear_alarm` ends it."""
        alarm_id = alarm_id_of(subject, code)
        known = self.state.alarms.get(alarm_id)
        if known is not None and known.is_active:
            return
        alarm = Alarm(alarm_id, subject, code, severity, text, raised_s=self.now_s, robot_id=robot_id)
        self.record(AlarmChanged(alarm))

    def note_alarm(
        self, subject: str, code: str, severity: Severity, text: str, robot_id: RobotId | None = None
    ) -> None:
        """Raise the alarm of a happening: over at once, listed until a person has seen the last one."""
        alarm_id = alarm_id_of(subject, code)
        known = self.state.alarms.get(alarm_id)
        if known is not None and known.text == text:
            return
        alarm = Alarm(
            alarm_id,
            subject,
            code,
            severity,
            text,
            self.now_s,
            is_active=False,
            cleared_s=self.now_s,
            robot_id=robot_id,
        )
        self.record(AlarmChanged(alarm))

    def clear_alarm(self, subject: str, code: str) -> None:
        """The condition of an alarm is gone; it stays listed until acknowledged."""
        known = self.state.alarms.get(alarm_id_of(subject, code))
        if known is None or not known.is_active:
            return
        if known.is_acknowledged:
            self.record(AlarmRemoved(known.alarm_id))
        else:
            self.record(AlarmChanged(_cleared(known, self.now_s)))

    def nonce(self) -> int:
        """A number this process hasn't used yet, nor any earlier epoch."""
        self._nonce_count += 1
        return (self.state.epoch << 40) + self._nonce_count

    def count_refusal(self, rule: str) -> None:
        """Note something of planning that was not let through."""
        self.refusals[rule] = self.refusals.get(rule, 0) + 1

    def count_replan(self, reason: str) -> None:
        """Note a change of a horizon."""
        self.replans[reason] = self.replans.get(reason, 0) + 1
        self.replans_lately.add(reason, 0.0, self.now_s)

    def robot_type(self, robot: RobotState) -> RobotType:
        """The robot's type in the plant map."""
        return self.plant.robot_types[robot.factsheet.robot_type_id]

    def movers(self) -> list[Mover]:
        """All placed robots for the release rule, sorted by id."""
        return self.roll.movers()

    def placed(self) -> tuple[RobotId, ...]:
        """Robots that have a place, sorted by id."""
        return self.roll.placed()

    def holder(self, mask: int, but: RobotId) -> RobotId | None:
        """Another robot that holds something of a mask."""
        return next(iter(self.holdings.holders(mask, but)), None)

    def is_stalled(self, robot_id: RobotId) -> bool:
        """Whether a robot can't be expected to move by itself for now."""
        live = self.live[robot_id]
        robot = self.state.robots[robot_id]
        if live.link is LinkState.LOST or robot.is_stopped or live.distrust or live.pose_trouble:
            return True
        return is_helpless(live.report)

    def _stand(self, robot: RobotState) -> None:
        """A robot's base, or how far it has come in it, has changed."""
        live = self.live[robot.robot_id]
        self._hold(live, self._held(robot))
        self.roll.stand(robot, live.held)

    def _hold(self, live: LiveRobot, held: int) -> None:
        self.holdings.change(live.robot_id, live.held, held)
        live.held = held

    def _idle_ends(self) -> frozenset[int]:
        """Dead ends, within radio cover, where nobody inspects or charges."""
        places = {self.resources.node_index[point.node_id] for point in self.plant.points.values()}
        places |= {self.resources.node_index[node_id] for node_id in self.plant.nodes_with(NodeRole.CHARGER)}
        return frozenset(node for node in self.finishing.refuges - places if not self.coverage.is_dark(node))

    def _held(self, robot: RobotState) -> int:
        held = 0
        resources = self.resources
        for step in robot.steps:
            if step.seq > robot.cleared_seq:
                held |= resources.node_claim[resources.node_index[step.node_id]]
            if step.seq > robot.reached_seq and step.edge_id is not None:
                held |= resources.way_claim[resources.way_index[step.edge_id]]
        return held


def _checker_of(plant: PlantMap, state: FleetState) -> Releases:
    """A checker that has seen what the state was folded from."""
    checker = Releases(plant)
    checker.hear_devices()
    for closure in state.closures.values():
        checker.take(closure)
    for robot_id in sorted(state.robots):
        robot = state.robots[robot_id]
        base = None
        if robot.route_id is not None and robot.steps:
            base = robot.route_id, robot.steps, robot.reached_seq, robot.cleared_seq
        member = robot.factsheet.robot_type_id, robot.home
        checker.restore(robot_id, member, base, is_stopped=robot.is_stopped)
    return checker


def is_helpless(report: StateReport | None) -> bool:
    """Whether a robot says of itself that it can't drive."""
    if report is None:
        return False
    if report.activity in _HELPLESS:
        return True
    return bool(report.faults) and any(fault.stops_driving for fault in report.faults)


def alarm_id_of(subject: str, code: str) -> AlarmId:
    """One alarm a condition."""
    return AlarmId(f"{subject}.{code}")


def _cleared(alarm: Alarm, now_s: float) -> Alarm:
    return replace(alarm, is_active=False, cleared_s=now_s)
