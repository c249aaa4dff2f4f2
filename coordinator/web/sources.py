"""What the control room looks at, and how it speaks to the core. It never sees the core itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from coordinator.plant.map import PlantMap
from coordinator.store.blobs import BlobStore
from coordinator.transport.calls import Calls
from coordinator.transport.fleet_service import ObservationSource, PlantText, TrafficSource
from coordinator.transport.pictures import Pictures
from coordinator.web.history import HistorySource


@dataclass(frozen=True, slots=True)
class Sources:
    """
    Shared with the gRPC services.

    Attributes:
        plant: The map the coordinator runs.
        plant_text: Its file.
        pictures: The newest immutable picture of the fleet.
        calls: The way of every command, with its audit and its idempotency.
        observations: Newest results.
        blobs: Pictures and sounds; only read.
        traffic: A look at who waits for whom.
        history: The past, from the journal.
        now_s: The coordinator's timeline.
        is_stalled: Whether the journal can't be written.
        violation_count: Broken invariants since the start.
    """

    plant: PlantMap
    plant_text: PlantText
    pictures: Pictures
    calls: Calls
    observations: ObservationSource
    blobs: BlobStore
    traffic: TrafficSource
    history: HistorySource
    now_s: Callable[[], float]
    is_stalled: Callable[[], bool]
    violation_count: Callable[[], int]
