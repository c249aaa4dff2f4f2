"""Content that changed behind the journal's back is found, named and cut off only on a person's order."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from coordinator.store.entry import Problem, Truncation
from coordinator.store.errors import (
    JournalCorruptError,
    JournalForeignError,
    JournalInUseError,
    RecoverRefusedError,
)
from coordinator.store.recover import truncate
from coordinator.store.verify import report_lines, verify
from tests.coordinator.store.samples import (
    contents,
    filled_journal,
    flip_bit,
    open_journal,
    sample_entries,
    sample_entry,
    tamper,
)

SWAP = [
    "CREATE TEMP TABLE pair AS SELECT * FROM entry WHERE seq IN (12, 13)",
    "DELETE FROM entry WHERE seq IN (12, 13)",
    "INSERT INTO entry SELECT 25 - seq, at_s, kind, body, crc, prev_hash, hash FROM pair",
]


def read_all(path: Path) -> JournalCorruptError:
    """The damage that opening and reading a journal reports."""
    with pytest.raises(JournalCorruptError) as caught, open_journal(path) as journal:
        list(journal.entries())
    return caught.value


@pytest.mark.parametrize(
    ("column", "what"),
    [
        ("body", "doesn't match its CRC"),
        ("kind", "doesn't match its CRC"),
        ("prev_hash", "doesn't follow entry 11"),
        ("hash", "doesn't match its hash"),
    ],
)
def test_row_11_a_flipped_bit_is_found_and_named(journal_path: Path, column: str, what: str) -> None:
    """One flipped bit in one entry stops the start and says which entry and which is the last good one."""
    flip_bit(filled_journal(journal_path, 30), column, 12)

    damage = read_all(journal_path)
    assert (damage.seq, damage.last_good_seq) == (12, 11)
    assert what in damage.what
    report = verify(journal_path)
    assert (report.entry_count, report.last_good_seq) == (30, 11)
    assert report.problems[0].seq == 12


@pytest.mark.parametrize(
    ("statements", "seq", "what"),
    [
        (["DELETE FROM entry WHERE seq = 12"], 12, "it's missing, the next one is 13"),
        (["DELETE FROM entry WHERE seq = 1"], 1, "it's missing, the next one is 2"),
        (SWAP, 12, "doesn't match its CRC"),
        (["UPDATE entry SET crc = crc + 1 WHERE seq = 12"], 12, "doesn't match its CRC"),
        (["UPDATE entry SET at_s = at_s + 1 WHERE seq = 12"], 12, "doesn't match its CRC"),
        (["UPDATE entry SET at_s = 'noon' WHERE seq = 12"], 12, "another type than was written"),
        (["UPDATE entry SET kind = x'ff' WHERE seq = 12"], 12, "another type|doesn't match its CRC"),
        (
            ["DELETE FROM entry WHERE seq > 28"],
            29,
            "entry 30 was committed last, but the last one there is 28",
        ),
        (["DELETE FROM entry"], 1, "the last one there is 0"),
        (["UPDATE entry SET body = x'00' WHERE seq = 30"], 30, "entry 30 isn't as it was appended"),
    ],
)
def test_row_11_removed_swapped_and_changed_entries_are_found(
    journal_path: Path, statements: list[str], seq: int, what: str
) -> None:
    """Whoever removes, swaps or rewrites entries, at the end too, is found out at the first such entry."""
    tamper(filled_journal(journal_path, 30), *statements)

    damage = read_all(journal_path)
    assert (damage.seq, damage.last_good_seq) == (seq, seq - 1)
    assert any(part in damage.what for part in what.split("|"))
    report = verify(journal_path)
    assert report.last_good_seq == seq - 1
    assert not report.is_good


def test_an_entry_resealed_by_somebody_breaks_the_next_one(journal_path: Path, tmp_path: Path) -> None:
    """An entry of another log with a right CRC and hash of its own doesn't fit into the chain."""
    filled_journal(journal_path, 30)
    other = filled_journal(tmp_path / "other.db", 30)
    tamper(
        journal_path,
        f"ATTACH '{other}' AS other",
        "DELETE FROM entry WHERE seq = 12",
        "INSERT INTO entry SELECT * FROM other.entry WHERE seq = 12",
    )

    damage = read_all(journal_path)
    assert (damage.seq, damage.what) == (12, "it doesn't follow entry 11: the predecessor's hash differs")


