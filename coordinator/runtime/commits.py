"""Commits that are tried until they succeed, and the states kept beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from coordinator.model.events import StoreFailed, StoreRecovered
from coordinator.runtime.ledger import Ledger, is_hopeless
from coordinator.store.entry import NewEntry
from coordinator.store.errors import StoreError

log = structlog.get_logger()


class Commits:
    """
    The loop's way into the journal; one commit at a time.

    Args:
        ledger: Takes the entries.
        tell: Takes StoreFailed once when the journal stalls, and StoreRecovered once when it is over.
        retry_s: Between two tries.
        seq: Last entry of the journal.
        snapshot_seq: Entry of the newest kept state.
    """

    def __init__(
        self,
        ledger: Ledger,
        tell: Callable[[StoreFailed | StoreRecovered], None],
        *,
        retry_s: float,
        seq: int,
        snapshot_seq: int,
    ) -> None:
        self._ledger = ledger
        self._tell = tell
        self._retry_s = retry_s
        self.seq = seq
        self.snapshot_seq = snapshot_seq
        self.is_stalled = False

    async def append(self, entries: Sequence[NewEntry]) -> None:
        """
        Make entries durable, however long it takes.

        Raises:
            StoreError: If trying again won't help.
        """
        try:
            self.seq = await self._ledger.append(entries)
            return
        except StoreError as error:
            self._refuse_hopeless(error)
            log.error("journal_failed", reason=str(error))
            self.is_stalled = True
            self._tell(StoreFailed(str(error)))
        while self.is_stalled:
            await asyncio.sleep(self._retry_s)
            try:
                self.seq = await self._ledger.retry(entries)
                self.is_stalled = False
            except StoreError as error:
                self._refuse_hopeless(error)
        log.warning("journal_writable_again", seq=self.seq)
        self._tell(StoreRecovered())

    @staticmethod
    def _refuse_hopeless(error: StoreError) -> None:
        if is_hopeless(error):
            log.critical("journal_lost", reason=str(error))
            raise error

    async def keep_state(self, state: bytes, now_s: float) -> None:
        """Keep the state after the last entry. An aid only: without it recovery reads more entries."""
        try:
            await self._ledger.keep_snapshot(self.seq, state, now_s)
        except StoreError as error:
            log.warning("snapshot_failed", reason=str(error))
            return
        self.snapshot_seq = self.seq
        log.info("snapshot_kept", seq=self.seq, size_bytes=len(state))
