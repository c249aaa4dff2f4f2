"""Whether the coordinator lives, and whether it can serve; for supervisors and load balancers."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from coordinator.web.sources import Sources

# The core speaks once a second, so a picture as old as this means that it hangs.
FRESH_S = 10.0


class Health(BaseModel):
    """What was found."""

    is_good: bool
    problems: list[str] = Field(description="What is wrong, for people; empty when good.")


def health_routes(sources: Sources) -> APIRouter:
    """Liveness and readiness, with the reasons."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", response_model=Health)
    async def healthz() -> Response:
        """Whether the process decides; restart it if this fails for long."""
        return _answer(_stuck(sources))

    @router.get("/readyz", response_model=Health)
    async def readyz() -> Response:
        """Whether it decides and can journal what it decides."""
        problems = _stuck(sources)
        if sources.is_stalled():
            problems.append("the journal can't be written: nothing is released until it can")
        return _answer(problems)

    return router


def _stuck(sources: Sources) -> list[str]:
    snapshot = sources.pictures.snapshot
    if snapshot is None:
        return ["there is no picture of the fleet yet"]
    age_s = sources.now_s() - snapshot.now_s
    return [f"the newest picture is {age_s:.0f} s old: at most {FRESH_S:g}"] if age_s > FRESH_S else []


def _answer(problems: list[str]) -> Response:
    status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
    return JSONResponse(Health(is_good=not problems, problems=problems).model_dump(), status_code=status)
