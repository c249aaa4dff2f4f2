"""Nothing leaves before it is durable, except a stop; and a bad disk stops nothing for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from coordinator.model.effects import Append, Effect, Send
from coordinator.model.events import (
    DeadlineReached,
    Event,
    OperatorRequested,
    RobotRejected,
    StateReported,
    StoreFailed,
    StoreRecovered,
)
from coordinator.model.ids import RobotId
from coordinator.model.messages import Acknowledge, Command, CommandKind, Heartbeat
from coordinator.model.operator import StopRobots
from coordinator.model.records import Record, TaskEventsSeen
from coordinator.model.robot import Activity, StateReport
from coordinator.model.snapshot import FleetSnapshot
from coordinator.runtime.inbox import EventInbox
from coordinator.runtime.loop import CoreLoop, LoopSettings, Outlets
from tests.coordinator.runtime.fakes import FakeClock, FakeCore, FakeForm, FakeLedger

ROBOT = RobotId("a")
STOP = Command(9, CommandKind.STOP)


def _send(message) -> Send:
    return Send(ROBOT, 1, 1, 1, 1, message)


def _event(number: int) -> Event:
    return RobotRejected(ROBOT, number, "x")


def _report(seq: int, connection: int = 1) -> StateReported:
    return StateReported(ROBOT, connection, StateReport(seq, float(seq), None, 0.0, 1.0, Activity.IDLE, None))


def _decide(event: Event) -> list[Effect]:
    """Every rejected message n is journaled and acknowledged as n; a request of stop is a stop."""
    match event:
        case RobotRejected():
            return [
                Append(TaskEventsSeen(ROBOT, event.connection)),
                _send(Acknowledge(event.connection)),
            ]
        case OperatorRequested():
            return [Append(TaskEventsSeen(ROBOT, 0)), _send(STOP)]
        case DeadlineReached():
            return [_send(Heartbeat(1, 100.0, 0.0))]
        case _:
            return []


STOP_REQUEST = OperatorRequested(1, "ann", "", StopRobots((), "smoke"))


class Rig:
    """A loop around fakes, with what came out of it."""

    def __init__(self, **settings) -> None:
        self.core = FakeCore(_decide)
        self.inbox = EventInbox()
        self.ledger = FakeLedger()
        self.clock = FakeClock()
        self.out: list[Effect] = []
        self.committed: list[Record] = []
        self.pictures: list[FleetSnapshot] = []
        self.loop = CoreLoop(
            self.core,
            FakeForm(),
            self.inbox,
            self.ledger,
            Outlets(
                self.out.append,
                self.committed.append,
                self.pictures.append,
            ),
            clock=self.clock,
            settings=LoopSettings(**{"retry_s": 0.001, **settings}),
        )

    @property
    def said(self) -> list[object]:
        """Messages that left."""
        return [effect.message for effect in self.out if isinstance(effect, Send)]


@asynccontextmanager
async def _running(**settings) -> AsyncIterator[Rig]:
    rig = Rig(**settings)
    task = asyncio.create_task(rig.loop.run())
    try:
        yield rig
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await rig.loop.finish(0.1)


async def _turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def _until(condition) -> None:
    async with asyncio.timeout(5.0):
        while not condition():  # noqa: ASYNC110 - conditions of many kinds
            await asyncio.sleep(0.001)


async def test_nothing_is_said_before_the_journal_has_it():
    """A release or acknowledgement leaves only after its record is on the disk."""
    async with _running() as rig:
        rig.ledger.may_commit.clear()
        rig.inbox.post(_event(1))
        await _turns()
        assert rig.core.events == [_event(1)]
        assert rig.said == []
        assert rig.committed == []

        rig.ledger.may_commit.set()
        await _turns()

        assert rig.said == [Acknowledge(1)]
        assert rig.committed == [TaskEventsSeen(ROBOT, 1)]


async def test_a_stop_leaves_while_the_disk_is_stuck():
    """A stop never waits for a disk, even one that hangs in the middle of a commit."""
    async with _running() as rig:
        rig.ledger.may_commit.clear()
        rig.inbox.post(_event(1))
        await _turns()
        rig.inbox.post(STOP_REQUEST)
        await _turns()
        assert rig.said == [STOP]

        rig.ledger.may_commit.set()
        await _turns()

        assert rig.said == [STOP, Acknowledge(1)]
        assert rig.ledger.kinds == ["TaskEventsSeen", "TaskEventsSeen"]


async def test_events_that_come_together_share_one_commit():
    """A burst costs one sync, not one each; what comes meanwhile shares the next."""
    async with _running() as rig:
        rig.ledger.may_commit.clear()
        rig.inbox.post(_event(1))
        rig.inbox.post(_event(2))
        await _turns()
        for number in range(3, 8):
            rig.inbox.post(_event(number))
            await _turns(2)
        rig.ledger.may_commit.set()
        await _turns()

        assert rig.ledger.groups == [2, 5]
        assert rig.said == [Acknowledge(number) for number in range(1, 8)]


async def test_a_full_disk_is_waited_out():
    """With the disk full nothing leaves, the core is told once, and everything goes on by itself afterwards."""
    async with _running() as rig:
        rig.ledger.fill_disk()
        rig.inbox.post(_event(1))
        await _until(lambda: rig.ledger.try_count >= 4)
        rig.inbox.post(_event(2))
        rig.inbox.post(STOP_REQUEST)
        await _until(lambda: STOP in rig.said)
        assert rig.said == [STOP]
        assert rig.loop.is_stalled
        assert len(rig.core.seen(StoreFailed)) == 1

        rig.ledger.error = None
        await _until(lambda: rig.core.seen(StoreRecovered))

        assert rig.said == [STOP, Acknowledge(1), Acknowledge(2)]
        assert [len(rig.core.seen(kind)) for kind in (StoreFailed, StoreRecovered)] == [1, 1]
        assert rig.ledger.groups == [1, 2]


async def test_heartbeats_are_not_kept_for_later_while_the_journal_stalls():
    """Robots hear nothing while nothing can be journaled, so they finish their base and hold."""
    async with _running() as rig:
        rig.ledger.fill_disk()
        rig.inbox.post(_event(1))
        await _until(lambda: rig.loop.is_stalled)
        rig.core.deadline_s = 0.0
        rig.inbox.wake()
        await _until(lambda: rig.core.seen(DeadlineReached))
        rig.ledger.error = None
        await _until(lambda: not rig.loop.is_stalled and rig.said)

        assert rig.said == [Acknowledge(1)]


async def test_a_heartbeat_that_waited_for_the_disk_is_dropped():
    """A late heartbeat would tell a robot the wrong time."""
    async with _running() as rig:
        rig.ledger.may_commit.clear()
        rig.inbox.post(_event(1))
        await _turns()
        rig.core.deadline_s = 0.0
        rig.inbox.wake()
        await _turns()
        rig.clock.set_s += 3.0
        rig.ledger.may_commit.set()
        await _turns()

        assert rig.said == [Acknowledge(1)]


async def test_only_stops_are_handled_when_too_much_waits_for_the_disk():
    """Memory stays bounded behind a dead disk, and an operator can still stop the fleet."""
    async with _running(max_waiting_count=4) as rig:
        rig.ledger.may_commit.clear()
        for number in range(1, 4):
            rig.inbox.post(_event(number))
            await _turns()
        rig.inbox.post(_event(4))
        rig.inbox.post(STOP_REQUEST)
        await _turns()
        assert rig.core.events == [_event(1), _event(2), _event(3), STOP_REQUEST]
        assert rig.said == [STOP]

        rig.ledger.may_commit.set()
        await _until(lambda: len(rig.core.events) == 5)
        await _turns()

        assert rig.said == [STOP, *(Acknowledge(number) for number in range(1, 5))]


async def test_the_core_is_woken_at_its_deadline():
    """Time alone makes things happen: a silent robot is noticed though nothing comes in."""
    async with _running() as rig:
        rig.core.deadline_s = rig.clock.set_s
        rig.inbox.wake()
        await _turns()

        assert rig.core.events == [DeadlineReached()]
        assert rig.said == [Heartbeat(1, 100.0, 0.0)]


async def test_a_broken_invariant_is_counted_and_work_goes_on():
    """The coordinator says that something is wrong with itself, and keeps robots served."""
    async with _running(check_every_count=1) as rig:
        rig.core.broken = True
        rig.inbox.post(_event(1))
        rig.inbox.post(_event(2))
        await _turns()

        assert rig.loop.violation_count == 2
        assert rig.said == [Acknowledge(1), Acknowledge(2)]


async def test_a_core_that_raises_ends_the_loop():
    """A coordinator that may differ from its journal goes down, to come up from the journal."""
    rig = Rig()

    def fail(event: Event) -> list[Effect]:
        raise KeyError(event)

    rig.core.decide = fail
    rig.inbox.post(_event(1))

    with pytest.raises(KeyError):
        await asyncio.wait_for(rig.loop.run(), 5.0)


async def test_state_is_kept_once_in_so_many_entries():
    """Recovery reads a bounded number of entries, however old the plant is."""
    async with _running(snapshot_every_count=3) as rig:
        for number in range(1, 8):
            rig.inbox.post(_event(number))
            await _turns()

        assert rig.ledger.snapshots == [(3, b"state"), (6, b"state")]


async def test_pictures_are_taken_at_most_at_their_period():
    """However busy the fleet, watchers cost little."""
    async with _running(picture_s=0.2) as rig:
        for number in range(10):
            rig.inbox.post(_event(number))
            await _turns(3)
        assert len(rig.pictures) == 1

        rig.clock.set_s += 0.2
        rig.inbox.post(_event(11))
        await _turns(3)

        assert len(rig.pictures) == 2


async def test_what_is_in_the_inbox_at_the_end_is_still_committed():
    """A coordinator that goes down in order loses nothing it was told."""
    rig = Rig()
    rig.inbox.post(_event(1))

    assert await rig.loop.finish(1.0)
    assert rig.ledger.kinds == ["TaskEventsSeen"]
    assert rig.said == [Acknowledge(1)]


async def test_newest_telemetry_wins_and_never_overtakes():
    """Old poses are dropped, and a pose never arrives before what its robot said earlier."""
    inbox = EventInbox()
    inbox.post(_report(1))
    inbox.post(_event(1))
    inbox.post(_report(2, connection=2))
    inbox.post(_report(2))

    assert inbox.take() == [_event(1), _report(2, connection=2), _report(2)]


async def test_one_loud_robot_waits_for_its_own_share():
    """A robot that floods slows only itself; telemetry and the ends of streams always get in."""
    inbox = EventInbox()

    async def flood() -> None:
        for number in range(1000):
            await inbox.put(_event(number), 1)

    flooding = asyncio.create_task(flood())
    await _turns()
    assert len(inbox) == 64
    await asyncio.wait_for(inbox.put(_event(5000), 2), 1.0)
    inbox.post(_report(1))
    assert len(inbox.take()) == 66
    await _turns()
    assert len(inbox) == 64
    while not flooding.done():
        inbox.take()
        await _turns(3)
