"""The fleet: events and the time in, effects out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, assert_never

from coordinator.fleet import (
    commands,
    devices,
    foretelling,
    giveway,
    holds,
    missions,
    neighbourhood,
    observations,
    operators,
    planning,
    progress,
    releases,
    roads,
    schedule,
    sessions,
    travel,
)
from coordinator.fleet.containment import contain
from coordinator.fleet.core import Core
from coordinator.fleet.explaining import explain
from coordinator.fleet.invariants import InvariantError, check_invariants
from coordinator.fleet.plant_alarms import judge_plant
from coordinator.fleet.settings import FleetSettings
from coordinator.fleet.state import FleetState
from coordinator.fleet.traffic_view import take_traffic
from coordinator.fleet.view import present_wait, take_snapshot, totals
from coordinator.model.events import (
    AssignmentPlanned,
    CommandReplied,
    DeadlineReached,
    DeviceReported,
    DeviceState,
    Event,
    HeartbeatEchoed,
    ObservationReceived,
    ObservationsDeclaredMissing,
    OperatorRequested,
    RobotConnected,
    RobotDisconnected,
    RobotRejected,
    RouteReplied,
    StateReported,
    StoreFailed,
    StoreRecovered,
    TaskReported,
    UploadOpened,
)
from coordinator.model.observation import Severity
from coordinator.model.records import AlarmChanged, EdgeOpened, EpochStarted

if TYPE_CHECKING:
    from coordinator.model.effects import Effect
    from coordinator.model.explanation import Explanation
    from coordinator.model.ids import RobotId
    from coordinator.model.snapshot import FleetSnapshot, Totals, Wait
    from coordinator.model.traffic import TrafficSnapshot
    from coordinator.plant.map import PlantMap


class Fleet:
    """
    The decision core of a plant's coordinator.

    Pure: no clock, no I/O, no randomness but a seeded one. The caller journals the Append effects before it carries
    out the others, hands in DeadlineReached no later than `next_deadline_s()`, and never lets `now_s` run back.
    """

    def __init__(
        self,
        plant: PlantMap,
        *,
        settings: FleetSettings | None = None,
        state: FleetState | None = None,
        now_s: float,
        seed: int = 0,
    ) -> None:
        self._core = Core(plant, settings or FleetSettings(), state or FleetState(), now_s, seed)

    @property
    def state(self) -> FleetState:
        """Durable state; read only."""
        return self._core.state

    def start(self, now_s: float) -> list[Effect]:
        """Begin a new epoch. Must be durable before anything else is handled."""
        core = self._core
        core.now_s = now_s
        core.effects = []
        core.record(EpochStarted(core.state.epoch + 1, core.plant.plant_id, core.plant.digest, now_s))
        self._drop_foreign_edges()
        travel.forget_foreign_edges(core)
        core.travel_times.publish(now_s)
        roads.refresh_roads(core)
        judge_plant(core)
        return core.effects

    def handle(self, event: Event, now_s: float) -> list[Effect]:
        """Take an event, return what is to be done about it, in order."""
        core = self._core
        core.now_s = max(core.now_s, now_s)
        core.effects = []
        core.searches_count = 0
        self._dispatch(event)
        if core.now_s >= core.next_tick_s:
            self._tick()
        if core.is_traffic_dirty and not core.is_degraded:
            core.is_traffic_dirty = False
            releases.advance(core)
            devices.let_go(core)
        contain(core, "asking for a plan", partial(planning.ask_for_plan, core))
        releases.send_routes(core)
        return core.effects

    def next_deadline_s(self) -> float:
        """When `handle` must be called at the latest, coordinator's timeline."""
        return self._core.next_tick_s

    def check_invariants(self) -> None:
        """Raise InvariantError when something doesn't hold that must."""
        check_invariants(self._core)
        for robot_id in sorted(self._core.live):
            wait = self._core.live[robot_id].wait
            if wait is None or self._core.now_s - wait.since_s < self._core.settings.deadlock_after_s:
                continue
            circle = giveway.wait_circle(self._core, robot_id)
            if circle and self._circle_age_s(circle) >= self._core.settings.deadlock_after_s:
                raise InvariantError(f"I12: {', '.join(circle)} wait for each other")

    def snapshot(self, now_s: float | None = None) -> FleetSnapshot:
        """The whole picture."""
        if now_s is not None:
            self._core.now_s = max(self._core.now_s, now_s)
        return take_snapshot(self._core)

    def totals(self) -> Totals:
        """The counters alone: cheaper than a snapshot."""
        return totals(self._core)

    def waits(self) -> dict[RobotId, Wait]:
        """Who waits now, and why."""
        waits = ((robot_id, present_wait(self._core, robot_id)) for robot_id in sorted(self._core.waits.present))
        return {robot_id: wait for robot_id, wait in waits if wait is not None}

    def traffic(self, now_s: float, *, robot_id: RobotId | None = None, limit: int = 20) -> TrafficSnapshot:
        """
        Queues, hot edges, who blocks whom, and what waiting was for.

        Args:
            now_s: When it is looked at.
            robot_id: Only what this robot has to do with; None for all.
            limit: Rows of hot edges and of sums, at most.
        """
        return take_traffic(self._core, max(now_s, self._core.now_s), robot_id, limit)

    def explain(self, name: str) -> Explanation | None:
        """Why a robot has a point, named by its id or that of one of its tasks; None if there is no such thing."""
        return explain(self._core, name)

    def reserved_names(self, robot_id: RobotId) -> tuple[str, ...]:
        """Names of all resources reserved for a robot."""
        return self._core.resources.names(self._core.live[robot_id].held)

    def _circle_age_s(self, circle: tuple[RobotId, ...]) -> float:
        since = [wait.since_s for robot_id in circle if (wait := self._core.live[robot_id].wait) is not None]
        return self._core.now_s - max(*since, self._core.stalled_s) if since else 0.0

    def _dispatch(self, event: Event) -> None:
        core = self._core
        match event:
            case StateReported():
                progress.state_reported(core, event)
            case HeartbeatEchoed():
                progress.heartbeat_echoed(core, event)
            case RouteReplied():
                progress.route_replied(core, event)
            case TaskReported():
                progress.task_reported(core, event)
            case CommandReplied():
                commands.replied(core, event)
            case ObservationReceived():
                observations.observation_received(core, event)
            case ObservationsDeclaredMissing():
                observations.declared_missing(core, event)
            case UploadOpened():
                observations.upload_opened(core, event)
            case RobotConnected():
                sessions.connect(core, event)
            case RobotDisconnected():
                sessions.disconnect(core, event)
            case RobotRejected():
                self._rejected(event)
            case OperatorRequested():
                operators.requested(core, event)
            case DeviceReported():
                is_open = event.state is DeviceState.OPEN
                core.checker.device_reported(event.device_id, event.held_for if is_open else None, event.at)
                devices.device_reported(core, event)
            case AssignmentPlanned():
                contain(core, "taking a plan", partial(planning.take_plan, core, event.plan))
            case StoreFailed():
                core.is_degraded = True
                core.raise_alarm("coordinator", "store_failed", Severity.CRITICAL, f"journal: {event.reason}")
            case StoreRecovered():
                core.is_degraded = False
                core.clear_alarm("coordinator", "store_failed")
                core.is_traffic_dirty = True
            case DeadlineReached():
                pass
            case _:
                assert_never(event)

    def _tick(self) -> None:
        """What time alone brings about."""
        core = self._core
        period_s = core.settings.tick_s
        core.next_tick_s = max(core.next_tick_s + period_s, core.now_s + period_s / 2)
        sessions.heartbeat(core)
        if any(core.is_stalled(robot_id) for robot_id in core.placed()):
            core.stalled_s = core.now_s
        commands.resend(core)
        roads.expire_closures(core)
        missions.expire_missions(core)
        self._unshelve()
        travel.learn(core)
        foretelling.foretell(core)
        if core.now_s - core.roads_s >= roads.CONGESTION_PERIOD_S:
            core.roads_s = core.now_s
            roads.refresh_roads(core)
        contain(core, "keeping time", partial(schedule.keep_time, core))
        contain(core, "improving plans", partial(neighbourhood.improve, core))
        contain(core, "giving way", partial(giveway.resolve_waits, core))
        if core.is_degraded:
            holds.note_journal(core)

    def _unshelve(self) -> None:
        core = self._core
        for alarm in list(core.state.alarms.values()):
            if alarm.shelved_until_s is not None and alarm.shelved_until_s <= core.now_s:
                core.record(AlarmChanged(replace(alarm, shelved_until_s=None)))

    def _rejected(self, event: RobotRejected) -> None:
        text = f"robot {event.robot_id} sent what can't be taken: {event.reason}"
        self._core.note_alarm(event.robot_id, "bad_message", Severity.MEDIUM, text, event.robot_id)

    def _drop_foreign_edges(self) -> None:
        """Closures of edges that a changed map doesn't have any more end."""
        core = self._core
        for edge_id in sorted(core.state.closures):
            if edge_id not in core.plant.edges:
                core.record(EdgeOpened(edge_id, "map"))
