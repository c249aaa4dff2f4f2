"""Operators and programs: pictures, and commands that the core answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import grpc
import structlog
from google.protobuf.message import Message

from coordinator.model.explanation import Explanation
from coordinator.model.ids import PointId, RobotId
from coordinator.model.observation import Observation
from coordinator.model.operator import OperatorCommand, RefusalCode, Refused
from coordinator.model.traffic import TrafficSnapshot
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
Response = TypeVar("Response")
TrafficSource = Callable[[RobotId | None, int], TrafficSnapshot]
"""Looks at the traffic now: of one robot or all, and how many rows of what may be long."""

ExplanationSource = Callable[[str], Explanation | None]
"""Says why a robot has a point, named by its id or that of one of its tasks; None if there is no such thing."""


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

    def __init__(
        self,
        calls: Calls,
        pictures: Pictures,
        plant: PlantText,
        observations: ObservationSource,
        *,
        traffic: TrafficSource,
        explain: ExplanationSource,
    ) -> None:
        self._calls = calls
        self._pictures = pictures
        self._plant = plant
        self._observations = observations
        self._traffic = traffic
        self._explain = explain
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
        number = 0

        async def newest() -> fleet_pb2.WatchFleetResponse:
            nonlocal number
            number, fleet = await self._pictures.after(number)
            return fleet_pb2.WatchFleetResponse(fleet=fleet)

        await self._send_periodically(context, period_s, newest)

    async def GetTraffic(  # noqa: N802
        self, request: fleet_pb2.GetTrafficRequest, context: Context
    ) -> fleet_pb2.GetTrafficResponse:
        """The traffic as it is."""
        try:
            robot_id, limit = codec.decode_traffic_query(request)
        except WireError as error:
            await abort_wire(context, error)
        return fleet_pb2.GetTrafficResponse(traffic=await self._look(context, robot_id, limit))

    async def WatchTraffic(  # type: ignore[override]  # noqa: N802 - written by context.write()
        self, request: fleet_pb2.WatchTrafficRequest, context: Context
    ) -> None:
        """The traffic again and again."""
        try:
            period_s = codec.decode_period(request)
            robot_id, limit = codec.decode_traffic_query(request)
        except WireError as error:
            await abort_wire(context, error)

        async def newest() -> fleet_pb2.WatchTrafficResponse:
            return fleet_pb2.WatchTrafficResponse(traffic=await self._look(context, robot_id, limit))

        await self._send_periodically(context, period_s, newest)

    async def ExplainTask(  # noqa: N802
        self, request: fleet_pb2.ExplainTaskRequest, context: Context
    ) -> fleet_pb2.ExplainTaskResponse:
        """Why a robot has a task."""
        try:
            name = codec.decode_explain(request)
        except WireError as error:
            await abort_wire(context, error)
        explanation = self._explain(name)
        if explanation is None:
            text = f"the plant has no point or task {name}"
            await abort(context, grpc.StatusCode.NOT_FOUND, text, error_info("NOT_FOUND"))
        return fleet_pb2.ExplainTaskResponse(explanation=codec.encode_explanation(explanation))

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
        return await self._call(request, context, codec.decode_create_mission, fleet_pb2.CreateMissionResponse)

    async def ChangeMission(  # noqa: N802
        self, request: fleet_pb2.ChangeMissionRequest, context: Context
    ) -> fleet_pb2.ChangeMissionResponse:
        """Pause, resume, cancel or re-run."""
        return await self._call(request, context, codec.decode_change_mission, fleet_pb2.ChangeMissionResponse)

    async def SetEdge(  # noqa: N802
        self, request: fleet_pb2.SetEdgeRequest, context: Context
    ) -> fleet_pb2.SetEdgeResponse:
        """Close or open an edge."""
        return await self._call(request, context, codec.decode_set_edge, fleet_pb2.SetEdgeResponse)

    async def StopRobots(  # noqa: N802
        self, request: fleet_pb2.StopRobotsRequest, context: Context
    ) -> fleet_pb2.StopRobotsResponse:
        """Brake and latch."""
        return await self._call(request, context, codec.decode_stop_robots, fleet_pb2.StopRobotsResponse)

    async def ResumeRobots(  # noqa: N802
        self, request: fleet_pb2.ResumeRobotsRequest, context: Context
    ) -> fleet_pb2.ResumeRobotsResponse:
        """Drop the latch of stop."""
        return await self._call(request, context, codec.decode_resume_robots, fleet_pb2.ResumeRobotsResponse)

    async def PlaceRobot(  # noqa: N802
        self, request: fleet_pb2.PlaceRobotRequest, context: Context
    ) -> fleet_pb2.PlaceRobotResponse:
        """A person confirms where a robot stands."""
        return await self._call(request, context, codec.decode_place_robot, fleet_pb2.PlaceRobotResponse)

    async def RemoveRobot(  # noqa: N802
        self, request: fleet_pb2.RemoveRobotRequest, context: Context
    ) -> fleet_pb2.RemoveRobotResponse:
        """A person confirms that a robot is off the floor."""
        return await self._call(request, context, codec.decode_remove_robot, fleet_pb2.RemoveRobotResponse)

    async def ChangeAlarm(  # noqa: N802
        self, request: fleet_pb2.ChangeAlarmRequest, context: Context
    ) -> fleet_pb2.ChangeAlarmResponse:
        """Acknowledge or shelve."""
        return await self._call(request, context, codec.decode_change_alarm, fleet_pb2.ChangeAlarmResponse)

    async def _call(
        self,
        request: Request,
        context: Context,
        decode: Callable[[Request], OperatorCommand],
        response: Callable[..., Response],
    ) -> Response:
        """Every mutating call: check, ask the core, turn its answer into a response with its result or a status."""
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
        return response(result=codec.encode_outcome(outcome))

    async def _send_periodically(
        self, context: Context, period_s: float, newest: Callable[[], Awaitable[Message]]
    ) -> None:
        """Write pictures until the caller ends it; one that reads nothing is let go."""
        if self._watcher_count >= MAX_WATCHERS:
            await abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, f"{MAX_WATCHERS} watch already")
        self._watcher_count += 1
        try:
            while True:
                await asyncio.wait_for(context.write(await newest()), WRITE_WITHIN_S)
                await asyncio.sleep(period_s)
        except TimeoutError:
            text = f"nothing was read for {WRITE_WITHIN_S:g} s"
            await abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        finally:
            self._watcher_count -= 1

    async def _look(self, context: Context, robot_id: RobotId | None, limit: int) -> fleet_pb2.TrafficState:
        traffic = self._traffic(robot_id, limit)
        if robot_id is not None and robot_id not in traffic.robot_ids:
            text = f"robot {robot_id} isn't known"
            await abort(context, grpc.StatusCode.NOT_FOUND, text, error_info("NOT_FOUND"))
        return codec.encode_traffic(traffic)
