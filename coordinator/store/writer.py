"""
The journal for an event loop: one thread owns it, and appends that come together share a commit.

**Contract.** `append` returns when its entries are durable; only then may anything that relies on them leave
the process. When an append fails, so do all that wait behind it, and later ones are refused until `resume`:
they were decided by a core that already counted on the failed one, so the journal would get a hole. The owner
resumes and settles the failed append first (appends the same entries again, or folds the journal anew).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from coordinator.store.entry import NewEntry
from coordinator.store.errors import (
    JournalBusyError,
    JournalClosedError,
    JournalDiskError,
    JournalFullError,
    StoreError,
)
from coordinator.store.journal import Journal
from coordinator.store.reserve import ReserveFile
from coordinator.store.work_queue import AppendWork, CallWork, WorkQueue

T = TypeVar("T")

_Outcome = tuple["asyncio.Future[Any]", object]


class GroupWriter:
    """Appends of many tasks, durable in groups; make one by GroupWriter.open."""

    def __init__(self, path: Path, work: WorkQueue, reserve: ReserveFile | None) -> None:
        self._path = path
        self._work = work
        self._reserve = reserve
        self._loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._last_seq = 0
        self._commit_count = 0

    @classmethod
    async def open(
        cls,
        path: Path,
        open_journal: Callable[[], Journal],
        *,
        max_waiting_entries: int,
        max_wait_s: float = 0.0,
        reserve: ReserveFile | None = None,
    ) -> GroupWriter:
        """
        Open a journal in a thread of its own.

        Args:
            path: The journal, for messages.
            open_journal: Opens it; called in the thread.
            max_waiting_entries: Bound of the queue; an append beyond it raises JournalBusyError.
            max_wait_s: How long an append waits for others to share its commit. At 0 those share one that
                came during the commit before.
            reserve: Room to give away when the disk is full.

        Raises:
            StoreError: What open_journal raises.
        """
        work = WorkQueue(path, max_waiting_entries=max_waiting_entries, max_wait_s=max_wait_s)
        writer = cls(path, work, reserve)
        opened: asyncio.Future[None] = writer._loop.create_future()
        # A daemon, for a process that ends without close must not hang; SQLite rolls back what is half done.
        arguments = (open_journal, opened)
        threading.Thread(target=writer._run, args=arguments, name="journal", daemon=True).start()
        try:
            await opened
        except BaseException:
            # Given up by the caller: the thread may still open the journal, and then closes it again.
            work.close()
            raise
        return writer

    @property
    def healthy(self) -> bool:
        """Whether appends are taken."""
        return self._work.failure is None and not self._closed.done()

    @property
    def failure(self) -> StoreError | None:
        """Why appends are refused; None if they aren't."""
        return self._work.failure

    @property
    def has_reserve(self) -> bool:
        """Whether there's room kept for a full disk; without it, new missions are better not accepted."""
        return self._reserve is not None and self._reserve.is_kept

    @property
    def last_seq(self) -> int:
        """Seq of the last durable entry."""
        return self._last_seq

    @property
    def waiting_count(self) -> int:
        """Entries in the queue."""
        return self._work.entry_count

    @property
    def commit_count(self) -> int:
        """Commits since opening."""
        return self._commit_count

    async def append(self, entries: Sequence[NewEntry]) -> int:
        """
        Make entries durable, all or none, behind those of all earlier calls.

        A cancelled call may or may not have appended.

        Returns:
            Seq of the last one.

        Raises:
            JournalFullError: If the disk is full; a reserve was given away, so resume and append again.
            JournalSuspendedError: If an earlier append failed and resume wasn't called since.
            JournalBusyError: If too many entries wait; nothing was written, and nothing is suspended by this.
            StoreError: What Journal.append raises.
        """
        done: asyncio.Future[int] = self._loop.create_future()
        self._work.put(AppendWork(tuple(entries), done))
        return await done

    async def call(self, function: Callable[[Journal], T]) -> T:
        """
        Run something else with the journal in its thread: read it at start, write a snapshot, look at it.

        Appends wait meanwhile. The function must not append. What it raises is raised here.
        """
        done: asyncio.Future[T] = self._loop.create_future()
        self._work.put(CallWork(function, done))
        return await done

    def resume(self) -> None:
        """
        Take appends again, after the owner has settled the failed one.

        Raises:
            StoreError: The failure itself, if only opening the journal anew helps.
        """
        failure = self._work.failure
        if failure is not None and not isinstance(failure, (JournalFullError, JournalBusyError)):
            raise failure
        self._work.resume()

    async def close(self) -> None:
        """Append what waits, close the journal and end the thread; a second call waits for the same."""
        self._work.close()
        await asyncio.shield(self._closed)

    async def __aenter__(self) -> GroupWriter:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # What follows runs in the journal's thread.

    def _run(self, open_journal: Callable[[], Journal], opened: asyncio.Future[None]) -> None:
        try:
            journal = open_journal()
        except Exception as error:  # noqa: BLE001 - it's raised where the opening is awaited.
            self._tell([(opened, error)])
            return
        try:
            self._last_seq = journal.last_seq
            if self._reserve is not None:
                self._reserve.restore()
            self._tell([(opened, None)])
            while (work := self._work.take()) is not None:
                if isinstance(work, CallWork):
                    self._call(journal, work)
                else:
                    self._commit(journal, work)
        finally:
            # Empty unless the thread ends by a bug: then nobody may wait for ever.
            unfinished = JournalClosedError(f"the writer of journal {self._path}")
            self._tell([(rest.done, unfinished) for rest in self._work.drain()])
            journal.close()
            self._tell([(self._closed, None)])

    def _call(self, journal: Journal, work: CallWork) -> None:
        try:
            result = work.call(journal)
        except Exception as error:  # noqa: BLE001 - it's raised where the call is awaited.
            self._tell([(work.done, error)])
        else:
            self._tell([(work.done, result)])

    def _commit(self, journal: Journal, works: list[AppendWork]) -> None:
        seq = journal.last_seq
        try:
            journal.append([entry for work in works for entry in work.entries])
        except Exception as error:  # noqa: BLE001 - it's raised where the appends are awaited.
            self._fail(error, works)
            return
        self._last_seq = journal.last_seq
        self._commit_count = journal.commit_count
        outcomes: list[_Outcome] = []
        for work in works:
            seq += len(work.entries)
            outcomes.append((work.done, seq))
        self._tell(outcomes)
        if self._reserve is not None:
            self._reserve.restore()

    def _fail(self, error: Exception, works: list[AppendWork]) -> None:
        failure = error if isinstance(error, StoreError) else JournalDiskError(self._path, repr(error))
        if isinstance(failure, JournalFullError) and self._reserve is not None:
            self._reserve.release()
        behind = self._work.suspend(failure)
        self._tell([(work.done, failure) for work in (*works, *behind)])

    def _tell(self, outcomes: list[_Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(_settle, outcomes)
        except RuntimeError:
            # The loop is closed, so nobody waits any more.
            return


def _settle(outcomes: list[_Outcome]) -> None:
    for done, result in outcomes:
        if done.done():
            continue
        if isinstance(result, Exception):
            done.set_exception(result)
        else:
            done.set_result(result)
