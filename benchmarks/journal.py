"""
How many events a second the journal makes durable, and how soon each is acknowledged.

Many tasks append one event of 300 bytes at a time, each waiting for its acknowledgement, through the group
writer; beside it one event a commit, and SQLite alone (`executemany` of as many rows as there are tasks, no
hashes, no event loop) as the bound. All with synchronous=FULL, in turns, each round in fresh files.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sqlite3
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.options import parse_options
from benchmarks.report import Figure, Sense, print_report
from coordinator.store.entry import NewEntry
from coordinator.store.journal import Journal
from coordinator.store.writer import GroupWriter

APPENDER_COUNT = 256
BODY_BYTES = 300
# Of notes/reliability.md: 5,000 durable events a second, half of them acknowledged within 5 ms, 99 in 100 in 250.
GOAL_PER_S, GOAL_P50_MS, GOAL_P99_MS = 5000.0, 5.0, 250.0
ROUND_S, ROUNDS = 5.0, 5
QUICK_ROUND_S, QUICK_ROUNDS = 0.5, 3


@dataclass(frozen=True, slots=True)
class Appended:
    """What one round made durable, and how long acknowledgements took, sorted."""

    per_s: float
    per_commit: float
    acks_s: list[float]

    def ack_ms(self, share: float) -> float:
        """The time within which that share of the events was acknowledged."""
        return 1000.0 * self.acks_s[min(len(self.acks_s) - 1, int(share * len(self.acks_s)))]


async def append_in_groups(path: Path, entries: list[NewEntry], *, for_s: float) -> Appended:
    """Many tasks through the group writer."""
    writer = await GroupWriter.open(path, lambda: Journal.open(path, plant_id="bench"), max_waiting_entries=10_000)
    acks_s: list[float] = []
    turns = itertools.cycle(entries)
    begin_s = time.perf_counter()
    until_s = begin_s + for_s

    async def append_on() -> None:
        while (sent_s := time.perf_counter()) < until_s:
            await writer.append((next(turns),))
            acks_s.append(time.perf_counter() - sent_s)

    async with writer:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(APPENDER_COUNT):
                tasks.create_task(append_on())
        spent_s = time.perf_counter() - begin_s
        commit_count = writer.commit_count
    return Appended(len(acks_s) / spent_s, len(acks_s) / commit_count, sorted(acks_s))


def append_singly(path: Path, entries: list[NewEntry], *, for_s: float) -> Appended:
    """One event a commit."""
    journal = Journal.open(path, plant_id="bench")
    acks_s: list[float] = []
    begin_s = time.perf_counter()
    for entry in itertools.cycle(entries):
        sent_s = time.perf_counter()
        if sent_s - begin_s >= for_s:
            break
        journal.append((entry,))
        acks_s.append(time.perf_counter() - sent_s)
    spent_s = time.perf_counter() - begin_s
    journal.close()
    return Appended(len(acks_s) / spent_s, 1.0, sorted(acks_s))


def insert_rows(path: Path, entries: list[NewEntry], *, for_s: float) -> float:
    """SQLite alone, in batches; rows a second."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, at_s REAL, kind TEXT, body BLOB)")
    rows = [(entry.at_s, entry.kind, entry.body) for entry in entries]
    count = 0
    begin_s = time.perf_counter()
    while time.perf_counter() - begin_s < for_s:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO entry (at_s, kind, body) VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
        count += len(rows)
    spent_s = time.perf_counter() - begin_s
    connection.close()
    return count / spent_s


def main() -> None:
    """Measure and print."""
    options = parse_options("benchmarks.journal", __doc__)
    for_s, rounds = (QUICK_ROUND_S, QUICK_ROUNDS) if options.is_quick else (ROUND_S, ROUNDS)
    chance = random.Random(options.seed)
    entries = [NewEntry("StepPassed", chance.randbytes(BODY_BYTES), float(i)) for i in range(APPENDER_COUNT)]
    groups: list[Appended] = []
    singles: list[Appended] = []
    bounds: list[float] = []
    with tempfile.TemporaryDirectory(prefix="roundsman-bench-") as name:
        folder = Path(name)
        for i in range(rounds):
            groups.append(asyncio.run(append_in_groups(folder / f"group-{i}.sqlite3", entries, for_s=for_s)))
            singles.append(append_singly(folder / f"single-{i}.sqlite3", entries, for_s=for_s))
            bounds.append(insert_rows(folder / f"bound-{i}.sqlite3", entries, for_s=for_s))
    per_commit = statistics.median(group.per_commit for group in groups)
    notes = [
        f"{APPENDER_COUNT} tasks, {BODY_BYTES} bytes an event, {rounds} rounds of {for_s:g} s, synchronous=FULL",
        f"{per_commit:.0f} events share a commit",
        f"files in {tempfile.gettempdir()}: set TMPDIR to measure another disk; a memory file system tells nothing",
    ]
    print_report("journal", _figures(groups, singles, bounds), seed=options.seed, notes=notes)


def _figures(groups: list[Appended], singles: list[Appended], bounds: list[float]) -> list[Figure]:
    single_per_s = statistics.median(single.per_s for single in singles)
    bound_per_s = statistics.median(bounds)
    p50, p99 = [[group.ack_ms(share) for group in groups] for share in (0.5, 0.99)]
    single_p50, single_p99 = [statistics.median(one.ack_ms(share) for one in singles) for share in (0.5, 0.99)]
    peers = {"single commits": single_per_s, "SQLite executemany": bound_per_s}
    gain = [group.per_s / single.per_s for group, single in zip(groups, singles, strict=True)]
    share = [group.per_s / bound for group, bound in zip(groups, bounds, strict=True)]
    return [
        Figure("durable_events", [group.per_s for group in groups], "1/s", Sense.MAX, GOAL_PER_S, peers),
        Figure("ack_p50", p50, "ms", Sense.MIN, GOAL_P50_MS, {"single commits": single_p50}),
        Figure("ack_p99", p99, "ms", Sense.MIN, GOAL_P99_MS, {"single commits": single_p99}),
        Figure("gain_over_single_commits", gain, "x", Sense.MAX),
        Figure("share_of_sqlite", share, "ratio", Sense.MAX, None, {"SQLite executemany": 1.0}),
    ]


if __name__ == "__main__":
    main()
