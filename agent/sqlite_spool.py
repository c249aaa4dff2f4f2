"""The durable spool: SQLite beside blob files, whole after a crash at any instant."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from agent.outputs import Finding
from agent.spool import (
    QUOTA_REASON,
    ROW_BYTES,
    Entry,
    Gap,
    Result,
    SpoolError,
    SpoolFullError,
    observation_of,
)
from roundsman.v1 import observation_pb2

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    first_counter INTEGER PRIMARY KEY,
    last_counter INTEGER NOT NULL,
    observation BLOB,              -- without its counter; NULL: a gap
    sha256 TEXT,
    blob_bytes INTEGER NOT NULL DEFAULT 0,
    is_alarm INTEGER NOT NULL DEFAULT 0,
    reason TEXT
);
CREATE INDEX IF NOT EXISTS entries_by_blob ON entries (sha256) WHERE sha256 IS NOT NULL;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counters VALUES ('last', 0), ('used_bytes', 0);
"""


class SqliteSpool:
    """
    Findings in `directory`, of one robot and one process at a time.

    A finding is durable when `append` returns: its blob first, then, in one transaction with
    synchronous=FULL, its row, its counter and the rows it displaced. Blobs are files named by their
    SHA-256; one without a row is a left over of a crash and is removed when the spool opens.

    Raises:
        SpoolError: The directory can't be used, or another process uses it.
    """

    def __init__(self, directory: Path, *, quota_bytes: int = 4 << 30, lock_timeout_s: float = 2.0) -> None:
        self._quota_bytes = quota_bytes
        self._blobs = directory / "blobs"
        try:
            self._blobs.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(directory / "spool.sqlite", isolation_level=None, timeout=lock_timeout_s)
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
            self._remove_orphans()
        except (OSError, sqlite3.Error) as error:
            raise SpoolError(f"spool {directory} can't be opened: {error}") from error

    def close(self) -> None:
        """Let go of the directory."""
        self._db.close()

    def append(self, finding: Finding) -> int:
        observation = observation_of(finding)
        blob = finding.reading.blob
        sha256 = observation.blob.sha256 or None
        try:
            victims = self._victims(ROW_BYTES + len(blob))
            if sha256 is not None:
                self._write_blob(sha256, blob)
            with _transaction(self._db):
                dropped = [self._drop(victim) for victim in victims]
                counter = self._number("last") + 1
                self._db.execute(
                    "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, NULL)",
                    (
                        counter,
                        counter,
                        observation.SerializeToString(),
                        sha256,
                        len(blob),
                        finding.reading.is_alarm,
                    ),
                )
                self._set("last", counter)
                self._add_used(ROW_BYTES + len(blob))
            for unused in dropped:
                self._remove_unused(unused)
        except (OSError, sqlite3.Error) as error:
            raise SpoolError(f"result of order {finding.order_id} can't be written: {error}") from error
        return counter

    def last_counter(self) -> int:
        return self._number("last")

    def oldest_counter(self) -> int:
        row = self._db.execute("SELECT min(first_counter) FROM entries").fetchone()
        return int(row[0] or 0)

    def entry_after(self, counter: int) -> Entry | None:
        row = self._db.execute(
            "SELECT first_counter, last_counter, observation, reason FROM entries"
            " WHERE last_counter > ? ORDER BY first_counter LIMIT 1",
            (counter,),
        ).fetchone()
        if row is None:
            return None
        first, last, body, reason = row
        if body is None:
            return Gap(first, last, reason)
        observation = observation_pb2.Observation.FromString(body)
        observation.counter = first
        return Result(observation)

    def blob(self, sha256: str, offset_bytes: int, limit_bytes: int) -> bytes:
        try:
            with self._path(sha256).open("rb") as file:
                file.seek(offset_bytes)
                return file.read(limit_bytes)
        except OSError:
            return b""

    def acknowledge(self, through: int) -> None:
        done = self._db.execute(
            "SELECT observation IS NULL, blob_bytes, sha256 FROM entries WHERE last_counter <= ?", (through,)
        ).fetchall()
        if not done:
            return
        with _transaction(self._db):
            self._db.execute("DELETE FROM entries WHERE last_counter <= ?", (through,))
            self._add_used(-sum(ROW_BYTES + size for is_gap, size, _ in done if not is_gap))
        for sha256 in sorted({sha256 for _, _, sha256 in done if sha256 is not None}):
            self._remove_unused(sha256)

    def renumber(self, after: int) -> None:
        last = self._number("last")
        shift = after + 1 - (self.oldest_counter() or last + 1)
        if shift <= 0:
            return
        with _transaction(self._db):
            # By way of negative numbers: a primary key may not collide in between.
            self._db.execute("UPDATE entries SET first_counter = -first_counter - ?", (shift,))
            self._db.execute(
                "UPDATE entries SET first_counter = -first_counter, last_counter = last_counter + ?", (shift,)
            )
            self._set("last", last + shift)

    def _victims(self, needed_bytes: int) -> list[int]:
        """The oldest results that make room, no alarms. Raises SpoolFullError if they don't suffice."""
        excess_bytes = self._number("used_bytes") + needed_bytes - self._quota_bytes
        if excess_bytes <= 0:
            return []
        victims = []
        rows = self._db.execute(
            "SELECT first_counter, blob_bytes FROM entries"
            " WHERE observation IS NOT NULL AND NOT is_alarm ORDER BY first_counter"
        )
        for counter, blob_bytes in rows:
            victims.append(counter)
            excess_bytes -= ROW_BYTES + blob_bytes
            if excess_bytes <= 0:
                rows.close()
                return victims
        raise SpoolFullError(needed_bytes, self._quota_bytes)

    def _drop(self, counter: int) -> str:
        """Turn a result into a gap, or a part of the gap before it; returns its blob's name or nothing."""
        blob_bytes, sha256 = self._db.execute(
            "SELECT blob_bytes, sha256 FROM entries WHERE first_counter = ?", (counter,)
        ).fetchone()
        self._add_used(-(ROW_BYTES + blob_bytes))
        grown = self._db.execute(
            "UPDATE entries SET last_counter = ? WHERE observation IS NULL AND last_counter = ?",
            (counter, counter - 1),
        )
        if grown.rowcount:
            self._db.execute("DELETE FROM entries WHERE first_counter = ?", (counter,))
        else:
            self._db.execute(
                "UPDATE entries SET observation = NULL, sha256 = NULL, blob_bytes = 0, reason = ?"
                " WHERE first_counter = ?",
                (QUOTA_REASON, counter),
            )
        return str(sha256 or "")

    def _number(self, name: str) -> int:
        row = self._db.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
        return int(row[0])

    def _set(self, name: str, value: int) -> None:
        self._db.execute("UPDATE counters SET value = ? WHERE name = ?", (value, name))

    def _add_used(self, size_bytes: int) -> None:
        self._db.execute("UPDATE counters SET value = value + ? WHERE name = 'used_bytes'", (size_bytes,))

    def _path(self, sha256: str) -> Path:
        return self._blobs / sha256

    def _write_blob(self, sha256: str, blob: bytes) -> None:
        path = self._path(sha256)
        if path.exists():
            return
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(blob)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_directory(self._blobs)

    def _remove_unused(self, sha256: str) -> None:
        if not sha256:
            return
        used = self._db.execute("SELECT 1 FROM entries WHERE sha256 = ? LIMIT 1", (sha256,)).fetchone()
        if used is None:
            self._path(sha256).unlink(missing_ok=True)

    def _remove_orphans(self) -> None:
        for path in sorted(self._blobs.iterdir()):
            self._remove_unused(path.name)


class _transaction:  # noqa: N801  (reads as a statement)
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")


def sync_directory(directory: Path) -> None:
    """Make names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
