"""A journal's whole chain, checked from outside while its writer goes on."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from coordinator.store import database, snapshots
from coordinator.store.chain import BrokenLinkError, Link, as_hash, check_row
from coordinator.store.entry import Problem, Truncation
from coordinator.store.errors import JournalForeignError

# Beyond this many the list helps nobody; the first one decides where to truncate.
MAX_PROBLEMS = 20
_READ_COUNT = 1000


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """
    What a journal holds and what is wrong with it.

    Attributes:
        entry_count: Rows found, good or not.
        last_good_seq: Last entry of the unbroken chain from entry 1 on.
        head_hash: Hash of that entry; note it elsewhere to prove later that nothing before it changed.
        snapshot_count: Whole snapshots.
        problems: In the order of the journal, at most MAX_PROBLEMS; empty if all is well.
        truncations: Cuts made by people before.
    """

    path: Path
    log_id: str
    plant_id: str
    entry_count: int
    last_good_seq: int
    head_hash: bytes
    snapshot_count: int
    problems: tuple[Problem, ...]
    truncations: tuple[Truncation, ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def verify(path: Path) -> VerifyReport:
    """
    Check every entry, every snapshot and the database itself, as of now.

    Takes no lock that the writer waits for, and goes on after a damaged entry, so that each one is named.

    Raises:
        JournalForeignError: If it isn't a journal.
        StoreError: If there's nothing that can be read at all.
    """
    try:
        connection = database.connect_to_read(path)
        try:
            connection.execute("BEGIN")
            if database.is_blank(connection):
                raise JournalForeignError(path, "isn't a Roundsman journal: it's empty")
            return _report(connection, path)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise database.translate(error, path) from error


def _report(connection: sqlite3.Connection, path: Path) -> VerifyReport:
    identity = database.read_identity(connection, path)
    walker = _Walker(identity.beginning)
    walker.walk(connection)
    problems = list(walker.problems)
    head = database.read_head(connection)
    if head != walker.end:
        committed = "lost" if head is None else f"at entry {head.seq}"
        problems.append(Problem(None, f"the head is {committed}, the entries end at {walker.end.seq}"))
    checked = list(snapshots.read_each(connection, identity.beginning))
    bad_snapshots = [found for found in checked if isinstance(found, Problem)]
    problems += bad_snapshots + _structure_problems(connection)
    try:
        cuts = database.read_truncations(connection)
    except sqlite3.DatabaseError as error:
        cuts = ()
        problems.append(Problem(None, f"the marks of cuts can't be read: {error}"))
    return VerifyReport(
        path=path,
        log_id=identity.log_id,
        plant_id=identity.plant_id,
        entry_count=walker.entry_count,
        last_good_seq=walker.good.seq,
        head_hash=walker.good.hash,
        snapshot_count=len(checked) - len(bad_snapshots),
        problems=tuple(problems[:MAX_PROBLEMS]),
        truncations=cuts,
    )


def _structure_problems(connection: sqlite3.Connection) -> list[Problem]:
    try:
        rows = connection.execute(f"PRAGMA quick_check({MAX_PROBLEMS})").fetchall()
    except sqlite3.DatabaseError as error:
        return [Problem(None, f"the database can't be checked: {error}")]
    texts = [row[0].decode(errors="replace") for row in rows]
    return [Problem(None, f"the database says: {text}") for text in texts if text != "ok"]


class _Walker:
    """Goes along the rows; after a bad one it goes on from what that row says of itself."""

    def __init__(self, beginning: Link) -> None:
        self.good = beginning
        self.end = beginning
        self.entry_count = 0
        self.problems: list[Problem] = []

    def walk(self, connection: sqlite3.Connection) -> None:
        while True:
            try:
                rows = database.read_rows(connection, self.end.seq, _READ_COUNT)
            except sqlite3.DatabaseError as error:
                self.problems.append(Problem(self.end.seq + 1, f"it can't be read: {error}"))
                return
            if not rows:
                return
            for row in rows:
                self._step(row)

    def _step(self, row: tuple[object, ...]) -> None:
        self.entry_count += 1
        seq = row[0]
        assert isinstance(seq, int), "a row is found by its integer key"
        try:
            entry = check_row(row, self.end)
        except BrokenLinkError as broken:
            self.problems.append(Problem(broken.seq, broken.what))
            self.end = Link(seq, as_hash(row[6]))
            return
        self.end = Link(seq, entry.hash)
        if not self.problems:
            self.good = self.end


def report_lines(report: VerifyReport) -> list[str]:
    """The report as a person reads it."""
    lines = [
        f"journal {report.path} of plant {report.plant_id} (log {report.log_id})",
        f"entries {report.entry_count}, last good {report.last_good_seq}, head {report.head_hash.hex()}",
        f"whole snapshots {report.snapshot_count}",
    ]
    lines += [f"cut at {cut.keep_seq} before, copy in {cut.backup}" for cut in report.truncations]
    lines += [
        f"PROBLEM {problem.what}" if problem.seq is None else f"PROBLEM at {problem.seq}: {problem.what}"
        for problem in report.problems
    ]
    return lines if report.problems else [*lines, "no problem found"]
