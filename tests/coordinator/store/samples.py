"""Entries and journals that the tests of the store share."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from coordinator.store.entry import NewEntry
from coordinator.store.journal import Journal

PLANT = "refinery-north"


def sample_entry(number: int) -> NewEntry:
    """An entry whose content follows from its number."""
    body = f'{{"robot_id":"spot-{number % 7}","number":{number},"note":"{"x" * (number % 50)}"}}'
    return NewEntry(kind="RouteReleased", body=body.encode(), at_s=1000.0 + number / 8)


def sample_entries(first: int, last: int) -> list[NewEntry]:
    """Entries of consecutive numbers."""
    return [sample_entry(number) for number in range(first, last + 1)]


def open_journal(path: Path, **options: Any) -> Journal:
    """The sample plant's journal."""
    return Journal.open(path, plant_id=PLANT, **options)


def filled_journal(path: Path, count: int) -> Path:
    """A closed journal with that many sample entries, committed in tens."""
    with open_journal(path) as journal:
        for first in range(1, count + 1, 10):
            journal.append(sample_entries(first, min(first + 9, count)))
    return path


def tamper(path: Path, *statements: str) -> None:
    """Change a closed journal behind its back."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def flip_bit(path: Path, column: str, seq: int) -> None:
    """Flip the lowest bit in the middle of a value of one entry."""
    connection = sqlite3.connect(path, isolation_level=None)
    (value,) = connection.execute(f"SELECT CAST({column} AS BLOB) FROM entry WHERE seq = ?", (seq,)).fetchone()
    flipped = bytearray(value)
    flipped[len(flipped) // 2] ^= 1
    connection.execute(f"UPDATE entry SET {column} = ? WHERE seq = ?", (bytes(flipped), seq))
    connection.close()


def contents(journal: Journal, after_seq: int = 0) -> list[NewEntry]:
    """What the journal holds, as it was handed in."""
    return [NewEntry(entry.kind, entry.body, entry.at_s) for entry in journal.entries(after_seq)]
