"""What a session asks for: messages to send, commands to the body, results to keep, facts to remember."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from agent.body import Leg, Pose, Reading, Task
from agent.facts import Memory
from roundsman.v1.session_pb2 import SessionRequest


class Send(NamedTuple):
    """Send the message on the control stream, in order."""

    message: SessionRequest


@dataclass(frozen=True, slots=True)
class Follow:
    """`Body.follow`."""

    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Perform:
    """`Body.perform`."""

    task: Task


@dataclass(frozen=True, slots=True)
class EndTask:
    """`Body.end_task`."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Hold:
    """`Body.hold`."""


@dataclass(frozen=True, slots=True)
class Stop:
    """`Body.stop`."""


@dataclass(frozen=True, slots=True)
class Resume:
    """`Body.resume`."""


@dataclass(frozen=True, slots=True)
class VoidBase:
    """`Body.void_base`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    A reading with everything the plant needs to know of it, but its counter.

    Attributes:
        taken_s: Estimate of the coordinator's time when the task ended, Unix seconds.
        taken_error_s: Uncertainty of `taken_s`, at least 0.
        pose: Where it was taken; None: not known.
    """

    order_id: str
    point_id: str
    task_id: str
    taken_s: float
    taken_error_s: float
    pose: Pose | None
    reading: Reading


@dataclass(frozen=True, slots=True)
class Spool:
    """Make the finding durable, then call `AgentSession.spooled`: only then is the task reported as done."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class Persist:
    """Make the memory durable before any later output is performed."""

    memory: Memory


@dataclass(frozen=True, slots=True)
class CloseStream:
    """End the stream; connect again, not before `reconnect_after_s` (None: by the client's backoff)."""

    reason: str
    reconnect_after_s: float | None = None


BodyCommand = Follow | Perform | EndTask | Hold | Stop | Resume | VoidBase
Output = Send | BodyCommand | Spool | Persist | CloseStream
