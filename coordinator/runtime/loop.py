"""
The one task that runs the core.

It hands the core every event as it comes, collects what the core asks for, and lets nothing leave before the
journal has the records it rests on. While a commit is on its way, the core goes on deciding: the effects of
those decisions wait for the next commit. Only a stop leaves at once, whatever the disk does.

**Journal stalled.** The commit is tried again until it succeeds; meanwhile nothing leaves. Heartbeats aren't
kept for later, so the robots, hearing nothing, finish their base and hold. When too much waits, only stops
are still handled; telemetry conflates in the inbox and all else waits in its stream.

**The core raises.** Its memory may then differ from the journal, so the loop ends with that error; a new
process folds the journal. A broken invariant is reported and counted, and work goes on: stopping would free
no robot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from coordinator.model.effects import Append, Effect, Reply, Send, is_urgent
from coordinator.model.events import DeadlineReached, Event, OperatorRequested
from coordinator.model.messages import Heartbeat
from coordinator.model.operator import StopRobots
from coordinator.model.records import Record
from coordinator.model.snapshot import FleetSnapshot
from coordinator.runtime.clock import Clock
from coordinator.runtime.commits import Commits
from coordinator.runtime.core import Core, Form
from coordinator.runtime.inbox import EventInbox
from coordinator.runtime.ledger import Ledger
from coordinator.store.entry import NewEntry
from coordinator.store.errors import StoreError

# A heartbeat that waited longer for the disk would tell the robot a wrong time and feign a live coordinator.
HEARTBEAT_WITHIN_S = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """
    How the loop runs.

    Attributes:
        retry_s: Between two tries of a failed commit.
        picture_s: At most one picture for watchers in this time.
        check_every_count: Invariants are checked once in so many calls of the core; 0 for never.
        snapshot_every_count: The state is kept once in so many journal entries.
        max_waiting_count: With more effects waiting for the journal, only stops are handled.
    """

    retry_s: float = 1.0
    picture_s: float = 0.2
    check_every_count: int = 100
    snapshot_every_count: int = 10_000
    max_waiting_count: int = 20_000


@dataclass(slots=True)
class _Batch:
    records: list[Record] = field(default_factory=list)
    entries: list[NewEntry] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.entries) + len(self.effects)


@dataclass(frozen=True, slots=True)
class Outlets:
    """
    Where things go.

    Attributes:
        perform: Does an effect other than Append; must neither block nor raise.
        committed: Is told each record that became durable.
        publish: Takes pictures for watchers.
    """

    perform: Callable[[Effect], None]
    committed: Callable[[Record], None]
    publish: Callable[[FleetSnapshot], None]


class CoreLoop:
    """Runs a core over an inbox, a journal and outlets."""

    def __init__(
        self,
        core: Core,
        form: Form,
        inbox: EventInbox,
        ledger: Ledger,
        outlets: Outlets,
        *,
        clock: Clock,
        settings: LoopSettings,
        last_seq: int = 0,
        last_snapshot_seq: int = 0,
    ) -> None:
        self._core = core
        self._form = form
        self._inbox = inbox
        self._commits = Commits(
            ledger,
            inbox.post,
            retry_s=settings.retry_s,
            seq=last_seq,
            snapshot_seq=last_snapshot_seq,
        )
        self._outlets = outlets
        self._clock = clock
        self._settings = settings
        self._pending = _Batch()
        self._in_flight: asyncio.Task[None] | None = None
        self._handled_count = 0
        self._published_s = float("-inf")
        self._is_picture_old = False
        self.violation_count = 0

    @property
    def is_stalled(self) -> bool:
        """Whether the journal can't be written."""
        return self._commits.is_stalled

    async def start(self, effects: Sequence[Effect]) -> None:
        """
        Commit and perform what the core asked for at its start: nothing is sent before the epoch is durable.

        Raises:
            StoreError: If the journal is damaged, so that trying again won't help.
        """
        self._collect(list(effects), self._clock.now_s())
        batch, self._pending = self._pending, _Batch()
        await self._commit_batch(batch)
        self._publish(self._clock.now_s())

    async def run(self) -> None:
        """
        Run until cancelled; then `finish`.

        Raises:
            StoreError: If the journal is damaged, so that trying again won't help.
            Exception: Whatever the core raises.
        """
        while True:
            await self._wait()
            self._settle()
            self._handle_waiting()
            self._commit()
            # Streams need their turn, however busy the core is; and a new commit begins with this.
            await asyncio.sleep(0)

    async def finish(self, within_s: float) -> bool:
        """After `run` was cancelled: handle and commit what is still there; False if time didn't suffice."""
        try:
            async with asyncio.timeout(within_s):
                if self._in_flight is not None:
                    await self._in_flight
                    self._in_flight = None
                self._handle_waiting()
                batch, self._pending = self._pending, _Batch()
                await self._commit_batch(batch)
        except (TimeoutError, StoreError) as error:
            log.warning("unfinished_at_end", error=str(error), waiting_count=len(self._inbox))
            return False
        return True

    async def _wait(self) -> None:
        """Until an event came, a commit ended, or the core's deadline is there."""
        if not self._is_full and len(self._inbox):
            return
        wait_s = self._core.next_deadline_s() - self._clock.now_s()
        if self._is_full:
            wait_s = self._settings.retry_s
        elif self._is_picture_old:
            wait_s = min(wait_s, self._published_s + self._settings.picture_s - self._clock.now_s())
        if wait_s <= 0.0:
            return
        try:
            async with asyncio.timeout(None if wait_s == float("inf") else wait_s):
                await self._inbox.wait()
        except TimeoutError:
            return

    @property
    def _is_full(self) -> bool:
        return self._pending.count >= self._settings.max_waiting_count

    def _settle(self) -> None:
        """Take note of a commit that ended; what it raised ends the loop."""
        if self._in_flight is not None and self._in_flight.done():
            done, self._in_flight = self._in_flight, None
            done.result()

    def _handle_waiting(self) -> None:
        now_s = self._clock.now_s()
        events = self._inbox.take_only(_is_stop) if self._is_full else self._inbox.take()
        for event in events:
            self._handle(event, now_s)
        if not self._is_full and now_s >= self._core.next_deadline_s():
            self._handle(DeadlineReached(), now_s)
        self._publish(now_s)

    def _handle(self, event: Event, now_s: float) -> None:
        try:
            effects = self._core.handle(event, now_s)
        except Exception:
            log.critical("core_failed", event_type=type(event).__name__, exc_info=True)
            raise
        self._collect(effects, now_s)
        self._handled_count += 1
        every = self._settings.check_every_count
        if every and self._handled_count % every == 0:
            self._check()

    def _collect(self, effects: list[Effect], now_s: float) -> None:
        for effect in effects:
            if isinstance(effect, Reply):
                # Who was answered sees what it did in the next picture.
                self._published_s = float("-inf")
            if isinstance(effect, Append):
                kind, body = self._form.encode_record(effect.record)
                self._pending.records.append(effect.record)
                self._pending.entries.append(NewEntry(kind, body, now_s))
            elif is_urgent(effect):
                self._outlets.perform(effect)
            elif not self._commits.is_stalled or _heartbeat(effect) is None:
                self._pending.effects.append(effect)

    def _check(self) -> None:
        try:
            self._core.check_invariants()
        except Exception as error:  # noqa: BLE001 - whatever it is, stopping the core frees no robot.
            self.violation_count += 1
            log.critical("invariant_broken", violation=str(error), count=self.violation_count)

    def _publish(self, now_s: float) -> None:
        self._is_picture_old = now_s - self._published_s < self._settings.picture_s
        if not self._is_picture_old:
            self._published_s = now_s
            self._outlets.publish(self._core.snapshot(now_s))

    def _commit(self) -> None:
        """Begin the next commit unless one is on its way; without records there is nothing to wait for."""
        if self._in_flight is not None or not self._pending.count:
            return
        batch, self._pending = self._pending, _Batch()
        if not batch.entries:
            self._perform(batch)
            return
        self._in_flight = asyncio.create_task(self._commit_batch(batch))
        self._in_flight.add_done_callback(lambda _: self._inbox.wake())

    async def _commit_batch(self, batch: _Batch) -> None:
        """Make a batch durable, then do what rests on it."""
        commits, state = self._commits, None
        if commits.seq + len(batch.entries) - commits.snapshot_seq >= self._settings.snapshot_every_count:
            # Taken before the first await: the core's state is now exactly that after the batch.
            state = self._form.encode_state()
        if batch.entries:
            await commits.append(batch.entries)
        self._perform(batch)
        if state is not None:
            await commits.keep_state(state, self._clock.now_s())

    def _perform(self, batch: _Batch) -> None:
        for record in batch.records:
            self._outlets.committed(record)
        now_s = self._clock.now_s()
        for effect in batch.effects:
            beat = _heartbeat(effect)
            if beat is None or now_s - beat.coordinator_s <= HEARTBEAT_WITHIN_S:
                self._outlets.perform(effect)


def _heartbeat(effect: Effect) -> Heartbeat | None:
    return effect.message if isinstance(effect, Send) and isinstance(effect.message, Heartbeat) else None


def _is_stop(event: Event) -> bool:
    return isinstance(event, OperatorRequested) and isinstance(event.command, StopRobots)
