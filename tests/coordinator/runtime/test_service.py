"""The whole coordinator in one process: real core, real journal, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import grpc
import httpx
import pytest

from coordinator.plants import find_plant
from coordinator.runtime.replay import replay
from coordinator.runtime.service import JOURNAL_NAME, serve
from coordinator.runtime.settings import HttpSettings, ListenSettings, ServiceSettings, StoreSettings
from coordinator.store.journal import Journal
from coordinator.transport.server import Addresses, InsecureAddressError
from roundsman.v1 import (
    fleet_pb2,
    fleet_pb2_grpc,
    observation_pb2,
    observation_pb2_grpc,
    robot_pb2,
    session_pb2,
    session_pb2_grpc,
)

PICTURE = b"gauge" * 1000
SHA = hashlib.sha256(PICTURE).hexdigest()


def _settings(folder: Path) -> ServiceSettings:
    return ServiceSettings(
        plant=find_plant("demo"),
        listen=ListenSettings(control_port=0, observation_port=0),
        http=HttpSettings(port=0),
        store=StoreSettings(folder=folder, reserve_bytes=0),
        grace_s=1.0,
    )


@asynccontextmanager
async def _serving(settings: ServiceSettings) -> AsyncIterator[Addresses]:
    stop = asyncio.Event()
    ready: asyncio.Future[Addresses] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(settings, stop=stop, ready=ready.set_result))
    try:
        await asyncio.wait({task, ready}, timeout=20.0, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield await ready
    finally:
        stop.set()
        await asyncio.wait_for(task, 20.0)


def _channel(port: int) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)])


def _hello(robot_id: str = "ranger-1", type_id: str = "ranger") -> session_pb2.SessionRequest:
    return session_pb2.SessionRequest(
        hello=session_pb2.Hello(
            min_version=1,
            max_version=1,
            robot_id=robot_id,
            boot_id=1,
            charge_ratio=0.9,
            factsheet=robot_pb2.Factsheet(robot_type_id=type_id),
            placement=robot_pb2.Placement(node_id="park-1"),
        )
    )


async def _read(call) -> session_pb2.SessionResponse:
    return await asyncio.wait_for(call.read(), 20.0)


async def test_a_robot_gets_work_and_its_picture_survives_a_restart(tmp_path: Path):
    """A robot joins and is sent on its rounds; what it delivered is known after a restart of the coordinator."""
    settings = _settings(tmp_path)
    async with _serving(settings) as at:
        control, bulk = _channel(at.control_port), _channel(at.observation_port)
        robot = session_pb2_grpc.AgentServiceStub(control).Session()
        await robot.write(_hello())
        welcome = await _read(robot)
        assert (welcome.sequence, welcome.epoch, welcome.WhichOneof("payload")) == (1, 1, "welcome")
        report = robot_pb2.StateReport(report_seq=1, charge_ratio=0.9, activity=1, robot_s=1.0)
        await robot.write(session_pb2.SessionRequest(state=report))
        response = await _read(robot)
        while not (response.WhichOneof("payload") == "route" and response.route.base):
            response = await _read(robot)
        step = response.route.base[-1]
        assert step.edge_id == "" or step.max_speed_mps > 0.0

        await _deliver(bulk)
        await bulk.close()

        drained = asyncio.create_task(_until_drain(robot))
        await asyncio.sleep(0)
    assert await asyncio.wait_for(drained, 10.0)
    await control.close()

    assert (tmp_path / "blobs" / SHA[:2] / SHA).read_bytes() == PICTURE
    async with _serving(settings) as at:
        control = _channel(at.control_port)
        stub = fleet_pb2_grpc.FleetServiceStub(control)
        fleet = (await stub.GetFleet(fleet_pb2.GetFleetRequest())).fleet
        assert fleet.epoch == 2
        assert [robot.robot_id for robot in fleet.robots] == ["ranger-1"]
        await control.close()
    with Journal.open(tmp_path / JOURNAL_NAME, plant_id=fleet.plant_id) as journal:
        assert replay(journal).state.epoch == 2


async def _deliver(bulk: grpc.aio.Channel) -> None:
    """Upload a result with its picture until it is settled for good."""
    upload = observation_pb2_grpc.ObservationServiceStub(bulk).Upload()
    hello = observation_pb2.UploadHello(robot_id="ranger-1", oldest_counter=1)
    observation = observation_pb2.Observation(
        counter=1,
        order_id="x",
        point_id="p",
        task_id="p.t",
        taken_s=1.0,
        quality_ratio=1.0,
        blob=observation_pb2.BlobRef(sha256=SHA, size_bytes=len(PICTURE), media_type="image/jpeg"),
    )
    chunk = observation_pb2.BlobChunk(sha256=SHA, offset_bytes=0, data=PICTURE)
    await upload.write(observation_pb2.UploadRequest(hello=hello))
    await upload.write(observation_pb2.UploadRequest(observation=observation))
    await upload.write(observation_pb2.UploadRequest(chunk=chunk))
    async with asyncio.timeout(20.0):
        while (await upload.read()).stored_through < 1:
            pass


async def _until_drain(robot) -> bool:
    with contextlib.suppress(grpc.aio.AioRpcError):
        while (response := await robot.read()) is not grpc.aio.EOF:
            if response.WhichOneof("payload") == "drain":
                return True
    return False


async def test_the_real_core_refuses_unknown_types_and_second_robots(tmp_path: Path):
    """A robot the plant doesn't know, or a second one with a live name, is turned away by status."""
    async with _serving(_settings(tmp_path)) as at:
        control = _channel(at.control_port)
        stub = session_pb2_grpc.AgentServiceStub(control)
        first = stub.Session()
        await first.write(_hello())
        await _read(first)
        codes = []
        second_hello = _hello()
        second_hello.hello.boot_id = 2
        for hello in (_hello("tank-1", "tank"), second_hello):
            call = stub.Session()
            await call.write(hello)
            await _until_drain(call)
            codes.append(await call.code())
        await control.close()

    assert codes == [grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ALREADY_EXISTS]


