"""An immutable picture of the fleet for those who watch: operators, dashboards, programs."""

from __future__ import annotations

from dataclasses import dataclass

from coordinator.model.geometry import Pose2
from coordinator.model.ids import EdgeId, MissionId, NodeId, PointId, RobotId, RobotTypeId
from coordinator.model.mission import Mission
from coordinator.model.observation import Alarm
from coordinator.model.robot import Activity, Fault, LinkQuality, LinkState
from coordinator.model.route import Step


@dataclass(frozen=True, slots=True)
class Wait:
    """
    Why a robot waits now.

    Attributes:
        cause: resource, zone, door, lift, closure, give_way, safety, link, stop, fault, journal.
        subject: The resource, device or edge waited for.
        behind: The robot that holds it, if one does.
        since_s: When this wait began.
    """

    cause: str
    subject: str
    behind: RobotId | None
    since_s: float


@dataclass(frozen=True, slots=True)
class StopEta:
    """
    When a robot will arrive at a stop.

    Attributes:
        point_id: Point to inspect there; None for charging.
        mission_id: Mission it serves; None for the standing patrol and for charging.
        is_released: Whether it is part of the base.
        p50_s, p90_s: It will arrive before with odds of one to one, and of nine to one, coordinator's timeline; None
            while nobody can tell.
    """

    node_id: NodeId
    point_id: PointId | None
    mission_id: MissionId | None
    is_released: bool
    p50_s: float | None = None
    p90_s: float | None = None


@dataclass(frozen=True, slots=True)
class RobotView:
    """
    One robot as the coordinator sees it.

    `last_node_id` is the last one confirmed by the robot; `stops` are all those ahead of it, in order.
    """

    robot_id: RobotId
    robot_type_id: RobotTypeId
    link: LinkState
    heard_s: float
    activity: Activity | None
    pose: Pose2 | None
    speed_mps: float
    charge_ratio: float
    last_node_id: NodeId | None
    home: NodeId
    base: tuple[Step, ...]
    horizon: tuple[Step, ...]
    next_point_ids: tuple[PointId, ...]
    wait: Wait | None
    is_stopped: bool
    faults: tuple[Fault, ...]
    quality: LinkQuality | None
    observations_stored_count: int
    observations_missing_count: int
    session: int
    stops: tuple[StopEta, ...]


@dataclass(frozen=True, slots=True)
class PointView:
    """One inspection point. `age_ratio` is idleness over period; None without a period. `due_s` may lie in the past."""

    point_id: PointId
    last_visit_s: float | None
    due_s: float | None
    age_ratio: float | None
    is_overdue: bool
    visit_count: int
    robot_id: RobotId | None


@dataclass(frozen=True, slots=True)
class EdgeView:
    """An edge that isn't simply open, or that is busy."""

    edge_id: EdgeId
    is_closed: bool
    is_blockage: bool
    reason: str
    source: str
    until_s: float | None
    holder: RobotId | None
    delay_ratio: float


@dataclass(frozen=True, slots=True)
class Totals:
    """
    Counters since the journal began; waits and refusals since the process started.

    Attributes:
        refusals_by_rule: Releases the checker refused, failures of planning and nonsense in plans: bugs of ours.
    """

    visits_count: int
    late_visits_count: int
    max_age_ratio: float
    wait_s_by_cause: tuple[tuple[str, float], ...]
    replans_by_reason: tuple[tuple[str, int], ...]
    observations_stored_count: int
    observations_missing_count: int
    observations_duplicate_count: int
    refusals_by_rule: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FleetSnapshot:
    """The whole picture at `now_s`; rows sorted by id."""

    now_s: float
    epoch: int
    plant_id: str
    robots: tuple[RobotView, ...]
    points: tuple[PointView, ...]
    missions: tuple[Mission, ...]
    alarms: tuple[Alarm, ...]
    edges: tuple[EdgeView, ...]
    totals: Totals
    is_degraded: bool
