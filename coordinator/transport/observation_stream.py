"""One robot's upload stream: blobs to the store, results to the core once their blobs are durable."""

from __future__ import annotations

import asyncio

import grpc
import structlog

from coordinator.model.effects import AcknowledgeObservations, RefuseObservation
from coordinator.model.events import ObservationReceived, ObservationsDeclaredMissing, UploadOpened
from coordinator.model.ids import RobotId
from coordinator.transport.blob_sink import BlobRefusedError, BlobSink, BlobSinkError
from coordinator.transport.codec import (
    BlobAsked,
    ChunkArrived,
    WireError,
    decode_upload,
    decode_upload_hello,
    encode_blob_offset,
    encode_upload_effect,
)
from coordinator.transport.inbox import Inbox
from coordinator.transport.session_stream import HELLO_WITHIN_S
from coordinator.transport.status import LINK_ERRORS, Context, abort, abort_wire
from coordinator.transport.writing import end_tasks
from roundsman.v1 import observation_pb2, observation_pb2_grpc

MAX_UPLOADS_PER_ROBOT = 2
MAX_WAITING_RESULTS = 256
MAX_OPEN_BLOBS = 64
MAX_WAITING_ANSWERS = 1024

log = structlog.get_logger()


class UploadStream:
    """An upload after its hello."""

    def __init__(self, robot_id: RobotId, upload: int, blobs: BlobSink, inbox: Inbox) -> None:
        self.robot_id = robot_id
        self.upload = upload
        self._blobs = blobs
        self._inbox = inbox
        self._sizes: dict[str, int] = {}
        self._durable: dict[str, int] = {}
        self._waiting: dict[str, list[ObservationReceived]] = {}
        self._answers: dict[object, observation_pb2.UploadResponse] = {}
        self._came = asyncio.Event()
        self._is_ended = False
        self.is_overrun = False
        self.refusal = ""

    def answer(self, effect: AcknowledgeObservations | RefuseObservation) -> None:
        """Queue what the core says; the newest acknowledgement replaces an older one."""
        if isinstance(effect, RefuseObservation) and effect.counter == 0:
            # Results count from 1: this is about the robot itself, which may be known when it comes again.
            self.refusal = effect.reason
            self._came.set()
            return
        key = ("refused", effect.counter) if isinstance(effect, RefuseObservation) else "stored"
        self._queue(key, encode_upload_effect(effect))

    def _queue(self, key: object, response: observation_pb2.UploadResponse) -> None:
        self._answers.pop(key, None)
        self._answers[key] = response
        self.is_overrun = len(self._answers) > MAX_WAITING_ANSWERS
        self._came.set()

    async def run(self, context: Context) -> None:
        """
        Read and write until one side ends.

        Raises:
            WireError: If the robot breaks a rule.
            BlobSinkError: If a blob can't be stored now.
        """
        reader = asyncio.create_task(self._read(context))
        writer = asyncio.create_task(self._write(context))
        try:
            done, _ = await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._is_ended = True
            self._came.set()
            await end_tasks(reader, writer)

    async def _write(self, context: Context) -> None:
        while not self._must_end:
            while self._answers and not self._must_end:
                key = next(iter(self._answers))
                await context.write(self._answers.pop(key))
            if not self._must_end:
                self._came.clear()
                await self._came.wait()

    @property
    def _must_end(self) -> bool:
        return self._is_ended or self.is_overrun or bool(self.refusal)

    async def _read(self, context: Context) -> None:
        while (request := await context.read()) is not grpc.aio.EOF:
            match decode_upload(request, self.robot_id, self.upload):
                case None:
                    continue
                case BlobAsked(sha256, size_bytes):
                    await self._begin(sha256, size_bytes)
                case ChunkArrived() as chunk:
                    await self._append(chunk)
                case ObservationsDeclaredMissing() as gap:
                    await self._inbox.put(gap, self.upload)
                case ObservationReceived() as result:
                    await self._receive(result)

    async def _receive(self, result: ObservationReceived) -> None:
        sha256, size_bytes = result.observation.blob_sha256, result.observation.blob_bytes
        if sha256 and not await self._begin(sha256, size_bytes):
            if sum(map(len, self._waiting.values())) >= MAX_WAITING_RESULTS:
                raise BlobSinkError(f"{MAX_WAITING_RESULTS} results wait for their blobs: send the blobs first")
            self._waiting.setdefault(sha256, []).append(result)
            return
        await self._inbox.put(result, self.upload)

    async def _begin(self, sha256: str, size_bytes: int) -> bool:
        """Say where to go on with a blob; tells whether it is complete."""
        if sha256 not in self._sizes and len(self._sizes) >= MAX_OPEN_BLOBS + MAX_WAITING_RESULTS:
            raise BlobSinkError(f"{len(self._sizes)} blobs are open in this stream: finish one first")
        if self._sizes.setdefault(sha256, size_bytes) != size_bytes:
            rule = f"must be {self._sizes[sha256]}, as announced before"
            raise WireError("blob.size_bytes", size_bytes, rule)
        durable_bytes = await self._blobs.begin(self.robot_id, sha256, size_bytes)
        return await self._advance(sha256, durable_bytes)

    async def _append(self, chunk: ChunkArrived) -> None:
        size_bytes = self._sizes.get(chunk.sha256)
        if size_bytes is None:
            raise WireError("chunk.sha256", chunk.sha256, "must be announced before by blob or observation")
        end_bytes = chunk.offset_bytes + len(chunk.data)
        if end_bytes > size_bytes:
            raise WireError("chunk.offset_bytes", chunk.offset_bytes, f"must end within {size_bytes} bytes")
        durable_bytes = await self._blobs.append(
            self.robot_id, chunk.sha256, size_bytes, chunk.offset_bytes, chunk.data
        )
        await self._advance(chunk.sha256, durable_bytes)

    async def _advance(self, sha256: str, durable_bytes: int) -> bool:
        self._queue(("blob", sha256), encode_blob_offset(sha256, durable_bytes))
        if durable_bytes < self._sizes[sha256]:
            return False
        del self._sizes[sha256]
        for result in self._waiting.pop(sha256, ()):
            await self._inbox.put(result, self.upload)
        return True


