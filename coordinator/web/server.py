"""The HTTP server beside gRPC, in the same event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from coordinator.web.app import make_app
from coordinator.web.sources import Sources

MAX_CONNECTIONS = 512
# The dashboard says nothing on its socket.
MAX_HEARD_BYTES = 1024
STOP_WITHIN_S = 1
BACKLOG = 128


class _Server(uvicorn.Server):
    """Signals are the coordinator's own business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """The control room on one address."""

    def __init__(self, sources: Sources, *, host: str, port: int) -> None:
        self._host = host.strip("[]")
        self._port = port
        self._server = _Server(
            uvicorn.Config(
                make_app(sources),
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                proxy_headers=False,
                limit_concurrency=MAX_CONNECTIONS,
                ws="websockets-sansio",
                ws_max_size=MAX_HEARD_BYTES,
                ws_max_queue=4,
                # Poses hardly shrink, and packing them for each viewer costs more than sending them.
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=STOP_WITHIN_S,
            )
        )
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """
        Listen.

        Returns:
            The port, chosen by the system if 0 was asked for.

        Raises:
            OSError: If the address can't be listened on.
        """
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        port: int = listener.getsockname()[1]
        self._running = asyncio.create_task(self._server.serve(sockets=[listener]))
        return port

    async def stop(self) -> None:
        """End open requests within a second, and take no new ones."""
        if self._running is None:
            return
        self._server.should_exit = True
        running, self._running = self._running, None
        await asyncio.gather(running, return_exceptions=True)
