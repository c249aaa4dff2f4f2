"""The parts of the ingest benchmark: its plant, and its robots' own HTTP/2."""

from __future__ import annotations

import asyncio

from benchmarks.ingest.links import GrpcLink
from benchmarks.ingest.load import Robot, answer_to
from benchmarks.ingest.plant import parking_nodes
from coordinator.model.events import StateReported
from coordinator.model.ids import NodeId
from roundsman.v1 import session_pb2
from tests.coordinator.transport.rig import hello, running, until


def test_every_robot_finds_a_parking_place():
    """The plant has a home for each of three hundred robots, and no place twice."""
    places = parking_nodes(300)

    assert len({node_id for node_id, _, _ in places}) == 300


async def test_the_light_client_is_a_robot_to_the_real_server():
    """Reports sent by hand-made HTTP/2 frames arrive like those of an agent, and the welcome comes back."""
    async with running() as rig:
        robot = await asyncio.to_thread(
            lambda: Robot("a", NodeId("n1"), 1.0, 2.0, GrpcLink(rig.addresses.control_port))
        )
        robot.link.send(hello("a"))
        await until(lambda: len(rig.sessions) == 1)
        messages: list[session_pb2.SessionResponse] = []
        while not messages:
            messages = await asyncio.to_thread(robot.link.receive)
        robot.link.send(robot.report())
        robot.link.send(robot.report())
        await until(lambda: rig.core.seen(StateReported) and rig.core.seen(StateReported)[-1].report.report_seq == 2)
        robot.link.socket.close()

        assert messages[0].HasField("welcome")
        assert rig.core.seen(StateReported)[-1].report.pose.y_m == 2.0


def test_a_robot_echoes_heartbeats_at_once():
    """Without echoes the coordinator would take the robots for lost."""
    message = session_pb2.SessionResponse(heartbeat=session_pb2.Heartbeat(nonce=7, coordinator_s=1.5))

    answer = answer_to(message)

    assert (answer.heartbeat_echo.nonce, answer.heartbeat_echo.coordinator_s) == (7, 1.5)
