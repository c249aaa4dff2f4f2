"""What the journal promises in ordinary times, and whom it refuses."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordinator.store.entry import MAX_BODY_BYTES, NewEntry
from coordinator.store.errors import (
    JournalBusyError,
    JournalClosedError,
    JournalCorruptError,
    JournalForeignError,
    JournalFullError,
    JournalInUseError,
)
from coordinator.store.journal import Journal
from tests.coordinator.store.samples import (
    PLANT,
    contents,
    filled_journal,
    open_journal,
    sample_entries,
    sample_entry,
    tamper,
)


def fill(journal: Journal) -> None:
    """Append until the journal refuses."""
    while True:
        journal.append(sample_entries(journal.last_seq + 1, journal.last_seq + 20))


def test_what_was_appended_is_read_back_after_opening_again(journal_path: Path) -> None:
    """A restarted coordinator reads what happened before, in order."""
    with open_journal(journal_path) as journal:
        assert (journal.last_seq, contents(journal)) == (0, [])
        assert journal.append(sample_entries(1, 3)) == 3
        assert journal.append([]) == 3
        assert journal.append(sample_entries(4, 4)) == 4
        log_id, head_hash = journal.log_id, journal.head_hash

    with open_journal(journal_path) as journal:
        assert (journal.last_seq, journal.log_id, journal.head_hash) == (4, log_id, head_hash)
        assert contents(journal) == sample_entries(1, 4)
        assert contents(journal, after_seq=2) == sample_entries(3, 4)
        assert [entry.seq for entry in journal.entries(after_seq=4)] == []


def test_reading_goes_on_while_entries_are_appended(journal_path: Path) -> None:
    """A long reading of the journal doesn't stop the coordinator from appending."""
    with open_journal(journal_path) as journal:
        journal.append(sample_entries(1, 2500))
        seen = []
        for entry in journal.entries():
            if entry.seq == 1200:
                journal.append(sample_entries(2501, 2510))
            seen.append(entry.seq)

        assert seen[:2500] == list(range(1, 2501))
        assert contents(journal) == sample_entries(1, 2510)


def test_durability_is_never_less_than_full(journal_path: Path) -> None:
    """The journal keeps acknowledged entries through a power cut, so it runs with the safe settings."""
    with open_journal(journal_path) as journal:
        connection = journal._connection
        assert connection is not None
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == (b"wal",)
    assert stat.S_IMODE(journal_path.stat().st_mode) == 0o600


def test_another_plants_journal_is_refused(journal_path: Path) -> None:
    """A coordinator started with the wrong file doesn't touch the other plant's story."""
    filled_journal(journal_path, 3)

    with pytest.raises(JournalForeignError, match="belongs to plant refinery-north, not to refinery-south"):
        Journal.open(journal_path, plant_id="refinery-south")
    with open_journal(journal_path) as journal:
        assert journal.last_seq == 3


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"pictures of a plant" * 400, JournalCorruptError), (None, JournalForeignError)],
)
def test_a_file_that_is_no_journal_is_refused(
    journal_path: Path, content: bytes | None, error: type[Exception]
) -> None:
    """Neither any other file nor another program's database is taken for a journal."""
    if content is None:
        tamper(journal_path, "CREATE TABLE meter (value REAL)")
    else:
        journal_path.write_bytes(content)

    with pytest.raises(error):
        open_journal(journal_path)


def test_a_journal_of_a_later_format_is_refused(journal_path: Path) -> None:
    """An old program doesn't write into the journal of a newer one."""
    filled_journal(journal_path, 3)
    tamper(journal_path, "UPDATE meta SET value = '2' WHERE name = 'format_version'")

    with pytest.raises(JournalForeignError, match="has format 2, this program knows format 1"):
        open_journal(journal_path)


def test_a_second_process_is_refused_and_told_who_has_the_journal(journal_path: Path) -> None:
    """Two coordinators never write one journal; the second one says which process is the first."""
    code = (
        "import sys; from pathlib import Path; from coordinator.store.journal import Journal; "
        f"Journal.open(Path(sys.argv[1]), plant_id={PLANT!r})"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-c", code, str(journal_path)]
    with open_journal(journal_path):
        second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        with pytest.raises(JournalInUseError):
            open_journal(journal_path)

    assert second.returncode != 0
    assert f"journal {journal_path} is in use by process {os.getpid()}" in second.stderr
    with open_journal(journal_path) as journal:
        assert journal.last_seq == 0


def test_row_10_a_foreign_write_lock_makes_the_append_fail_whole(journal_path: Path) -> None:
    """Somebody's open database tool delays the coordinator for a bounded time and loses nothing."""
    with open_journal(journal_path, busy_timeout_s=0.0) as journal:
        journal.append(sample_entries(1, 2))
        foreign = sqlite3.connect(journal_path, isolation_level=None)
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalBusyError, match="nothing was written"):
            journal.append(sample_entries(3, 4))
        foreign.execute("ROLLBACK")
        foreign.close()

        assert journal.append(sample_entries(3, 3)) == 3
        assert contents(journal) == sample_entries(1, 3)


def test_a_foreign_writer_is_noticed_by_the_next_append(journal_path: Path) -> None:
    """If another program writes into the journal, the coordinator stops appending instead of mixing both."""
    with open_journal(journal_path) as journal:
        journal.append(sample_entries(1, 2))
        tamper(journal_path, "UPDATE head SET seq = 7")

        for _ in range(2):
            with pytest.raises(JournalCorruptError, match="somebody else moved its head"):
                journal.append(sample_entries(3, 3))


