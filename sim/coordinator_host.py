"""Where the production core lives in simulated time: streams in, journal and streams out, crash and restart."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable

from coordinator.assignment.assign import plan
from coordinator.fleet import Fleet
from coordinator.fleet.settings import FleetSettings
from coordinator.model.assignment import Plan, Problem
from coordinator.model.effects import (
    AcknowledgeObservations,
    Append,
    CloseConnection,
    Effect,
    PlanAssignment,
    RefuseObservation,
    Reply,
    RequestDevice,
    Send,
)
from coordinator.model.events import (
    AssignmentPlanned,
    DeadlineReached,
    DeviceReported,
    Event,
    OperatorRequested,
)
from coordinator.model.operator import OperatorCommand, Outcome
from coordinator.model.records import Record
from coordinator.model.snapshot import Totals
from coordinator.plant.map import PlantMap
from coordinator.transport.codec import encode_send, encode_upload_effect, speed_limits
from sim.journal import SimJournal
from sim.network import End, Stream
from sim.world import Timer, World

RESTART_S = 2.0

Watcher = Callable[[Effect], None]
Planner = Callable[[Problem], Plan]


class CoordinatorHost:
    """
    The coordinator's process.

    Attributes:
        fleet: The live core; None while the process is down.
        crash_count: How often it went down.
        totals_before: Of the processes that went down, as they did.

    Args:
        watch: Told of each effect as it leaves (after the sync).
        synced: Told of each record as it becomes durable.
        ask_device: Carries a RequestDevice.
        planner: Answers PlanAssignment, `plan_delay_s` later.
        failed: Told of an exception in core or planner, which then count as crashed; None: raised.
    """

    def __init__(
        self,
        world: World,
        plant: PlantMap,
        settings: FleetSettings,
        *,
        seed: int,
        watch: Watcher,
        synced: Callable[[Record], None],
        ask_device: Callable[[RequestDevice], None],
        planner: Planner = plan,
        plan_delay_s: float = 0.3,
        failed: Callable[[str, str], None] | None = None,
    ) -> None:
        self._world = world
        self._plant = plant
        self._settings = settings
        self._seed = seed
        self._watch = watch
        self._ask_device = ask_device
        self._planner = planner
        self._plan_delay_s = plan_delay_s
        self._failed = failed
        self._limits = speed_limits(plant)
        self._life = 0
        self._request = 0
        self._replies: dict[int, Callable[[Outcome], None]] = {}
        self._deadline: Timer | None = None
        self.streams: dict[int, Stream] = {}
        self.journal = SimJournal(world, random.Random(f"{seed}:disk"), perform=self._perform, synced=synced)
        self.fleet: Fleet | None = None
        self.crash_count = 0
        self.totals_before: list[Totals] = []
        self.handled_count = 0

    @property
    def is_up(self) -> bool:
        """Whether the process runs."""
        return self.fleet is not None

    def start(self) -> None:
        """Start the process: fold the journal and take over."""
        state = self.journal.fold() if self.journal.synced_count else None
        self._life += 1
        fleet = Fleet(
            self._plant,
            settings=self._settings,
            state=state,
            now_s=self._world.now_s,
            seed=self._seed + self._life,
        )
        self.fleet = fleet
        self.journal.take(fleet.start(self._world.now_s))
        self._rearm()

    def crash(self) -> None:
        """Kill the process at once: memory, unsynced records and connections are gone."""
        if self.fleet is None:
            return
        self.crash_count += 1
        self.totals_before.append(self.fleet.snapshot(self._world.now_s).totals)
        self._life += 1
        self.fleet = None
        self.journal.crash()
        self._replies.clear()
        streams, self.streams = self.streams, {}
        for stream in streams.values():
            stream.close(End.COORDINATOR, "UNAVAILABLE: coordinator is gone")

    def handle(self, event: Event) -> None:
        """Give the core an event; nothing if the process is down."""
        if self.fleet is None:
            return
        self.handled_count += 1
        try:
            effects = self.fleet.handle(event, self._world.now_s)
        except Exception as error:  # noqa: BLE001  (a process ends here)
            self._die(f"{type(event).__name__}: {error!r}", error)
            return
        if effects:
            self.journal.take(effects)
        self._rearm()

    def _die(self, text: str, error: Exception) -> None:
        """An exception in the core is a crash of the process, which a supervisor starts again."""
        if self._failed is None:
            raise error
        frames = traceback.extract_tb(error.__traceback__)[-3:]
        where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
        self._failed("core", f"{text} at {where}")
        self.crash()
        self._world.after(RESTART_S, lambda: None if self.is_up else self.start())

    def request(self, principal: str, key: str, command: OperatorCommand, reply: Callable[[Outcome], None]) -> None:
        """An operator asks; `reply` isn't called when the process dies first."""
        self._request += 1
        self._replies[self._request] = reply
        self.handle(OperatorRequested(self._request, principal, key, command))

    def device_reported(self, report: DeviceReported) -> None:
        """What a door or lift says."""
        self.handle(report)

    def _rearm(self) -> None:
        """One timer for the core's deadline; a timer that comes too early is set again."""
        assert self.fleet is not None
        deadline_s = self.fleet.next_deadline_s()
        timer = self._deadline
        if timer is not None and timer.is_pending and timer.time_s <= deadline_s:
            return
        if timer is not None:
            timer.cancel()
        self._deadline = self._world.at(deadline_s, self._wake)

    def _wake(self) -> None:
        if self.fleet is None:
            return
        if self.fleet.next_deadline_s() <= self._world.now_s:
            self.handle(DeadlineReached())
        else:
            self._rearm()

    def _perform(self, effect: Effect) -> None:
        self._watch(effect)
        match effect:
            case Send():
                stream = self.streams.get(effect.connection)
                if stream is not None:
                    stream.send(End.ROBOT, encode_send(effect, self._limits).SerializeToString())
            case AcknowledgeObservations() | RefuseObservation():
                stream = self.streams.get(effect.upload)
                if stream is not None:
                    stream.send(End.ROBOT, encode_upload_effect(effect).SerializeToString())
            case CloseConnection():
                stream = self.streams.pop(effect.connection, None)
                if stream is not None:
                    stream.close(End.COORDINATOR, f"{effect.code}: {effect.reason}")
            case Reply():
                answer = self._replies.pop(effect.request, None)
                if answer is not None:
                    answer(effect.outcome)
            case PlanAssignment():
                self._plan(effect.problem)
            case RequestDevice():
                self._ask_device(effect)
            case Append():
                raise AssertionError("records are the journal's")

    def _plan(self, problem: Problem) -> None:
        answer = self._planner(problem)
        life = self._life

        def deliver() -> None:
            if life == self._life:
                self.handle(AssignmentPlanned(answer))

        self._world.after(self._plan_delay_s, deliver)