def test_damage_before_the_snapshot_does_not_stop_reading_behind_it(journal_path: Path) -> None:
    """Recovery from a snapshot reads only what came after; the whole chain is verify's work."""
    filled_journal(journal_path, 30)
    flip_bit(journal_path, "body", 12)

    with open_journal(journal_path) as journal:
        assert contents(journal, after_seq=20) == sample_entries(21, 30)
        with pytest.raises(JournalCorruptError) as caught:
            contents(journal, after_seq=12)
    assert (caught.value.seq, caught.value.last_good_seq) == (12, 11)


def test_verify_names_every_damaged_entry(journal_path: Path) -> None:
    """The report lists each damaged place, not only the first, in words a person can act on."""
    filled_journal(journal_path, 30)
    for seq in (5, 20):
        flip_bit(journal_path, "body", seq)
    tamper(journal_path, "DELETE FROM entry WHERE seq = 27")

    report = verify(journal_path)
    assert [problem.seq for problem in report.problems] == [5, 20, 27]
    assert report.problems[2] == Problem(27, "it's missing, the next one is 28")
    assert "PROBLEM at 20: its content doesn't match its CRC" in report_lines(report)


def test_verify_works_while_the_coordinator_appends(journal_path: Path) -> None:
    """Checking the journal needs no stop: it sees whole commits and takes no lock."""
    with open_journal(journal_path) as journal:
        for last in range(10, 60, 10):
            journal.append(sample_entries(last - 9, last))
            journal.write_snapshot(last, b"state", made_at_s=float(last))
            report = verify(journal_path)
            assert (report.entry_count, report.last_good_seq) == (last, last)
            assert (report.head_hash, report.log_id) == (journal.head_hash, journal.log_id)
            assert report_lines(report)[-1] == "no problem found"
    assert report.snapshot_count == 3


def test_verify_refuses_what_is_no_journal(tmp_path: Path) -> None:
    """Asking for the check of a wrong file is answered as such and makes no file."""
    empty = tmp_path / "empty.db"
    empty.touch()

    with pytest.raises(JournalForeignError, match="it's empty"):
        verify(empty)
    with pytest.raises(Exception, match="unable to open"):
        verify(tmp_path / "missing.db")
    assert not (tmp_path / "missing.db").exists()


@pytest.mark.parametrize("page_number", range(1, 12))
def test_a_page_of_garbage_is_damage_and_not_a_crash(journal_path: Path, page_number: int) -> None:
    """A disk block full of garbage is reported, and entries are right or not given at all."""
    filled_journal(journal_path, 200)
    content = bytearray(journal_path.read_bytes())
    content[(page_number - 1) * 4096 : page_number * 4096] = b"\xa5" * 4096
    journal_path.write_bytes(content)

    with suppress(JournalCorruptError, JournalForeignError):
        assert not verify(journal_path).is_good
    with suppress(JournalCorruptError, JournalForeignError), open_journal(journal_path) as journal:
        assert journal.latest_snapshot() is None
        assert contents(journal) == sample_entries(1, 200)


def test_truncating_rebuilds_a_file_whose_pages_are_damaged(journal_path: Path) -> None:
    """A database that SQLite itself calls malformed is whole again after the cut."""
    filled_journal(journal_path, 400)
    content = bytearray(journal_path.read_bytes())
    content[-2 * 4096 :] = b"\xa5" * 2 * 4096
    journal_path.write_bytes(content)
    last_good_seq = verify(journal_path).last_good_seq
    assert 0 < last_good_seq < 400

    truncate(journal_path, last_good_seq)
    with open_journal(journal_path) as journal:
        assert contents(journal) == sample_entries(1, last_good_seq)
    assert verify(journal_path).is_good


