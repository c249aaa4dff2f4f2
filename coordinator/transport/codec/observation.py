"""Uploads: results, blobs and gaps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coordinator.model.effects import AcknowledgeObservations, RefuseObservation
from coordinator.model.events import ObservationReceived, ObservationsDeclaredMissing, UploadOpened
from coordinator.model.ids import PointId, RobotId, TaskId
from coordinator.model.observation import Observation
from coordinator.transport.codec import checks
from coordinator.transport.codec.errors import WireError
from coordinator.transport.codec.robot import decode_pose
from roundsman.v1 import observation_pb2

MAX_BLOB_BYTES = 2**30
MAX_CHUNK_BYTES = 65_536

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BlobAsked:
    """A robot asks where to go on with a blob."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ChunkArrived:
    """A piece of a blob."""

    sha256: str
    offset_bytes: int
    data: bytes


UploadInput = ObservationReceived | ObservationsDeclaredMissing | BlobAsked | ChunkArrived


def decode_upload_hello(request: observation_pb2.UploadRequest, upload: int) -> UploadOpened:
    """
    The first message of an upload.

    Raises:
        WireError: If it isn't a valid UploadHello.
    """
    if request.WhichOneof("payload") != "hello":
        raise WireError("payload", request.WhichOneof("payload"), "must be hello in the first message")
    robot_id = RobotId(checks.name("hello.robot_id", request.hello.robot_id))
    return UploadOpened(robot_id, upload, checks.counter("hello.oldest_counter", request.hello.oldest_counter))


def decode_upload(request: observation_pb2.UploadRequest, robot_id: RobotId, upload: int) -> UploadInput | None:
    """
    Any later message of an upload; None for one that only a newer protocol knows.

    Raises:
        WireError: If a field breaks its rule.
    """
    match request.WhichOneof("payload"):
        case "observation":
            return ObservationReceived(robot_id, upload, decode_observation(request.observation))
        case "chunk":
            return _decode_chunk(request.chunk)
        case "blob":
            return BlobAsked(*_decode_blob("blob", request.blob))
        case "gap":
            return _decode_gap(request.gap, robot_id, upload)
        case "hello":
            raise WireError("payload", "hello", "must be the first message of a stream, and only that")
        case None:
            return None


def decode_observation(wire: observation_pb2.Observation, field: str = "observation") -> Observation:
    """One result; whether plant and order are known is the core's question."""
    sha256, size_bytes = _decode_blob(f"{field}.blob", wire.blob) if wire.HasField("blob") else ("", 0)
    has_pose = wire.HasField("map_pose_body")
    return Observation(
        counter=checks.counter(f"{field}.counter", wire.counter, 1),
        order_id=checks.key(f"{field}.order_id", wire.order_id),
        point_id=PointId(checks.name(f"{field}.point_id", wire.point_id)),
        task_id=TaskId(checks.key(f"{field}.task_id", wire.task_id)),
        taken_s=checks.finite(f"{field}.taken_s", wire.taken_s),
        taken_error_s=checks.within(f"{field}.taken_error_s", wire.taken_error_s, 0.0, 1e9),
        pose=decode_pose(f"{field}.map_pose_body", wire.map_pose_body) if has_pose else None,
        value=checks.finite(f"{field}.value", wire.value) if wire.HasField("value") else None,
        unit=checks.text(f"{field}.unit", wire.unit, 32),
        quality_ratio=checks.within(f"{field}.quality_ratio", wire.quality_ratio, 0.0, 1.0),
        blob_sha256=sha256,
        blob_bytes=size_bytes,
        blob_type=checks.text(f"{field}.blob.media_type", wire.blob.media_type, 100),
    )


def _sha256(field: str, value: str) -> str:
    if _SHA256.fullmatch(value) is None:
        raise WireError(field, value, "must be 64 lowercase hexadecimal digits")
    return value


def _decode_blob(field: str, wire: observation_pb2.BlobRef) -> tuple[str, int]:
    sha256 = _sha256(f"{field}.sha256", wire.sha256)
    if not 1 <= wire.size_bytes <= MAX_BLOB_BYTES:
        raise WireError(f"{field}.size_bytes", wire.size_bytes, "must be in [1, 2^30]")
    return sha256, wire.size_bytes


def _decode_chunk(wire: observation_pb2.BlobChunk) -> ChunkArrived:
    if not 1 <= len(wire.data) <= MAX_CHUNK_BYTES:
        raise WireError("chunk.data", f"{len(wire.data)} bytes", f"must have 1 to {MAX_CHUNK_BYTES} bytes")
    if wire.offset_bytes >= MAX_BLOB_BYTES:
        raise WireError("chunk.offset_bytes", wire.offset_bytes, "must be below 2^30")
    return ChunkArrived(_sha256("chunk.sha256", wire.sha256), wire.offset_bytes, wire.data)


def _decode_gap(wire: observation_pb2.ObservationGap, robot_id: RobotId, upload: int) -> ObservationsDeclaredMissing:
    first = checks.counter("gap.first_counter", wire.first_counter, 1)
    last = checks.counter("gap.last_counter", wire.last_counter, first)
    return ObservationsDeclaredMissing(robot_id, upload, first, last, checks.clip(wire.reason))


def encode_upload_effect(
    effect: AcknowledgeObservations | RefuseObservation,
) -> observation_pb2.UploadResponse:
    """What the core says to an upload."""
    match effect:
        case AcknowledgeObservations():
            return observation_pb2.UploadResponse(stored_through=effect.stored_through)
        case RefuseObservation():
            refusal = observation_pb2.ObservationRefusal(counter=effect.counter, reason=effect.reason)
            return observation_pb2.UploadResponse(refusal=refusal)


def encode_blob_offset(sha256: str, durable_bytes: int) -> observation_pb2.UploadResponse:
    """Where a robot goes on with a blob."""
    return observation_pb2.UploadResponse(blob=observation_pb2.BlobOffset(sha256=sha256, durable_bytes=durable_bytes))
