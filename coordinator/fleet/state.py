"""Durable state: what a fold over the journal gives. Changed only by `apply`."""

from __future__ import annotations

from dataclasses import dataclass, field

from coordinator.model.ids import AlarmId, EdgeId, MissionId, NodeId, PointId, RobotId, RouteId
from coordinator.model.mission import Mission, TaskOrder
from coordinator.model.observation import Alarm
from coordinator.model.operator import Accepted, Refused
from coordinator.model.records import CommandIssued, EdgeClosed
from coordinator.model.robot import Factsheet
from coordinator.model.route import Step
from coordinator.model.travel import ArrivalErrors, EdgeTimes, WorkTimes

ANSWERS_KEPT_COUNT = 1000
ENDED_MISSIONS_KEPT_COUNT = 500


@dataclass(slots=True)
class RobotState:
    """
    What the journal knows of a robot.

    Attributes:
        steps: Base from the step the robot stands on (or left last) to its end; empty until it was placed.
        reached_seq, cleared_seq: As reported; see Progress.
        open_orders: Task orders in the base that haven't ended, by order id, in order of execution.
        failed_points: Points of the present visits of which a task failed.
        commands: Commands to be sent until answered, oldest first.
        observations_through: All results up to this counter are stored or declared missing.
        observations_ahead: Stored beyond that, sorted.
    """

    robot_id: RobotId
    factsheet: Factsheet
    home: NodeId
    session: int = 0
    boot_id: int = 0
    route_id: RouteId | None = None
    steps: list[Step] = field(default_factory=list)
    reached_seq: int = 0
    cleared_seq: int = -1
    task_events_through: int = 0
    open_orders: dict[str, TaskOrder] = field(default_factory=dict)
    failed_points: list[PointId] = field(default_factory=list)
    is_stopped: bool = False
    commands: list[CommandIssued] = field(default_factory=list)
    last_command_id: int = 0
    observations_through: int = 0
    observations_ahead: list[int] = field(default_factory=list)
    stored_count: int = 0
    missing_count: int = 0

    @property
    def base_end(self) -> Step:
        """The decision node: the robot stops there unless the base grows."""
        return self.steps[-1]

    def step(self, seq: int) -> Step:
        """A step of the base that is still kept."""
        return self.steps[seq - self.steps[0].seq]


@dataclass(slots=True)
class PointState:
    """What the journal knows of a point: when all its tasks were done last, and how often."""

    last_visit_s: float
    visit_count: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What an idempotency key was answered."""

    command_digest: str
    accepted: Accepted | None
    refused: Refused | None


@dataclass(slots=True)
class FleetState:
    """
    Everything that must survive.

    Attributes:
        removed: Robots a person took off the floor, for when they come back.
        edge_times: Learned times by `EdgeTimes.key`; what isn't there is as on a free floor.
        work_times: Learned times by task type.
        arrival_errors: By `ArrivalErrors.place`, as text.
    """

    epoch: int = 0
    plant_id: str = ""
    plant_digest: str = ""
    began_s: float = 0.0
    is_all_stopped: bool = False
    robots: dict[RobotId, RobotState] = field(default_factory=dict)
    removed: dict[RobotId, RobotState] = field(default_factory=dict)
    points: dict[PointId, PointState] = field(default_factory=dict)
    missions: dict[MissionId, Mission] = field(default_factory=dict)
    closures: dict[EdgeId, EdgeClosed] = field(default_factory=dict)
    alarms: dict[AlarmId, Alarm] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    mission_count: int = 0
    order_count: int = 0
    route_count: int = 0
    visits_count: int = 0
    late_visits_count: int = 0
    max_age_ratio: float = 0.0
    edge_times: dict[str, EdgeTimes] = field(default_factory=dict)
    work_times: dict[str, WorkTimes] = field(default_factory=dict)
    arrival_errors: dict[str, ArrivalErrors] = field(default_factory=dict)