def test_row_9_a_full_journal_takes_back_the_append_and_can_still_be_read(journal_path: Path) -> None:
    """At its size limit the journal refuses whole appends, stays readable, and goes on with more room."""
    with open_journal(journal_path, max_bytes=64 * 1024) as journal:
        with pytest.raises(JournalFullError):
            fill(journal)
        last_seq = journal.last_seq
        assert last_seq > 0
        assert contents(journal) == sample_entries(1, last_seq)

    with open_journal(journal_path) as journal:
        assert journal.last_seq == last_seq
        assert journal.append(sample_entries(last_seq + 1, last_seq + 20)) == last_seq + 20
        assert contents(journal) == sample_entries(1, last_seq + 20)


def test_row_9_a_really_full_disk_loses_nothing_and_heals(small_disk: Path) -> None:
    """When the disk is full no append is acknowledged; with room again the next one works."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(600 * 1024))
    with open_journal(small_disk / "journal.db") as journal:
        with pytest.raises(JournalFullError):
            fill(journal)
        last_seq = journal.last_seq
        assert contents(journal) == sample_entries(1, last_seq)
        ballast.unlink()

        assert journal.append(sample_entries(last_seq + 1, last_seq + 20)) == last_seq + 20
        assert contents(journal) == sample_entries(1, last_seq + 20)


FAILING_WRITES = """
import resource, sys
from pathlib import Path
from coordinator.store.errors import JournalDiskError
from tests.coordinator.store.samples import open_journal, sample_entries

journal = open_journal(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
try:
    while True:
        print(journal.append(sample_entries(journal.last_seq + 1, journal.last_seq + 10)))
except JournalDiskError:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
try:
    journal.append(sample_entries(1, 1))
except JournalDiskError as error:
    print(error)
"""


def test_after_a_failed_write_only_opening_anew_helps(journal_path: Path) -> None:
    """When writing fails half-way nothing more is acknowledged until the journal was opened again."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-c", FAILING_WRITES, str(journal_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    *acknowledged, message = done.stdout.splitlines()

    assert "close it, open it and read it again" in message
    with open_journal(journal_path) as journal:
        assert journal.last_seq >= int(acknowledged[-1]) > 0
        assert contents(journal) == sample_entries(1, journal.last_seq)


def test_a_closed_journal_says_so(journal_path: Path) -> None:
    """Using a journal after its end is an error with a name."""
    journal = open_journal(journal_path)
    journal.close()
    journal.close()

    with pytest.raises(JournalClosedError):
        journal.append([sample_entry(1)])


@pytest.mark.parametrize(
    ("kind", "body", "at_s"),
    [
        ("", b"{}", 0.0),
        ("Pose; DROP", b"{}", 0.0),
        ("Pose\n", b"{}", 0.0),
        ("Pose", b"{}", float("nan")),
        ("Pose", b"{}", float("inf")),
        ("Pose", bytes(MAX_BODY_BYTES + 1), 0.0),
    ],
)
def test_entries_that_could_not_be_read_back_are_refused(kind: str, body: bytes, at_s: float) -> None:
    """An entry without a proper name, time or size never reaches the journal."""
    with pytest.raises(ValueError, match="entry"):
        NewEntry(kind, body, at_s)


def test_asking_for_entries_behind_the_end_is_refused(journal_path: Path) -> None:
    """A reader that believes in entries the journal never had is told so."""
    with open_journal(filled_journal(journal_path, 3)) as journal:
        with pytest.raises(ValueError, match="has entries 1 to 3, not after 4"):
            list(journal.entries(after_seq=4))
        with pytest.raises(ValueError, match="no state at 4"):
            journal.write_snapshot(4, b"", made_at_s=0.0)


@pytest.mark.parametrize("at_s", [0.0, -0.0, 5.0, 0.1, 1e300, 5e-324, 1_700_000_000.123456])
def test_times_come_back_equal_to_the_last_bit(journal_path: Path, at_s: float) -> None:
    """A time is kept as it was, whatever the database makes of whole numbers and signed zeros."""
    with open_journal(journal_path) as journal:
        journal.append([NewEntry("Pose", b"{}", at_s)])

        assert [entry.at_s for entry in journal.entries()] == [at_s]


new_entries = st.builds(
    NewEntry,
    kind=st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True),
    body=st.binary(max_size=300),
    at_s=st.floats(allow_nan=False, allow_infinity=False),
)
steps = st.lists(
    st.one_of(
        st.lists(new_entries, max_size=5),
        st.just("reopen"),
        st.tuples(st.just("snapshot"), st.floats(0.0, 1.0), st.binary(max_size=100)),
    ),
    max_size=12,
)


@settings(max_examples=25)
@given(steps=steps)
def test_any_appends_reopenings_and_snapshots_read_back_equal(
    steps: list[object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever is appended between whatever restarts comes back equal, and so does the newest state."""
    path = tmp_path_factory.mktemp("any") / "journal.db"
    expected: list[NewEntry] = []
    states: dict[int, bytes] = {}
    journal = open_journal(path)
    for step in steps:
        match step:
            case "reopen":
                journal.close()
                journal = open_journal(path)
            case list(entries):
                expected += entries
                assert journal.append(entries) == len(expected)
            case (_, float(part), bytes(body)):
                seq = int(part * len(expected))
                journal.write_snapshot(seq, body, made_at_s=5.0)
                states = dict(sorted({**states, seq: body}.items())[-3:])
        assert contents(journal) == expected
        newest = journal.latest_snapshot()
        found = None if newest is None else (newest.seq, newest.body)
        assert found == next(reversed(states.items()), None)
        if newest:
            assert contents(journal, newest.seq) == expected[newest.seq :]
    journal.close()
