"""The SQLite file under a journal: how it's opened, its tables, and what its errors mean."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coordinator.store.chain import Link, Row, as_hash, first_link
from coordinator.store.entry import Truncation
from coordinator.store.errors import (
    JournalBusyError,
    JournalCorruptError,
    JournalDiskError,
    JournalForeignError,
    JournalFullError,
    StoreError,
)

FORMAT_VERSION = 1
# Bytes of the write-ahead log kept after a checkpoint; a long reader may let it grow beyond.
_WAL_KEPT_BYTES = 64 * 1024 * 1024

# The head repeats the last entry's seq and hash: without it, a chain cut off at the end would look whole.
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY, at_s REAL NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
    crc INTEGER NOT NULL, prev_hash BLOB NOT NULL, hash BLOB NOT NULL
);
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL);
CREATE TABLE snapshot (
    seq INTEGER PRIMARY KEY, body BLOB NOT NULL, sha256 BLOB NOT NULL, made_at_s REAL NOT NULL
);
CREATE TABLE truncation (
    number INTEGER PRIMARY KEY, keep_seq INTEGER NOT NULL, lost_count INTEGER NOT NULL, backup TEXT NOT NULL
);
"""
_COLUMNS = "seq, at_s, kind, body, crc, prev_hash, hash"
SELECT_ENTRIES = f"SELECT {_COLUMNS} FROM entry WHERE seq > ? ORDER BY seq LIMIT ?"
SELECT_ENTRY = f"SELECT {_COLUMNS} FROM entry WHERE seq = ?"
INSERT_ENTRY = f"INSERT INTO entry ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose journal a file is."""

    log_id: str
    plant_id: str
    format_version: int

    @property
    def beginning(self) -> Link:
        """The link that entry 1 follows."""
        return first_link(self.log_id, self.plant_id)


def connect_to_write(path: Path, *, busy_timeout_s: float) -> sqlite3.Connection:
    """
    A connection for the one writer, for the calling thread only. The file is made if there's none.

    Raises:
        sqlite3.Error: If the file is damaged, locked or out of reach.
    """
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        sync_directory(path.parent)
    connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None)
    try:
        _prepare(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL, because NORMAL may lose the last acknowledged commits when the power fails.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """
    A connection that can't change anything and doesn't disturb the writer.

    Raises:
        sqlite3.Error: If there's no such file or it's damaged.
    """
    uri = f"{path.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    _prepare(connection)
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    # Text as bytes, so that a flipped bit in a kind is a problem of that entry and not of the decoder.
    connection.text_factory = bytes
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, with the write lock from the start."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_blank(connection: sqlite3.Connection) -> bool:
    """Whether the file has no tables: it's new, or its maker died before the first commit."""
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def create_tables(connection: sqlite3.Connection, plant_id: str, *, log_id: str | None = None) -> Identity:
    """Turn a blank file into an empty journal, in one transaction."""
    identity = Identity(log_id or secrets.token_hex(16), plant_id, FORMAT_VERSION)
    names = {"log_id": identity.log_id, "plant_id": plant_id, "format_version": str(FORMAT_VERSION)}
    with transaction(connection):
        for statement in _SCHEMA.strip().rstrip(";").split(";"):
            connection.execute(statement)
        connection.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", sorted(names.items()))
        connection.execute("INSERT INTO head (one, seq, hash) VALUES (1, 0, ?)", (identity.beginning.hash,))
    return identity


def read_identity(connection: sqlite3.Connection, path: Path) -> Identity:
    """
    Whose journal this is.

    Raises:
        JournalForeignError: If it isn't a journal, or one of a format this program doesn't know.
    """
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {b"meta", b"entry", b"head", b"snapshot", b"truncation"} <= tables:
        raise JournalForeignError(path, "isn't a Roundsman journal: its tables are missing")
    values = {
        name.decode(errors="replace"): value.decode(errors="replace")
        for name, value in connection.execute("SELECT name, value FROM meta")
    }
    version = values.get("format_version", "none")
    if version != str(FORMAT_VERSION):
        raise JournalForeignError(path, f"has format {version}, this program knows format {FORMAT_VERSION}")
    if "log_id" not in values or "plant_id" not in values:
        raise JournalCorruptError(None, "the plant or the log has no name in it", None, path=path)
    return Identity(values["log_id"], values["plant_id"], FORMAT_VERSION)


def read_head(connection: sqlite3.Connection) -> Link | None:
    """The seq and hash that the last commit left behind; None if that row is lost or can't be read."""
    try:
        row = connection.execute("SELECT seq, hash FROM head WHERE one = 1").fetchone()
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise
        return None
    if row is None or not isinstance(row[0], int):
        return None
    return Link(row[0], as_hash(row[1]))


def read_last_seq(connection: sqlite3.Connection) -> int:
    """Seq of the last row, whatever it holds; 0 if there's none."""
    last_seq: int = connection.execute("SELECT coalesce(max(seq), 0) FROM entry").fetchone()[0]
    return last_seq


def read_rows(connection: sqlite3.Connection, after_seq: int, limit: int) -> list[Row]:
    """
    The next rows behind a seq, in order; fewer than there are if a damaged page follows.

    Raises:
        sqlite3.DatabaseError: If already the first of them can't be read.
    """
    try:
        return connection.execute(SELECT_ENTRIES, (after_seq, limit)).fetchall()
    except sqlite3.DatabaseError:
        if limit == 1:
            raise
    rows: list[Row] = []
    while len(rows) < limit:
        try:
            (row,) = connection.execute(SELECT_ENTRIES, (after_seq, 1)).fetchall() or [()]
        except sqlite3.DatabaseError:
            if rows:
                break
            raise
        if not row:
            break
        rows.append(row)
        after_seq = row[0]
    return rows


def read_truncations(connection: sqlite3.Connection) -> tuple[Truncation, ...]:
    """Cuts made by people, oldest first."""
    rows = connection.execute("SELECT keep_seq, lost_count, backup FROM truncation ORDER BY number")
    return tuple(Truncation(keep, lost, backup.decode(errors="replace")) for keep, lost, backup in rows)


def translate(error: sqlite3.Error, path: Path) -> StoreError:
    """What an error of SQLite means to the caller."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    primary = code & 0xFF
    # No room for the shared index of the write-ahead log has a code of its own.
    if primary == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return JournalFullError(path, str(error))
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return JournalBusyError(path, f"somebody else holds the database ({error})")
    if _is_damage(error) or primary == sqlite3.SQLITE_CONSTRAINT:
        return JournalCorruptError(None, str(error), None, path=path)
    return JournalDiskError(path, str(error))


def _is_damage(error: sqlite3.Error) -> bool:
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
