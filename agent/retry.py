"""When to connect again after a stream has ended, and when not to."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import grpc

FIRST_DELAY_S = 0.2
# A restarted coordinator is back within seconds; whoever stays away longer only stands in others' way.
LONGEST_DELAY_S = 2.0
# Another robot has the name, or the coordinator must be mended by a person: no hurry.
SLOW_DELAY_S = 15.0

_FATAL = frozenset({grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT})
_SLOW = frozenset(
    {
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.UNIMPLEMENTED,
    }
)
_LOOPBACK = ("localhost", "127.", "[::1]")


class AgentRefusedError(Exception):
    """The coordinator refused the robot for good: trying again doesn't help. The message says why."""


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """
    How a stream ended.

    Attributes:
        was_open: Whether the coordinator had taken the robot.
        code: gRPC's status; None: the agent ended it itself.
        text: Why, for people.
        reconnect_after_s: What the coordinator asked for; None: nothing.
    """

    was_open: bool
    code: grpc.StatusCode | None
    text: str
    reconnect_after_s: float | None = None


class Backoff:
    """Delays between attempts: doubling from 0.2 s to 2 s, with jitter, anew after a success."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._delay_s = FIRST_DELAY_S

    def next_s(self, end: StreamEnd, *, is_slow: bool = False) -> float:
        """Seconds to wait; never less than the coordinator asked for."""
        if end.was_open:
            self._delay_s = FIRST_DELAY_S
        base_s = SLOW_DELAY_S if is_slow else self._delay_s
        self._delay_s = min(2.0 * self._delay_s, LONGEST_DELAY_S)
        jitter = self._rng.uniform(0.5, 1.0)
        if end.reconnect_after_s is not None:
            return end.reconnect_after_s + base_s * jitter
        return base_s * jitter


def is_slow(end: StreamEnd) -> bool:
    """Whether another attempt soon can't succeed."""
    return end.code in _SLOW


def refuse_fatal(end: StreamEnd, address: str, robot_id: str) -> None:
    """Raise AgentRefusedError when another attempt can never succeed."""
    if end.code in _FATAL:
        raise AgentRefusedError(f"coordinator at {address} refuses robot {robot_id}: {end.text}")


def check_addresses(*addresses: str, is_open: bool) -> None:
    """Raise ValueError for an address that isn't host:port, or leaves this machine over an open link."""
    for address in addresses:
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ValueError(f"address {address!r} isn't host:port, such as 10.0.0.5:7400")
        if not is_open and not host.startswith(_LOOPBACK):
            raise ValueError(f"address {address!r} isn't on this machine: it needs TLS credentials")
