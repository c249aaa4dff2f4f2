"""The robot's upload in simulated time: the production uploader over the streams of the simulated network."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from agent.spool import UploadSource
from agent.uploader_core import UploaderCore
from roundsman.v1 import observation_pb2
from sim.network import End, Link, Stream, StreamEnd
from sim.world import Timer, World

RETRY_S = (0.5, 2.0)


class Uploads:
    """
    One robot's results on their way, over any number of streams.

    Args:
        open_stream: Opens an upload stream; None when nobody listens.
    """

    def __init__(
        self,
        world: World,
        robot_id: str,
        source: UploadSource,
        link: Link,
        chance: random.Random,
        *,
        open_stream: Callable[[Link, StreamEnd], Stream | None],
    ) -> None:
        self._world = world
        self._robot_id = robot_id
        self._source = source
        self._link = link
        self._chance = chance
        self._open_stream = open_stream
        self._core: UploaderCore | None = None
        self._stream: Stream | None = None
        self._timer: Timer | None = None

    def start(self) -> None:
        """The agent's process begins."""
        self._core = UploaderCore(self._robot_id, self._source)
        self._connect(self._core)

    def kill(self) -> None:
        """It ends without a word."""
        self._core = None
        if self._stream is not None:
            self._stream.close(End.ROBOT, "agent is gone")
            self._stream = None

    def pump(self) -> None:
        """There is a new result."""
        if self._core is not None and self._stream is not None:
            self._send(self._core.poll(self._world.now_s))

    def received(self, stream: Stream, data: bytes) -> None:
        if self._core is not None and stream is self._stream:
            response = observation_pb2.UploadResponse.FromString(data)
            self._send(self._core.received(response, self._world.now_s))

    def closed(self, stream: Stream, reason: str) -> None:
        del reason
        if self._core is not None and stream is self._stream:
            self._core.disconnected()
            self._stream = None
            self._retry(self._core)

    def _connect(self, core: UploaderCore) -> None:
        if core is not self._core:
            return
        self._stream = None if self._link.is_down() else self._open_stream(self._link, self)
        if self._stream is None:
            self._retry(core)
        else:
            self._send(core.connected(self._world.now_s))

    def _retry(self, core: UploaderCore) -> None:
        self._world.after(self._chance.uniform(*RETRY_S), lambda: self._connect(core))

    def _send(self, requests: Iterable[observation_pb2.UploadRequest]) -> None:
        stream, core = self._stream, self._core
        if stream is None or core is None:
            return
        for request in requests:
            stream.send(End.COORDINATOR, request.SerializeToString())
        due_s = core.next_deadline_s()
        if due_s < float("inf") and (self._timer is None or not self._timer.is_pending):
            self._timer = self._world.at(due_s, self.pump)
