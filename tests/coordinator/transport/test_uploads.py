"""Results over real sockets: nothing is acknowledged that isn't durable."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib

import grpc

from coordinator.model.events import ObservationReceived, ObservationsDeclaredMissing, UploadOpened
from coordinator.transport.blob_sink import BlobSinkError
from roundsman.v1 import observation_pb2
from tests.coordinator.transport.rig import Rig, running, until, upload

PICTURE = bytes(range(256)) * 400
SHA = hashlib.sha256(PICTURE).hexdigest()
BLOB = observation_pb2.BlobRef(sha256=SHA, size_bytes=len(PICTURE), media_type="image/jpeg")


def _hello(robot_id: str = "a") -> observation_pb2.UploadRequest:
    return observation_pb2.UploadRequest(hello=observation_pb2.UploadHello(robot_id=robot_id, oldest_counter=1))


def _observation(counter: int, blob: observation_pb2.BlobRef | None = None) -> observation_pb2.UploadRequest:
    return observation_pb2.UploadRequest(
        observation=observation_pb2.Observation(
            counter=counter, order_id="o", point_id="p", task_id="p.t", quality_ratio=1.0, blob=blob
        )
    )


def _chunk(start: int, data: bytes, sha256: str = SHA) -> observation_pb2.UploadRequest:
    return observation_pb2.UploadRequest(chunk=observation_pb2.BlobChunk(sha256=sha256, offset_bytes=start, data=data))


async def _opened(rig: Rig, robot_id: str = "a"):
    call = upload(rig.channel(bulk=True))
    await call.write(_hello(robot_id))
    return call


async def _read(call) -> observation_pb2.UploadResponse:
    return await asyncio.wait_for(call.read(), 5.0)


async def _ended(call) -> grpc.StatusCode:
    with contextlib.suppress(grpc.aio.AioRpcError):
        while await _read(call) is not grpc.aio.EOF:
            pass
    return await call.code()


async def test_a_result_is_acknowledged_only_when_durable():
    """A robot forgets a result only after the coordinator has it on disk."""
    async with running() as rig:
        call = await _opened(rig)
        rig.ledger.may_commit.clear()
        await call.write(_observation(1))
        await until(lambda: rig.ledger.try_count == 1)
        answer = asyncio.create_task(call.read())
        await asyncio.sleep(0)
        assert not answer.done()

        rig.ledger.may_commit.set()

        assert (await asyncio.wait_for(answer, 5.0)).stored_through == 1
        assert rig.ledger.kinds == ["ObservationStored"]
        assert rig.core.seen(UploadOpened)[0].oldest_counter == 1


async def test_a_result_waits_for_its_picture():
    """A result with a picture counts only when the picture is whole and on disk."""
    async with running() as rig:
        call = await _opened(rig)
        await call.write(_observation(1, BLOB))
        assert (await _read(call)).blob.durable_bytes == 0
        half = len(PICTURE) // 2
        await call.write(_chunk(0, PICTURE[:half]))
        assert (await _read(call)).blob.durable_bytes == half
        assert rig.core.seen(ObservationReceived) == []

        await call.write(_chunk(half, PICTURE[half:]))
        answers = [await _read(call), await _read(call)]

        assert {answer.WhichOneof("payload") for answer in answers} == {"blob", "stored_through"}
        assert rig.blobs.parts[SHA] == PICTURE
        assert rig.core.seen(ObservationReceived)[0].observation.blob_sha256 == SHA


async def test_an_upload_goes_on_where_the_link_broke():
    """After a radio hole only the missing part of a picture is sent."""
    async with running() as rig:
        first = await _opened(rig)
        await first.write(observation_pb2.UploadRequest(blob=BLOB))
        await _read(first)
        await first.write(_chunk(0, PICTURE[:1000]))
        assert (await _read(first)).blob.durable_bytes == 1000
        first.cancel()

        second = await _opened(rig)
        await second.write(observation_pb2.UploadRequest(blob=BLOB))
        assert (await _read(second)).blob.durable_bytes == 1000


async def test_a_gap_is_passed_on():
    """Results a robot had to drop are known to be missing, not just absent."""
    async with running() as rig:
        call = await _opened(rig)
        gap = observation_pb2.ObservationGap(first_counter=1, last_counter=4, reason="quota")
        await call.write(observation_pb2.UploadRequest(gap=gap))

        await until(lambda: rig.core.seen(ObservationsDeclaredMissing))
        assert rig.core.seen(ObservationsDeclaredMissing)[0].last_counter == 4


async def test_bytes_nobody_announced_are_refused():
    """A chunk of an unknown blob, or beyond its size, ends the upload with the field's name."""
    async with running() as rig:
        unknown, beyond = await _opened(rig), await _opened(rig, "b")
        await unknown.write(_chunk(0, b"x"))
        await beyond.write(observation_pb2.UploadRequest(blob=BLOB))
        await beyond.write(_chunk(len(PICTURE), b"x"))

        assert await _ended(unknown) is grpc.StatusCode.INVALID_ARGUMENT
        assert "chunk.sha256" in await unknown.details()
        assert await _ended(beyond) is grpc.StatusCode.INVALID_ARGUMENT
        assert "chunk.offset_bytes" in await beyond.details()


async def test_a_full_blob_store_ends_the_upload_for_now():
    """With no room for pictures the robot keeps them and tries again later."""
    async with running() as rig:
        rig.blobs.error = BlobSinkError("no room")
        call = await _opened(rig)
        await call.write(observation_pb2.UploadRequest(blob=BLOB))

        assert await _ended(call) is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_robot_has_at_most_two_uploads():
    """One robot can't take all the room of the others."""
    async with running() as rig:
        _first, _second = await _opened(rig), await _opened(rig)
        await until(lambda: len(rig.core.seen(UploadOpened)) == 2)
        third, other = await _opened(rig), await _opened(rig, "b")

        assert await _ended(third) is grpc.StatusCode.RESOURCE_EXHAUSTED
        await other.write(_observation(1))
        assert (await _read(other)).stored_through == 1


async def test_an_upload_of_a_robot_the_core_does_not_know_is_ended():
    """A robot that uploads before it has joined is told to come again, not left waiting."""
    async with running() as rig:
        call = await _opened(rig, "stranger")

        assert await _ended(call) is grpc.StatusCode.FAILED_PRECONDITION
        assert await call.details() == "robot stranger is unknown"


async def test_a_first_message_that_is_no_hello_is_refused():
    """Nobody uploads without saying who it is."""
    async with running() as rig:
        call = upload(rig.channel(bulk=True))
        await call.write(_observation(1))

        assert await _ended(call) is grpc.StatusCode.INVALID_ARGUMENT
