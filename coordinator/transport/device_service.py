"""Doors and lifts."""

from __future__ import annotations

import asyncio

import grpc
import structlog

from coordinator.model.effects import RequestDevice
from coordinator.model.events import DeviceReported, DeviceState
from coordinator.model.ids import DeviceId
from coordinator.transport.codec import WireError, decode_device, encode_device_request
from coordinator.transport.inbox import Inbox
from coordinator.transport.status import LINK_ERRORS, Context, abort, abort_wire
from coordinator.transport.writing import end_tasks
from roundsman.v1 import device_pb2_grpc

MAX_DEVICES_PER_STREAM = 64

log = structlog.get_logger()


class TooManyDevicesError(Exception):
    """One controller speaks for more devices than it may."""

    def __init__(self) -> None:
        super().__init__(f"a controller speaks for at most {MAX_DEVICES_PER_STREAM} devices")


class DeviceStream:
    """One controller. For each of its devices only the newest request matters."""

    def __init__(self) -> None:
        self.devices: dict[DeviceId, None] = {}
        self._wanted: dict[DeviceId, RequestDevice] = {}
        self._came = asyncio.Event()
        self._is_ended = False

    @property
    def wanted(self) -> tuple[RequestDevice, ...]:
        """Requests that wait to be written."""
        return tuple(self._wanted.values())

    def request(self, request: RequestDevice) -> None:
        """Queue a request, in place of an older one to the same device."""
        self._wanted[request.device_id] = request
        self._came.set()

    def end(self) -> None:
        """Write nothing more."""
        self._is_ended = True
        self._came.set()

    async def write(self, context: Context) -> None:
        """The stream's only writer."""
        while not self._is_ended:
            while self._wanted and not self._is_ended:
                device_id = next(iter(self._wanted))
                await context.write(encode_device_request(self._wanted.pop(device_id)))
            if not self._is_ended:
                self._came.clear()
                await self._came.wait()


class DeviceStreams:
    """Which controller speaks for which device: the one that reported it last."""

    def __init__(self) -> None:
        self._streams: dict[DeviceId, DeviceStream] = {}
        self._requests: dict[DeviceId, RequestDevice] = {}

    def request(self, effect: RequestDevice) -> None:
        """Ask a device; without a controller the request waits for one."""
        self._requests[effect.device_id] = effect
        stream = self._streams.get(effect.device_id)
        if stream is not None:
            stream.request(effect)

    def attach(self, device_id: DeviceId, stream: DeviceStream) -> None:
        """A controller reported a device."""
        if self._streams.get(device_id) is not stream:
            self._streams[device_id] = stream
            stream.devices[device_id] = None
            if device_id in self._requests:
                stream.request(self._requests[device_id])

    def detach(self, stream: DeviceStream) -> list[DeviceId]:
        """A controller has gone; returns the devices nobody speaks for now."""
        lost = [device_id for device_id in stream.devices if self._streams.get(device_id) is stream]
        for device_id in lost:
            del self._streams[device_id]
        return sorted(lost)


class DeviceService(device_pb2_grpc.DeviceServiceServicer):
    """Controllers of doors and lifts."""

    def __init__(self, inbox: Inbox, streams: DeviceStreams) -> None:
        self._inbox = inbox
        self._streams = streams

    async def Attach(  # type: ignore[override]  # noqa: N802 - context.read() is cheaper than the iterator
        self, request_iterator: object, context: Context
    ) -> None:
        """One controller. When it goes its devices count as failed: nobody says that they are open."""
        stream = DeviceStream()
        number = self._inbox.next_connection()
        writer = asyncio.create_task(stream.write(context))
        try:
            await self._read_and_end(context, stream, number, writer)
        except WireError as error:
            log.warning("device_refused", field=error.field, value=error.value)
            await abort_wire(context, error)
        except TooManyDevicesError as error:
            await abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        except LINK_ERRORS as error:
            log.info("device_stream_broken", error=type(error).__name__)

    async def _read_and_end(
        self, context: Context, stream: DeviceStream, number: int, writer: asyncio.Task[None]
    ) -> None:
        try:
            await self._read(context, stream, number)
        finally:
            for device_id in self._streams.detach(stream):
                log.warning("device_lost", device_id=device_id)
                self._inbox.post(DeviceReported(device_id, DeviceState.FAILED, None))
            stream.end()
            await end_tasks(None, writer)

    async def _read(self, context: Context, stream: DeviceStream, number: int) -> None:
        while (request := await context.read()) is not grpc.aio.EOF:
            report = decode_device(request)
            if report.device_id not in stream.devices and len(stream.devices) >= MAX_DEVICES_PER_STREAM:
                raise TooManyDevicesError
            self._streams.attach(report.device_id, stream)
            await self._inbox.put(report, number)
