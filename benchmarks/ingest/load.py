"""
Robots that report: `python -m benchmarks.ingest.load KIND PORT SERVER_PID ROBOTS`.

Each robot has a TCP connection of its own, stands on its parking node, and reports ten times a second, at its own
phase. Every line on standard input is a number of seconds to report for; the answer is one JSON line: frames sent
and CPU time of the server's process in the window, which leaves out the first half second.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import grpc

from benchmarks.ingest.plant import ROBOT_TYPE, parking_nodes
from benchmarks.ingest.servers import GRPC_KINDS, HOST, LENGTH_BYTES
from coordinator.model.ids import NodeId
from roundsman.v1 import robot_pb2, route_pb2, session_pb2, session_pb2_grpc

PERIOD_S = 0.1
WARM_UP_S = 0.5
CONNECT_AT_ONCE_COUNT = 16
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

Write = Callable[[session_pb2.SessionRequest], Awaitable[object]]


@dataclass(slots=True)
class Robot:
    """One robot: where it stands, and how it speaks."""

    robot_id: str
    node_id: NodeId
    x_m: float
    y_m: float
    write: Write
    report_count: int = 0

    def hello(self) -> session_pb2.SessionRequest:
        """Its first words."""
        return session_pb2.SessionRequest(
            hello=session_pb2.Hello(
                min_version=1,
                max_version=1,
                robot_id=self.robot_id,
                boot_id=1,
                factsheet=robot_pb2.Factsheet(robot_type_id=ROBOT_TYPE),
                placement=robot_pb2.Placement(node_id=self.node_id),
                charge_ratio=0.95,
            )
        )

    def report(self) -> session_pb2.SessionRequest:
        """The next frame: one pose."""
        self.report_count += 1
        pose = robot_pb2.Pose2D(x_m=self.x_m, y_m=self.y_m, yaw_rad=1.25, level_id="ground")
        return session_pb2.SessionRequest(
            state=robot_pb2.StateReport(
                report_seq=self.report_count,
                robot_s=time.monotonic(),
                map_pose_body=pose,
                charge_ratio=0.95,
                activity=robot_pb2.ROBOT_ACTIVITY_IDLE,
            )
        )


class Fleet:
    """All robots, connected."""

    def __init__(self, kind: str, port: int, server_pid: int) -> None:
        self._kind = kind
        self._port = port
        self._server_pid = server_pid
        self._robots: list[Robot] = []
        self._listening: list[asyncio.Task[None]] = []
        self._kept: list[object] = []
        self._frame_count = 0

    async def connect(self, count: int) -> None:
        """Connect so many robots."""
        turns = asyncio.Semaphore(CONNECT_AT_ONCE_COUNT)
        connect = self._connect_grpc if self._kind in GRPC_KINDS else self._connect_raw

        async def connect_one(number: int, node: tuple[NodeId, float, float]) -> None:
            async with turns, asyncio.timeout(30.0):
                await connect(Robot(f"robot-{number:03d}", *node, write=_nowhere))

        async with asyncio.TaskGroup() as tasks:
            for number, node in enumerate(parking_nodes(count)):
                tasks.create_task(connect_one(number, node))

    async def _connect_grpc(self, robot: Robot) -> None:
        channel = grpc.aio.insecure_channel(f"{HOST}:{self._port}", options=[("grpc.use_local_subchannel_pool", 1)])
        call = session_pb2_grpc.AgentServiceStub(channel).Session()
        self._kept += [channel, call]
        turn = asyncio.Lock()

        async def write(message: session_pb2.SessionRequest) -> None:
            # Frames and answers are written by different tasks, and a stream takes one writer at a time.
            async with turn:
                await call.write(message)

        robot.write = write
        await call.write(robot.hello())
        welcome = await call.read()
        if not isinstance(welcome, session_pb2.SessionResponse) or not welcome.HasField("welcome"):
            raise ConnectionError(f"{robot.robot_id} wasn't let in: {await call.code()}, {await call.details()}")
        self._listening.append(asyncio.create_task(self._listen(robot, call)))
        self._robots.append(robot)

    async def _listen(
        self, robot: Robot, call: grpc.aio.StreamStreamCall[session_pb2.SessionRequest, session_pb2.SessionResponse]
    ) -> None:
        while isinstance(message := await call.read(), session_pb2.SessionResponse):
            answer = answer_to(message)
            if answer is not None:
                await robot.write(answer)
        raise ConnectionError(f"the stream of {robot.robot_id} ended: {await call.code()}, {await call.details()}")

    async def _connect_raw(self, robot: Robot) -> None:
        _, writer = await asyncio.open_connection(HOST, self._port)

        async def write(message: session_pb2.SessionRequest) -> None:
            data = message.SerializeToString()
            writer.write(len(data).to_bytes(LENGTH_BYTES, "big") + data)

        robot.write = write
        await write(robot.hello())
        self._robots.append(robot)

    async def report_for(self, for_s: float) -> dict[str, float]:
        """Report, and see what that costs the server."""
        begin_s = time.monotonic()
        until_s = begin_s + WARM_UP_S + for_s
        async with asyncio.TaskGroup() as tasks:
            for index, robot in enumerate(self._robots):
                phase_s = PERIOD_S * index / len(self._robots)
                tasks.create_task(self._report(robot, begin_s + phase_s, until_s + PERIOD_S))
            await asyncio.sleep(WARM_UP_S)
            window_s, frames, cpu_s = time.monotonic(), self._frame_count, process_cpu_s(self._server_pid)
            await asyncio.sleep(for_s)
            window_s = time.monotonic() - window_s
            frames, cpu_s = self._frame_count - frames, process_cpu_s(self._server_pid) - cpu_s
        for listening in self._listening:
            if listening.done():
                listening.result()
        return {"frames": frames, "window_s": window_s, "server_cpu_s": cpu_s}

    async def _report(self, robot: Robot, next_s: float, until_s: float) -> None:
        while next_s < until_s:
            wait_s = next_s - time.monotonic()
            if wait_s > 0.0:
                await asyncio.sleep(wait_s)
            await robot.write(robot.report())
            self._frame_count += 1
            next_s += PERIOD_S


def answer_to(message: session_pb2.SessionResponse) -> session_pb2.SessionRequest | None:
    """What a robot that stands still answers."""
    if message.HasField("heartbeat"):
        beat, now_s = message.heartbeat, time.monotonic()
        echo = session_pb2.HeartbeatEcho(
            nonce=beat.nonce, coordinator_s=beat.coordinator_s, robot_received_s=now_s, robot_sent_s=now_s
        )
        return session_pb2.SessionRequest(heartbeat_echo=echo)
    if message.HasField("route"):
        route = message.route
        reply = route_pb2.RouteReply(
            route_id=route.route_id,
            revision=route.revision,
            status=route_pb2.ROUTE_REPLY_STATUS_ACCEPTED,
            base_end_seq=route.base[-1].seq if route.base else 0,
        )
        return session_pb2.SessionRequest(route_reply=reply)
    return None


def process_cpu_s(pid: int) -> float:
    """User and system time that all threads of a process have taken, without its children."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    # The second field, the name, may hold spaces; times are the 12th and 13th after it.
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


async def _nowhere(message: session_pb2.SessionRequest) -> None:
    raise ConnectionError(f"not connected: {message.WhichOneof('payload')}")


async def run(kind: str, port: int, server_pid: int, count: int) -> None:
    """Connect, then do as told on standard input."""
    fleet = Fleet(kind, port, server_pid)
    await fleet.connect(count)
    print(json.dumps({"connected": count}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await fleet.report_for(float(line))), flush=True)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
