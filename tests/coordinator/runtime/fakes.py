"""Stand-ins for core and journal, small enough to be read at a glance."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from coordinator.model.effects import (
    AcknowledgeObservations,
    Append,
    CloseConnection,
    Effect,
    RefuseObservation,
    Reply,
    Send,
)
from coordinator.model.events import (
    DeadlineReached,
    Event,
    ObservationReceived,
    OperatorRequested,
    RobotConnected,
    RobotDisconnected,
    UploadOpened,
)
from coordinator.model.explanation import Candidate, Explanation
from coordinator.model.ids import PointId, RobotId
from coordinator.model.messages import Command, CommandKind, RobotMessage, Welcome
from coordinator.model.operator import Accepted, RefusalCode, Refused, StopRobots
from coordinator.model.records import ObservationStored, Record, SessionOpened, StopChanged
from coordinator.model.snapshot import FleetSnapshot, Totals
from coordinator.model.traffic import TrafficSnapshot
from coordinator.store.entry import NewEntry
from coordinator.store.errors import JournalFullError, StoreError

EMPTY = FleetSnapshot(0.0, 1, "test", (), (), (), (), (), Totals(0, 0, 0.0, (), (), 0, 0, 0), False)


class FakeClock:
    """Time that a test sets."""

    def __init__(self, now_s: float = 100.0) -> None:
        self.set_s = now_s

    def now_s(self) -> float:
        """The time set."""
        return self.set_s


class FakeForm:
    """Records by their repr."""

    def encode_record(self, record: Record) -> tuple[str, bytes]:
        """Kind and readable body."""
        return type(record).__name__, repr(record).encode()

    def encode_state(self) -> bytes:
        """A constant."""
        return b"state"


class FakeLedger:
    """A journal in memory that can be slow or full."""

    def __init__(self) -> None:
        self.entries: list[NewEntry] = []
        self.groups: list[int] = []
        self.snapshots: list[tuple[int, bytes]] = []
        self.may_commit = asyncio.Event()
        self.may_commit.set()
        self.error: StoreError | None = None
        self.try_count = 0

    @property
    def kinds(self) -> list[str]:
        """Kinds of the durable entries."""
        return [entry.kind for entry in self.entries]

    def fill_disk(self) -> None:
        """Fail from now on."""
        self.error = JournalFullError(Path("journal"), "test")

    async def append(self, entries: Sequence[NewEntry]) -> int:
        """Durable once allowed."""
        self.try_count += 1
        await self.may_commit.wait()
        if self.error is not None:
            raise self.error
        self.entries.extend(entries)
        self.groups.append(len(entries))
        return len(self.entries)

    async def retry(self, entries: Sequence[NewEntry]) -> int:
        """As append."""
        return await self.append(entries)

    async def keep_snapshot(self, seq: int, body: bytes, made_at_s: float) -> None:
        """Remember it."""
        self.snapshots.append((seq, body))


class FakeCore:
    """Answers events by a function, and remembers them."""

    def __init__(self, decide: Callable[[Event], list[Effect]] | None = None) -> None:
        self.decide = decide or SmallFleet().decide
        self.events: list[Event] = []
        self.deadline_s = float("inf")
        self.broken = False

    def handle(self, event: Event, now_s: float) -> list[Effect]:
        """Decide."""
        if isinstance(event, DeadlineReached):
            self.deadline_s = float("inf")
        self.events.append(event)
        return self.decide(event)

    def next_deadline_s(self) -> float:
        """As set by the test."""
        return self.deadline_s

    def check_invariants(self) -> None:
        """Raise if the test says so."""
        if self.broken:
            raise AssertionError("I3: a-b is reserved twice")

    def snapshot(self, now_s: float) -> FleetSnapshot:
        """An empty picture."""
        return EMPTY

    def seen(self, kind: type) -> list[Event]:
        """Events of a kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]


class SmallFleet:
    """Just enough of a fleet to hold conversations over real sockets."""

    def __init__(self) -> None:
        self.live: dict[RobotId, int] = {}
        self.command_id = 0
        self.looks: list[tuple[RobotId | None, int]] = []

    def send(self, robot_id: RobotId, message: RobotMessage) -> Send:
        """Say something over the robot's live connection."""
        return Send(robot_id, self.live[robot_id], 1, 1, 1, message)

    def traffic(self, robot_id: RobotId | None, limit: int) -> TrafficSnapshot:
        """Nobody waits."""
        self.looks.append((robot_id, limit))
        robot_ids = tuple(sorted(self.live))
        return TrafficSnapshot(7.0, 0.0, robot_ids, (), (), (), (), (), (), (), None, (), (), ())

    def explain(self, name: str) -> Explanation | None:
        """Robot a has the only point there is."""
        if name != "P-1":
            return None
        candidates = (
            Candidate(RobotId("a"), "", 12.0, 1.1, 4.0, 0.5, 0),
            Candidate(RobotId("b"), "sensors: it lacks gas"),
        )
        return Explanation(
            PointId("P-1"),
            None,
            RobotId("a"),
            is_released=True,
            why="age 1.10 at visit",
            version=3,
            decided_s=7.0,
            candidates=candidates,
        )

    def decide(self, event: Event) -> list[Effect]:
        """Admit, stop, store."""
        match event:
            case RobotConnected():
                return self._connect(event)
            case RobotDisconnected():
                if self.live.get(event.robot_id) == event.connection:
                    del self.live[event.robot_id]
                return []
            case UploadOpened(robot_id="stranger"):
                return [RefuseObservation(event.robot_id, event.upload, 0, "robot stranger is unknown")]
            case ObservationReceived():
                return [
                    Append(ObservationStored(event.robot_id, event.observation, 100.0)),
                    AcknowledgeObservations(event.robot_id, event.upload, event.observation.counter),
                ]
            case OperatorRequested(command=StopRobots() as command):
                return self._stop(event, command)
            case OperatorRequested():
                return [Reply(event.request, Refused(RefusalCode.NOT_FOUND, "mission m1 isn't known"))]
            case _:
                return []

    def _connect(self, event: RobotConnected) -> list[Effect]:
        if event.factsheet.robot_type_id != "spot":
            return [CloseConnection(event.robot_id, event.connection, "NOT_FOUND", "unknown type")]
        if event.robot_id in self.live:
            return [CloseConnection(event.robot_id, event.connection, "ALREADY_EXISTS", "is live")]
        self.live[event.robot_id] = event.connection
        welcome = Welcome(1.0, 10.0, 1.0, 0.0, False, 0)
        return [
            Append(SessionOpened(event.robot_id, 1, event.boot_id)),
            self.send(event.robot_id, welcome),
        ]

    def _stop(self, event: OperatorRequested, command: StopRobots) -> list[Effect]:
        self.command_id += 1
        robots = sorted(self.live)
        stops = [self.send(robot_id, Command(self.command_id, CommandKind.STOP)) for robot_id in robots]
        record = StopChanged(tuple(robots), True, event.principal, command.reason)
        return [Append(record), *stops, Reply(event.request, Accepted("all"))]