class UploadStreams:
    """All open uploads, by number."""

    def __init__(self) -> None:
        self._streams: dict[int, UploadStream] = {}

    def add(self, stream: UploadStream) -> bool:
        """An upload said hello; False if its robot has too many."""
        mine = sum(other.robot_id == stream.robot_id for other in self._streams.values())
        if mine >= MAX_UPLOADS_PER_ROBOT:
            return False
        self._streams[stream.upload] = stream
        return True

    def remove(self, stream: UploadStream) -> None:
        """An upload ended."""
        self._streams.pop(stream.upload, None)

    def answer(self, effect: AcknowledgeObservations | RefuseObservation) -> None:
        """Say something to an upload; dropped if it has ended, for the robot then asks again."""
        stream = self._streams.get(effect.upload)
        if stream is not None:
            stream.answer(effect)


class ObservationService(observation_pb2_grpc.ObservationServiceServicer):
    """Results of inspections."""

    def __init__(self, inbox: Inbox, streams: UploadStreams, blobs: BlobSink) -> None:
        self._inbox = inbox
        self._streams = streams
        self._blobs = blobs

    async def Upload(  # type: ignore[override]  # noqa: N802 - context.read() is cheaper than the iterator
        self, request_iterator: object, context: Context
    ) -> None:
        """One upload, from hello to the end."""
        opened = await self._hello(context)
        if opened is None:
            return
        stream = UploadStream(opened.robot_id, opened.upload, self._blobs, self._inbox)
        if not self._streams.add(stream):
            text = f"robot {opened.robot_id} has {MAX_UPLOADS_PER_ROBOT} uploads already"
            await abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        try:
            await self._inbox.put(opened, opened.upload)
            await stream.run(context)
            if stream.refusal:
                await abort(context, grpc.StatusCode.FAILED_PRECONDITION, stream.refusal)
            if stream.is_overrun:
                await abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "answers aren't read")
        except WireError as error:
            log.warning("upload_refused", robot_id=stream.robot_id, field=error.field, value=error.value)
            await abort_wire(context, error)
        except BlobRefusedError as error:
            await abort(context, grpc.StatusCode.OUT_OF_RANGE, str(error))
        except BlobSinkError as error:
            log.warning("blob_not_stored", robot_id=stream.robot_id, reason=str(error))
            await abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        except LINK_ERRORS as error:
            log.info("upload_broken", robot_id=stream.robot_id, error=type(error).__name__)
        finally:
            self._streams.remove(stream)

    async def _hello(self, context: Context) -> UploadOpened | None:
        try:
            request = await asyncio.wait_for(context.read(), HELLO_WITHIN_S)
        except TimeoutError:
            await abort(context, grpc.StatusCode.DEADLINE_EXCEEDED, f"no hello within {HELLO_WITHIN_S:g} s")
        if request is grpc.aio.EOF:
            return None
        try:
            return decode_upload_hello(request, self._inbox.next_connection())
        except WireError as error:
            await abort_wire(context, error)
