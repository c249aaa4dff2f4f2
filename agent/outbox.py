"""What waits to be written to a stream: in order, but of telemetry and echoes only the newest."""

from __future__ import annotations

import asyncio
from collections import deque

from roundsman.v1.session_pb2 import SessionRequest

_LATEST_VALUE = frozenset({"state", "heartbeat_echo"})


class Outbox:
    """Bounded by what the session keeps: one report, one echo, and answers the coordinator asked for."""

    def __init__(self) -> None:
        self._messages: deque[tuple[str, SessionRequest]] = deque()
        self._has_some = asyncio.Event()
        self._is_closed = False

    def put(self, message: SessionRequest) -> None:
        """Queue a message; an unsent report or echo gives way to a newer one."""
        kind = message.WhichOneof("payload") or ""
        if kind in _LATEST_VALUE:
            for waiting in self._messages:
                if waiting[0] == kind:
                    self._messages.remove(waiting)
                    break
        self._messages.append((kind, message))
        self._has_some.set()

    def close(self) -> None:
        """Nothing more comes; `get` gives what is left, then None."""
        self._is_closed = True
        self._has_some.set()

    async def get(self) -> SessionRequest | None:
        """The next message; waits for one. None at the end."""
        while not self._messages:
            if self._is_closed:
                return None
            self._has_some.clear()
            await self._has_some.wait()
        return self._messages.popleft()[1]
