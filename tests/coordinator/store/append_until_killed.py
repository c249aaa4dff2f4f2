"""A program for the kill tests: appends for ever and prints each acknowledged seq on a line."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from coordinator.store.writer import GroupWriter
from tests.coordinator.store.samples import open_journal, sample_entries, sample_entry


def append_alone(path: Path) -> None:
    """Append a few at a time from one thread."""
    with open_journal(path) as journal:
        while True:
            count = 1 + journal.last_seq % 5
            journal.append(sample_entries(journal.last_seq + 1, journal.last_seq + count))
            print(journal.last_seq, flush=True)


async def append_in_groups(path: Path) -> None:
    """Append from tasks that share commits."""
    writer = await GroupWriter.open(path, lambda: open_journal(path), max_waiting_entries=1000)
    number = writer.last_seq

    async def append_one(wanted: int) -> None:
        seq = await writer.append([sample_entry(wanted)])
        assert seq == wanted, f"entry {wanted} was acknowledged as {seq}"
        print(seq, flush=True)

    while True:
        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                number += 1
                group.create_task(append_one(number))


if __name__ == "__main__":
    if sys.argv[1] == "alone":
        append_alone(Path(sys.argv[2]))
    else:
        asyncio.run(append_in_groups(Path(sys.argv[2])))
