"""A robot whose computer hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from coordinator.model.events import RobotConnected, RobotDisconnected
from tests.coordinator.transport.rig import running, until

ROBOT = """
import sys
import grpc
from roundsman.v1 import robot_pb2, session_pb2, session_pb2_grpc

channel = grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}")
hello = session_pb2.Hello(
    min_version=1, max_version=1, robot_id="a", boot_id=1, charge_ratio=1.0,
    factsheet=robot_pb2.Factsheet(robot_type_id="spot"), placement=robot_pb2.Placement(node_id="n"),
)


def words():
    yield session_pb2.SessionRequest(hello=hello)
    sys.stdin.read()


for response in session_pb2_grpc.AgentServiceStub(channel).Session(words()):
    print(response.WhichOneof("payload"), flush=True)
"""


async def test_a_frozen_robot_is_noticed_within_three_seconds():
    """A robot whose process hangs, with its connection still open, doesn't look alive for longer than that."""
    async with running() as rig:
        pipe = asyncio.subprocess.PIPE
        robot = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            ROBOT,
            str(rig.addresses.control_port),
            stdin=pipe,
            stdout=pipe,
            cwd=Path(__file__).parents[3],
        )
        try:
            assert await asyncio.wait_for(robot.stdout.readline(), 20.0) == b"welcome\n"
            await until(lambda: rig.core.seen(RobotConnected))
            os.kill(robot.pid, signal.SIGSTOP)
            frozen_s = asyncio.get_running_loop().time()
            await until(lambda: rig.core.seen(RobotDisconnected))

            assert asyncio.get_running_loop().time() - frozen_s < 3.0
        finally:
            robot.kill()
            await robot.wait()
