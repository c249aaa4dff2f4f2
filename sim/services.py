"""The coordinator's two services in simulated time: bytes of streams into events, as the gRPC adapters do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from coordinator.model.events import ObservationReceived, RobotDisconnected, RobotRejected
from coordinator.model.ids import RobotId
from coordinator.transport.codec import (
    BlobAsked,
    ChunkArrived,
    WireError,
    decode_hello,
    decode_request,
    decode_upload,
    decode_upload_hello,
    encode_blob_offset,
)
from roundsman.v1 import observation_pb2, session_pb2
from sim.coordinator_host import CoordinatorHost
from sim.network import End, Link, Stream, StreamEnd

Report = Callable[[str], None]


class Services:
    """
    Takes streams while the coordinator is up. Also keeps the blobs, which outlive its crashes.

    Args:
        malformed: Told of a message that the codec refuses: never right in simulation.
    """

    def __init__(self, host: CoordinatorHost, *, malformed: Report) -> None:
        self.host = host
        self.malformed = malformed
        self.blobs: dict[str, bytearray] = {}
        self._number = 0

    def open_session(self, link: Link, robot: StreamEnd) -> Stream | None:
        """A control stream; None while the coordinator is down."""
        return self._open(link, robot, SessionEnd(self))

    def open_upload(self, link: Link, robot: StreamEnd) -> Stream | None:
        """An upload stream; None while the coordinator is down."""
        return self._open(link, robot, UploadServiceEnd(self))

    def _open(self, link: Link, robot: StreamEnd, end: StreamEnd) -> Stream | None:
        if not self.host.is_up:
            return None
        self._number += 1
        stream = link.open_stream(self._number, robot, end)
        self.host.streams[self._number] = stream
        return stream


class SessionEnd:
    """One control stream at the coordinator."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._robot_id: RobotId | None = None

    def received(self, stream: Stream, data: bytes) -> None:
        host = self._services.host
        try:
            request = session_pb2.SessionRequest.FromString(data)
            if self._robot_id is None:
                connected = decode_hello(request, stream.number)
                self._robot_id = connected.robot_id
                host.handle(connected)
                return
            event = decode_request(request, self._robot_id, stream.number)
        except WireError as error:
            self._services.malformed(str(error))
            if self._robot_id is not None:
                host.handle(RobotRejected(self._robot_id, stream.number, str(error)))
            return
        if event is not None:
            host.handle(event)

    def closed(self, stream: Stream, reason: str) -> None:
        host = self._services.host
        host.streams.pop(stream.number, None)
        if self._robot_id is not None:
            host.handle(RobotDisconnected(self._robot_id, stream.number, reason))


class UploadServiceEnd:
    """One upload stream at the coordinator."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._robot_id: RobotId | None = None

    def received(self, stream: Stream, data: bytes) -> None:
        host = self._services.host
        try:
            request = observation_pb2.UploadRequest.FromString(data)
            if self._robot_id is None:
                opened = decode_upload_hello(request, stream.number)
                self._robot_id = opened.robot_id
                host.handle(opened)
                return
            heard = decode_upload(request, self._robot_id, stream.number)
        except WireError as error:
            self._services.malformed(str(error))
            return
        match heard:
            case None:
                return
            case BlobAsked():
                self._say_offset(stream, heard.sha256)
            case ChunkArrived():
                self._take_chunk(stream, heard)
            case ObservationReceived():
                if self._has_blob(heard):
                    host.handle(heard)
                else:
                    self._say_offset(stream, heard.observation.blob_sha256)
            case _:
                host.handle(heard)

    def closed(self, stream: Stream, reason: str) -> None:
        del reason
        self._services.host.streams.pop(stream.number, None)

    def _has_blob(self, heard: ObservationReceived) -> bool:
        sha256 = heard.observation.blob_sha256
        blob = self._services.blobs.get(sha256, b"")
        return not sha256 or hashlib.sha256(blob).hexdigest() == sha256

    def _take_chunk(self, stream: Stream, chunk: ChunkArrived) -> None:
        blob = self._services.blobs.setdefault(chunk.sha256, bytearray())
        if chunk.offset_bytes == len(blob):
            blob.extend(chunk.data)
        self._say_offset(stream, chunk.sha256)

    def _say_offset(self, stream: Stream, sha256: str) -> None:
        durable_bytes = len(self._services.blobs.get(sha256, b""))
        stream.send(End.ROBOT, encode_blob_offset(sha256, durable_bytes).SerializeToString())
