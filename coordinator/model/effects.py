"""
What the core asks for: the outputs of Fleet.handle.

The runtime first commits every Append of a batch, in order, in one transaction; only then it performs the others, in
order. Effects for which `is_urgent` holds don't wait for the disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from coordinator.model.assignment import Problem
from coordinator.model.ids import DeviceId, EdgeId, RobotId
from coordinator.model.messages import Command, CommandKind, RobotMessage
from coordinator.model.operator import Outcome
from coordinator.model.records import Record


@dataclass(frozen=True, slots=True)
class Append:
    """Journal a record."""

    record: Record


class Send(NamedTuple):
    """Say something to a robot over its connection; the adapter drops it when the connection has ended."""

    robot_id: RobotId
    connection: int
    epoch: int
    session: int
    sequence: int
    message: RobotMessage


@dataclass(frozen=True, slots=True)
class CloseConnection:
    """End a robot's stream. `code` is a canonical gRPC status name such as ALREADY_EXISTS."""

    robot_id: RobotId
    connection: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class AcknowledgeObservations:
    """Tell an upload stream that everything through the counter is durable or declared missing."""

    robot_id: RobotId
    upload: int
    stored_through: int


@dataclass(frozen=True, slots=True)
class RefuseObservation:
    """Tell an upload stream that a result is not acceptable and recorded as missing."""

    robot_id: RobotId
    upload: int
    counter: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer an OperatorRequested."""

    request: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class PlanAssignment:
    """Solve an assignment problem outside the core; answered by AssignmentPlanned."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class RequestDevice:
    """
    Ask a door or lift to open for a robot at an edge (a lift: on the level of the edge's start), or to let go.

    Until it is let go (`robot_id` None) a door stays open, and a lift stays on the level it took the robot to.
    """

    device_id: DeviceId
    robot_id: RobotId | None
    edge_id: EdgeId | None


Effect = (
    Append
    | Send
    | CloseConnection
    | AcknowledgeObservations
    | RefuseObservation
    | Reply
    | PlanAssignment
    | RequestDevice
)


def is_urgent(effect: Effect) -> bool:
    """Tell whether an effect leaves before the journal is synced: a stop never waits for a disk."""
    match effect:
        case Send(message=Command(kind=CommandKind.STOP)):
            return True
        case _:
            return False
