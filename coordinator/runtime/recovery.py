"""From journal to state: what a coordinator knows when it starts."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from coordinator.fleet.apply import apply
from coordinator.fleet.codec import (
    UnknownRecordError,
    decode_record,
    decode_state,
    encode_record,
    encode_state,
)
from coordinator.fleet.state import FleetState
from coordinator.model.records import ObservationStored, Record
from coordinator.runtime.observation_log import ObservationLog
from coordinator.store.journal import Journal

__all__ = ["FleetForm", "Recovered", "UnknownRecordError", "recover"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recovered:
    """
    What the journal says.

    Attributes:
        state: Fold of all entries; the core owns and changes it from now on.
        last_seq: Entry it is the state after.
        last_at_s: Newest time in the journal; 0 if it is empty.
        snapshot_seq: Where the fold began.
        lost_count: Entries cut off by a person to recover a damaged journal. Above 0, robots may hold bases
            that nobody knows of.
    """

    state: FleetState
    last_seq: int
    last_at_s: float
    snapshot_seq: int
    lost_count: int


@dataclass(frozen=True, slots=True)
class FleetForm:
    """Records and the core's durable state as bytes."""

    state: FleetState

    def encode_record(self, record: Record) -> tuple[str, bytes]:
        """Kind and body of a record's journal entry."""
        return encode_record(record)

    def encode_state(self) -> bytes:
        """The durable state as it is now."""
        return encode_state(self.state)


def recover(journal: Journal, observations: ObservationLog, *, log_reach: int = 10_000) -> Recovered:
    """
    Fold the journal, from the newest usable snapshot on, checking the chain on the way.

    Args:
        journal: Open; read in its own thread.
        observations: Gets the observations among the last entries.
        log_reach: How far before the snapshot to look for observations.

    Raises:
        JournalCorruptError: If an entry isn't as it was appended.
        UnknownRecordError: If an entry is of a newer version.
    """
    state, snapshot_seq = _begin(journal)
    last_seq, last_at_s = 0, 0.0
    for entry in journal.entries(max(0, snapshot_seq - log_reach)):
        last_seq, last_at_s = entry.seq, max(last_at_s, entry.at_s)
        if entry.seq <= snapshot_seq and entry.kind != ObservationStored.__name__:
            continue
        record = decode_record(entry.kind, entry.body)
        observations.note(record)
        if entry.seq > snapshot_seq:
            apply(state, record)
    lost_count = sum(cut.lost_count for cut in journal.truncations())
    log.info("journal_recovered", last_seq=last_seq, snapshot_seq=snapshot_seq, lost_count=lost_count)
    return Recovered(state, last_seq, last_at_s, snapshot_seq, lost_count)


def _begin(journal: Journal) -> tuple[FleetState, int]:
    """The newest snapshot that can be read, or nothing."""
    snapshot = journal.latest_snapshot()
    for problem in journal.bad_snapshots:
        log.warning("snapshot_bad", seq=problem.seq, what=problem.what)
    if snapshot is None:
        return FleetState(), 0
    try:
        return decode_state(snapshot.body), snapshot.seq
    except UnknownRecordError as error:
        # Of another version; the entries alone give the same state.
        log.warning("snapshot_unreadable", seq=snapshot.seq, reason=str(error))
        return FleetState(), 0
