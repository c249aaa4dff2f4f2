"""The real journal under the loop, and what a coordinator knows after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from coordinator.fleet.codec import encode_record, encode_state
from coordinator.fleet.state import FleetState
from coordinator.model.ids import EdgeId, PointId, RobotId, TaskId
from coordinator.model.observation import Observation
from coordinator.model.records import EpochStarted, ObservationStored, Record, RobotJoined, TravelTimesLearned
from coordinator.model.robot import Factsheet
from coordinator.model.travel import ArrivalErrors, EdgeTimes, LearnedTimes, WorkTimes
from coordinator.runtime.clock import AnchoredClock
from coordinator.runtime.ledger import JournalLedger
from coordinator.runtime.observation_log import ObservationLog
from coordinator.runtime.recovery import recover
from coordinator.runtime.replay import is_same, replay
from coordinator.store.entry import NewEntry
from coordinator.store.errors import JournalFullError
from coordinator.store.journal import Journal

ROBOT = RobotId("a")


def _entry(record: Record, at_s: float = 5.0) -> NewEntry:
    return NewEntry(*encode_record(record), at_s)


def _stored(counter: int) -> ObservationStored:
    return ObservationStored(
        ROBOT, Observation(counter, f"o{counter}", PointId("p"), TaskId("p.t"), 1.0), float(counter)
    )


def _records(count: int) -> list[Record]:
    joined = RobotJoined(ROBOT, Factsheet("spot"), "h1")
    return [EpochStarted(1, "test", "d", 0.0), joined, *(_stored(n) for n in range(1, count + 1))]


def _journal(folder: Path, **options) -> Journal:
    return Journal.open(folder / "j.sqlite3", plant_id="test", **options)


async def test_a_restart_knows_what_was_durable(tmp_path: Path):
    """State and recent results are back after a restart, from a snapshot and the entries behind it."""
    ledger = await JournalLedger.open(tmp_path / "j.sqlite3", lambda: _journal(tmp_path))
    seq = await ledger.append([_entry(record) for record in _records(3)])
    halfway = await ledger.read(lambda journal: recover(journal, ObservationLog()))
    await ledger.keep_snapshot(seq, encode_state(halfway.state), 5.0)
    await ledger.append([_entry(_stored(4), at_s=9.0)])
    await ledger.close(within_s=5.0)

    log = ObservationLog()
    with _journal(tmp_path) as journal:
        recovered = recover(journal, log)
        proof = replay(journal)

    assert (recovered.last_seq, recovered.snapshot_seq, recovered.last_at_s) == (6, 5, 9.0)
    assert recovered.state.epoch == 1
    assert is_same(proof.state, recovered.state)
    assert proof.differing_snapshot_seq is None
    counters = [entry[1].counter for entry in log.recent(point_id=None, robot_id=ROBOT, limit=3)]
    assert counters == [4, 3, 2]


async def test_times_learned_of_edges_are_known_after_a_restart(tmp_path: Path):
    """Slow edges are slow for the next coordinator, too: what a snapshot holds and what was learned after it."""
    first = LearnedTimes(12.0, 2.5, 3.5, 0.2, 15.0, 100.0)
    newer = LearnedTimes(20.0, 2.8, 3.6, 0.3, 18.0, 400.0)
    edge_id = EdgeId("rack-3")
    before = TravelTimesLearned((EdgeTimes(edge_id, 9, first), EdgeTimes(None, None, first)))
    after = TravelTimesLearned(
        (EdgeTimes(edge_id, 9, newer),), (WorkTimes("photo", first),), (ArrivalErrors(1, 50.0, 0.1, 1.8),)
    )
    ledger = await JournalLedger.open(tmp_path / "j.sqlite3", lambda: _journal(tmp_path))
    seq = await ledger.append([_entry(record) for record in (*_records(0), before)])
    halfway = await ledger.read(lambda journal: recover(journal, ObservationLog()))
    await ledger.keep_snapshot(seq, encode_state(halfway.state), 5.0)
    await ledger.append([_entry(after, at_s=9.0)])
    await ledger.close(within_s=5.0)

    with _journal(tmp_path) as journal:
        state = recover(journal, ObservationLog()).state
        proof = replay(journal)
    assert [entry.times for _, entry in sorted(state.edge_times.items())] == [first, newer]
    assert state.work_times["photo"].times == first
    assert state.arrival_errors["1"].p90_score == 1.8
    assert is_same(proof.state, state)


async def test_a_snapshot_that_does_not_fit_its_journal_is_found(tmp_path: Path):
    """A replay tells when state and journal don't belong together."""
    with _journal(tmp_path) as journal:
        seq = journal.append([_entry(record) for record in _records(1)])
        journal.write_snapshot(seq, encode_state(FleetState(epoch=9)), made_at_s=1.0)

        assert replay(journal).differing_snapshot_seq == seq


async def test_a_snapshot_of_another_version_is_passed_over(tmp_path: Path):
    """After an update the entries alone give the state."""
    with _journal(tmp_path) as journal:
        seq = journal.append([_entry(record) for record in _records(1)])
        journal.write_snapshot(seq, b"not a state", made_at_s=1.0)

        assert recover(journal, ObservationLog()).state.epoch == 1


async def test_a_full_journal_takes_the_entries_once_there_is_room(tmp_path: Path):
    """After a full disk nothing is missing and nothing is there twice."""
    room = [400_000]
    ledger = await JournalLedger.open(tmp_path / "j.sqlite3", lambda: _journal(tmp_path, max_bytes=room[0]))
    first = [_entry(record) for record in _records(2)]
    big = [NewEntry("Big", b"x" * 600_000, 1.0)]
    assert await ledger.append(first) == 4
    with pytest.raises(JournalFullError):
        await ledger.append(big)
    with pytest.raises(JournalFullError):
        await ledger.retry(big)

    assert await ledger.retry(first) == 8
    await ledger.close(within_s=5.0)


async def test_entries_that_reached_the_disk_before_an_error_are_not_written_twice(tmp_path: Path):
    """A disk that fails after the commit doesn't double a decision."""
    ledger = await JournalLedger.open(tmp_path / "j.sqlite3", lambda: _journal(tmp_path))
    entries = [_entry(record) for record in _records(1)]
    assert await ledger.append(entries) == 3
    ledger._seq = 0  # As if the answer to the append had been an error.

    assert await ledger.retry(entries) == 3
    assert await ledger.append(entries) == 6
    await ledger.close(within_s=5.0)


def test_time_never_runs_back_across_restarts():
    """A wall clock that was set back doesn't make records older than those before them."""
    clock = AnchoredClock(not_before_s=9e9)

    assert clock.now_s() >= 9e9
    assert clock.now_s() <= clock.now_s()


def test_the_observation_log_is_bounded_and_newest_first():
    """However long a plant runs, memory for recent results stays the same."""
    log = ObservationLog(max_kept=3)
    for counter in range(1, 6):
        log.note(_stored(counter))
    log.note(EpochStarted(1, "test", "d", 0.0))

    found = log.recent(point_id=PointId("p"), robot_id=None, limit=2)

    assert len(log) == 3
    assert [entry[1].counter for entry in found] == [5, 4]
    assert log.recent(point_id=PointId("q"), robot_id=None, limit=2) == []
