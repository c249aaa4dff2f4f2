"""Simulated doors and lifts over real sockets, beside robots of any kind."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress

import grpc
import grpc.aio

from agent.channels import CONTROL, open_channel, settle
from agent.client import wait_at_most
from coordinator.model.events import DeviceReported, DeviceState
from coordinator.model.ids import DeviceId, EdgeId, RobotId
from coordinator.plant.map import PlantMap
from roundsman.v1 import device_pb2, device_pb2_grpc
from sim.devices import SimDevice
from sim.realtime import RealtimeWorld

DEVICE_RETRY_S = 1.0

_WIRE_STATES = {
    DeviceState.CLOSED: device_pb2.DEVICE_STATE_CLOSED,
    DeviceState.MOVING: device_pb2.DEVICE_STATE_MOVING,
    DeviceState.OPEN: device_pb2.DEVICE_STATE_OPEN,
    DeviceState.FAILED: device_pb2.DEVICE_STATE_FAILED,
}


async def run_devices(world: RealtimeWorld, plant: PlantMap, coordinator: str, *, seed: int) -> None:
    """
    All doors and lifts over one stream, opened again whenever it ends.

    Args:
        world: Its time; somebody else runs it.
        plant: Whose devices.
        coordinator: host:port of its control.
        seed: Of how long they take.
    """
    outbox: asyncio.Queue[DeviceReported] = asyncio.Queue(maxsize=1000)

    def report(said: DeviceReported) -> None:
        if outbox.full():
            outbox.get_nowait()
        outbox.put_nowait(said)

    devices = {
        device_id: SimDevice(world, device, random.Random(f"{seed}:device:{device_id}"), report=report)
        for device_id, device in plant.devices.items()
    }
    while True:
        # As robots connect: channels of the common pool share a growing delay after a coordinator's restart.
        async with open_channel(coordinator, CONTROL, None) as channel:
            await wait_at_most(settle(channel), DEVICE_RETRY_S)
            call = device_pb2_grpc.DeviceServiceStub(channel).Attach()
            for device in devices.values():
                device.say()
            writer = asyncio.create_task(_write(call, outbox))
            try:
                await _read(call, world, devices)
            finally:
                writer.cancel()
                call.cancel()
        await asyncio.sleep(DEVICE_RETRY_S)


DeviceCall = grpc.aio.StreamStreamCall[device_pb2.AttachRequest, device_pb2.AttachResponse]


async def _write(call: DeviceCall, outbox: asyncio.Queue[DeviceReported]) -> None:
    with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
        while True:
            said = await outbox.get()
            await call.write(
                device_pb2.AttachRequest(
                    device_id=said.device_id,
                    state=_WIRE_STATES[said.state],
                    held_for=said.held_for or "",
                    edge_id=said.at or "",
                )
            )


async def _read(call: DeviceCall, world: RealtimeWorld, devices: Mapping[DeviceId, SimDevice]) -> None:
    with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
        while True:
            asked = await call.read()
            if not isinstance(asked, device_pb2.AttachResponse):
                return
            device = devices.get(DeviceId(asked.device_id))
            if device is not None:
                world.touch()
                device.ask(
                    RobotId(asked.robot_id) if asked.robot_id else None,
                    EdgeId(asked.edge_id) if asked.edge_id else None,
                )
