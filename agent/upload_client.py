"""Carries the spool to the coordinator over its own connection."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

import grpc
import grpc.aio

from agent.outputs import Finding
from agent.retry import Backoff, StreamEnd, is_slow
from agent.spool import FindingSpool, UploadSource
from agent.uploader_core import UploaderCore
from roundsman.v1.observation_pb2 import UploadRequest, UploadResponse
from roundsman.v1.observation_pb2_grpc import ObservationServiceStub

LOG = logging.getLogger("agent")

UploadCall = grpc.aio.StreamStreamCall


class _WatchedSpool:
    """Wakes the uploader when there is something new."""

    def __init__(self, spool: FindingSpool, has_new: Callable[[], None]) -> None:
        self._spool = spool
        self._has_new = has_new

    def append(self, finding: Finding) -> int:
        counter = self._spool.append(finding)
        self._has_new()
        return counter


class UploadClient:
    """The upload stream of one robot, opened again whenever it ends."""

    def __init__(self, robot_id: str, source: UploadSource, backoff: Backoff) -> None:
        self.core = UploaderCore(robot_id, source)
        self._backoff = backoff
        self._wake = asyncio.Event()
        self._out: deque[UploadRequest] = deque()

    def watch(self, spool: FindingSpool) -> FindingSpool:
        """The spool, seen by the driver: what it appends is uploaded at once."""
        return _WatchedSpool(spool, self._wake.set)

    async def run(self, open_channel: Callable[[], grpc.aio.Channel], stop: asyncio.Event) -> None:
        """Stay connected until `stop`. A refusal isn't the end: the spool keeps everything."""
        channel = open_channel()
        try:
            while not stop.is_set():
                end = await self._one_stream(channel, stop)
                if stop.is_set():
                    return
                delay_s = self._backoff.next_s(end, is_slow=is_slow(end))
                LOG.warning("observations_lost reason=%r retry_s=%.1f", end.text, delay_s)
                stopping = asyncio.ensure_future(stop.wait())
                await asyncio.wait([stopping], timeout=delay_s)
                stopping.cancel()
        finally:
            await channel.close()

    async def _one_stream(self, channel: grpc.aio.Channel, stop: asyncio.Event) -> StreamEnd:
        call = ObservationServiceStub(channel).Upload()
        self._out.clear()
        self._push(self.core.connected(time.monotonic()))
        heard: list[bool] = []
        reader = asyncio.create_task(self._read(call, heard))
        writer = asyncio.create_task(self._write(call))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([reader, writer, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.core.disconnected()
            call.cancel()
            writer.cancel()
            stopping.cancel()
            await asyncio.gather(reader, writer, stopping, return_exceptions=True)
        for task in (reader, writer):
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
        return StreamEnd(bool(heard), await call.code(), await call.details() or "the stream ended")

    def _push(self, requests: list[UploadRequest]) -> None:
        self._out.extend(requests)
        self._wake.set()

    async def _read(self, call: UploadCall[UploadRequest, UploadResponse], heard: list[bool]) -> None:
        while True:
            try:
                response = await call.read()
            except Exception:  # noqa: BLE001  (not only AioRpcError; all mean that the stream is over)
                return
            if not isinstance(response, UploadResponse):
                return
            heard[:] = [True]
            self._push(self.core.received(response, time.monotonic()))

    async def _write(self, call: UploadCall[UploadRequest, UploadResponse]) -> None:
        """The only writer of the stream."""
        while True:
            # Cleared before looking: what comes during a write wakes the wait below.
            self._wake.clear()
            self._out.extend(self.core.poll(time.monotonic()))
            while self._out:
                try:
                    await call.write(self._out.popleft())
                except Exception:  # noqa: BLE001  (see _read)
                    return
            wait_s = self.core.next_deadline_s() - time.monotonic()
            waiting = asyncio.ensure_future(self._wake.wait())
            try:
                await asyncio.wait([waiting], timeout=min(max(wait_s, 0.0), 3600.0))
            finally:
                waiting.cancel()
