"""The coordinator's journal in simulated time: group commit, and a crash that keeps only what was synced."""

from __future__ import annotations

import hashlib
import random
from collections import deque
from collections.abc import Callable, Sequence

from coordinator.fleet.apply import apply
from coordinator.fleet.codec import decode_record, encode_record
from coordinator.fleet.state import FleetState
from coordinator.model.effects import Append, Effect, is_urgent
from coordinator.model.records import Record
from sim.world import World

# A disk's sync, shortest and longest.
SYNC_S = (0.002, 0.006)


class SimJournal:
    """
    Records with a synced prefix, and the effects that wait for them.

    Attributes:
        shadow: Fold of the synced records, each read back from its bytes.
        digest: Hash over all synced records.
        taken_count: Records ever taken, whatever became of them.
    """

    def __init__(
        self,
        world: World,
        chance: random.Random,
        *,
        perform: Callable[[Effect], None],
        synced: Callable[[Record], None],
    ) -> None:
        self._world = world
        self._chance = chance
        self._perform = perform
        self._synced = synced
        self._life = 0
        self._entries: list[tuple[str, bytes]] = []
        self._unsynced: list[tuple[str, bytes]] = []
        # Effects, each with how many entries must be synced before it may leave.
        self._waiting: deque[tuple[int, Effect]] = deque()
        self._is_syncing = False
        self.digest = hashlib.sha256()
        self.shadow = FleetState()
        self.lost_count = 0
        self.taken_count = 0

    @property
    def synced_count(self) -> int:
        """Entries that outlive a crash."""
        return len(self._entries)

    @property
    def unsynced_count(self) -> int:
        """Entries that don't."""
        return len(self._unsynced)

    @property
    def waiting_count(self) -> int:
        """Effects held back."""
        return len(self._waiting)

    @property
    def entries(self) -> Sequence[tuple[str, bytes]]:
        """Kind and body of the synced entries."""
        return self._entries

    def take(self, effects: Sequence[Effect]) -> None:
        """Journal a batch and let its effects leave when they may."""
        for effect in effects:
            if isinstance(effect, Append):
                self._unsynced.append(encode_record(effect.record))
                self.taken_count += 1
        needed = len(self._entries) + len(self._unsynced)
        for effect in effects:
            if isinstance(effect, Append):
                continue
            if is_urgent(effect) or (not self._unsynced and not self._waiting):
                self._perform(effect)
            else:
                self._waiting.append((needed, effect))
        if self._unsynced and not self._is_syncing:
            self._sync()

    def crash(self) -> None:
        """The process is gone: what isn't synced never was."""
        self._life += 1
        self.lost_count += len(self._unsynced)
        self._unsynced.clear()
        self._waiting.clear()
        self._is_syncing = False

    def fold(self) -> FleetState:
        """State to start from: all synced records, read anew."""
        state = FleetState()
        for kind, body in self._entries:
            apply(state, decode_record(kind, body))
        return state

    def _sync(self) -> None:
        self._is_syncing = True
        count, life = len(self._unsynced), self._life
        self._world.after(self._chance.uniform(*SYNC_S), lambda: self._done(count, life))

    def _done(self, count: int, life: int) -> None:
        if life != self._life:
            return
        self._is_syncing = False
        done, self._unsynced = self._unsynced[:count], self._unsynced[count:]
        self._entries.extend(done)
        for kind, body in done:
            self.digest.update(body)
            record = decode_record(kind, body)
            apply(self.shadow, record)
            self._synced(record)
        durable = len(self._entries)
        if self._unsynced:
            self._sync()
        while self._waiting and self._waiting[0][0] <= durable:
            self._perform(self._waiting.popleft()[1])