async def test_an_operator_can_create_a_mission_and_stop_all(tmp_path: Path):
    """Commands are answered by the core, and a repeated key acts once."""
    async with _serving(_settings(tmp_path)) as at:
        control = _channel(at.control_port)
        stub = fleet_pb2_grpc.FleetServiceStub(control)
        fleet = (await stub.GetFleet(fleet_pb2.GetFleetRequest())).fleet
        request = fleet_pb2.CreateMissionRequest(
            context=fleet_pb2.CallContext(idempotency_key="k1", principal="ann"),
            point_ids=[fleet.points[0].point_id],
            name="leak",
        )

        first = (await stub.CreateMission(request)).result
        again = (await stub.CreateMission(request)).result
        stopped = (await stub.StopRobots(fleet_pb2.StopRobotsRequest(reason="drill"))).result

        assert first.subject
        assert again == first
        assert stopped is not None
        await control.close()


async def test_a_full_journal_shows_and_stops_nothing_but_what_needs_it(tmp_path: Path):
    """With no room left commands get no answer, pictures say so, a stop still reaches robots, and it ends in order."""
    settings = _settings(tmp_path)
    full = replace(settings.store, max_journal_bytes=200_000)
    settings = replace(settings, store=full, answer_within_s=0.5, grace_s=0.2)
    async with _serving(settings) as at:
        control = _channel(at.control_port)
        robot = session_pb2_grpc.AgentServiceStub(control).Session()
        await robot.write(_hello())
        await _read(robot)
        stub = fleet_pb2_grpc.FleetServiceStub(control)
        point_id = (await stub.GetFleet(fleet_pb2.GetFleetRequest())).fleet.points[0].point_id
        request = fleet_pb2.CreateMissionRequest(point_ids=[point_id], name="x" * 100)
        code = grpc.StatusCode.OK
        async with asyncio.timeout(60.0):
            while code is grpc.StatusCode.OK:
                call = stub.CreateMission(request)
                code = await call.code()
            assert code is grpc.StatusCode.UNAVAILABLE
            async for picture in stub.WatchFleet(fleet_pb2.WatchFleetRequest(min_period_s=0.1)):
                if picture.fleet.is_degraded:
                    break
            stopping = stub.StopRobots(fleet_pb2.StopRobotsRequest(reason="drill"))
            while (await robot.read()).command.kind != session_pb2.COMMAND_KIND_STOP:
                pass
        assert await stopping.code() is grpc.StatusCode.UNAVAILABLE
        await control.close()


