"""Reading a chain out of a database, without trusting it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from coordinator.store import database
from coordinator.store.chain import BrokenLinkError, Link, as_hash, check_row
from coordinator.store.entry import Entry
from coordinator.store.errors import JournalCorruptError

# Rows read at once, so that no cursor stays open between entries and holds up checkpoints.
_READ_COUNT = 1000


def walk(connection: sqlite3.Connection, after: Link, last_seq: int) -> Iterator[Entry]:
    """
    Entries behind a link up to the last one, each checked.

    Raises:
        BrokenLinkError: At the first entry that's missing, unreadable or not as it was appended.
    """
    while after.seq < last_seq:
        try:
            rows = database.read_rows(connection, after.seq, min(_READ_COUNT, last_seq - after.seq))
        except sqlite3.DatabaseError as error:
            raise BrokenLinkError(after.seq + 1, f"it can't be read: {error}") from error
        if not rows:
            raise BrokenLinkError(after.seq + 1, f"it's missing, {last_seq} was committed")
        for row in rows:
            entry = check_row(row, after)
            after = Link(entry.seq, entry.hash)
            yield entry


def walk_after(connection: sqlite3.Connection, beginning: Link, after_seq: int, last_seq: int) -> Iterator[Entry]:
    """
    Entries behind a seq; the entry at that seq is checked by itself, not those before it.

    Raises:
        BrokenLinkError: As walk does; if entry after_seq is damaged, at the first damage from entry 1 on.
    """
    start = link_at(connection, after_seq, beginning)
    if start is None:
        for _ in walk(connection, beginning, after_seq):
            pass
        raise BrokenLinkError(after_seq, "it can't be read")
    yield from walk(connection, start, last_seq)


def link_at(connection: sqlite3.Connection, seq: int, beginning: Link) -> Link | None:
    """The link of an entry, if its content fits its own CRC and hash."""
    if seq == beginning.seq:
        return beginning
    try:
        row = connection.execute(database.SELECT_ENTRY, (seq,)).fetchone()
        if row is None:
            return None
        return Link(seq, check_row(row, Link(seq - 1, as_hash(row[5]))).hash)
    except (sqlite3.DatabaseError, BrokenLinkError):
        return None


def last_good_seq(connection: sqlite3.Connection, beginning: Link, last_seq: int) -> int:
    """Where the unbroken part of the chain ends; reads all of it."""
    seq = 0
    try:
        for entry in walk(connection, beginning, last_seq):
            seq = entry.seq
    except BrokenLinkError:
        pass
    return seq


def read_checked_head(connection: sqlite3.Connection, beginning: Link, path: Path) -> Link:
    """
    The link of the last committed entry.

    Raises:
        JournalCorruptError: If the entries don't end there.
    """
    head = database.read_head(connection)
    problem = _head_problem(connection, beginning, head)
    if head is None or problem is not None:
        end_seq = known_end_seq(connection)
        good_seq = last_good_seq(connection, beginning, end_seq)
        at_seq = good_seq + 1 if good_seq < end_seq else None
        raise JournalCorruptError(at_seq, problem or "its head is lost", good_seq, path=path)
    return head


def known_end_seq(connection: sqlite3.Connection) -> int:
    """Seq of the last entry that is there or was committed, as far as that can still be read."""
    head = database.read_head(connection)
    head_seq = 0 if head is None else head.seq
    try:
        return max(head_seq, database.read_last_seq(connection))
    except sqlite3.DatabaseError:
        return head_seq


def _head_problem(connection: sqlite3.Connection, beginning: Link, head: Link | None) -> str | None:
    """What doesn't fit between the head and the end of the entries."""
    if head is None:
        return "the record of the last committed entry is lost"
    try:
        last_seq = database.read_last_seq(connection)
    except sqlite3.DatabaseError as error:
        return f"the last entry can't be read: {error}"
    if last_seq != head.seq:
        return f"entry {head.seq} was committed last, but the last one there is {last_seq}"
    link = link_at(connection, head.seq, beginning)
    if link is None:
        return f"entry {head.seq} isn't as it was appended"
    if link != head:
        return f"entry {head.seq} isn't the one that was committed last"
    return None
