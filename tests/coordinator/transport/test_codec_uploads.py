"""Results, blobs and devices on the wire."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.model.effects import AcknowledgeObservations, RefuseObservation, RequestDevice
from coordinator.model.events import (
    DeviceReported,
    DeviceState,
    ObservationReceived,
    ObservationsDeclaredMissing,
    UploadOpened,
)
from coordinator.model.geometry import Pose2
from coordinator.model.ids import DeviceId, EdgeId, LevelId, PointId, RobotId, TaskId
from coordinator.model.observation import Observation
from coordinator.transport.codec import (
    BlobAsked,
    ChunkArrived,
    WireError,
    decode_device,
    decode_upload,
    decode_upload_hello,
    encode_blob_offset,
    encode_device_request,
    encode_upload_effect,
)
from roundsman.v1 import device_pb2, observation_pb2, robot_pb2

ROBOT = RobotId("spot-1")
SHA = "ab" * 32

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
numbers = st.floats(allow_nan=False, allow_infinity=False)
observations = st.builds(
    Observation,
    counter=st.integers(1, 2**63 - 1),
    order_id=names,
    point_id=names.map(PointId),
    task_id=names.map(TaskId),
    taken_s=numbers,
    taken_error_s=st.floats(0.0, 1e6),
    pose=st.none() | st.builds(Pose2, numbers, numbers, st.floats(-math.pi, math.pi), names.map(LevelId)),
    value=st.none() | numbers,
    unit=st.text(max_size=32),
    quality_ratio=st.floats(0.0, 1.0),
)


def _request(observation: Observation) -> observation_pb2.UploadRequest:
    pose = observation.pose
    wire = observation_pb2.Observation(
        counter=observation.counter,
        order_id=observation.order_id,
        point_id=observation.point_id,
        task_id=observation.task_id,
        taken_s=observation.taken_s,
        taken_error_s=observation.taken_error_s,
        map_pose_body=None
        if pose is None
        else robot_pb2.Pose2D(x_m=pose.x_m, y_m=pose.y_m, yaw_rad=pose.yaw_rad, level_id=pose.level_id),
        value=observation.value,
        unit=observation.unit,
        quality_ratio=observation.quality_ratio,
    )
    if observation.blob_sha256:
        wire.blob.sha256 = observation.blob_sha256
        wire.blob.size_bytes = observation.blob_bytes
        wire.blob.media_type = observation.blob_type
    return observation_pb2.UploadRequest.FromString(observation_pb2.UploadRequest(observation=wire).SerializeToString())


@given(observations, st.booleans(), st.integers(1, 2**30))
def test_an_observation_arrives_as_it_was_taken(observation: Observation, has_blob: bool, size_bytes: int):
    """Value, unit, time, place and picture of a result survive the way."""
    if has_blob:
        fields = {name: getattr(observation, name) for name in observation.__slots__}
        fields |= {"blob_sha256": SHA, "blob_bytes": size_bytes, "blob_type": "image/jpeg"}
        observation = Observation(**fields)

    event = decode_upload(_request(observation), ROBOT, 5)

    assert event == ObservationReceived(ROBOT, 5, observation)


def test_hello_chunk_blob_and_gap_arrive_as_they_were_sent():
    """All that an upload says is understood."""
    hello = observation_pb2.UploadHello(robot_id=ROBOT, oldest_counter=4)
    chunk = observation_pb2.BlobChunk(sha256=SHA, offset_bytes=7, data=b"abc")
    blob = observation_pb2.BlobRef(sha256=SHA, size_bytes=10)
    gap = observation_pb2.ObservationGap(first_counter=2, last_counter=3, reason="quota")

    assert decode_upload_hello(observation_pb2.UploadRequest(hello=hello), 5) == UploadOpened(ROBOT, 5, 4)
    assert decode_upload(observation_pb2.UploadRequest(chunk=chunk), ROBOT, 5) == ChunkArrived(SHA, 7, b"abc")
    assert decode_upload(observation_pb2.UploadRequest(blob=blob), ROBOT, 5) == BlobAsked(SHA, 10)
    assert decode_upload(observation_pb2.UploadRequest(gap=gap), ROBOT, 5) == ObservationsDeclaredMissing(
        ROBOT, 5, 2, 3, "quota"
    )


def _observation(**fields) -> observation_pb2.UploadRequest:
    good = {"counter": 1, "order_id": "o", "point_id": "p", "task_id": "p.t", "quality_ratio": 1.0}
    return observation_pb2.UploadRequest(observation=observation_pb2.Observation(**{**good, **fields}))


def _chunk(**fields) -> observation_pb2.UploadRequest:
    good = {"sha256": SHA, "offset_bytes": 0, "data": b"x"}
    return observation_pb2.UploadRequest(chunk=observation_pb2.BlobChunk(**{**good, **fields}))


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (_observation(counter=0), "observation.counter"),
        (_observation(order_id=""), "observation.order_id"),
        (_observation(point_id="../p"), "observation.point_id"),
        (_observation(taken_s=math.nan), "observation.taken_s"),
        (_observation(taken_error_s=-1.0), "observation.taken_error_s"),
        (_observation(value=math.inf), "observation.value"),
        (_observation(quality_ratio=1.5), "observation.quality_ratio"),
        (
            _observation(blob=observation_pb2.BlobRef(sha256=SHA.upper(), size_bytes=1)),
            "observation.blob.sha256",
        ),
        (_observation(blob=observation_pb2.BlobRef(sha256=SHA)), "observation.blob.size_bytes"),
        (_chunk(sha256="../../etc/passwd"), "chunk.sha256"),
        (_chunk(data=b""), "chunk.data"),
        (_chunk(data=b"x" * 65_537), "chunk.data"),
        (_chunk(offset_bytes=2**30), "chunk.offset_bytes"),
        (
            observation_pb2.UploadRequest(gap=observation_pb2.ObservationGap(first_counter=5, last_counter=4)),
            "gap.last_counter",
        ),
        (observation_pb2.UploadRequest(hello=observation_pb2.UploadHello()), "payload"),
    ],
)
def test_an_upload_that_breaks_a_rule_is_refused_by_name(request_, field: str):
    """No impossible value and no path gets from a robot into the store."""
    with pytest.raises(WireError) as caught:
        decode_upload(request_, ROBOT, 5)

    assert caught.value.field == field


def test_answers_to_an_upload_leave_as_decided():
    """A robot learns what it may forget, what is refused, and where a picture goes on."""
    assert encode_upload_effect(AcknowledgeObservations(ROBOT, 5, 9)).stored_through == 9
    assert encode_upload_effect(AcknowledgeObservations(ROBOT, 5, 0)).WhichOneof("payload") == "stored_through"
    refusal = encode_upload_effect(RefuseObservation(ROBOT, 5, 3, "no such point")).refusal
    assert (refusal.counter, refusal.reason) == (3, "no such point")
    blob = encode_blob_offset(SHA, 12).blob
    assert (blob.sha256, blob.durable_bytes) == (SHA, 12)


def test_devices_say_and_hear_what_was_meant():
    """A door's word and the coordinator's wish survive the way; an unknown state is never guessed."""
    for state in DeviceState:
        wire = device_pb2.AttachRequest(
            device_id="d1",
            state=getattr(device_pb2, f"DEVICE_STATE_{state.name}"),
            held_for="spot-1",
            edge_id="e",
        )
        assert decode_device(wire) == DeviceReported(DeviceId("d1"), state, ROBOT, EdgeId("e"))
    with pytest.raises(WireError, match="state"):
        decode_device(device_pb2.AttachRequest(device_id="d1"))
    with pytest.raises(WireError, match="state"):
        decode_device(device_pb2.AttachRequest(device_id="d1", state=77))

    request = encode_device_request(RequestDevice(DeviceId("d1"), ROBOT, EdgeId("e")))
    assert (request.device_id, request.robot_id, request.edge_id) == ("d1", "spot-1", "e")
    assert encode_device_request(RequestDevice(DeviceId("d1"), None, None)).robot_id == ""
