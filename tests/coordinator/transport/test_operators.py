"""Operators, watchers and devices over real sockets."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from coordinator.model.effects import RequestDevice
from coordinator.model.events import DeviceReported, DeviceState, OperatorRequested
from coordinator.model.ids import DeviceId, EdgeId, MissionId, RobotId
from coordinator.model.mission import Mission, MissionState
from coordinator.model.operator import StopRobots
from coordinator.transport.device_service import DeviceStream, DeviceStreams
from coordinator.transport.server import InsecureAddressError, refuse_open_address
from roundsman.v1 import device_pb2, fleet_pb2
from tests.coordinator.runtime.fakes import EMPTY
from tests.coordinator.transport.rig import device, hello, operator, running, session, until


async def test_everybody_stops_at_once_though_the_disk_is_stuck():
    """A stop reaches the robots while nothing can be journaled; its answer comes when it is on record."""
    async with running() as rig:
        robot = session(rig.channel())
        await robot.write(hello())
        await robot.read()
        rig.ledger.may_commit.clear()
        call = operator(rig.channel()).StopRobots(
            fleet_pb2.StopRobotsRequest(context=fleet_pb2.CallContext(principal="ann"), reason="smoke")
        )
        said = await asyncio.wait_for(robot.read(), 5.0)
        assert said.command.kind == 1
        assert not call.done()

        rig.ledger.may_commit.set()

        assert (await call).result.subject == "all"
        asked = rig.core.seen(OperatorRequested)[0]
        assert (asked.principal, asked.command) == ("ann", StopRobots((), "smoke"))


async def test_a_refusal_tells_a_program_why():
    """A refused call has a status, a text for people and a reason for programs."""
    async with running() as rig:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await operator(rig.channel()).ChangeMission(
                fleet_pb2.ChangeMissionRequest(mission_id="m1", change=fleet_pb2.MISSION_CHANGE_PAUSE)
            )

        info = error_details_pb2.ErrorInfo()
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        assert "m1" in caught.value.details()
        assert rpc_status.from_call(caught.value).details[0].Unpack(info)
        assert (info.reason, info.domain) == ("NOT_FOUND", "roundsman")


async def test_a_bad_call_never_reaches_the_core():
    """A call that breaks a rule is refused at the border with the field's name."""
    async with running() as rig:
        with pytest.raises(grpc.aio.AioRpcError, match="point_ids"):
            await operator(rig.channel()).CreateMission(fleet_pb2.CreateMissionRequest())

        assert rig.core.seen(OperatorRequested) == []


async def test_a_call_without_a_durable_answer_ends_as_unknown():
    """When the journal hangs an operator is told that the outcome isn't known, not that it failed."""
    async with running(answer_within_s=0.05) as rig:
        rig.ledger.may_commit.clear()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await operator(rig.channel()).StopRobots(fleet_pb2.StopRobotsRequest())

        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "same key" in caught.value.details()


async def test_plant_fleet_and_observations_can_be_asked_for():
    """Reading needs neither the core nor the journal."""
    async with running() as rig:
        rig.ledger.may_commit.clear()
        stub = operator(rig.channel())

        assert (await stub.GetFleet(fleet_pb2.GetFleetRequest())).fleet.plant_id == "test"
        assert (await stub.GetPlant(fleet_pb2.GetPlantRequest())).yaml == "plant_id: test"
        assert list((await stub.ListObservations(fleet_pb2.ListObservationsRequest())).observations) == []


async def test_the_traffic_can_be_asked_for_and_followed():
    """Traffic is looked at when somebody asks, for one robot or all, as often as a watcher wants."""
    async with running() as rig:
        robot = session(rig.channel())
        await robot.write(hello())
        await robot.read()
        stub = operator(rig.channel())

        one = await stub.GetTraffic(fleet_pb2.GetTrafficRequest(robot_id="a", limit=3))
        watch = stub.WatchTraffic(fleet_pb2.WatchTrafficRequest(min_period_s=0.05))
        seen = [(await watch.read()).traffic.now_s for _ in range(2)]

        assert one.traffic.now_s == 7.0
        assert seen == [7.0, 7.0]
        assert rig.fleet.looks[:3] == [("a", 3), (None, 20), (None, 20)]


@pytest.mark.parametrize("call", ["GetTraffic", "WatchTraffic"])
async def test_the_traffic_of_a_robot_that_is_not_there_is_refused(call: str):
    """Who mistypes a robot's id is told so, whether they look once or watch."""
    async with running() as rig:
        stub = operator(rig.channel())
        request = getattr(fleet_pb2, f"{call}Request")
        for robot_id, code in (("nobody", grpc.StatusCode.NOT_FOUND), ("no body", grpc.StatusCode.INVALID_ARGUMENT)):
            asked = getattr(stub, call)(request(robot_id=robot_id))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await (asked.read() if call == "WatchTraffic" else asked)

            assert caught.value.code() is code
            assert robot_id in caught.value.details()


