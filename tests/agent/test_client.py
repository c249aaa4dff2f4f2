"""The agent against a real gRPC server on this machine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any

import grpc
import pytest

from agent.body import Activity, Outcome, Pose, Reading, Task, Telemetry
from agent.client import AgentConfig, AgentRefusedError, run_agent
from agent.retry import Backoff, StreamEnd, check_addresses
from roundsman.v1 import observation_pb2, observation_pb2_grpc, session_pb2, session_pb2_grpc
from tests.agent.harness import ScriptedBody, update

PICTURE = bytes(range(256)) * 600


class EagerBody(ScriptedBody):
    """Reaches every leg at once, and every task gives a picture."""

    def start(self, listener: Any) -> None:
        super().start(listener)
        self.listener = listener
        listener.telemetry(Telemetry(Pose(0.0, 0.0, 0.0, "ground"), 0.0, 0.7, Activity.IDLE))

    def follow(self, legs: Any) -> None:
        super().follow(legs)
        for leg in legs:
            self.listener.cleared(leg.seq - 1)
            self.listener.reached(leg.seq)

    def perform(self, task: Task) -> None:
        super().perform(task)
        self.listener.task_ended(task.order_id, Outcome.DONE, "", Reading(blob=PICTURE, media_type="image/jpeg"))


class Coordinator(session_pb2_grpc.AgentServiceServicer, observation_pb2_grpc.ObservationServiceServicer):
    """Welcomes robots, remembers what they say, and forgets nothing when its server is killed."""

    def __init__(self) -> None:
        self.epoch, self.sessions, self.sequence = 1, 0, 0
        self.heard: list[session_pb2.SessionRequest] = []
        self.results: dict[int, observation_pb2.Observation] = {}
        self.blobs: dict[str, bytes] = {}
        self.refuse: tuple[grpc.StatusCode, str] | None = None
        self.context: Any = None
        self.changed = asyncio.Event()

    async def Session(self, request_iterator: Any, context: Any) -> None:  # noqa: N802
        if self.refuse is not None:
            await context.abort(*self.refuse)
        hello = (await context.read()).hello
        self.heard.append(session_pb2.SessionRequest(hello=hello))
        self.sessions, self.sequence, self.context = self.sessions + 1, 0, context
        await self.say(
            welcome=session_pb2.Welcome(
                version=1,
                heartbeat_period_s=0.5,
                hold_after_s=5.0,
                report_period_s=0.2,
                coordinator_s=9000.0,
                base_is_valid=bool(hello.progress.route_id),
            )
        )
        self.changed.set()
        while (message := await context.read()) is not grpc.aio.EOF:
            self.heard.append(message)
            self.changed.set()

    async def say(self, **payload: Any) -> None:
        self.sequence += 1
        await self.context.write(
            session_pb2.SessionResponse(epoch=self.epoch, session=self.sessions, sequence=self.sequence, **payload)
        )

    async def Upload(self, request_iterator: Any, context: Any) -> None:  # noqa: N802
        while (message := await context.read()) is not grpc.aio.EOF:
            kind = message.WhichOneof("payload")
            if kind == "observation":
                self.results[message.observation.counter] = message.observation
                self.changed.set()
                await context.write(observation_pb2.UploadResponse(stored_through=message.observation.counter))
            elif kind in ("blob", "chunk"):
                sha256 = getattr(message, kind).sha256
                if kind == "chunk":
                    assert message.chunk.offset_bytes == len(self.blobs.get(sha256, b""))
                    self.blobs[sha256] = self.blobs.get(sha256, b"") + message.chunk.data
                offset = observation_pb2.BlobOffset(sha256=sha256, durable_bytes=len(self.blobs.get(sha256, b"")))
                await context.write(observation_pb2.UploadResponse(blob=offset))

    async def until(self, condition: Callable[[], bool], timeout_s: float = 15.0) -> None:
        async def wait() -> None:
            while not condition():
                self.changed.clear()
                await self.changed.wait()

        await asyncio.wait_for(wait(), timeout_s)

    def all(self, kind: str) -> list[Any]:
        return [getattr(message, kind) for message in self.heard if message.WhichOneof("payload") == kind]


async def serve(coordinator: Coordinator, port: int = 0) -> tuple[grpc.aio.Server, int]:
    """Start a server on this machine; port 0 takes a free one."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    session_pb2_grpc.add_AgentServiceServicer_to_server(coordinator, server)
    observation_pb2_grpc.add_ObservationServiceServicer_to_server(coordinator, server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    return server, port


def config(port: int, directory: Path) -> AgentConfig:
    """Of a robot whose coordinator is on this machine."""
    address = f"127.0.0.1:{port}"
    return AgentConfig("spot-1", "quadruped", address, address, directory)


@contextlib.asynccontextmanager
async def running(body: ScriptedBody, config: AgentConfig) -> AsyncIterator[tuple[asyncio.Task[None], asyncio.Event]]:
    """An agent at work; it is asked to end afterwards."""
    stop = asyncio.Event()
    agent = asyncio.create_task(run_agent(body, config, rng=Random(1), stop=stop))
    try:
        yield agent, stop
    finally:
        stop.set()
        await asyncio.wait([agent], timeout=10.0)


async def test_robot_inspects_over_a_killed_and_restarted_coordinator(tmp_path):
    """A coordinator that dies costs no reading, no task, and nobody has to touch the robot."""
    coordinator, body = Coordinator(), EagerBody()
    server, port = await serve(coordinator)
    async with running(body, config(port, tmp_path)) as (_, stop):
        await coordinator.until(lambda: coordinator.sessions == 1)
        await coordinator.say(route=update(0, 1, (2, ["a"])))
        await coordinator.until(lambda: len(coordinator.results) == 1)
        assert coordinator.blobs[coordinator.results[1].blob.sha256] == PICTURE

        await server.stop(None)
        coordinator.epoch = 2
        server, _ = await serve(coordinator, port)
        await coordinator.until(lambda: coordinator.sessions == 2)
        assert coordinator.all("hello")[1].progress.reached_seq == 2
        assert coordinator.all("hello")[1].epoch == 1
        await coordinator.say(route=update(2, 3, (4, ["b"]), revision=2))
        await coordinator.until(lambda: len(coordinator.results) == 2)

        assert body.given == [1, 2, 3, 4]
        assert body.performed == ["a", "b"]
        assert [event.event_seq for event in coordinator.all("task_event")][-2:] == [3, 4]
        stop.set()
        await coordinator.until(lambda: bool(coordinator.all("goodbye")))
    await server.stop(None)


async def test_restarted_agent_is_a_new_boot_with_its_spool(tmp_path):
    """Switching a robot off in front of an unreachable plant loses no reading."""
    coordinator = Coordinator()
    server, port = await serve(coordinator)
    elsewhere = AgentConfig("spot-1", "quadruped", f"127.0.0.1:{port}", "127.0.0.1:9", tmp_path)
    async with running(EagerBody(), elsewhere):
        await coordinator.until(lambda: coordinator.sessions == 1)
        await coordinator.say(route=update(0, (1, ["a"])))
        await coordinator.until(lambda: len(coordinator.all("task_event")) == 2)
    async with running(EagerBody(), config(port, tmp_path)):
        await coordinator.until(lambda: 1 in coordinator.results)

    assert [hello.boot_id for hello in coordinator.all("hello")] == [1, 2]
    assert coordinator.all("hello")[1].progress.route_id == ""
    assert coordinator.results[1].order_id == "a"
    await server.stop(None)


async def test_refused_robot_ends_with_the_reason(tmp_path):
    """A robot of an unknown type says so once and doesn't knock for ever."""
    coordinator = Coordinator()
    coordinator.refuse = (grpc.StatusCode.NOT_FOUND, "robot type quadruped isn't in the map")
    server, port = await serve(coordinator)
    async with running(EagerBody(), config(port, tmp_path)) as (agent, _):
        with pytest.raises(AgentRefusedError) as refusal:
            await asyncio.wait_for(agent, 10.0)

    assert str(refusal.value) == (
        f"coordinator at 127.0.0.1:{port} refuses robot spot-1: robot type quadruped isn't in the map"
    )
    await server.stop(None)


async def test_wrong_address_is_named_in_one_line(tmp_path, caplog):
    """Who mistypes the address reads which one can't be reached."""
    async with running(EagerBody(), config(9, tmp_path)) as (agent, _):
        await asyncio.wait([agent], timeout=1.0)

    line = next(record.message for record in caplog.records if "control_lost" in record.message)
    assert "address=127.0.0.1:9" in line
    assert "\n" not in line


async def test_body_that_fails_stops_and_ends_the_agent(tmp_path):
    """A broken driver never leaves a robot moving and the agent silent."""

    class Broken(EagerBody):
        def follow(self, legs: Any) -> None:
            raise RuntimeError("no motors")

    coordinator, body = Coordinator(), Broken()
    server, port = await serve(coordinator)
    async with running(body, config(port, tmp_path)) as (agent, _):
        await coordinator.until(lambda: coordinator.sessions == 1)
        await coordinator.say(route=update(0, 1))
        with pytest.raises(RuntimeError, match="no motors"):
            await asyncio.wait_for(agent, 10.0)

    assert body.names()[-1] == "stop"
    await server.stop(None)


def test_delays_double_with_jitter_and_begin_anew_after_a_success():
    """Robots that lose the link together don't come back in one instant."""
    backoff = Backoff(Random(3))
    lost = StreamEnd(False, grpc.StatusCode.UNAVAILABLE, "")
    delays = [backoff.next_s(lost) for _ in range(9)]

    assert all(0.5 * base <= delay <= base for base, delay in zip((0.2, 0.4, 0.8, 1.6, 3.2), delays, strict=False))
    assert max(delays) <= 5.0
    assert backoff.next_s(StreamEnd(True, None, "")) <= 0.2
    assert backoff.next_s(StreamEnd(True, None, "", reconnect_after_s=12.0)) >= 12.0
    assert backoff.next_s(lost, is_slow=True) >= 7.5


@pytest.mark.parametrize(("address", "rule"), [("coordinator", "isn't host:port"), ("10.0.0.5:7400", "needs TLS")])
def test_address_that_breaks_a_rule_is_refused(address, rule):
    """Commands to robots don't cross a network in the clear by accident."""
    with pytest.raises(ValueError, match=rule):
        check_addresses(address, is_open=False)
    check_addresses("10.0.0.5:7400", is_open=True)
