"""
The journal: everything that must survive, in order, sealed entry by entry.

A committed append survives kill -9 and power loss. One process and one thread write; anybody may verify
meanwhile. A journal that was put back from an older copy is whole in itself: only a comparison with what
robots hold shows that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from coordinator.store import database, snapshots
from coordinator.store.chain import BrokenLinkError, Link, Row, seal
from coordinator.store.entry import Entry, NewEntry, Problem, Snapshot, Truncation
from coordinator.store.errors import (
    JournalClosedError,
    JournalCorruptError,
    JournalDiskError,
    JournalForeignError,
    StoreError,
)
from coordinator.store.lock import FileLock
from coordinator.store.reading import link_at, read_checked_head, walk_after


class Journal:
    """An open journal; make one by Journal.open, and use it in that thread only."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        identity: database.Identity,
        head: Link,
        lock: FileLock,
    ) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = connection
        self._identity = identity
        self._head = head
        self._lock = lock
        self._failure: StoreError | None = None
        self._commit_count = 0
        self._bad_snapshots: tuple[Problem, ...] = ()

    @classmethod
    def open(cls, path: Path, *, plant_id: str, max_bytes: int | None = None, busy_timeout_s: float = 2.0) -> Journal:
        """
        Open a plant's journal, or begin it; only its end is checked here, the entries when they're read.

        Args:
            path: The database file; its directory must exist.
            plant_id: Whose journal it is.
            max_bytes: Size at which appends raise JournalFullError; None for the disk's own limit.
            busy_timeout_s: How long an append waits for a foreign lock on the database.

        Raises:
            JournalInUseError: If it's open elsewhere.
            JournalForeignError: If it's another plant's journal or none at all.
            JournalCorruptError: If the end of the chain is damaged or lost.
            StoreError: If the file can't be read or written.
        """
        path = path.resolve()
        try:
            lock = FileLock.take(path)
        except OSError as error:
            raise JournalDiskError(path, str(error)) from error
        try:
            return cls._open_locked(path, plant_id, max_bytes, busy_timeout_s, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def _open_locked(
        cls, path: Path, plant_id: str, max_bytes: int | None, busy_timeout_s: float, lock: FileLock
    ) -> Journal:
        try:
            connection = database.connect_to_write(path, busy_timeout_s=busy_timeout_s)
        except sqlite3.Error as error:
            raise database.translate(error, path) from error
        except OSError as error:
            raise JournalDiskError(path, str(error)) from error
        try:
            if max_bytes is not None:
                page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
                connection.execute(f"PRAGMA max_page_count = {max(1, max_bytes // page_bytes)}")
            identity = _identify(connection, path, plant_id)
            head = read_checked_head(connection, identity.beginning, path)
            return cls(path, connection, identity, head, lock)
        except sqlite3.Error as error:
            connection.close()
            raise database.translate(error, path) from error
        except BaseException:
            connection.close()
            raise

    @property
    def path(self) -> Path:
        """The database file."""
        return self._path

    @property
    def log_id(self) -> str:
        """Random name of this log; another one after the file was lost and begun anew."""
        return self._identity.log_id

    @property
    def plant_id(self) -> str:
        """Whose journal it is."""
        return self._identity.plant_id

    @property
    def last_seq(self) -> int:
        """Seq of the last durable entry; 0 in an empty journal."""
        return self._head.seq

    @property
    def head_hash(self) -> bytes:
        """Hash of the last durable entry, which covers all before it."""
        return self._head.hash

    @property
    def commit_count(self) -> int:
        """Appends that reached the disk since opening."""
        return self._commit_count

    @property
    def bad_snapshots(self) -> tuple[Problem, ...]:
        """What latest_snapshot passed over the last time."""
        return self._bad_snapshots

    def append(self, entries: Sequence[NewEntry]) -> int:
        """
        Make entries durable in one transaction, all or none of them.

        Returns:
            Seq of the last one, or the last seq before if there are none.

        Raises:
            JournalFullError: If there's no room. Nothing was written; later appends may work.
            JournalBusyError: If somebody else holds the database for too long. Nothing was written.
            JournalCorruptError: If somebody else wrote into it.
            JournalDiskError: If the disk failed. Whether the entries are durable isn't known, and every
                later append raises the same: open the journal anew.
        """
        connection = self._writable()
        if not entries:
            return self._head.seq
        rows, head = seal(entries, self._head)
        try:
            self._commit(connection, rows, head)
        except sqlite3.Error as error:
            raise self._settle(connection, database.translate(error, self._path)) from error
        except JournalCorruptError as error:
            self._failure = error
            raise
        except BaseException:
            # Interrupted at an unknown point, so what the disk holds isn't known either.
            self._failure = JournalDiskError(self._path, "an append was interrupted")
            raise
        self._head = head
        self._commit_count += 1
        return head.seq

    def _commit(self, connection: sqlite3.Connection, rows: list[Row], head: Link) -> None:
        with database.transaction(connection):
            connection.executemany(database.INSERT_ENTRY, rows)
            moved = connection.execute(
                "UPDATE head SET seq = ?, hash = ? WHERE one = 1 AND seq = ? AND hash = ?",
                (head.seq, head.hash, self._head.seq, self._head.hash),
            )
            if moved.rowcount != 1:
                detail = f"somebody else moved its head away from entry {self._head.seq}"
                raise JournalCorruptError(None, detail, self._head.seq, path=self._path)

    def _settle(self, connection: sqlite3.Connection, error: StoreError) -> StoreError:
        """What to raise after a failed commit: "nothing was written" only if the disk says so."""
        if isinstance(error, (JournalDiskError, JournalCorruptError)):
            self._failure = error
            return error
        try:
            unchanged = database.read_head(connection) == self._head
        except sqlite3.Error:
            unchanged = False
        if not unchanged:
            self._failure = error = JournalDiskError(self._path, f"{error}, but its head moved")
        return error

    def entries(self, after_seq: int = 0) -> Iterator[Entry]:
        """
        Entries behind a seq, in order, each one checked against its CRC, its hash and its predecessor.

        Raises:
            ValueError: If after_seq is outside the journal.
            JournalCorruptError: At the first entry that isn't as it was appended.
        """
        if not 0 <= after_seq <= self._head.seq:
            raise ValueError(f"journal {self._path} has entries 1 to {self._head.seq}, not after {after_seq}")
        try:
            yield from walk_after(self._connected(), self._identity.beginning, after_seq, self._head.seq)
        except BrokenLinkError as broken:
            raise JournalCorruptError(broken.seq, broken.what, broken.seq - 1, path=self._path) from None

    def write_snapshot(self, seq: int, body: bytes, *, made_at_s: float) -> None:
        """
        Keep the state after entry seq; the newest few are kept.

        Raises:
            ValueError: If the journal has no such entry.
            StoreError: If it can't be written; appends go on as before.
        """
        connection = self._writable()
        if not 0 <= seq <= self._head.seq:
            raise ValueError(f"journal {self._path} has entries 1 to {self._head.seq}, no state at {seq}")
        link = link_at(connection, seq, self._identity.beginning)
        if link is None:
            raise JournalCorruptError(seq, "it isn't as it was appended", None, path=self._path)
        try:
            snapshots.save(connection, Snapshot(seq, body, made_at_s), link)
        except sqlite3.Error as error:
            raise database.translate(error, self._path) from error

    def latest_snapshot(self) -> Snapshot | None:
        """The newest whole snapshot; the damaged ones it passed over are in bad_snapshots."""
        try:
            found, self._bad_snapshots = snapshots.read_newest_good(self._connected(), self._identity.beginning)
        except sqlite3.Error as error:
            raise database.translate(error, self._path) from error
        return found

    def truncations(self) -> tuple[Truncation, ...]:
        """Cuts made to recover this journal, oldest first; whatever came after a cut was lost."""
        try:
            return database.read_truncations(self._connected())
        except sqlite3.Error as error:
            raise database.translate(error, self._path) from error

    def close(self) -> None:
        """Close the file and let the next one in; a second call does nothing."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                connection.close()
            finally:
                self._lock.release()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise JournalClosedError(f"journal {self._path}")
        return self._connection

    def _writable(self) -> sqlite3.Connection:
        connection = self._connected()
        if self._failure is not None:
            raise self._failure
        return connection


def _identify(connection: sqlite3.Connection, path: Path, plant_id: str) -> database.Identity:
    if database.is_blank(connection):
        return database.create_tables(connection, plant_id)
    identity = database.read_identity(connection, path)
    if identity.plant_id != plant_id:
        raise JournalForeignError(path, f"belongs to plant {identity.plant_id}, not to {plant_id}")
    return identity
