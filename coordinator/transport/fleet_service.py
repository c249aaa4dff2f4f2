"""Operators and programs: pictures, and commands that the core answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import grpc
import structlog

from coordinator.model.ids import PointId, RobotId
from coordinator.model.observation import Observation
from coordinator.model.operator import OperatorCommand, RefusalCode, Refused
from coordinator.transport import codec
from coordinator.transport.calls import Calls, TooManyCallsError
from coordinator.transport.codec import WireError
from coordinator.transport.codec.operator import MutatingRequest
from coordinator.transport.pictures import Pictures
from coordinator.transport.status import Context, abort, abort_wire, error_info
from roundsman.v1 import fleet_pb2, fleet_pb2_grpc

MAX_WATCHERS = 64
WRITE_WITHIN_S = 10.0

_CODES = {
    RefusalCode.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    RefusalCode.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    RefusalCode.CONFLICT: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalCode.KEY_REUSED: grpc.StatusCode.ALREADY_EXISTS,
}

log = structlog.get_logger()
Request = TypeVar("Request", bound=MutatingRequest)


class ObservationSource(Protocol):
    """Where recent observations can be looked up."""

    def recent(
        self, *, point_id: PointId | None, robot_id: RobotId | None, limit: int
    ) -> Iterable[tuple[RobotId, Observation, float]]:
        """Robot, result and when it was stored; newest first."""
        ...


@dataclass(frozen=True, slots=True)
class PlantText:
    """The plant map's file as the coordinator runs it."""

    plant_id: str
    yaml: str
    digest: str


