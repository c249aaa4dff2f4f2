"""Proof that a journal and a state belong together: fold all entries and compare."""

from __future__ import annotations

from dataclasses import dataclass

from coordinator.fleet.apply import apply
from coordinator.fleet.codec import decode_record, encode_state
from coordinator.fleet.state import FleetState
from coordinator.store.journal import Journal


@dataclass(frozen=True, slots=True)
class Replay:
    """
    What a replay found.

    Attributes:
        last_seq: Entries folded.
        state: Fold of all of them.
        differing_snapshot_seq: The newest snapshot, if it isn't the fold of the entries before it.
    """

    last_seq: int
    state: FleetState
    differing_snapshot_seq: int | None


def replay(journal: Journal) -> Replay:
    """
    Fold a whole journal, and compare with its newest snapshot on the way.

    Raises:
        JournalCorruptError: If an entry isn't as it was appended.
        UnknownRecordError: If an entry is of a newer version.
    """
    snapshot = journal.latest_snapshot()
    state, last_seq, differing_seq = FleetState(), 0, None
    for entry in journal.entries():
        apply(state, decode_record(entry.kind, entry.body))
        last_seq = entry.seq
        if snapshot is not None and snapshot.seq == last_seq and snapshot.body != encode_state(state):
            differing_seq = last_seq
    return Replay(last_seq, state, differing_seq)


def is_same(state: FleetState, live: FleetState) -> bool:
    """Invariant I9: whether a fold equals the live durable state, byte for byte."""
    return encode_state(state) == encode_state(live)
