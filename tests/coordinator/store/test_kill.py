"""Power and processes fail at any moment."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coordinator.store.verify import verify
from tests.coordinator.store.samples import contents, open_journal, sample_entries

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("append_until_killed.py")


def run_and_kill(mode: str, path: Path, acknowledged_count: int) -> list[int]:
    """Let a real process append, kill -9 it after some acknowledgements, return all that it gave."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(PROGRAM), mode, str(path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(acknowledged_count)]
        process.kill()
        lines += process.stdout.readlines()
    return [int(line) for line in lines if line.endswith("\n")]


@pytest.mark.parametrize("mode", ["alone", "groups"])
def test_row_8_acknowledged_entries_survive_kill_9(journal_path: Path, mode: str) -> None:
    """What the coordinator has acknowledged is there after its process was killed, round after round."""
    chance = random.Random(8)
    last_seq = 0
    for _ in range(4):
        acknowledged = run_and_kill(mode, journal_path, chance.randrange(1, 120))

        assert acknowledged[0] > last_seq
        with open_journal(journal_path) as journal:
            last_seq = journal.last_seq
            assert last_seq >= max(acknowledged)
            assert contents(journal) == sample_entries(1, last_seq)
        assert verify(journal_path).is_good


def test_row_8_a_half_written_commit_is_as_if_it_never_was(journal_path: Path, tmp_path: Path) -> None:
    """After power loss in the middle of a commit the journal opens at the commit before."""
    with open_journal(journal_path) as journal:
        ends = [journal.append(sample_entries(first, first + 3)) for first in range(1, 40, 4)]
        log = journal_path.with_name("journal.db-wal").read_bytes()
        database = journal_path.read_bytes()
    chance = random.Random(9)
    reached = set()
    for number in range(25):
        after = tmp_path / f"after-{number}" / "journal.db"
        after.parent.mkdir()
        after.write_bytes(database)
        torn = log[: chance.randrange(len(log) // 4, len(log))]
        garbage = chance.randbytes(chance.randrange(0, 3000))
        after.with_name("journal.db-wal").write_bytes(torn + garbage)

        with open_journal(after) as journal:
            assert journal.last_seq in [0, *ends]
            assert contents(journal) == sample_entries(1, journal.last_seq)
            reached.add(journal.last_seq)
            journal.append(sample_entries(journal.last_seq + 1, journal.last_seq + 1))
        assert verify(after).is_good
        shutil.rmtree(after.parent)
    assert len(reached) > 3


def test_a_process_killed_before_its_first_commit_leaves_a_usable_file(journal_path: Path) -> None:
    """A journal whose maker died at once can be begun again."""
    journal_path.touch()

    with open_journal(journal_path) as journal:
        assert journal.last_seq == 0
        assert journal.append(sample_entries(1, 2)) == 2