async def test_a_watcher_that_reads_slowly_gets_the_newest_and_holds_up_nobody():
    """A frozen screen costs no memory and no time; when it thaws it shows the present."""
    big = Mission(MissionId("m"), "x" * 90_000, (), MissionState.RUNNING, 50, 0.0)
    async with running() as rig:
        slow = operator(rig.channel(http2_lookahead_bytes=1024)).WatchFleet(
            fleet_pb2.WatchFleetRequest(min_period_s=0.05)
        )
        quick = operator(rig.channel()).WatchFleet(fleet_pb2.WatchFleetRequest(min_period_s=0.05))
        await slow.read()
        for number in range(1, 31):
            rig.pictures.publish(replace(EMPTY, now_s=float(number), missions=(big,)))
            async with asyncio.timeout(5.0):
                while (await quick.read()).fleet.now_s < number:
                    pass

        seen = 0.0
        count = 0
        async with asyncio.timeout(5.0):
            while seen < 30.0:
                seen = (await slow.read()).fleet.now_s
                count += 1

        assert count <= 30


async def test_a_door_is_asked_as_soon_as_its_controller_is_there():
    """A wish to open waits for the door's controller, and the newest wish counts."""
    async with running() as rig:
        stream, streams = DeviceStream(), DeviceStreams()
        streams.request(RequestDevice(DeviceId("d1"), RobotId("a"), EdgeId("e")))
        streams.request(RequestDevice(DeviceId("d1"), None, None))
        streams.attach(DeviceId("d1"), stream)
        assert stream.wanted == (RequestDevice(DeviceId("d1"), None, None),)

        call = device(rig.channel())
        await call.write(device_pb2.AttachRequest(device_id="d1", state=device_pb2.DEVICE_STATE_OPEN, held_for="a"))
        await until(lambda: rig.core.seen(DeviceReported))
        assert rig.core.seen(DeviceReported)[0].held_for == "a"
        call.cancel()

        await until(lambda: len(rig.core.seen(DeviceReported)) == 2)
        assert rig.core.seen(DeviceReported)[1] == DeviceReported(DeviceId("d1"), DeviceState.FAILED, None)


async def test_health_is_told_and_reflection_only_in_development():
    """A monitor sees that the coordinator serves; strangers don't get its list of services."""

    async def names(rig) -> list[str]:
        stub = reflection_pb2_grpc.ServerReflectionStub(rig.channel())
        call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        answer = await call.read()
        return [service.name for service in answer.list_services_response.service]

    async with running(dev=True) as rig:
        health = await health_pb2_grpc.HealthStub(rig.channel()).Check(health_pb2.HealthCheckRequest())
        assert health.status == health_pb2.HealthCheckResponse.SERVING
        assert "roundsman.v1.AgentService" in await names(rig)
    async with running() as rig:
        with pytest.raises(grpc.aio.AioRpcError):
            await names(rig)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "plant.example.com"])
def test_an_address_others_can_reach_is_refused_without_tls(host: str):
    """Nobody opens the fleet to the network by accident."""
    with pytest.raises(InsecureAddressError, match="TLS"):
        refuse_open_address(host, insecure_lab=False)

    refuse_open_address(host, insecure_lab=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]"])
def test_loopback_needs_no_tls(host: str):
    """The default works out of the box."""
    refuse_open_address(host, insecure_lab=False)


async def test_why_a_robot_has_a_task_is_told_with_all_candidates():
    """Numbers of a robot that a rule removed aren't there, rather than 0; a task the plant lacks is refused by name."""
    async with running() as rig:
        stub = operator(rig.channel())
        told = (await stub.ExplainTask(fleet_pb2.ExplainTaskRequest(task_id="P-1"))).explanation

        assert (told.point_id, told.robot_id, told.mission_id, told.plan_version) == ("P-1", "a", "", 3)
        assert [candidate.robot_id for candidate in told.candidates] == ["a", "b"]
        assert told.candidates[0].HasField("price")
        assert told.candidates[0].place == 0
        assert not told.candidates[1].HasField("price")
        assert told.candidates[1].rule == "sensors: it lacks gas"
        for name, code in (("P-9", grpc.StatusCode.NOT_FOUND), ("", grpc.StatusCode.INVALID_ARGUMENT)):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.ExplainTask(fleet_pb2.ExplainTaskRequest(task_id=name))

            assert caught.value.code() is code
