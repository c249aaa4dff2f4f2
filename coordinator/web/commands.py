"""Everything a person may change, on the way that gRPC calls take: same rules, same idempotency, same audit."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, TypeVar
from urllib.parse import unquote

import structlog
from fastapi import APIRouter, Header

from coordinator.model.operator import OperatorCommand, RefusalCode, Refused
from coordinator.transport import codec
from coordinator.transport.calls import Calls, TooManyCallsError
from coordinator.transport.codec import WireError
from coordinator.transport.codec.operator import MutatingRequest
from coordinator.web.bodies import (
    Acknowledgement,
    Closure,
    Done,
    NewMission,
    Nothing,
    Place,
    Removal,
    Shelving,
    SomeRobots,
    SomeRobotsWhy,
    Why,
    WhyOptional,
)
from coordinator.web.problem import Problem, ProblemAnswer
from roundsman.v1 import fleet_pb2 as wire

_STATUS = {
    RefusalCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalCode.INVALID: HTTPStatus.BAD_REQUEST,
    RefusalCode.CONFLICT: HTTPStatus.CONFLICT,
    RefusalCode.KEY_REUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
}
_PROBLEMS: dict[int | str, dict[str, object]] = {
    400: {"model": ProblemAnswer, "description": "A field breaks its rule."},
    404: {"model": ProblemAnswer, "description": "The thing named doesn't exist."},
    409: {"model": ProblemAnswer, "description": "It can't be done as things are now."},
    422: {"model": ProblemAnswer, "description": "The idempotency key was used for another request."},
    429: {"model": ProblemAnswer, "description": "Too many calls wait for an answer."},
    503: {"model": ProblemAnswer, "description": "No durable answer in time: send it again with the same key."},
}

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        description="1 to 64 of A-Z a-z 0-9 . _ -: the same request with the same key acts once."
        " Empty: a retry may act twice.",
    ),
]
Operator = Annotated[
    str,
    Header(
        alias="Roundsman-Operator",
        description="The operator's name for the audit, percent-encoded UTF-8, at most 64 characters.",
    ),
]
Request = TypeVar("Request", bound=MutatingRequest)
log = structlog.get_logger()


class Desk:
    """Takes requests to the core and brings its answers back."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def ask(self, request: Request, decode: Callable[[Request], OperatorCommand]) -> Done:
        """
        Check a request, ask the core, and wait until its answer is durable.

        Raises:
            Problem: If it was refused, or nobody knows yet.
        """
        try:
            principal, key = codec.decode_context(request.context)
            command = decode(request)
        except WireError as error:
            raise Problem.of_wire(error) from error
        try:
            outcome = await self._calls.request(principal, key, command)
        except TimeoutError as error:
            text = "no durable answer in time, so the outcome is unknown: send it again with the same key"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "no_durable_answer", text) from error
        except TooManyCallsError as error:
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_calls", str(error)) from error
        if isinstance(outcome, Refused):
            log.info("call_refused", principal=principal, command=type(command).__name__, text=outcome.text)
            status = _STATUS.get(outcome.code, HTTPStatus.INTERNAL_SERVER_ERROR)
            raise Problem(status, outcome.code, outcome.text)
        said = codec.encode_outcome(outcome)
        return Done(subject=said.subject, text=said.text, confirm_token=said.confirm_token)


def _context(operator: str, key: str) -> wire.CallContext:
    return wire.CallContext(idempotency_key=key, principal=unquote(operator))


def command_routes(calls: Calls) -> APIRouter:
    """All requests that change something."""
    desk = Desk(calls)
    router = APIRouter(prefix="/api/v1", responses=_PROBLEMS)
    _add_missions(router, desk)
    _add_edges(router, desk)
    _add_robots(router, desk)
    _add_alarms(router, desk)
    return router


def _add_missions(router: APIRouter, desk: Desk) -> None:
    @router.post("/missions", tags=["missions"])
    async def create_mission(body: NewMission, operator: Operator = "", key: Key = "") -> Done:
        """Visit points once, besides the rounds."""
        fields = body.model_dump(exclude_none=True)
        request = wire.CreateMissionRequest(context=_context(operator, key), **fields)
        return await desk.ask(request, codec.decode_create_mission)

    async def change(
        mission_id: str, kind: wire.MissionChange.ValueType, reason: str, context: wire.CallContext
    ) -> Done:
        request = wire.ChangeMissionRequest(context=context, mission_id=mission_id, change=kind, reason=reason)
        return await desk.ask(request, codec.decode_change_mission)

    @router.post("/missions/{mission_id}/pause", tags=["missions"])
    async def pause_mission(mission_id: str, body: WhyOptional, operator: Operator = "", key: Key = "") -> Done:
        """Start no more points until resumed."""
        return await change(mission_id, wire.MISSION_CHANGE_PAUSE, body.reason, _context(operator, key))

    @router.post("/missions/{mission_id}/resume", tags=["missions"])
    async def resume_mission(mission_id: str, body: Nothing, operator: Operator = "", key: Key = "") -> Done:
        """Go on with a paused mission."""
        return await change(mission_id, wire.MISSION_CHANGE_RESUME, "", _context(operator, key))

    @router.post("/missions/{mission_id}/cancel", tags=["missions"])
    async def cancel_mission(mission_id: str, body: Why, operator: Operator = "", key: Key = "") -> Done:
        """End a mission; what is in a robot's base already is finished."""
        return await change(mission_id, wire.MISSION_CHANGE_CANCEL, body.reason, _context(operator, key))

    @router.post("/missions/{mission_id}/rerun-failed", tags=["missions"])
    async def rerun_failed(mission_id: str, body: Nothing, operator: Operator = "", key: Key = "") -> Done:
        """Make a new mission of the points of an ended one that aren't done."""
        return await change(mission_id, wire.MISSION_CHANGE_RERUN_FAILED, "", _context(operator, key))


