"""
The servers that are compared, each in a process of its own: `python -m benchmarks.ingest.servers KIND FOLDER`.

A server prints its port once it listens, and ends when its standard input does.

    coordinator  what `roundsman serve` runs: gRPC, loop, core, journal
    transport    its control service alone, in front of something that only keeps the newest report of each robot
    raw          length-prefixed messages over TCP, decoded, newest report of each robot kept
    raw-uvloop   the same on uvloop
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import sys
import threading
from pathlib import Path
from typing import Any

import grpc
import structlog

from benchmarks.ingest.links import HOST, LENGTH_BYTES
from benchmarks.ingest.plant import draw_plant
from coordinator.model.effects import Send
from coordinator.model.events import RobotConnected, StateReported
from coordinator.model.ids import RobotId
from coordinator.model.messages import Welcome
from coordinator.model.robot import StateReport
from coordinator.runtime.inbox import EventInbox
from coordinator.runtime.service import serve
from coordinator.runtime.settings import HttpSettings, ListenSettings, ServiceSettings, StoreSettings
from coordinator.transport.server import server_options
from coordinator.transport.session_stream import AgentService, SessionStreams
from roundsman.v1 import graph_pb2, robot_pb2, session_pb2, session_pb2_grpc

COORDINATOR, TRANSPORT, RAW, RAW_UVLOOP = "coordinator", "transport", "raw", "raw-uvloop"
GRPC_KINDS = (COORDINATOR, TRANSPORT)


def kinds() -> tuple[str, ...]:
    """What can be measured here: uvloop only where it is installed."""
    has_uvloop = importlib.util.find_spec("uvloop") is not None
    return (COORDINATOR, TRANSPORT, RAW, RAW_UVLOOP) if has_uvloop else (COORDINATOR, TRANSPORT, RAW)


async def run_coordinator(folder: Path) -> None:
    """The coordinator as people run it."""
    plant = folder / "plant.yaml"
    plant.write_text(draw_plant(), encoding="utf-8")
    listen = ListenSettings(host=HOST, control_port=0, observation_port=0)
    settings = ServiceSettings(plant, listen, HttpSettings(is_on=False), StoreSettings(folder / "data"))
    await serve(settings, ready=lambda addresses: _say(addresses.control_port))


async def run_transport() -> None:
    """The control service over the real inbox, without loop, core and journal."""
    inbox, streams = EventInbox(), SessionStreams()
    options = server_options(dscp=46, max_receive_bytes=256 * 1024, ping_s=ListenSettings().ping_s)
    server = grpc.aio.server(options=options)
    session_pb2_grpc.add_AgentServiceServicer_to_server(
        AgentService(inbox, streams, {}, graph=graph_pb2.GetGraphResponse()), server
    )
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    _say(port)
    await keep_newest(inbox, streams)


async def keep_newest(inbox: EventInbox, streams: SessionStreams) -> None:
    """Let every robot in, and remember its last report; for ever."""
    newest: dict[RobotId, StateReport] = {}
    while True:
        await inbox.wait()
        for event in inbox.take():
            match event:
                case StateReported():
                    newest[event.robot_id] = event.report
                case RobotConnected():
                    welcome = Welcome(1.0, 10.0, 1.0, 0.0, base_is_valid=False, task_events_through=0)
                    streams.send(Send(event.robot_id, event.connection, 1, 1, 1, welcome))
                case _:
                    continue


class RawProtocol(asyncio.Protocol):
    """One robot's connection: four bytes of length, then a SessionRequest."""

    def __init__(self, newest: dict[str, robot_pb2.StateReport]) -> None:
        self._newest = newest
        self._rest = b""
        self._robot_id = ""

    def data_received(self, data: bytes) -> None:
        """Decode every whole message; a message is seldom in two pieces."""
        data = self._rest + data if self._rest else data
        begin = 0
        while len(data) - begin >= LENGTH_BYTES:
            body = begin + LENGTH_BYTES
            end = body + int.from_bytes(data[begin:body], "big")
            if len(data) < end:
                break
            request = session_pb2.SessionRequest.FromString(data[body:end])
            begin = end
            if request.WhichOneof("payload") == "state":
                self._newest[self._robot_id] = request.state
            else:
                self._robot_id = request.hello.robot_id
        self._rest = data[begin:]


async def run_raw() -> None:
    """The floor: nothing but sockets, protobuf and a dictionary."""
    newest: dict[str, robot_pb2.StateReport] = {}
    server = await asyncio.get_running_loop().create_server(lambda: RawProtocol(newest), HOST, 0, backlog=1024)
    _say(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def main() -> None:
    """Serve one kind."""
    kind, folder = sys.argv[1], Path(sys.argv[2])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    match kind:
        case "coordinator":
            asyncio.run(run_coordinator(folder))
        case "transport":
            asyncio.run(run_transport())
        case "raw":
            asyncio.run(run_raw())
        case "raw-uvloop":
            uvloop: Any = importlib.import_module("uvloop")
            uvloop.run(run_raw())
        case _:
            sys.exit(f"server {kind!r} isn't one of {', '.join(kinds())}")


def _say(port: int) -> None:
    print(port, flush=True)


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
