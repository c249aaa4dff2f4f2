"""
Events between the adapters and the loop.

Bounded: telemetry takes one slot a connection, the newest; other words of a stream wait in the stream once it
has its share here; what adapters post themselves (ends of streams, calls, plans) is bounded by their numbers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from coordinator.model.events import Event, StateReported

MAX_WAITING = 4096
MAX_WAITING_PER_CONNECTION = 64


class EventInbox:
    """The one queue into the core, for tasks of one event loop."""

    def __init__(self) -> None:
        # Telemetry is keyed by its connection, all else by a serial number. A newer report replaces the older
        # one, but at the end of the queue: it never overtakes an earlier word of its robot.
        self._waiting: dict[tuple[str, int], Event] = {}
        self._serial = 0
        self._connection = 0
        self._shares: dict[int, int] = {}
        self._came = asyncio.Event()
        self._taken = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def next_connection(self) -> int:
        """A number never given before."""
        self._connection += 1
        return self._connection

    def post(self, event: Event) -> None:
        """Hand over at once; telemetry replaces older telemetry of its connection."""
        if isinstance(event, StateReported):
            key = ("report", event.connection)
            self._waiting.pop(key, None)
        else:
            self._serial += 1
            key = ("event", self._serial)
        self._waiting[key] = event
        self._came.set()

    async def put(self, event: Event, connection: int) -> None:
        """Hand over when the connection's share and the whole have room."""
        while len(self._waiting) >= MAX_WAITING or self._shares.get(connection, 0) >= MAX_WAITING_PER_CONNECTION:
            await self._taken.wait()
        self._shares[connection] = self._shares.get(connection, 0) + 1
        self.post(event)

    def take(self) -> list[Event]:
        """All events that wait, in order."""
        taken = list(self._waiting.values())
        self._waiting.clear()
        self._shares.clear()
        self._came.clear()
        self._give_room()
        return taken

    def take_only(self, wanted: Callable[[Event], bool]) -> list[Event]:
        """Some of the events that wait; the others stay in order."""
        keys = [key for key, event in self._waiting.items() if wanted(event)]
        taken = [self._waiting.pop(key) for key in keys]
        self._came.clear()
        return taken

    def _give_room(self) -> None:
        taken, self._taken = self._taken, asyncio.Event()
        taken.set()

    def wake(self) -> None:
        """End a wait without an event."""
        self._came.set()

    async def wait(self) -> None:
        """Until something was posted since the last take, or until woken."""
        await self._came.wait()
