"""FleetService as blocking calls."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import grpc

from coordinator.client.errors import translate
from roundsman.v1 import fleet_pb2 as wire
from roundsman.v1.fleet_pb2_grpc import FleetServiceStub

if TYPE_CHECKING:
    from types import TracebackType

    from coordinator.client.address import Address

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

# A picture of a large fleet with its routes has some megabytes.
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
_MISSION_CHANGES = {
    "pause": wire.MISSION_CHANGE_PAUSE,
    "resume": wire.MISSION_CHANGE_RESUME,
    "cancel": wire.MISSION_CHANGE_CANCEL,
    "rerun_failed": wire.MISSION_CHANGE_RERUN_FAILED,
}
_OPTIONS: Sequence[tuple[str, Any]] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # The kernel alone takes minutes to notice that the other side is gone while nothing is sent.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    # A coordinator in the plant is never reached through the office's web proxy.
    ("grpc.enable_http_proxy", 0),
)


class _Stream(Protocol[_T_co]):
    """Responses as they come, until cancelled."""

    def __iter__(self) -> Iterator[_T_co]: ...

    def cancel(self) -> object: ...


class FleetClient:
    """
    One operator's channel to one coordinator; use it in one thread.

    Mutating methods take an idempotency key: repeating the same call with the same key acts once.
    All methods raise ClientError.
    """

    def __init__(self, address: Address, *, principal: str, timeout_s: float) -> None:
        self.address = address
        self._principal = principal[:64]
        self._timeout_s = timeout_s
        self._channel = grpc.insecure_channel(str(address), options=_OPTIONS)
        self._stub = FleetServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the channel; a running watch ends with it."""
        self._channel.close()

    def wait_until_ready(self, *, timeout_s: float) -> bool:
        """Tell whether a server answers at the address within a time."""
        ready = grpc.channel_ready_future(self._channel)
        try:
            ready.result(timeout=timeout_s)
        except grpc.FutureTimeoutError:
            return False
        finally:
            ready.cancel()
        return True

    def fleet(self) -> wire.FleetState:
        """One picture of the fleet."""
        return self._call(self._stub.GetFleet, wire.GetFleetRequest()).fleet

    def watch(self, *, period_s: float) -> Iterator[wire.FleetState]:
        """Pictures as they change, at most one in period_s, until the coordinator ends."""
        for response in self._follow(self._stub.WatchFleet(wire.WatchFleetRequest(min_period_s=period_s))):
            yield response.fleet

    def traffic(self, *, robot_id: str = "", limit: int = 0) -> wire.TrafficState:
        """The traffic now, of one robot or all; `limit` bounds hot edges and sums, 0 for the coordinator's own."""
        request = wire.GetTrafficRequest(robot_id=robot_id, limit=limit)
        return self._call(self._stub.GetTraffic, request).traffic

    def explain(self, task_id: str) -> wire.TaskExplanation:
        """Why a robot has a point, named by its id or that of one of its tasks."""
        return self._call(self._stub.ExplainTask, wire.ExplainTaskRequest(task_id=task_id)).explanation

    def watch_traffic(self, *, period_s: float, robot_id: str = "", limit: int = 0) -> Iterator[wire.TrafficState]:
        """The same once in period_s, until the coordinator ends."""
        request = wire.WatchTrafficRequest(min_period_s=period_s, robot_id=robot_id, limit=limit)
        for response in self._follow(self._stub.WatchTraffic(request)):
            yield response.traffic

    def plant(self) -> wire.GetPlantResponse:
        """The map that the coordinator runs."""
        return self._call(self._stub.GetPlant, wire.GetPlantRequest())

    def observations(
        self, *, point_id: str = "", robot_id: str = "", limit: int = 0
    ) -> Sequence[wire.StoredObservation]:
        """Newest observations first."""
        request = wire.ListObservationsRequest(point_id=point_id, robot_id=robot_id, limit=limit)
        return self._call(self._stub.ListObservations, request).observations

    def create_mission(
        self,
        point_ids: Sequence[str],
        *,
        key: str,
        name: str = "",
        priority: int | None = None,
        deadline_s: float | None = None,
        mission_id: str = "",
    ) -> wire.CallResult:
        """Visit points once; the deadline is on the coordinator's timeline."""
        request = wire.CreateMissionRequest(
            context=self._context(key),
            point_ids=point_ids,
            name=name,
            priority=priority,
            deadline_s=deadline_s,
            mission_id=mission_id,
        )
        return self._call(self._stub.CreateMission, request).result

    def change_mission(self, mission_id: str, change: str, *, key: str, reason: str = "") -> wire.CallResult:
        """Change a mission: pause, resume, cancel or rerun_failed."""
        request = wire.ChangeMissionRequest(
            context=self._context(key), mission_id=mission_id, change=_MISSION_CHANGES[change], reason=reason
        )
        return self._call(self._stub.ChangeMission, request).result

    def close_edge(self, edge_id: str, *, reason: str, for_s: float | None, key: str) -> wire.CallResult:
        """Release nobody onto an edge, for a time or until opened."""
        request = wire.SetEdgeRequest(
            context=self._context(key), edge_id=edge_id, is_closed=True, reason=reason, for_s=for_s
        )
        return self._call(self._stub.SetEdge, request).result

    def open_edge(self, edge_id: str, *, key: str) -> wire.CallResult:
        """Drop a closure or a blockage."""
        request = wire.SetEdgeRequest(context=self._context(key), edge_id=edge_id, is_closed=False)
        return self._call(self._stub.SetEdge, request).result

    def stop(self, robot_ids: Sequence[str], *, reason: str, key: str) -> wire.CallResult:
        """Brake and latch robots; no ids for all of them."""
        request = wire.StopRobotsRequest(context=self._context(key), robot_ids=robot_ids, reason=reason)
        return self._call(self._stub.StopRobots, request).result

    def resume(self, robot_ids: Sequence[str], *, reason: str, key: str) -> wire.CallResult:
        """Drop the latch of stop; no ids for all robots."""
        request = wire.ResumeRobotsRequest(context=self._context(key), robot_ids=robot_ids, reason=reason)
        return self._call(self._stub.ResumeRobots, request).result

    def place(self, robot_id: str, node_id: str, *, key: str, confirm_token: str = "") -> wire.CallResult:
        """Confirm where a robot stands; takes effect with the token of the first answer."""
        request = wire.PlaceRobotRequest(
            context=self._context(key), robot_id=robot_id, node_id=node_id, confirm_token=confirm_token
        )
        return self._call(self._stub.PlaceRobot, request).result

    def remove(self, robot_id: str, *, key: str, confirm_token: str = "") -> wire.CallResult:
        """Confirm that a robot is off the floor; takes effect with the token of the first answer."""
        request = wire.RemoveRobotRequest(context=self._context(key), robot_id=robot_id, confirm_token=confirm_token)
        return self._call(self._stub.RemoveRobot, request).result

    def acknowledge_alarm(self, alarm_id: str, *, key: str, comment: str = "") -> wire.CallResult:
        """A person has seen an alarm."""
        request = wire.ChangeAlarmRequest(
            context=self._context(key),
            alarm_id=alarm_id,
            change=wire.ALARM_CHANGE_ACKNOWLEDGE,
            comment=comment,
        )
        return self._call(self._stub.ChangeAlarm, request).result

    def shelve_alarm(self, alarm_id: str, *, for_s: float, comment: str, key: str) -> wire.CallResult:
        """Hide an alarm for a while."""
        request = wire.ChangeAlarmRequest(
            context=self._context(key),
            alarm_id=alarm_id,
            change=wire.ALARM_CHANGE_SHELVE,
            shelve_for_s=for_s,
            comment=comment,
        )
        return self._call(self._stub.ChangeAlarm, request).result

    def _context(self, key: str) -> wire.CallContext:
        return wire.CallContext(idempotency_key=key, principal=self._principal)

    def _follow(self, stream: _Stream[_T]) -> Iterator[_T]:
        try:
            yield from stream
        except grpc.RpcError as error:
            raise translate(error, self.address, self._timeout_s) from error
        finally:
            stream.cancel()

    def _call(self, method: Callable[..., _T], request: object) -> _T:
        try:
            return method(request, timeout=self._timeout_s)
        except grpc.RpcError as error:
            raise translate(error, self.address, self._timeout_s) from error


def new_key() -> str:
    """An idempotency key nobody used before."""
    return uuid.uuid4().hex
