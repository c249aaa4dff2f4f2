"""What the event loop hands to the journal's thread: bounded, in order, and shut after a failure."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordinator.store.entry import NewEntry
from coordinator.store.errors import (
    JournalBusyError,
    JournalClosedError,
    JournalSuspendedError,
    StoreError,
)
from coordinator.store.journal import Journal


@dataclass(frozen=True, slots=True)
class AppendWork:
    """Entries of one caller; they become durable together."""

    entries: tuple[NewEntry, ...]
    done: asyncio.Future[int]


@dataclass(frozen=True, slots=True)
class CallWork:
    """Anything else to do with the journal, in its thread."""

    call: Callable[[Journal], Any]
    done: asyncio.Future[Any]


Work = AppendWork | CallWork


class WorkQueue:
    """
    A queue between two threads.

    Args:
        path: The journal, for messages.
        max_waiting_entries: Bound of the entries that wait; a single larger append passes when none wait.
        max_wait_s: How long the first append waits for others to share its commit; 0 shares only what
            gathered during the commit before.
    """

    def __init__(self, path: Path, *, max_waiting_entries: int, max_wait_s: float) -> None:
        self._path = path
        self._max_waiting_entries = max_waiting_entries
        self._max_wait_s = max_wait_s
        self._changed = threading.Condition()
        self._waiting: deque[Work] = deque()
        self._entry_count = 0
        self._failure: StoreError | None = None
        self._is_closed = False

    @property
    def failure(self) -> StoreError | None:
        """Why appends are refused, if they are."""
        return self._failure

    @property
    def entry_count(self) -> int:
        """Entries that wait for their commit to begin."""
        return self._entry_count

    def put(self, work: Work) -> None:
        """
        Hand work over.

        Raises:
            JournalClosedError: If the queue was closed.
            JournalSuspendedError: If an append failed and resume wasn't called since.
            JournalBusyError: If too many entries wait.
        """
        with self._changed:
            if self._is_closed:
                raise JournalClosedError(f"the writer of journal {self._path}")
            if isinstance(work, AppendWork):
                self._admit(work)
            self._waiting.append(work)
            self._changed.notify()

    def _admit(self, work: AppendWork) -> None:
        if self._failure is not None:
            raise JournalSuspendedError(self._failure) from self._failure
        count = self._entry_count + len(work.entries)
        if self._entry_count and count > self._max_waiting_entries:
            limit = f"{count} entries would wait, the limit is {self._max_waiting_entries}"
            raise JournalBusyError(self._path, limit)
        self._entry_count = count

    def take(self) -> list[AppendWork] | CallWork | None:
        """Appends for one commit, or one call, in the order they came; None when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if not self._waiting:
                return None
            first = self._waiting[0]
            if isinstance(first, CallWork):
                self._waiting.popleft()
                return first
            if self._max_wait_s > 0.0:
                self._changed.wait_for(self._is_worth_a_commit, timeout=self._max_wait_s)
            return self._take_appends()

    def _is_worth_a_commit(self) -> bool:
        return self._is_closed or self._entry_count >= self._max_waiting_entries

    def _take_appends(self) -> list[AppendWork]:
        appends: list[AppendWork] = []
        while self._waiting and isinstance(work := self._waiting[0], AppendWork):
            self._waiting.popleft()
            self._entry_count -= len(work.entries)
            appends.append(work)
        return appends

    def suspend(self, failure: StoreError) -> list[AppendWork]:
        """Refuse appends from now on, and give back those that wait, decided after the failed one."""
        with self._changed:
            self._failure = failure
            appends = [work for work in self._waiting if isinstance(work, AppendWork)]
            self._waiting = deque(work for work in self._waiting if isinstance(work, CallWork))
            self._entry_count = 0
            return appends

    def resume(self) -> None:
        """Take appends again."""
        with self._changed:
            self._failure = None

    def close(self) -> None:
        """Take nothing new; what waits is still handed out."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def drain(self) -> list[Work]:
        """Close, and give back all that waits because nobody will do it any more."""
        with self._changed:
            self._is_closed = True
            rest = list(self._waiting)
            self._waiting.clear()
            self._entry_count = 0
            return rest
