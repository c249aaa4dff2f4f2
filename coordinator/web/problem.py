"""Errors as JSON that a person understands and a program can branch on."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from coordinator.transport.codec import WireError

MAX_SHOWN_CHARACTERS = 200


class ProblemDetail(BaseModel):
    """What was wrong."""

    code: str = Field(description="Stable name for programs, such as `invalid`, `not_found` or `conflict`.")
    text: str = Field(description="For people: the thing, its value and the rule.")
    field: str = Field("", description="The field of the request that broke a rule; empty if it isn't about one.")


class ProblemAnswer(BaseModel):
    """The body of every answer with a status of 400 or more."""

    error: ProblemDetail


class Problem(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """Ends a request with an error; raise it anywhere in a handler."""

    def __init__(self, status: HTTPStatus, code: str, text: str, *, field: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.field = field

    @classmethod
    def of_wire(cls, error: WireError) -> Problem:
        """A broken rule of the border that gRPC shares."""
        return cls(HTTPStatus.BAD_REQUEST, "invalid", str(error), field=error.field)

    def response(self) -> JSONResponse:
        """The answer."""
        detail = ProblemDetail(code=self.code, text=self.text, field=self.field)
        return JSONResponse(ProblemAnswer(error=detail).model_dump(), status_code=self.status)


def answer_problems(app: FastAPI) -> None:
    """Give every error of an app the one form."""
    app.add_exception_handler(Problem, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_fields)
    app.add_exception_handler(HTTPException, _of_http)


async def _of_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem), "registered for it"
    return error.response()


async def _of_fields(request: Request, error: Exception) -> JSONResponse:
    """The first broken rule, as field, value and rule."""
    assert isinstance(error, RequestValidationError), "registered for it"
    first = error.errors()[0]
    where = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "header")]
    field = ".".join(where) or "body"
    value = repr(first.get("input"))
    if len(value) > MAX_SHOWN_CHARACTERS:
        value = value[:MAX_SHOWN_CHARACTERS] + "..."
    rule = first["msg"][:1].lower() + first["msg"][1:]
    is_missing = first["type"] in ("missing", "json_invalid")
    text = f"{field}: {rule}" if is_missing else f"{field} is {value}: {rule}"
    return Problem(HTTPStatus.BAD_REQUEST, "invalid", text, field=field).response()


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException), "registered for it"
    status = HTTPStatus(error.status_code)
    text = f"{request.method} {request.url.path}: {status.phrase.lower()}"
    response = Problem(status, status.name.lower(), text).response()
    response.headers.update(error.headers or {})
    return response
