"""Doors and lifts on the wire."""

from __future__ import annotations

from coordinator.model.effects import RequestDevice
from coordinator.model.events import DeviceReported, DeviceState
from coordinator.model.ids import DeviceId, EdgeId, RobotId
from coordinator.transport.codec import checks
from coordinator.transport.codec.errors import WireError
from roundsman.v1 import device_pb2

_STATES = {
    device_pb2.DEVICE_STATE_CLOSED: DeviceState.CLOSED,
    device_pb2.DEVICE_STATE_MOVING: DeviceState.MOVING,
    device_pb2.DEVICE_STATE_OPEN: DeviceState.OPEN,
    device_pb2.DEVICE_STATE_FAILED: DeviceState.FAILED,
}


def decode_device(wire: device_pb2.AttachRequest) -> DeviceReported:
    """
    What a door or lift says.

    A state this version doesn't know is refused: whether a robot may pass must never be guessed.
    """
    state = _STATES.get(wire.state)
    if state is None:
        raise WireError("state", wire.state, "must be a known state")
    return DeviceReported(
        DeviceId(checks.name("device_id", wire.device_id)),
        state,
        RobotId(checks.name("held_for", wire.held_for)) if wire.held_for else None,
        EdgeId(checks.name("edge_id", wire.edge_id)) if wire.edge_id else None,
    )


def encode_device_request(request: RequestDevice) -> device_pb2.AttachResponse:
    """What a door or lift should do."""
    return device_pb2.AttachResponse(
        device_id=request.device_id, robot_id=request.robot_id or "", edge_id=request.edge_id or ""
    )
