"""The newest picture of the fleet, for any number of watchers."""

from __future__ import annotations

import asyncio

from coordinator.model.snapshot import FleetSnapshot
from coordinator.transport.codec import SpeedLimits, encode_fleet
from roundsman.v1 import fleet_pb2


class Pictures:
    """One slot: whoever looks gets the newest, and nothing is kept for the slow."""

    def __init__(self, limits: SpeedLimits) -> None:
        self._limits = limits
        self._number = 0
        self._snapshot: FleetSnapshot | None = None
        self._encoded: fleet_pb2.FleetState | None = None
        self._changed = asyncio.Event()

    @property
    def snapshot(self) -> FleetSnapshot | None:
        """The newest one; None before the first."""
        return self._snapshot

    def publish(self, snapshot: FleetSnapshot) -> None:
        """Put a newer picture into the slot."""
        self._number += 1
        self._snapshot, self._encoded = snapshot, None
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def newest_after(self, number: int) -> tuple[int, FleetSnapshot]:
        """The newest picture and its number, as soon as that is above `number`."""
        while self._number <= number or self._snapshot is None:
            await self._changed.wait()
        return self._number, self._snapshot

    async def after(self, number: int) -> tuple[int, fleet_pb2.FleetState]:
        """The same for the wire. Encoded once for all."""
        newest, snapshot = await self.newest_after(number)
        if self._encoded is None:
            self._encoded = encode_fleet(snapshot, self._limits)
        return newest, self._encoded
