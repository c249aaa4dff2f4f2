"""Wire to model and back: pure functions, used by the services and by the simulator alike."""

from __future__ import annotations

from coordinator.transport.codec.device import decode_device, encode_device_request
from coordinator.transport.codec.errors import WireError
from coordinator.transport.codec.explanation import encode_explanation
from coordinator.transport.codec.fleet import encode_fleet, encode_observations
from coordinator.transport.codec.graph import encode_graph
from coordinator.transport.codec.observation import (
    BlobAsked,
    ChunkArrived,
    UploadInput,
    decode_observation,
    decode_upload,
    decode_upload_hello,
    encode_blob_offset,
    encode_upload_effect,
)
from coordinator.transport.codec.operator import (
    decode_change_alarm,
    decode_change_mission,
    decode_context,
    decode_create_mission,
    decode_explain,
    decode_limit,
    decode_period,
    decode_place_robot,
    decode_remove_robot,
    decode_resume_robots,
    decode_set_edge,
    decode_stop_robots,
    decode_traffic_query,
    encode_outcome,
)
from coordinator.transport.codec.robot import decode_state
from coordinator.transport.codec.route import SpeedLimits, encode_route, speed_limits
from coordinator.transport.codec.session import (
    PROTOCOL_VERSION,
    SessionEvent,
    UnsupportedVersionError,
    decode_hello,
    decode_request,
    encode_send,
)
from coordinator.transport.codec.traffic import encode_traffic

__all__ = [
    "PROTOCOL_VERSION",
    "BlobAsked",
    "ChunkArrived",
    "SessionEvent",
    "SpeedLimits",
    "UnsupportedVersionError",
    "UploadInput",
    "WireError",
    "decode_change_alarm",
    "decode_change_mission",
    "decode_context",
    "decode_create_mission",
    "decode_device",
    "decode_explain",
    "decode_hello",
    "decode_limit",
    "decode_observation",
    "decode_period",
    "decode_place_robot",
    "decode_remove_robot",
    "decode_request",
    "decode_resume_robots",
    "decode_set_edge",
    "decode_state",
    "decode_stop_robots",
    "decode_traffic_query",
    "decode_upload",
    "decode_upload_hello",
    "encode_blob_offset",
    "encode_device_request",
    "encode_explanation",
    "encode_fleet",
    "encode_graph",
    "encode_observations",
    "encode_outcome",
    "encode_route",
    "encode_send",
    "encode_traffic",
    "encode_upload_effect",
    "speed_limits",
]
