"""Robots over real sockets: who gets in, what they hear, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import math

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from coordinator.model.effects import Send
from coordinator.model.events import RobotDisconnected, RobotRejected, StateReported
from coordinator.model.ids import RobotId
from coordinator.model.messages import Acknowledge, Command, CommandKind, Heartbeat
from roundsman.v1 import robot_pb2, route_pb2, session_pb2
from tests.coordinator.transport.rig import Rig, hello, running, session, state, until


async def _welcomed(rig: Rig, robot_id: str = "a"):
    call = session(rig.channel())
    await call.write(hello(robot_id))
    welcome = await call.read()
    assert welcome.WhichOneof("payload") == "welcome"
    return call


async def _ended(call) -> grpc.StatusCode:
    async with asyncio.timeout(5.0):
        with contextlib.suppress(grpc.aio.AioRpcError):
            while await call.read() is not grpc.aio.EOF:
                pass
        return await call.code()


async def test_a_robot_is_welcomed_once_its_session_is_durable():
    """A robot may move only after the coordinator has written down that it is there."""
    async with running() as rig:
        rig.ledger.may_commit.clear()
        call = session(rig.channel())
        await call.write(hello())
        await until(lambda: rig.ledger.try_count == 1)
        assert rig.ledger.entries == []

        rig.ledger.may_commit.set()
        welcome = await call.read()

        assert rig.ledger.kinds == ["SessionOpened"]
        assert (welcome.sequence, welcome.welcome.version) == (1, 1)


async def test_a_robot_that_leaves_is_reported_gone():
    """A goodbye ends the stream in order, and the fleet knows why."""
    async with running() as rig:
        call = await _welcomed(rig)
        await call.write(session_pb2.SessionRequest(goodbye=session_pb2.Goodbye(reason="charging")))

        assert await _ended(call) is grpc.StatusCode.OK
        await until(lambda: rig.core.seen(RobotDisconnected))
        assert rig.core.seen(RobotDisconnected)[0].reason == "goodbye: charging"


async def test_a_robot_whose_process_dies_is_reported_gone():
    """A broken stream is noticed at once."""
    async with running() as rig:
        channel = rig.channel()
        call = session(channel)
        await call.write(hello())
        await call.read()
        await channel.close()

        await until(lambda: rig.core.seen(RobotDisconnected))
        assert len(rig.sessions) == 0


BAD_FIRST = [
    (state(), grpc.StatusCode.INVALID_ARGUMENT),
    (session_pb2.SessionRequest(), grpc.StatusCode.INVALID_ARGUMENT),
    (hello("../a"), grpc.StatusCode.INVALID_ARGUMENT),
    (hello(charge_ratio=math.nan), grpc.StatusCode.INVALID_ARGUMENT),
    (hello(min_version=2, max_version=9), grpc.StatusCode.FAILED_PRECONDITION),
    (hello(type_id="tank"), grpc.StatusCode.NOT_FOUND),
]


@pytest.mark.parametrize(("first", "code"), BAD_FIRST, ids=range(len(BAD_FIRST)))
async def test_who_does_not_say_a_good_hello_is_not_let_in(first, code):
    """A wrong first message, an unknown robot type or a foreign protocol ends with a status that says so."""
    async with running() as rig:
        call = session(rig.channel())
        await call.write(first)

        assert await _ended(call) is code
        await until(lambda: len(rig.sessions) == 0)


BAD_LATER = [
    (state(map_pose_body=robot_pb2.Pose2D(x_m=math.nan, level_id="g")), "state.map_pose_body.x_m"),
    (state(speed_mps=99.0), "state.speed_mps"),
    (
        session_pb2.SessionRequest(route_reply=route_pb2.RouteReply(route_id="r", status=99)),
        "route_reply.status",
    ),
    (hello(), "payload"),
]


@pytest.mark.parametrize(("bad", "field"), BAD_LATER, ids=[field for _, field in BAD_LATER])
async def test_a_malformed_message_ends_the_session_and_names_the_field(bad, field):
    """Bad input is refused with field, value and rule, and the fleet is told."""
    async with running() as rig:
        call = await _welcomed(rig)
        await call.write(bad)

        assert await _ended(call) is grpc.StatusCode.INVALID_ARGUMENT
        status = await rpc_status.aio.from_call(call)
        detail = error_details_pb2.BadRequest()
        assert status.details[0].Unpack(detail)
        assert detail.field_violations[0].field == field
        assert "must" in detail.field_violations[0].description
        await until(lambda: rig.core.seen(RobotDisconnected))
        assert field in rig.core.seen(RobotRejected)[0].reason


async def test_a_huge_message_is_refused():
    """A message over the limit ends its own stream and nothing else."""
    async with running() as rig:
        call = await _welcomed(rig)
        other = await _welcomed(rig, "b")
        await call.write(session_pb2.SessionRequest(goodbye=session_pb2.Goodbye(reason="x" * 300_000)))

        assert await _ended(call) is grpc.StatusCode.RESOURCE_EXHAUSTED
        await other.write(state(7))
        await until(lambda: rig.core.seen(StateReported))


async def test_a_second_robot_with_the_name_of_a_live_one_is_refused():
    """Two machines never share one identity; the first stays connected."""
    async with running() as rig:
        first = await _welcomed(rig)
        second = session(rig.channel())
        await second.write(hello())

        assert await _ended(second) is grpc.StatusCode.ALREADY_EXISTS
        await first.write(state(1))
        await until(lambda: rig.core.seen(StateReported))


async def test_each_stream_has_one_writer_and_numbers_without_gaps():
    """However much is said at once, a robot gets whole messages in growing order."""
    async with running() as rig:
        call = await _welcomed(rig)
        connection = rig.fleet.live[RobotId("a")]
        for number in range(1, 301):
            message = Command(number, CommandKind.PAUSE) if number % 10 == 0 else Heartbeat(number, 0.0, 0.0)
            rig.sessions.send(Send(RobotId("a"), connection, 1, 1, 5, message))
            if number % 7 == 0:
                await asyncio.sleep(0)
        rig.sessions.send(Send(RobotId("a"), connection, 1, 1, 5, Acknowledge(1)))

        sequences, commands = [1], []
        async with asyncio.timeout(5.0):
            while len(commands) < 30:
                response = await call.read()
                sequences.append(response.sequence)
                if response.WhichOneof("payload") == "command":
                    commands.append(response.command.command_id)

        assert sequences == list(range(1, len(sequences) + 1))
        assert commands == list(range(10, 301, 10))


async def test_a_robot_that_takes_nothing_is_let_go():
    """What can't be delivered isn't piled up: the session ends and the robot comes back."""
    async with running() as rig:
        call = await _welcomed(rig)
        connection = rig.fleet.live[RobotId("a")]
        for number in range(200):
            rig.sessions.send(Send(RobotId("a"), connection, 1, 1, 1, Command(number, CommandKind.PAUSE)))

        assert await _ended(call) is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_robots_are_asked_to_come_back_when_the_coordinator_goes_down():
    """A planned restart doesn't look like a broken link."""
    async with running() as rig:
        call = await _welcomed(rig)
        rig.sessions.drain(2.5)

        drain = await call.read()
        assert (drain.drain.reconnect_after_s, drain.sequence) == (2.5, 2)
        assert await _ended(call) is grpc.StatusCode.UNAVAILABLE


async def test_the_newest_pose_wins_behind_a_busy_core():
    """Telemetry never queues: after a stall the fleet sees where the robot is, not where it was."""
    async with running() as rig:
        call = await _welcomed(rig)
        for seq in range(1, 201):
            await call.write(state(seq))
        await until(lambda: rig.core.seen(StateReported) and rig.core.seen(StateReported)[-1].report.report_seq == 200)

        seqs = [event.report.report_seq for event in rig.core.seen(StateReported)]
        assert seqs == sorted(seqs)