def test_row_11_truncating_keeps_the_good_part_and_a_copy_of_all(journal_path: Path) -> None:
    """A person cuts behind the last good entry; the rest stays in a copy, the cut on record."""
    with open_journal(journal_path) as journal:
        journal.append(sample_entries(1, 30))
        for seq in (5, 10, 20):
            journal.write_snapshot(seq, f"state {seq}".encode(), made_at_s=1.0)
        log_id = journal.log_id
    flip_bit(journal_path, "body", 12)
    damaged = journal_path.read_bytes()

    done = truncate(journal_path, 11)

    assert (done.keep_seq, done.lost_count) == (11, 19)
    assert done.backup.read_bytes() == damaged
    assert verify(journal_path).is_good
    with open_journal(journal_path) as journal:
        assert journal.log_id == log_id
        assert contents(journal) == sample_entries(1, 11)
        newest = journal.latest_snapshot()
        assert newest is not None
        assert (newest.seq, newest.body, journal.bad_snapshots) == (10, b"state 10", ())
        assert journal.truncations() == (Truncation(11, 19, done.backup.name),)
        assert journal.append([sample_entry(12)]) == 12


def test_truncating_heals_a_lost_end(journal_path: Path) -> None:
    """Entries lost at the end are given up on order, and the journal goes on from the last one there."""
    filled_journal(journal_path, 30)
    tamper(journal_path, "DELETE FROM entry WHERE seq > 25")

    assert truncate(journal_path, 25).lost_count == 5
    with open_journal(journal_path) as journal:
        assert contents(journal) == sample_entries(1, 25)


def test_truncating_after_kill_9_keeps_what_was_in_the_write_ahead_log(journal_path: Path, tmp_path: Path) -> None:
    """A journal that was never closed is cut as well as any other."""
    with open_journal(journal_path) as journal:
        journal.append(sample_entries(1, 30))
        killed = tmp_path / "killed" / "journal.db"
        killed.parent.mkdir()
        for suffix in ("", "-wal"):
            source = journal_path.with_name(journal_path.name + suffix)
            killed.with_name(killed.name + suffix).write_bytes(source.read_bytes())

    truncate(killed, 20)
    truncate(killed, 15)

    with open_journal(killed) as journal:
        assert contents(journal) == sample_entries(1, 15)
        assert [cut.keep_seq for cut in journal.truncations()] == [20, 15]


@pytest.mark.parametrize(("keep_seq", "reason"), [(12, "last good entry is 11"), (-1, "last good entry is 11")])
def test_truncating_behind_the_damage_is_refused(journal_path: Path, keep_seq: int, reason: str) -> None:
    """A cut that would keep the damage changes nothing at all."""
    flip_bit(filled_journal(journal_path, 30), "body", 12)
    before = journal_path.read_bytes()

    with pytest.raises(RecoverRefusedError, match=reason):
        truncate(journal_path, keep_seq)
    assert journal_path.read_bytes() == before
    assert sorted(file.name for file in journal_path.parent.glob("*before-cut*")) == []


def test_truncating_a_whole_journal_at_its_end_is_refused(journal_path: Path) -> None:
    """Nothing to cut, nothing done; the same for a journal that isn't there."""
    filled_journal(journal_path, 30)

    with pytest.raises(RecoverRefusedError, match="nothing is behind it"):
        truncate(journal_path, 30)
    with pytest.raises(RecoverRefusedError, match="no such file"):
        truncate(journal_path.with_name("missing.db"), 1)


def test_truncating_under_a_running_coordinator_is_refused(journal_path: Path) -> None:
    """A journal in use is never cut."""
    with open_journal(journal_path) as journal:
        journal.append(sample_entries(1, 30))
        with pytest.raises(JournalInUseError):
            truncate(journal_path, 10)
        assert contents(journal) == sample_entries(1, 30)