_SERVE = """
import asyncio, sys
from pathlib import Path
from coordinator.plants import find_plant
from coordinator.runtime.service import serve
from coordinator.runtime.settings import HttpSettings, ListenSettings, ServiceSettings, StoreSettings

settings = ServiceSettings(
    plant=find_plant("demo"),
    listen=ListenSettings(control_port=0, observation_port=0),
    http=HttpSettings(is_on=False),
    store=StoreSettings(folder=Path(sys.argv[1]), reserve_bytes=0),
)
asyncio.run(serve(settings, ready=lambda at: print(at.control_port, at.observation_port, file=sys.stderr, flush=True)))
"""


@asynccontextmanager
async def _process(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int, int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _SERVE,
        str(folder),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    try:
        line = await asyncio.wait_for(process.stderr.readline(), 30.0)
        control_port, bulk_port = map(int, line.split())
        yield process, control_port, bulk_port
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_what_was_acknowledged_survives_kill_and_sigterm_ends_in_order(tmp_path: Path):
    """A coordinator killed in the middle knows what it acknowledged; one told to stop sends its robots off."""
    async with _process(tmp_path) as (process, control_port, bulk_port):
        control, bulk = _channel(control_port), _channel(bulk_port)
        robot = session_pb2_grpc.AgentServiceStub(control).Session()
        await robot.write(_hello())
        assert (await _read(robot)).epoch == 1
        await _deliver(bulk)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await bulk.close()
        await control.close()
    async with _process(tmp_path) as (process, control_port, bulk_port):
        control, bulk = _channel(control_port), _channel(bulk_port)
        await _deliver(bulk)
        await bulk.close()
        robot = session_pb2_grpc.AgentServiceStub(control).Session()
        await robot.write(_hello())
        assert (await _read(robot)).epoch == 2
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(_until_drain(robot), 10.0)

        assert await asyncio.wait_for(process.wait(), 10.0) == 0
        await control.close()
    with Journal.open(tmp_path / JOURNAL_NAME, plant_id="demo") as journal:
        kinds = [entry.kind for entry in journal.entries()]
    assert kinds.count("ObservationsMissing") + kinds.count("ObservationStored") == 1


async def test_the_control_room_is_served_beside_grpc(tmp_path: Path):
    """One process answers robots over gRPC and people over HTTP, from one picture."""
    async with _serving(_settings(tmp_path)) as at, httpx.AsyncClient(base_url=at.http) as client:
        control = _channel(at.control_port)
        await fleet_pb2_grpc.FleetServiceStub(control).SetEdge(
            fleet_pb2.SetEdgeRequest(edge_id="alley-1--alley-2", is_closed=True, reason="crane")
        )
        await control.close()
        edges = (await client.get("/api/v1/edges")).json()
        assert {row["edge_id"] for row in edges if row["is_closed"]} == {"alley-1--alley-2", "alley-1--alley-2.r"}
        assert (await client.get("/readyz")).json() == {"is_good": True, "problems": []}
        page = await client.get("/")
        assert page.status_code == 200
        now_s = (await client.get("/api/v1/fleet")).json()["now_s"]
        past = await client.get(f"/api/v1/history?from_s={now_s - 60}&to_s={now_s + 1}", timeout=60.0)
        boards = [json.loads(line)["board"] for line in past.text.splitlines()]
        assert boards[0]["is_whole"]
        told = {row["edge_id"]: row["reason"] for board in boards for row in board["edges"]["rows"]}
        assert told == {"alley-1--alley-2": "crane", "alley-1--alley-2.r": "crane"}

    settings = replace(_settings(tmp_path), http=HttpSettings(is_on=False))
    async with _serving(settings) as at:
        assert at.http == ""


@pytest.mark.parametrize("part", ["listen", "http"])
async def test_an_open_address_is_refused_before_anything_is_touched(tmp_path: Path, part: str):
    """Nobody serves a plant to the network by a typing error."""
    settings = _settings(tmp_path / "data")
    open_to_all = replace(getattr(settings, part), host="0.0.0.0")
    with pytest.raises(InsecureAddressError):
        await serve(replace(settings, **{part: open_to_all}))

    assert not (tmp_path / "data").exists()