def _add_edges(router: APIRouter, desk: Desk) -> None:
    @router.post("/edges/{edge_id}/close", tags=["edges"])
    async def close_edge(edge_id: str, body: Closure, operator: Operator = "", key: Key = "") -> Done:
        """Release nobody onto an edge, for a time or until opened. Robots whose way it was take another."""
        request = wire.SetEdgeRequest(
            context=_context(operator, key), edge_id=edge_id, is_closed=True, reason=body.reason, for_s=body.for_s
        )
        return await desk.ask(request, codec.decode_set_edge)

    @router.post("/edges/{edge_id}/open", tags=["edges"])
    async def open_edge(edge_id: str, body: Nothing, operator: Operator = "", key: Key = "") -> Done:
        """Drop a closure or a blockage."""
        request = wire.SetEdgeRequest(context=_context(operator, key), edge_id=edge_id, is_closed=False)
        return await desk.ask(request, codec.decode_set_edge)


def _add_robots(router: APIRouter, desk: Desk) -> None:
    @router.post("/robots/stop", tags=["robots"])
    async def stop_robots(body: SomeRobots, operator: Operator = "", key: Key = "") -> Done:
        """Ask robots to brake and stay. Not a safety function: it goes over a radio link."""
        request = wire.StopRobotsRequest(context=_context(operator, key), robot_ids=body.robot_ids, reason=body.reason)
        return await desk.ask(request, codec.decode_stop_robots)

    @router.post("/robots/resume", tags=["robots"])
    async def resume_robots(body: SomeRobotsWhy, operator: Operator = "", key: Key = "") -> Done:
        """Let robots drive again."""
        request = wire.ResumeRobotsRequest(
            context=_context(operator, key), robot_ids=body.robot_ids, reason=body.reason
        )
        return await desk.ask(request, codec.decode_resume_robots)

    @router.post("/robots/{robot_id}/place", tags=["robots"])
    async def place_robot(robot_id: str, body: Place, operator: Operator = "", key: Key = "") -> Done:
        """Confirm where a robot stands; all it held else becomes free."""
        request = wire.PlaceRobotRequest(
            context=_context(operator, key),
            robot_id=robot_id,
            node_id=body.node_id,
            confirm_token=body.confirm_token,
        )
        return await desk.ask(request, codec.decode_place_robot)

    @router.post("/robots/{robot_id}/remove", tags=["robots"])
    async def remove_robot(robot_id: str, body: Removal, operator: Operator = "", key: Key = "") -> Done:
        """Confirm that a robot was taken off the floor; all it held becomes free."""
        request = wire.RemoveRobotRequest(
            context=_context(operator, key), robot_id=robot_id, confirm_token=body.confirm_token
        )
        return await desk.ask(request, codec.decode_remove_robot)


def _add_alarms(router: APIRouter, desk: Desk) -> None:
    @router.post("/alarms/{alarm_id}/acknowledge", tags=["alarms"])
    async def acknowledge_alarm(alarm_id: str, body: Acknowledgement, operator: Operator = "", key: Key = "") -> Done:
        """Say that a person has seen it."""
        request = wire.ChangeAlarmRequest(
            context=_context(operator, key),
            alarm_id=alarm_id,
            change=wire.ALARM_CHANGE_ACKNOWLEDGE,
            comment=body.comment,
        )
        return await desk.ask(request, codec.decode_change_alarm)

    @router.post("/alarms/{alarm_id}/shelve", tags=["alarms"])
    async def shelve_alarm(alarm_id: str, body: Shelving, operator: Operator = "", key: Key = "") -> Done:
        """Hide it for a while; it comes back by itself."""
        request = wire.ChangeAlarmRequest(
            context=_context(operator, key),
            alarm_id=alarm_id,
            change=wire.ALARM_CHANGE_SHELVE,
            shelve_for_s=body.shelve_for_s,
            comment=body.comment,
        )
        return await desk.ask(request, codec.decode_change_alarm)
