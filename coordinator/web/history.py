"""The past, for replays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Protocol

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from coordinator.web.problem import Problem, ProblemAnswer

MAX_SPAN_S = 86_400.0
LINES = "application/x-ndjson"


class HistorySource(Protocol):
    """Where the past can be read."""

    @property
    def is_busy(self) -> bool:
        """Whether somebody reads it now; one at a time."""
        ...

    def lines(self, from_s: float, to_s: float, step_s: float) -> AsyncIterator[bytes]:
        """JSON lines of what changed between two times."""
        ...


def history_routes(history: HistorySource) -> APIRouter:
    """A shift, step by step."""
    router = APIRouter(prefix="/api/v1")

    @router.get(
        "/history",
        tags=["history"],
        response_class=StreamingResponse,
        responses={200: {"content": {LINES: {}}}, 400: {"model": ProblemAnswer}, 429: {"model": ProblemAnswer}},
    )
    async def get_history(
        from_s: Annotated[float, Query(ge=0, description="Unix seconds of the coordinator's timeline.")],
        to_s: Annotated[float, Query(ge=0, description="At most a day later.")],
        step_s: Annotated[float, Query(ge=0.5, le=600, description="Steps of the replay.")] = 2.0,
    ) -> StreamingResponse:
        """
        What changed, as JSON lines `{"at_s", "board"}`; `board` is as on the WebSocket.

        It is read from the journal, so it says what was decided and confirmed: robots are at the nodes they confirmed,
        and there are no poses, charges or waits.
        """
        if not 0 < to_s - from_s <= MAX_SPAN_S:
            text = f"to_s is {to_s}: must be after from_s {from_s}, and at most {MAX_SPAN_S:g} s later"
            raise Problem(HTTPStatus.BAD_REQUEST, "invalid", text, field="to_s")
        if history.is_busy:
            text = "another replay is being read from the journal: try again in a moment"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "busy", text)
        return StreamingResponse(history.lines(from_s, to_s, step_s), media_type=LINES)

    return router
