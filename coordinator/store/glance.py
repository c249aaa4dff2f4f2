"""A look into a journal whose coordinator may be running."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from coordinator.store import database, reading
from coordinator.store.chain import BrokenLinkError
from coordinator.store.entry import Entry
from coordinator.store.errors import JournalCorruptError


def read_entries(path: Path, after_seq: int = 0) -> Iterator[Entry]:
    """
    Entries behind a number, each checked; takes no lock that the writer waits for.

    Raises:
        StoreError: If there's no journal, or it's damaged.
    """
    try:
        connection = database.connect_to_read(path)
        try:
            connection.execute("BEGIN")
            identity = database.read_identity(connection, path)
            head = reading.read_checked_head(connection, identity.beginning, path)
            if after_seq < head.seq:
                yield from reading.walk_after(connection, identity.beginning, after_seq, head.seq)
        finally:
            connection.close()
    except BrokenLinkError as broken:
        raise JournalCorruptError(broken.seq, broken.what, broken.seq - 1, path=path) from None
    except sqlite3.Error as error:
        raise database.translate(error, path) from error
