"""
Cutting off the damaged end of a journal, on a person's order.

What was behind the cut is lost: robots may hold bases that the journal no longer knows, so the coordinator
treats each of them as unconfirmed until it has reported. The journal keeps a mark of the cut for that.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coordinator.store import database, snapshots
from coordinator.store.chain import Link, Row
from coordinator.store.entry import Snapshot
from coordinator.store.errors import JournalDiskError, RecoverRefusedError
from coordinator.store.lock import FileLock
from coordinator.store.reading import known_end_seq, last_good_seq, link_at, walk

_SIDE_SUFFIXES = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class RecoverReport:
    """
    What a truncation did.

    Attributes:
        keep_seq: Last entry kept.
        lost_count: Entries known to have been behind it.
        backup: The untouched copy.
    """

    path: Path
    keep_seq: int
    lost_count: int
    backup: Path


def truncate(path: Path, keep_seq: int) -> RecoverReport:
    """
    Keep entries 1 to keep_seq and their snapshots, and nothing behind; a copy of all is kept beside it.

    The journal is rebuilt from what can be read and proven, so that a damaged database file heals too.

    Raises:
        JournalInUseError: If the coordinator runs.
        RecoverRefusedError: If the chain is broken at or before keep_seq, or there's nothing to cut.
        StoreError: If it isn't a journal, or a file can't be written; the journal is then as it was.
    """
    path = path.resolve()
    if not path.exists():
        raise RecoverRefusedError(path, keep_seq, "there's no such file")
    try:
        lock = FileLock.take(path)
        try:
            return _truncate_locked(path, keep_seq)
        finally:
            lock.release()
    except sqlite3.Error as error:
        raise database.translate(error, path) from error
    except OSError as error:
        raise JournalDiskError(path, str(error)) from error


def _truncate_locked(path: Path, keep_seq: int) -> RecoverReport:
    backup = _copy(path, keep_seq)
    fresh = path.with_name(path.name + ".recovering")
    _remove(fresh)
    try:
        lost_count = _rebuild(path, fresh, keep_seq, backup.name)
    except BaseException:
        # Refused or failed: leave nothing behind but the journal as it was.
        _remove(fresh)
        _remove(backup)
        raise
    # The old write-ahead log must never meet the new file, so it goes first; the copy has it too.
    for suffix in _SIDE_SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    fresh.replace(path)
    database.sync_directory(path.parent)
    return RecoverReport(path, keep_seq, lost_count, backup)


def _rebuild(path: Path, fresh: Path, keep_seq: int, backup_name: str) -> int:
    """Build the shortened journal in a file of its own; returns how many entries it lacks."""
    source = database.connect_to_read(path)
    try:
        source.execute("BEGIN")
        identity = database.read_identity(source, path)
        end_seq = known_end_seq(source)
        lost_count = end_seq - keep_seq
        _check_request(source, identity.beginning, path, keep_seq, end_seq)
        target = database.connect_to_write(fresh, busy_timeout_s=0.0)
        try:
            database.create_tables(target, identity.plant_id, log_id=identity.log_id)
            with database.transaction(target):
                _copy_entries(source, target, identity.beginning, keep_seq)
                _copy_marks(source, target, keep_seq, lost_count, backup_name)
            _copy_snapshots(source, target, identity.beginning, keep_seq)
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            target.close()
        _sync_file(fresh)
        return lost_count
    finally:
        source.close()


def _check_request(source: sqlite3.Connection, beginning: Link, path: Path, keep_seq: int, end_seq: int) -> None:
    good_seq = last_good_seq(source, beginning, end_seq)
    if not 0 <= keep_seq <= good_seq:
        raise RecoverRefusedError(path, keep_seq, f"the last good entry is {good_seq}")
    if keep_seq == end_seq and database.read_head(source) == link_at(source, end_seq, beginning):
        raise RecoverRefusedError(path, keep_seq, "nothing is behind it")


def _copy_entries(source: sqlite3.Connection, target: sqlite3.Connection, beginning: Link, keep_seq: int) -> None:
    target.executemany(database.INSERT_ENTRY, _proven_rows(source, beginning, keep_seq))
    row = target.execute("SELECT seq, hash FROM entry WHERE seq = ?", (keep_seq,)).fetchone()
    seq, digest = row or (beginning.seq, beginning.hash)
    target.execute("UPDATE head SET seq = ?, hash = ? WHERE one = 1", (seq, digest))


def _proven_rows(source: sqlite3.Connection, beginning: Link, keep_seq: int) -> Iterator[Row]:
    for entry in walk(source, beginning, keep_seq):
        row: Row = source.execute(database.SELECT_ENTRY, (entry.seq,)).fetchone()
        yield (row[0], row[1], entry.kind, *row[3:])


def _copy_marks(
    source: sqlite3.Connection, target: sqlite3.Connection, keep_seq: int, lost_count: int, backup_name: str
) -> None:
    try:
        cuts = database.read_truncations(source)
    except sqlite3.DatabaseError:
        # That part of the file is gone; the new mark alone makes every robot confirm its place.
        cuts = ()
    marks = [(cut.keep_seq, cut.lost_count, cut.backup) for cut in cuts]
    marks.append((keep_seq, lost_count, backup_name))
    target.executemany("INSERT INTO truncation (keep_seq, lost_count, backup) VALUES (?, ?, ?)", marks)


def _copy_snapshots(source: sqlite3.Connection, target: sqlite3.Connection, beginning: Link, keep_seq: int) -> None:
    for found in reversed(list(snapshots.read_each(source, beginning))):
        if isinstance(found, Snapshot) and found.seq <= keep_seq:
            link = snapshots.link_at(target, found.seq, beginning)
            assert link is not None, "entries up to keep_seq were copied before"
            snapshots.save(target, found, link)


def _copy(path: Path, keep_seq: int) -> Path:
    """Copy the database and its write-ahead log to a name that isn't taken."""
    number = 1
    while (backup := path.with_name(f"{path.name}.before-cut-at-{keep_seq}-{number}")).exists():
        number += 1
    for suffix in ("", "-wal"):
        source = path.with_name(path.name + suffix)
        if source.exists():
            target = backup.with_name(backup.name + suffix)
            shutil.copy2(source, target)
            _sync_file(target)
    database.sync_directory(path.parent)
    return backup


def _remove(path: Path) -> None:
    for suffix in ("", *_SIDE_SUFFIXES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
