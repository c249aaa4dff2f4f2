"""What operators and programs may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from coordinator.model.ids import AlarmId, EdgeId, MissionId, NodeId, PointId, RobotId


@dataclass(frozen=True, slots=True)
class CreateMission:
    """Visit points once. An empty `mission_id` lets the coordinator choose one."""

    point_ids: tuple[PointId, ...]
    name: str = ""
    priority: int = 50
    deadline_s: float | None = None
    mission_id: MissionId | None = None


@dataclass(frozen=True, slots=True)
class CancelMission:
    """End a mission; what is already in a base is finished, nothing more is started."""

    mission_id: MissionId
    reason: str


@dataclass(frozen=True, slots=True)
class PauseMission:
    """Start no more points of a mission until it is resumed."""

    mission_id: MissionId
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ResumeMission:
    """Go on with a paused mission."""

    mission_id: MissionId


@dataclass(frozen=True, slots=True)
class RerunFailed:
    """Create a new mission of the points of an ended mission that aren't done."""

    mission_id: MissionId


@dataclass(frozen=True, slots=True)
class CloseEdge:
    """Release nobody onto an edge (both directions of a two-way one), for a time or until opened."""

    edge_id: EdgeId
    reason: str
    for_s: float | None = None


@dataclass(frozen=True, slots=True)
class OpenEdge:
    """Drop a closure or a blockage."""

    edge_id: EdgeId


@dataclass(frozen=True, slots=True)
class StopRobots:
    """Brake and latch robots: the ones named, or all. Anybody may stop."""

    robot_ids: tuple[RobotId, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ResumeRobots:
    """Drop the latch of stop: the robots named, or all. Needs a reason."""

    robot_ids: tuple[RobotId, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class PlaceRobot:
    """A person confirms where a robot stands; replaces all its reservations. Must be sent twice with the same token."""

    robot_id: RobotId
    node_id: NodeId
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class RemoveRobot:
    """A person confirms that a robot was taken off the floor; frees its reservations. Two steps as PlaceRobot."""

    robot_id: RobotId
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class AcknowledgeAlarm:
    """A person has seen an alarm."""

    alarm_id: AlarmId
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ShelveAlarm:
    """Hide an alarm for a while; it comes back by itself."""

    alarm_id: AlarmId
    for_s: float
    reason: str


OperatorCommand = (
    CreateMission
    | CancelMission
    | PauseMission
    | ResumeMission
    | RerunFailed
    | CloseEdge
    | OpenEdge
    | StopRobots
    | ResumeRobots
    | PlaceRobot
    | RemoveRobot
    | AcknowledgeAlarm
    | ShelveAlarm
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The command took effect. `subject` names what it made or changed; `text` is for people."""

    subject: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmationNeeded:
    """Send the command again with this token within a minute; nothing was done yet."""

    token: str
    text: str


class RefusalCode:
    """Why a command was refused; maps to a gRPC status in the transport."""

    NOT_FOUND = "not_found"
    INVALID = "invalid"
    CONFLICT = "conflict"
    KEY_REUSED = "key_reused"


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was done. The text names the thing, the value and the rule."""

    code: str
    text: str


Outcome = Accepted | ConfirmationNeeded | Refused
