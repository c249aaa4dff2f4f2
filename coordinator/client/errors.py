"""
What can go wrong between an operator and a coordinator.

ClientError
├── UnreachableError   nobody answers at the address; start one, or try again later
├── TimedOutError      somebody is there but didn't answer in time; repeat it with the same key
├── UnsettledError     the coordinator doesn't know yet whether the call took effect; as before
└── RefusedError       the coordinator said no, and did nothing; repeating doesn't help
    └── MissingError   there's no such robot, mission, edge, point or alarm
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
from google.rpc import error_details_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status

if TYPE_CHECKING:
    from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

    from coordinator.client.address import Address


class ClientError(Exception):
    """A call to the coordinator failed."""


class UnreachableError(ClientError):
    """Nobody answers at the address."""

    def __init__(self, address: Address, detail: str) -> None:
        super().__init__(f"no coordinator at {address}: start one with `roundsman serve`")
        self.address = address
        self.detail = detail


class TimedOutError(ClientError):
    """The answer took longer than the deadline; whether the call took effect isn't known."""

    def __init__(self, address: Address, timeout_s: float) -> None:
        super().__init__(
            f"the coordinator at {address} didn't answer within {timeout_s:g} s; it isn't known whether the"
            " call took effect: repeat it with the same --key"
        )
        self.address = address
        self.timeout_s = timeout_s


class UnsettledError(ClientError):
    """The journal didn't answer in time, so whether the call took effect isn't known."""


class RefusedError(ClientError):
    """The coordinator refused; nothing was done. `status` is the gRPC status, such as `invalid_argument`."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.status = status


class MissingError(RefusedError):
    """The thing named doesn't exist."""


def translate(error: object, address: Address, timeout_s: float) -> ClientError:
    """The error of a call in an operator's words."""
    if not isinstance(error, grpc.Call):
        return UnreachableError(address, str(error))
    status, details = error.code(), error.details() or ""
    match status:
        case grpc.StatusCode.UNAVAILABLE if _status(error) is not None:
            # Said by the coordinator itself; what gRPC finds out alone carries no details.
            return UnsettledError(details)
        case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.CANCELLED:
            # We never cancel a call: a coordinator that goes down does.
            return UnreachableError(address, details)
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return TimedOutError(address, timeout_s)
        case grpc.StatusCode.NOT_FOUND:
            return MissingError("not_found", details)
        case grpc.StatusCode.UNIMPLEMENTED:
            return RefusedError("unimplemented", f"the server at {address} doesn't know this call: {details}")
        case _:
            text = _field_text(error) or details or f"the coordinator at {address} gave no reason"
            return RefusedError(status.name.lower(), text)


def _field_text(error: grpc.Call) -> str:
    """The broken rules field by field, if the server said them (google.rpc.BadRequest)."""
    status = _status(error)
    texts = []
    for detail in status.details if status is not None else ():
        request = error_details_pb2.BadRequest()
        if detail.Is(request.DESCRIPTOR) and detail.Unpack(request):
            texts += [f"{item.field}: {item.description}" for item in request.field_violations]
    return "; ".join(texts)


def _status(error: grpc.Call) -> Status | None:
    """The status with its details that the server sent, if it did."""
    try:
        return rpc_status.from_call(error)
    except ValueError:
        return None
