"""Everything a person may look at, as JSON straight from the immutable picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Query, Response
from starlette.responses import FileResponse

from coordinator.model.ids import PointId, RobotId
from coordinator.model.mission import Mission
from coordinator.model.observation import Alarm, Observation
from coordinator.model.snapshot import EdgeView, FleetSnapshot, PointView, RobotView
from coordinator.model.traffic import TrafficSnapshot
from coordinator.store.errors import BlobMissingError, BlobNameError
from coordinator.web.problem import Problem, ProblemAnswer
from coordinator.web.sources import Sources

JSON = "application/json"
# Shown by the browser; all else is a download, so that no result can be a page or a script.
SHOWN_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "audio/wav", "audio/ogg", "audio/mpeg"})
_NOT_FOUND: dict[int | str, dict[str, object]] = {404: {"model": ProblemAnswer}}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredObservation:
    """One result in the ledger; times are Unix seconds of the coordinator's timeline."""

    robot_id: RobotId
    stored_s: float
    observation: Observation


@dataclass(frozen=True, slots=True)
class Plant:
    """The map's file as the coordinator runs it."""

    plant_id: str
    digest: str
    yaml: str


def view_routes(sources: Sources) -> APIRouter:
    """All requests that only look."""
    router = APIRouter(prefix="/api/v1")
    _add_fleet(router, sources)
    _add_lists(router, sources)
    _add_observations(router, sources)
    return router


def _add_fleet(router: APIRouter, sources: Sources) -> None:
    @router.get("/fleet", tags=["fleet"], response_model=FleetSnapshot)
    async def get_fleet() -> Response:
        """The whole picture: robots, points, missions, alarms, edges that aren't simply open, totals."""
        return _json(await _snapshot(sources))

    @router.get("/plant", tags=["fleet"], response_model=Plant)
    async def get_plant() -> Response:
        """The map's file."""
        text = sources.plant_text
        return _json(Plant(text.plant_id, text.digest, text.yaml))

    @router.get("/traffic", tags=["fleet"], response_model=TrafficSnapshot, responses=_NOT_FOUND)
    async def get_traffic(
        robot_id: Annotated[str, Query(description="Only what it has to do with; empty: all.")] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    ) -> Response:
        """Who waits for what and behind whom, queues, hot edges."""
        traffic = sources.traffic(RobotId(robot_id) if robot_id else None, limit)
        if robot_id and robot_id not in traffic.robot_ids:
            raise _unknown("robot", robot_id)
        return _json(traffic)


def _add_lists(router: APIRouter, sources: Sources) -> None:
    @router.get("/robots", tags=["robots"], response_model=list[RobotView])
    async def list_robots() -> Response:
        """All robots, by id."""
        return _json((await _snapshot(sources)).robots)

    @router.get("/robots/{robot_id}", tags=["robots"], response_model=RobotView, responses=_NOT_FOUND)
    async def get_robot(robot_id: str) -> Response:
        """One robot, with its route and arrivals."""
        robots = (await _snapshot(sources)).robots
        return _json(_found("robot", robot_id, [robot for robot in robots if robot.robot_id == robot_id]))

    @router.get("/points", tags=["points"], response_model=list[PointView])
    async def list_points() -> Response:
        """Inspection points: last visit, when due, age ratio, robot on its way."""
        return _json((await _snapshot(sources)).points)

    @router.get("/missions", tags=["missions"], response_model=list[Mission])
    async def list_missions() -> Response:
        """All missions."""
        return _json((await _snapshot(sources)).missions)

    @router.get("/missions/{mission_id}", tags=["missions"], response_model=Mission, responses=_NOT_FOUND)
    async def get_mission(mission_id: str) -> Response:
        """One mission with its points."""
        missions = (await _snapshot(sources)).missions
        return _json(_found("mission", mission_id, [item for item in missions if item.mission_id == mission_id]))

    @router.get("/alarms", tags=["alarms"], response_model=list[Alarm])
    async def list_alarms() -> Response:
        """All alarms that are active or not acknowledged, shelved ones too."""
        return _json((await _snapshot(sources)).alarms)

    @router.get("/edges", tags=["edges"], response_model=list[EdgeView])
    async def list_edges() -> Response:
        """Edges that are closed, held by a robot or slow; all others are open and free."""
        return _json((await _snapshot(sources)).edges)


def _add_observations(router: APIRouter, sources: Sources) -> None:
    @router.get("/observations", tags=["observations"], response_model=list[StoredObservation])
    async def list_observations(
        point_id: Annotated[str, Query(description="Only of this point; empty: all.")] = "",
        robot_id: Annotated[str, Query(description="Only of this robot; empty: all.")] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """Newest results first, of the newest 10,000."""
        found = sources.observations.recent(
            point_id=PointId(point_id) if point_id else None,
            robot_id=RobotId(robot_id) if robot_id else None,
            limit=limit,
        )
        return _json([StoredObservation(robot, stored_s, item) for robot, item, stored_s in found])

    @router.get("/blobs/{sha256}", tags=["observations"], response_class=FileResponse, responses=_NOT_FOUND)
    async def get_blob(
        sha256: str,
        media_type: Annotated[str, Query(description="As the observation names it; others are downloads.")] = "",
    ) -> FileResponse:
        """The picture, thermal frame or sound of an observation."""
        try:
            path = sources.blobs.path(sha256)
        except (BlobNameError, BlobMissingError) as error:
            raise Problem(HTTPStatus.NOT_FOUND, "not_found", str(error)) from error
        is_shown = media_type in SHOWN_TYPES
        return FileResponse(
            path,
            media_type=media_type if is_shown else "application/octet-stream",
            filename=None if is_shown else sha256,
            headers={"cache-control": "private, max-age=31536000, immutable"},
        )


async def _snapshot(sources: Sources) -> FleetSnapshot:
    _, snapshot = await sources.pictures.newest_after(0)
    return snapshot


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type=JSON)


def _found(kind: str, name: str, found: Sequence[T]) -> T:
    if not found:
        raise _unknown(kind, name)
    return found[0]


def _unknown(kind: str, name: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "not_found", f"no {kind} {name!r}")
