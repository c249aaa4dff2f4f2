"""
What robots are and say about themselves.

What each robot says every second is a named tuple: made in a third of the time of a frozen dataclass.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from coordinator.model.geometry import Pose2
from coordinator.model.ids import EdgeId, NodeId, RobotTypeId, RouteId


class Activity(Enum):
    """What a robot does, by its own account."""

    IDLE = "idle"
    DRIVING = "driving"
    WORKING = "working"
    CHARGING = "charging"
    STOPPED = "stopped"
    BLOCKED = "blocked"
    FAULTED = "faulted"
    MANUAL = "manual"


class LinkState(Enum):
    """How fresh the last word of a robot is."""

    LIVE = "live"
    SUSPECT = "suspect"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Factsheet:
    """What a robot is: a type of the plant map, and texts for people."""

    robot_type_id: RobotTypeId
    model: str = ""
    agent_version: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """
    Where a robot stands in the graph, by its own localisation.

    `node_id` is the node, or the start of `edge_id` when the robot is between nodes; None when it doesn't know.
    """

    node_id: NodeId | None
    edge_id: EdgeId | None = None


class Progress(NamedTuple):
    """
    How far along its route a robot is; see RouteProgress in proto/roundsman/v1/robot.proto.

    Attributes:
        reached_seq: Highest step whose node's centre was reached.
        cleared_seq: Highest step whose node's footprint the whole body has left; -1 for none.
        base_end_seq: Highest step held as released.
    """

    route_id: RouteId
    reached_seq: int
    cleared_seq: int
    base_end_seq: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault a robot reports."""

    code: str
    text: str
    stops_driving: bool


class LinkQuality(NamedTuple):
    """The radio link as the robot hears it; None where unknown."""

    rsrp_dbm: float | None = None
    sinr_db: float | None = None
    cell_id: str = ""
    rtt_s: float | None = None


class StateReport(NamedTuple):
    """
    One frame of telemetry, decoded; every number finite and in range.

    Attributes:
        robot_s: Robot's monotonic clock, seconds.
        pose: None when localisation is lost.
        charge_ratio: In [0, 1].
        progress: None when the robot holds no route.
        blocked_edge_id: Set while the activity is BLOCKED.
    """

    report_seq: int
    robot_s: float
    pose: Pose2 | None
    speed_mps: float
    charge_ratio: float
    activity: Activity
    progress: Progress | None
    faults: tuple[Fault, ...] = ()
    link: LinkQuality | None = None
    blocked_edge_id: EdgeId | None = None
