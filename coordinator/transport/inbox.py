"""Where adapters put what happened. The runtime has the implementation; adapters see no more than this."""

from __future__ import annotations

from typing import Protocol

from coordinator.model.events import Event


class Inbox(Protocol):
    """Events on their way to the core."""

    def next_connection(self) -> int:
        """A number for a new stream or call, never given twice in the life of the process."""
        ...

    def post(self, event: Event) -> None:
        """Hand over at once. Telemetry replaces older telemetry of its connection; all else is kept."""
        ...

    async def put(self, event: Event, connection: int) -> None:
        """Hand over when there is room, so that a sender faster than the core is slowed by its own stream."""
        ...
