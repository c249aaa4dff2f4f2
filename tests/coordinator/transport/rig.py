"""Real servers on real sockets around a small core, and clients as robots and operators use them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc

from coordinator.model.ids import EdgeId, RobotId
from coordinator.runtime.inbox import EventInbox
from coordinator.runtime.loop import CoreLoop, LoopSettings, Outlets
from coordinator.runtime.observation_log import ObservationLog
from coordinator.runtime.perform import Performer
from coordinator.runtime.planner import Planner
from coordinator.transport.calls import Calls
from coordinator.transport.device_service import DeviceService, DeviceStreams
from coordinator.transport.fleet_service import FleetService, PlantText
from coordinator.transport.observation_stream import ObservationService, UploadStreams
from coordinator.transport.pictures import Pictures
from coordinator.transport.server import Addresses, Servers, Services
from coordinator.transport.session_stream import AgentService, SessionStreams
from roundsman.v1 import (
    device_pb2_grpc,
    fleet_pb2_grpc,
    graph_pb2,
    observation_pb2_grpc,
    robot_pb2,
    session_pb2,
    session_pb2_grpc,
)
from tests.coordinator.runtime.fakes import EMPTY, FakeClock, FakeCore, FakeForm, FakeLedger, SmallFleet

LIMITS = {EdgeId("e1"): 1.0}
GRAPH = graph_pb2.GetGraphResponse(
    plant_id="test", digest="d1", nodes=[graph_pb2.GraphNode(node_id="n1", level_id="ground")]
)


class MemoryBlobs:
    """A BlobSink in memory; `error` makes it fail."""

    def __init__(self) -> None:
        self.parts: dict[str, bytes] = {}
        self.error: Exception | None = None

    async def begin(self, robot_id: RobotId, sha256: str, size_bytes: int) -> int:
        """Bytes there are."""
        if self.error is not None:
            raise self.error
        return len(self.parts.get(sha256, b""))

    async def append(self, robot_id: RobotId, sha256: str, size_bytes: int, offset_bytes: int, data: bytes) -> int:
        """Take a part that fits."""
        there = self.parts.get(sha256, b"")
        if offset_bytes == len(there):
            self.parts[sha256] = there + data
        return len(self.parts[sha256])


@dataclass
class Rig:
    """All parts, for tests to look into."""

    core: FakeCore
    fleet: SmallFleet
    ledger: FakeLedger
    inbox: EventInbox
    sessions: SessionStreams
    pictures: Pictures
    blobs: MemoryBlobs
    calls: Calls
    addresses: Addresses
    servers: Servers

    def channel(self, *, bulk: bool = False, **options: int) -> grpc.aio.Channel:
        """A connection of its own."""
        port = self.addresses.observation_port if bulk else self.addresses.control_port
        arguments = [("grpc.use_local_subchannel_pool", 1), *((f"grpc.{k}", v) for k, v in options.items())]
        return grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=arguments)


@asynccontextmanager
async def running(*, dev: bool = False, answer_within_s: float = 5.0) -> AsyncIterator[Rig]:
    """Serve until the block ends."""
    inbox, fleet, ledger = EventInbox(), SmallFleet(), FakeLedger()
    core = FakeCore(fleet.decide)
    sessions, uploads, devices = SessionStreams(), UploadStreams(), DeviceStreams()
    calls, pictures = Calls(inbox, answer_within_s=answer_within_s), Pictures(LIMITS)
    blobs, observations = MemoryBlobs(), ObservationLog()
    planner = Planner(inbox.post, within_s=1.0)
    performer = Performer(sessions, uploads, devices, calls, planner)
    services = Services(
        AgentService(inbox, sessions, LIMITS, graph=GRAPH),
        DeviceService(inbox, devices),
        FleetService(
            calls,
            pictures,
            PlantText("test", "plant_id: test", "d1"),
            observations,
            traffic=fleet.traffic,
            explain=fleet.explain,
        ),
        ObservationService(inbox, uploads, blobs),
    )
    servers = Servers(Addresses("127.0.0.1", 0, 0), services, dev=dev)
    outlets = Outlets(performer.perform, observations.note, pictures.publish)
    loop = CoreLoop(core, FakeForm(), inbox, ledger, outlets, clock=FakeClock(), settings=LoopSettings(retry_s=0.01))
    pictures.publish(EMPTY)
    task = asyncio.create_task(loop.run())
    addresses = await servers.start()
    try:
        yield Rig(core, fleet, ledger, inbox, sessions, pictures, blobs, calls, addresses, servers)
    finally:
        await servers.stop(0.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def hello(robot_id: str = "a", type_id: str = "spot", **fields: object) -> session_pb2.SessionRequest:
    """A robot's first words."""
    return session_pb2.SessionRequest(
        hello=session_pb2.Hello(
            **{
                "min_version": 1,
                "max_version": 1,
                "robot_id": robot_id,
                "boot_id": 1,
                "factsheet": robot_pb2.Factsheet(robot_type_id=type_id),
                "placement": robot_pb2.Placement(node_id="n1"),
                "charge_ratio": 0.9,
                **fields,
            }
        )
    )


def state(seq: int = 1, **fields: object) -> session_pb2.SessionRequest:
    """A frame of telemetry."""
    report = robot_pb2.StateReport(**{"report_seq": seq, "charge_ratio": 0.5, "activity": 1, **fields})
    return session_pb2.SessionRequest(state=report)


def session(channel: grpc.aio.Channel):
    """A robot's control stream."""
    return session_pb2_grpc.AgentServiceStub(channel).Session()


def upload(channel: grpc.aio.Channel):
    """A robot's upload stream."""
    return observation_pb2_grpc.ObservationServiceStub(channel).Upload()


def operator(channel: grpc.aio.Channel):
    """An operator's hands."""
    return fleet_pb2_grpc.FleetServiceStub(channel)


def device(channel: grpc.aio.Channel):
    """A controller's stream."""
    return device_pb2_grpc.DeviceServiceStub(channel).Attach()


async def until(condition) -> None:
    """Let the sockets work until something holds."""
    async with asyncio.timeout(5.0):
        while not condition():  # noqa: ASYNC110 - conditions of many kinds
            await asyncio.sleep(0.002)
