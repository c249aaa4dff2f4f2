"""A journal from the command line."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from coordinator.cli.journal import JOURNAL_NAME
from coordinator.fleet.codec import encode_record
from coordinator.model.ids import EdgeId
from coordinator.model.records import EdgeClosed
from coordinator.runtime import service
from coordinator.store.entry import NewEntry
from coordinator.store.journal import Journal


def _closed(edge_id: str, at_s: float) -> NewEntry:
    record = EdgeClosed(EdgeId(edge_id), "crane", "ada", until_s=None, is_blockage=False)
    return NewEntry(*encode_record(record), at_s)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with three entries."""
    with Journal.open(tmp_path / JOURNAL_NAME, plant_id="tank_farm") as journal:
        journal.append([_closed(f"e{number}", 1_800_000_000.0 + number) for number in (1, 2, 3)])
    return tmp_path


def _damage(data: Path, seq: int) -> None:
    connection = sqlite3.connect(data / JOURNAL_NAME)
    connection.execute("UPDATE entry SET body = ? WHERE seq = ?", (b'{"edge_id":"other"}', seq))
    connection.commit()
    connection.close()


def test_a_whole_journal_passes(type_command, data):
    """Every entry fits its hash and its predecessor."""
    result = type_command("journal", "verify", str(data))
    found = json.loads(type_command("journal", "verify", str(data), "--json").stdout)

    assert result.exit_code == 0
    assert "no problem found" in result.stdout
    assert (found["is_good"], found["entry_count"]) == (True, 3)


def test_a_damaged_journal_fails_and_says_what_to_do(type_command, data):
    """A changed entry is found, and the way to what is whole is named."""
    _damage(data, 2)

    result = type_command("journal", "verify", str(data))

    assert result.exit_code == 5
    assert "PROBLEM at 2" in result.stdout
    assert "journal truncate --keep 1" in result.stderr


def test_entries_are_shown_newest_last(type_command, data):
    """An operator reads what happened, and may look for a word."""
    lines = type_command("journal", "show", str(data), "-n", "2").stdout.splitlines()
    found = [
        json.loads(line)
        for line in type_command("journal", "show", str(data), "--json", "--grep", "e2").stdout.splitlines()
    ]

    assert [line.split()[0] for line in lines] == ["ENTRY", "2", "3"]
    assert [(item["seq"], item["record"]["edge_id"]) for item in found] == [(2, "e2")]
    assert type_command("journal", "show", str(data), "--after", "3").stdout == "no such entries\n"


def test_a_journal_is_read_while_its_coordinator_writes(type_command, data):
    """Looking into a journal never gets in its writer's way."""
    with Journal.open(data / JOURNAL_NAME, plant_id="tank_farm") as journal:
        assert type_command("journal", "show", str(data)).exit_code == 0
        assert type_command("journal", "verify", str(data)).exit_code == 0
        assert journal.append([NewEntry("EdgeOpened", b"{}", 1_800_000_009.0)]) == 4


def test_truncating_asks_first_and_keeps_a_copy(type_command, data):
    """What is cut off stays in a copy; a damaged journal is whole again afterwards."""
    _damage(data, 3)
    asked = type_command("journal", "truncate", str(data), "--keep", "2")
    done = type_command("journal", "truncate", str(data), "--keep", "2", "--yes", "--json")

    assert asked.exit_code == 4
    assert Path(json.loads(done.stdout)["backup"]).is_file()
    assert type_command("journal", "verify", str(data)).exit_code == 0


def test_a_running_coordinators_journal_is_never_cut(type_command, data):
    """While the coordinator runs, truncation is refused in one line."""
    with Journal.open(data / JOURNAL_NAME, plant_id="tank_farm"):
        result = type_command("journal", "truncate", str(data), "--keep", "1", "--yes")

    assert result.exit_code == 4
    assert "in use" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_any_other_file_is_refused(type_command, tmp_path):
    """A file that isn't a journal is named as such."""
    other = tmp_path / "notes.txt"
    other.write_text("not a journal" * 100)

    result = type_command("journal", "verify", str(other))

    assert result.exit_code in {2, 5}
    assert len(result.stderr.splitlines()) == 1


def test_the_command_looks_where_the_coordinator_writes():
    """Both mean the same file in a data folder."""
    assert service.JOURNAL_NAME == JOURNAL_NAME


def test_a_journal_is_folded_to_its_state(type_command, data):
    """A replay of all entries gives the state that a coordinator would start with."""
    with Journal.open(data / JOURNAL_NAME, plant_id="tank_farm") as journal:
        journal.append([_closed("e9", 1_800_000_010.0)])

    found = json.loads(type_command("journal", "replay", str(data), "--json").stdout)

    assert found["last_seq"] == 4
    assert found["differing_snapshot_seq"] is None
    assert "e9" in found["state"]["closures"]
    assert type_command("journal", "replay", str(data)).stdout.startswith(f"entries 4, state {found['digest']}")


def test_a_newer_journal_is_not_guessed_at(type_command, data):
    """A record that this version doesn't know is named in one line; nothing is replayed around it."""
    with Journal.open(data / JOURNAL_NAME, plant_id="tank_farm") as journal:
        journal.append([NewEntry("RobotPainted", b"{}", 1_800_000_010.0)])

    result = type_command("journal", "replay", str(data))

    assert result.exit_code == 5
    assert "RobotPainted" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_shift_is_reported_for_the_log_book(type_command, tmp_path):
    """The report goes to the screen, to a page and to a spreadsheet; a wrong time is named."""
    with Journal.open(tmp_path / JOURNAL_NAME, plant_id="demo") as journal:
        journal.append([_closed("alley-1--alley-2", 1_800_000_000.0)])
    page, points = tmp_path / "shift.html", tmp_path / "points.csv"
    options = ("--plant", "demo", "--until", "2027-01-15T08:30Z", "--last", "1h")
    result = type_command("journal", "report", str(tmp_path), *options, "--html", str(page), "--csv", str(points))

    assert result.exit_code == 0, result.stderr
    assert "Shift of plant demo · 2027-01-15T07:30:00Z to 2027-01-15T08:30:00Z" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) < 300
    assert page.read_text().startswith("<!doctype html>")
    assert len(points.read_text().splitlines()) == 26
    found = json.loads(type_command("journal", "report", str(tmp_path), *options, "--json").stdout)
    assert found["totals"]["points_count"] == 25
    wrong = type_command("journal", "report", str(tmp_path), "--plant", "demo", "--until", "noon")
    assert wrong.exit_code == 2
    assert "--until 'noon'" in wrong.stderr
