"""Snapshots shorten a restart and never decide what is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from coordinator.store.journal import Journal
from tests.coordinator.store.samples import (
    contents,
    filled_journal,
    open_journal,
    sample_entries,
    tamper,
)


def with_snapshots(path: Path, *seqs: int) -> Path:
    """A closed journal of 30 entries with snapshots."""
    with open_journal(filled_journal(path, 30)) as journal:
        for seq in seqs:
            journal.write_snapshot(seq, f"state {seq}".encode() * 50, made_at_s=2000.0 + seq)
    return path


def newest_seq(journal: Journal) -> int | None:
    """Where the newest whole snapshot is."""
    snapshot = journal.latest_snapshot()
    return None if snapshot is None else snapshot.seq


def test_the_newest_three_are_kept(journal_path: Path) -> None:
    """The newest state is found after a restart, and old ones don't pile up."""
    with_snapshots(journal_path, 0, 5, 10, 20, 28)

    with open_journal(journal_path) as journal:
        snapshot = journal.latest_snapshot()
        assert snapshot is not None
        assert (snapshot.seq, snapshot.made_at_s, journal.bad_snapshots) == (28, 2028.0, ())
        assert snapshot.body == b"state 28" * 50
        assert contents(journal, snapshot.seq) == sample_entries(29, 30)
    tamper(journal_path, "DELETE FROM snapshot WHERE seq > 10")
    with open_journal(journal_path) as journal:
        assert newest_seq(journal) == 10
    tamper(journal_path, "DELETE FROM snapshot WHERE seq = 10")
    with open_journal(journal_path) as journal:
        assert newest_seq(journal) is None


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE snapshot SET body = x'00' WHERE seq = 28", "snapshot 28 can't be unpacked"),
        ("UPDATE snapshot SET sha256 = x'00' WHERE seq = 28", "snapshot 28 doesn't match its SHA-256"),
        ("UPDATE snapshot SET made_at_s = 1 WHERE seq = 28", "snapshot 28 doesn't match its SHA-256"),
        ("UPDATE snapshot SET seq = 29 WHERE seq = 28", "snapshot 29 doesn't match its SHA-256"),
        ("UPDATE snapshot SET seq = 31 WHERE seq = 28", "snapshot 31 is of an entry that the journal"),
        ("UPDATE snapshot SET body = 'text' WHERE seq = 28", "snapshot 28 "),
    ],
)
def test_a_damaged_snapshot_is_passed_over_and_reported(journal_path: Path, statement: str, what: str) -> None:
    """A damaged state costs some time at the next start, because the one before it is used."""
    tamper(with_snapshots(journal_path, 10, 20, 28), statement)

    with open_journal(journal_path) as journal:
        assert newest_seq(journal) == 20
        (problem,) = journal.bad_snapshots
        assert problem.what.startswith(what)
        journal.write_snapshot(30, b"new", made_at_s=1.0)
        assert newest_seq(journal) == 30


def test_without_a_good_snapshot_all_is_read_from_the_entries(journal_path: Path) -> None:
    """If every snapshot is damaged the journal alone still rebuilds the state."""
    tamper(with_snapshots(journal_path, 10, 20, 28), "UPDATE snapshot SET body = x'00'")

    with open_journal(journal_path) as journal:
        assert newest_seq(journal) is None
        assert [problem.seq for problem in journal.bad_snapshots] == [28, 20, 10]
        assert contents(journal) == sample_entries(1, 30)
