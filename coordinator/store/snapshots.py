"""
States kept beside the entries, so that recovery reads a few entries instead of all.

A snapshot is an aid: a bad one is passed over, because the entries alone rebuild the same state.
"""

from __future__ import annotations

import hashlib
import sqlite3
import struct
import zlib
from collections.abc import Iterator

from coordinator.store.chain import Link, as_hash
from coordinator.store.database import transaction
from coordinator.store.entry import Problem, Snapshot

KEPT_COUNT = 3
# Level 1: a snapshot is made while commits wait.
_LEVEL = 1

SnapshotRow = tuple[object, object, object, object]
"""seq, body, sha256, made_at_s, as they lie in the table."""


def save(connection: sqlite3.Connection, snapshot: Snapshot, link: Link) -> None:
    """Keep a snapshot of the state at a link, and drop all but the newest few."""
    made_at_s = float(snapshot.made_at_s) + 0.0
    row = (
        snapshot.seq,
        zlib.compress(snapshot.body, _LEVEL),
        _digest(snapshot.body, made_at_s, link),
        made_at_s,
    )
    with transaction(connection):
        connection.execute("INSERT OR REPLACE INTO snapshot (seq, body, sha256, made_at_s) VALUES (?, ?, ?, ?)", row)
        connection.execute(
            "DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)",
            (KEPT_COUNT,),
        )


def read_newest_good(connection: sqlite3.Connection, beginning: Link) -> tuple[Snapshot | None, tuple[Problem, ...]]:
    """The newest snapshot that is whole, and what is wrong with the newer ones."""
    problems: list[Problem] = []
    for found in read_each(connection, beginning):
        if isinstance(found, Snapshot):
            return found, tuple(problems)
        problems.append(found)
    return None, tuple(problems)


def read_each(connection: sqlite3.Connection, beginning: Link) -> Iterator[Snapshot | Problem]:
    """Every snapshot, or what is wrong with it, newest first; never raises for damage."""
    try:
        seqs = [row[0] for row in connection.execute("SELECT seq FROM snapshot ORDER BY seq DESC")]
    except sqlite3.DatabaseError as error:
        yield Problem(None, f"the snapshots can't be read: {error}")
        return
    for seq in seqs:
        yield _read_checked(connection, seq, beginning)


def _read_checked(connection: sqlite3.Connection, seq: int, beginning: Link) -> Snapshot | Problem:
    try:
        row: SnapshotRow | None = connection.execute(
            "SELECT seq, body, sha256, made_at_s FROM snapshot WHERE seq = ?", (seq,)
        ).fetchone()
        link = link_at(connection, seq, beginning)
    except sqlite3.DatabaseError as error:
        return Problem(seq, f"snapshot {seq} can't be read: {error}")
    if row is None:
        return Problem(seq, f"snapshot {seq} can't be found again")
    if link is None:
        return Problem(seq, f"snapshot {seq} is of an entry that the journal doesn't have")
    return _check(row, link)


def _check(row: SnapshotRow, link: Link) -> Snapshot | Problem:
    _, packed, digest, made_at_s = row
    if not isinstance(packed, bytes) or not isinstance(made_at_s, float):
        return Problem(link.seq, f"snapshot {link.seq} has a body or time of another type than was written")
    try:
        body = zlib.decompress(packed)
    except zlib.error as error:
        return Problem(link.seq, f"snapshot {link.seq} can't be unpacked: {error}")
    if digest != _digest(body, made_at_s, link):
        return Problem(link.seq, f"snapshot {link.seq} doesn't match its SHA-256")
    return Snapshot(link.seq, body, made_at_s)


def link_at(connection: sqlite3.Connection, seq: int, beginning: Link) -> Link | None:
    """The hash that an entry's row names, unchecked: whoever reads the entries behind it checks it."""
    if seq == beginning.seq:
        return beginning
    row = connection.execute("SELECT hash FROM entry WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else Link(seq, as_hash(row[0]))


def _digest(body: bytes, made_at_s: float, link: Link) -> bytes:
    # With the entry's hash in it, a snapshot fits one history, not one that was cut and went on differently.
    head = struct.pack(">Qd", link.seq, made_at_s)
    return hashlib.sha256(head + link.hash + body).digest()