class FleetService(fleet_pb2_grpc.FleetServiceServicer):
    """Operators' view and hands."""

    def __init__(self, calls: Calls, pictures: Pictures, plant: PlantText, observations: ObservationSource) -> None:
        self._calls = calls
        self._pictures = pictures
        self._plant = plant
        self._observations = observations
        self._watcher_count = 0

    async def GetFleet(  # noqa: N802
        self, request: fleet_pb2.GetFleetRequest, context: Context
    ) -> fleet_pb2.GetFleetResponse:
        """The newest picture."""
        _, fleet = await self._pictures.after(0)
        return fleet_pb2.GetFleetResponse(fleet=fleet)

    async def WatchFleet(  # type: ignore[override]  # noqa: N802 - written by context.write()
        self, request: fleet_pb2.WatchFleetRequest, context: Context
    ) -> None:
        """Pictures as they change; a watcher that reads nothing is let go."""
        try:
            period_s = codec.decode_period(request)
        except WireError as error:
            await abort_wire(context, error)
        if self._watcher_count >= MAX_WATCHERS:
            await abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, f"{MAX_WATCHERS} watch already")
        self._watcher_count += 1
        try:
            number = 0
            while True:
                number, fleet = await self._pictures.after(number)
                await asyncio.wait_for(context.write(fleet_pb2.WatchFleetResponse(fleet=fleet)), WRITE_WITHIN_S)
                await asyncio.sleep(period_s)
        except TimeoutError:
            text = f"nothing was read for {WRITE_WITHIN_S:g} s"
            await abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        finally:
            self._watcher_count -= 1

    async def GetPlant(  # noqa: N802
        self, request: fleet_pb2.GetPlantRequest, context: Context
    ) -> fleet_pb2.GetPlantResponse:
        """The map's file."""
        return fleet_pb2.GetPlantResponse(
            plant_id=self._plant.plant_id, yaml=self._plant.yaml, digest=self._plant.digest
        )

    async def ListObservations(  # noqa: N802
        self, request: fleet_pb2.ListObservationsRequest, context: Context
    ) -> fleet_pb2.ListObservationsResponse:
        """Newest first."""
        try:
            limit = codec.decode_limit(request)
        except WireError as error:
            await abort_wire(context, error)
        point_id = PointId(request.point_id) if request.point_id else None
        robot_id = RobotId(request.robot_id) if request.robot_id else None
        return codec.encode_observations(self._observations.recent(point_id=point_id, robot_id=robot_id, limit=limit))

    async def CreateMission(  # noqa: N802
        self, request: fleet_pb2.CreateMissionRequest, context: Context
    ) -> fleet_pb2.CreateMissionResponse:
        """Visit points once."""
        result = await self._call(request, context, codec.decode_create_mission)
        return fleet_pb2.CreateMissionResponse(result=result)

    async def ChangeMission(  # noqa: N802
        self, request: fleet_pb2.ChangeMissionRequest, context: Context
    ) -> fleet_pb2.ChangeMissionResponse:
        """Pause, resume, cancel or re-run."""
        result = await self._call(request, context, codec.decode_change_mission)
        return fleet_pb2.ChangeMissionResponse(result=result)

    async def SetEdge(  # noqa: N802
        self, request: fleet_pb2.SetEdgeRequest, context: Context
    ) -> fleet_pb2.SetEdgeResponse:
        """Close or open an edge."""
        result = await self._call(request, context, codec.decode_set_edge)
        return fleet_pb2.SetEdgeResponse(result=result)

    async def StopRobots(  # noqa: N802
        self, request: fleet_pb2.StopRobotsRequest, context: Context
    ) -> fleet_pb2.StopRobotsResponse:
        """Brake and latch."""
        result = await self._call(request, context, codec.decode_stop_robots)
        return fleet_pb2.StopRobotsResponse(result=result)

    async def ResumeRobots(  # noqa: N802
        self, request: fleet_pb2.ResumeRobotsRequest, context: Context
    ) -> fleet_pb2.ResumeRobotsResponse:
        """Drop the latch of stop."""
        result = await self._call(request, context, codec.decode_resume_robots)
        return fleet_pb2.ResumeRobotsResponse(result=result)

    async def PlaceRobot(  # noqa: N802
        self, request: fleet_pb2.PlaceRobotRequest, context: Context
    ) -> fleet_pb2.PlaceRobotResponse:
        """A person confirms where a robot stands."""
        result = await self._call(request, context, codec.decode_place_robot)
        return fleet_pb2.PlaceRobotResponse(result=result)

    async def RemoveRobot(  # noqa: N802
        self, request: fleet_pb2.RemoveRobotRequest, context: Context
    ) -> fleet_pb2.RemoveRobotResponse:
        """A person confirms that a robot is off the floor."""
        result = await self._call(request, context, codec.decode_remove_robot)
        return fleet_pb2.RemoveRobotResponse(result=result)

    async def ChangeAlarm(  # noqa: N802
        self, request: fleet_pb2.ChangeAlarmRequest, context: Context
    ) -> fleet_pb2.ChangeAlarmResponse:
        """Acknowledge or shelve."""
        result = await self._call(request, context, codec.decode_change_alarm)
        return fleet_pb2.ChangeAlarmResponse(result=result)

    async def _call(
        self, request: Request, context: Context, decode: Callable[[Request], OperatorCommand]
    ) -> fleet_pb2.CallResult:
        """Every mutating call: check, ask the core, turn its answer into a result or a status."""
        try:
            principal, key = codec.decode_context(request.context)
            command = decode(request)
        except WireError as error:
            await abort_wire(context, error)
        try:
            outcome = await self._calls.request(principal, key, command)
        except TimeoutError:
            text = "no durable answer in time, so the outcome is unknown: call again with the same key"
            await abort(context, grpc.StatusCode.UNAVAILABLE, text, error_info("NO_DURABLE_ANSWER"))
        except TooManyCallsError as error:
            await abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, str(error), error_info("TOO_MANY_CALLS"))
        if isinstance(outcome, Refused):
            code = _CODES.get(outcome.code, grpc.StatusCode.UNKNOWN)
            log.info("call_refused", principal=principal, command=type(command).__name__, text=outcome.text)
            await abort(context, code, outcome.text, error_info(outcome.code.upper()))
        return codec.encode_outcome(outcome)
