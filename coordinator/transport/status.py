"""Ends of calls: gRPC status codes with google.rpc details."""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from coordinator.transport.codec import UnsupportedVersionError, WireError

DOMAIN = "roundsman"
Context = grpc.aio.ServicerContext[Any, Any]

# A link that breaks during a read or write shows as any of these.
LINK_ERRORS = (grpc.RpcError, grpc.aio.InternalError, grpc.aio.UsageError, asyncio.InvalidStateError)

_DETAILS_KEY = "grpc-status-details-bin"


def code_named(name: str) -> grpc.StatusCode:
    """The status code of a canonical name; UNKNOWN for any other text."""
    return grpc.StatusCode.__members__.get(name, grpc.StatusCode.UNKNOWN)


def field_violation(error: WireError) -> error_details_pb2.BadRequest:
    """Names field, value and rule for programs."""
    violation = error_details_pb2.BadRequest.FieldViolation(
        field=error.field, description=f"is {error.value}: {error.rule}", reason="RULE_BROKEN"
    )
    return error_details_pb2.BadRequest(field_violations=[violation])


def error_info(reason: str, **metadata: str) -> error_details_pb2.ErrorInfo:
    """A stable reason for programs."""
    return error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata)


async def abort(context: Context, code: grpc.StatusCode, text: str, *details: Message) -> NoReturn:
    """End a call with a status; raises, so it must be the last thing a handler does."""
    rich = status_pb2.Status(code=code.value[0], message=text)
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        rich.details.append(packed)
    await context.abort(code, text, ((_DETAILS_KEY, rich.SerializeToString()),))
    raise AssertionError("abort raises")


async def abort_wire(context: Context, error: WireError) -> NoReturn:
    """End a call because of what it said."""
    if isinstance(error, UnsupportedVersionError):
        await abort(context, grpc.StatusCode.FAILED_PRECONDITION, str(error), error_info("PROTOCOL_VERSION"))
    await abort(context, grpc.StatusCode.INVALID_ARGUMENT, str(error), field_violation(error))
