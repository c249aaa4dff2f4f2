"""
What must survive: the journal's entries.

Durable state changes only by applying these, so a fold over the journal is the live state. A record states what was
decided, never what to decide: newer code folds older journals to the same state.
"""

from __future__ import annotations

from dataclasses import dataclass

from coordinator.model.ids import AlarmId, EdgeId, MissionId, NodeId, PointId, RobotId, RouteId
from coordinator.model.messages import CommandKind
from coordinator.model.mission import Mission, MissionPoint, MissionState, TaskOutcome
from coordinator.model.observation import Alarm, Observation
from coordinator.model.operator import Accepted, Refused
from coordinator.model.robot import Factsheet
from coordinator.model.route import Step
from coordinator.model.travel import ArrivalErrors, EdgeTimes, WorkTimes


@dataclass(frozen=True, slots=True)
class EpochStarted:
    """A coordinator process took over. Nothing is sent before this is durable."""

    epoch: int
    plant_id: str
    plant_digest: str
    started_s: float


@dataclass(frozen=True, slots=True)
class RobotJoined:
    """A robot is known to the fleet and owns a home."""

    robot_id: RobotId
    factsheet: Factsheet
    home: NodeId


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """A robot's stream was accepted."""

    robot_id: RobotId
    session: int
    boot_id: int


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """A robot's stream ended; its reservations stay."""

    robot_id: RobotId
    session: int
    reason: str


@dataclass(frozen=True, slots=True)
class RobotPlaced:
    """
    A robot's reservations were replaced by where it stands: after a start, or by a person's confirmation.

    On a node, the new route is step 0 there. Between nodes, it is step 0 at `node_id` (left already) and step 1 over
    `edge_id`.
    """

    robot_id: RobotId
    route_id: RouteId
    node_id: NodeId
    edge_id: EdgeId | None
    end_node_id: NodeId | None
    by: str


@dataclass(frozen=True, slots=True)
class BaseExtended:
    """Steps were reserved for and released to a robot."""

    robot_id: RobotId
    route_id: RouteId
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class StepPassed:
    """A robot reported progress; what lies behind is free."""

    robot_id: RobotId
    route_id: RouteId
    reached_seq: int
    cleared_seq: int


@dataclass(frozen=True, slots=True)
class RobotRemoved:
    """A person took a robot off the floor; all it held is free."""

    robot_id: RobotId
    by: str


@dataclass(frozen=True, slots=True)
class StopChanged:
    """Robots were stopped or resumed by a person; `is_all` holds for those who join later, too."""

    robot_ids: tuple[RobotId, ...]
    is_stopped: bool
    by: str
    reason: str
    is_all: bool = False


@dataclass(frozen=True, slots=True)
class CommandIssued:
    """A command to a robot is to be sent until answered."""

    robot_id: RobotId
    command_id: int
    kind: CommandKind
    order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class CommandEnded:
    """A robot answered a command, or it is void."""

    robot_id: RobotId
    command_id: int
    status: str


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """A task order ended. `event_seq` is 0 when the coordinator ended it (base void after a restart of the robot)."""

    robot_id: RobotId
    order_id: str
    event_seq: int
    outcome: TaskOutcome
    reason: str
    ended_s: float


@dataclass(frozen=True, slots=True)
class PointVisited:
    """
    All tasks of a visit were done: the point's idleness begins anew.

    `age_ratio` is idleness over revisit period at the visit, 0 for a point without period; late means past the
    tolerance.
    """

    point_id: PointId
    robot_id: RobotId
    visited_s: float
    age_ratio: float
    is_late: bool


@dataclass(frozen=True, slots=True)
class TaskEventsSeen:
    """Task events of the robot's boot up to this one are known."""

    robot_id: RobotId
    event_seq: int


@dataclass(frozen=True, slots=True)
class ObservationStored:
    """A result is part of the ledger."""

    robot_id: RobotId
    observation: Observation
    stored_s: float


@dataclass(frozen=True, slots=True)
class ObservationsMissing:
    """Results that will never come, and why."""

    robot_id: RobotId
    first_counter: int
    last_counter: int
    reason: str


@dataclass(frozen=True, slots=True)
class MissionCreated:
    """A mission was accepted."""

    mission: Mission
    by: str


@dataclass(frozen=True, slots=True)
class MissionChanged:
    """A mission's state moved along its table."""

    mission_id: MissionId
    state: MissionState
    reason: str
    by: str
    changed_s: float


@dataclass(frozen=True, slots=True)
class MissionPointChanged:
    """A point of a mission was done, tried, or failed."""

    mission_id: MissionId
    point: MissionPoint


@dataclass(frozen=True, slots=True)
class EdgeClosed:
    """Nobody is released onto an edge. `source` is an operator's name or the robot that found it blocked."""

    edge_id: EdgeId
    reason: str
    source: str
    until_s: float | None
    is_blockage: bool


@dataclass(frozen=True, slots=True)
class EdgeOpened:
    """A closure or blockage ended."""

    edge_id: EdgeId
    by: str


@dataclass(frozen=True, slots=True)
class AlarmChanged:
    """An alarm was raised, acknowledged, shelved or cleared: its new state."""

    alarm: Alarm


@dataclass(frozen=True, slots=True)
class AlarmRemoved:
    """An alarm returned to normal and was acknowledged: no longer listed."""

    alarm_id: AlarmId


@dataclass(frozen=True, slots=True)
class OperatorActed:
    """Audit: who asked for what, and what came of it. Also keeps the answer for the idempotency key."""

    principal: str
    idempotency_key: str
    command_digest: str
    command: str
    accepted: Accepted | None
    refused: Refused | None
    at_s: float


@dataclass(frozen=True, slots=True)
class TravelTimesLearned:
    """Estimates of how long edges and tasks take, each in place of the one known before; all others stay."""

    edges: tuple[EdgeTimes, ...]
    work: tuple[WorkTimes, ...] = ()
    arrivals: tuple[ArrivalErrors, ...] = ()


Record = (
    EpochStarted
    | RobotJoined
    | SessionOpened
    | SessionClosed
    | RobotPlaced
    | BaseExtended
    | StepPassed
    | RobotRemoved
    | StopChanged
    | CommandIssued
    | CommandEnded
    | TaskEnded
    | PointVisited
    | TaskEventsSeen
    | ObservationStored
    | ObservationsMissing
    | MissionCreated
    | MissionChanged
    | MissionPointChanged
    | EdgeClosed
    | EdgeOpened
    | AlarmChanged
    | AlarmRemoved
    | OperatorActed
    | TravelTimesLearned
)
