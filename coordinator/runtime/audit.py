"""The audit of a journal on disk: its records against the map, whether its coordinator runs or not."""

from __future__ import annotations

from collections.abc import Iterable

from coordinator.checker.audit import audit
from coordinator.fleet.codec import decode_record
from coordinator.plant.map import PlantMap
from coordinator.store.entry import Entry


def audit_entries(entries: Iterable[Entry], plant: PlantMap) -> tuple[str, ...]:
    """
    What doesn't hold in a journal, each with the entry that broke it; empty if all is well.

    Args:
        entries: All of them, from the first one on.
        plant: The map the coordinator ran on.

    Raises:
        UnknownRecordError: If an entry is of a newer version.
    """
    return audit((decode_record(entry.kind, entry.body) for entry in entries), plant)
