"""
What happened: the inputs of Fleet.handle.

Every event of a robot carries the `connection` it came over, a number the adapter gives each stream. The core obeys
only the connection that its session was opened on; words from an older stream are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from coordinator.model.assignment import Plan
from coordinator.model.ids import DeviceId, EdgeId, RobotId, RouteId
from coordinator.model.mission import TaskOutcome
from coordinator.model.observation import Observation
from coordinator.model.operator import OperatorCommand
from coordinator.model.robot import Factsheet, Placement, Progress, StateReport


@dataclass(frozen=True, slots=True)
class RobotConnected:
    """A stream said Hello. `progress` is what it holds from an earlier session of the same boot."""

    robot_id: RobotId
    connection: int
    boot_id: int
    factsheet: Factsheet
    placement: Placement
    epoch: int
    progress: Progress | None
    charge_ratio: float
    is_stopped: bool


@dataclass(frozen=True, slots=True)
class RobotDisconnected:
    """A stream ended, for whatever reason."""

    robot_id: RobotId
    connection: int
    reason: str


class StateReported(NamedTuple):
    """A frame of telemetry arrived."""

    robot_id: RobotId
    connection: int
    report: StateReport


class ReplyStatus(Enum):
    """A robot's verdict on a route update."""

    ACCEPTED = "accepted"
    STALE = "stale"
    DISCONTINUOUS = "discontinuous"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RouteReplied:
    """A robot answered a route update."""

    robot_id: RobotId
    connection: int
    route_id: RouteId
    revision: int
    status: ReplyStatus
    base_end_seq: int
    text: str


@dataclass(frozen=True, slots=True)
class TaskReported:
    """A task began (`outcome` None) or ended. `event_seq` counts the task events of a boot from 1 without gaps."""

    robot_id: RobotId
    connection: int
    event_seq: int
    order_id: str
    outcome: TaskOutcome | None
    reason: str
    robot_s: float


class HeartbeatEchoed(NamedTuple):
    """A robot answered a heartbeat; both `robot_` times are on the robot's monotonic clock."""

    robot_id: RobotId
    connection: int
    nonce: int
    coordinator_s: float
    robot_received_s: float
    robot_sent_s: float


class CommandStatus(Enum):
    """How a command ended at the robot."""

    DONE = "done"
    EXPIRED = "expired"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CommandReplied:
    """A robot answered a command."""

    robot_id: RobotId
    connection: int
    command_id: int
    status: CommandStatus
    text: str


@dataclass(frozen=True, slots=True)
class RobotRejected:
    """An adapter refused something a robot sent (malformed, NaN, out of range) and closed or kept the stream."""

    robot_id: RobotId
    connection: int
    reason: str


@dataclass(frozen=True, slots=True)
class UploadOpened:
    """An upload stream began; `oldest_counter` is the lowest still in the robot's spool, 0 for an empty spool."""

    robot_id: RobotId
    upload: int
    oldest_counter: int


@dataclass(frozen=True, slots=True)
class ObservationReceived:
    """A result arrived; its blob, if any, is durable already."""

    robot_id: RobotId
    upload: int
    observation: Observation


@dataclass(frozen=True, slots=True)
class ObservationsDeclaredMissing:
    """A robot had to drop results `first` to `last`."""

    robot_id: RobotId
    upload: int
    first_counter: int
    last_counter: int
    reason: str


@dataclass(frozen=True, slots=True)
class OperatorRequested:
    """A person or program asks for something; answered by exactly one Reply with the same `request`."""

    request: int
    principal: str
    idempotency_key: str
    command: OperatorCommand


class DeviceState(Enum):
    """What a door or lift says it does."""

    CLOSED = "closed"
    MOVING = "moving"
    OPEN = "open"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeviceReported:
    """A door or lift reports; while OPEN, `held_for` is the robot it stays open for, `at` the edge it is open to."""

    device_id: DeviceId
    state: DeviceState
    held_for: RobotId | None
    at: EdgeId | None = None


@dataclass(frozen=True, slots=True)
class AssignmentPlanned:
    """The planner's answer to PlanAssignment; dropped when newer things made its version stale."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """Nothing came in until `Fleet.next_deadline_s()`."""


@dataclass(frozen=True, slots=True)
class StoreFailed:
    """The journal can't be written; nothing leaves until it can."""

    reason: str


@dataclass(frozen=True, slots=True)
class StoreRecovered:
    """The journal takes entries again."""


Event = (
    RobotConnected
    | RobotDisconnected
    | StateReported
    | RouteReplied
    | TaskReported
    | HeartbeatEchoed
    | CommandReplied
    | RobotRejected
    | UploadOpened
    | ObservationReceived
    | ObservationsDeclaredMissing
    | OperatorRequested
    | DeviceReported
    | AssignmentPlanned
    | DeadlineReached
    | StoreFailed
    | StoreRecovered
)
