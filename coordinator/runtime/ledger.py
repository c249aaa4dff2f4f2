"""The journal as the loop uses it: appends that are tried until they are durable, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from coordinator.store.entry import NewEntry
from coordinator.store.errors import (
    JournalClosedError,
    JournalCorruptError,
    JournalDiskError,
    JournalForeignError,
    JournalInUseError,
    StoreError,
)
from coordinator.store.journal import Journal
from coordinator.store.reserve import ReserveFile
from coordinator.store.writer import GroupWriter

MAX_WAITING_ENTRIES = 100_000

T = TypeVar("T")
OpenJournal = Callable[[], Journal]
HOPELESS = (JournalClosedError, JournalCorruptError, JournalForeignError)
"""Trying again won't help: a person must look."""


class Ledger(Protocol):
    """Durable appends, one at a time."""

    async def append(self, entries: Sequence[NewEntry]) -> int:
        """
        Make entries durable; returns the seq of the last.

        Raises:
            StoreError: If that failed; call `retry` with the same entries until it doesn't.
        """
        ...

    async def retry(self, entries: Sequence[NewEntry]) -> int:
        """Make the entries of a failed append durable, without doing so twice."""
        ...

    async def keep_snapshot(self, seq: int, body: bytes, made_at_s: float) -> None:
        """Keep the state after an entry, so that recovery is short."""
        ...


class JournalLedger:
    """A Ledger over the store's writer, which it opens anew after a disk error."""

    def __init__(self, path: Path, open_journal: OpenJournal, writer: GroupWriter, reserve: ReserveFile | None) -> None:
        self._path = path
        self._reserve = reserve
        self._open_journal = open_journal
        self._writer: GroupWriter | None = writer
        self._seq = writer.last_seq

    @classmethod
    async def open(cls, path: Path, open_journal: OpenJournal, *, reserve: ReserveFile | None = None) -> JournalLedger:
        """
        Open the journal in a thread of its own.

        Args:
            path: The journal, for messages.
            open_journal: Opens it; called in that thread, and again after a disk error.
            reserve: Room to give away when the disk is full.

        Raises:
            StoreError: If it can't be opened.
        """
        return cls(path, open_journal, await _open_writer(path, open_journal, reserve), reserve)

    @property
    def last_seq(self) -> int:
        """Seq of the last durable entry that this ledger knows of."""
        return self._seq

    async def append(self, entries: Sequence[NewEntry]) -> int:
        """Make entries durable; returns the seq of the last."""
        if self._writer is None:
            raise JournalClosedError(f"journal {self._path}")
        self._seq = await self._writer.append(entries)
        return self._seq

    async def retry(self, entries: Sequence[NewEntry]) -> int:
        """Make the entries of a failed append durable, without doing so twice."""
        writer = self._writer
        if writer is None or isinstance(writer.failure, JournalDiskError):
            writer = await self._reopen()
        elif writer.failure is not None:
            writer.resume()
        if writer.last_seq == self._seq + len(entries):
            # The disk reported an error after the commit had reached it.
            self._seq = writer.last_seq
            return self._seq
        if writer.last_seq != self._seq:
            what = f"{writer.last_seq} entries are there, {self._seq} were committed"
            raise JournalCorruptError(None, what, self._seq, path=self._path)
        return await self.append(entries)

    async def _reopen(self) -> GroupWriter:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            await writer.close()
        try:
            self._writer = await _open_writer(self._path, self._open_journal, self._reserve)
        except JournalInUseError as error:
            raise JournalDiskError(self._path, str(error)) from error
        return self._writer

    async def keep_snapshot(self, seq: int, body: bytes, made_at_s: float) -> None:
        """Keep the state after an entry."""
        if self._writer is not None:
            await self._writer.call(lambda journal: journal.write_snapshot(seq, body, made_at_s=made_at_s))

    async def read(self, function: Callable[[Journal], T]) -> T:
        """Look at the journal in its thread."""
        if self._writer is None:
            raise JournalClosedError(f"journal {self._path}")
        return await self._writer.call(function)

    async def close(self, *, within_s: float) -> None:
        """Close the journal; what could not be written by then is lost, and nothing relied on it."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            async with asyncio.timeout(within_s):
                await writer.close()


async def _open_writer(path: Path, open_journal: OpenJournal, reserve: ReserveFile | None) -> GroupWriter:
    try:
        return await GroupWriter.open(path, open_journal, max_waiting_entries=MAX_WAITING_ENTRIES, reserve=reserve)
    except OSError as error:
        raise JournalDiskError(path, str(error)) from error


def is_hopeless(error: StoreError) -> bool:
    """Whether trying again won't help."""
    return isinstance(error, HOPELESS)
