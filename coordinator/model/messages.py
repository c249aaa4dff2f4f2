"""What the coordinator says to a robot; the codec turns each into a SessionResponse."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from coordinator.model.ids import RouteId
from coordinator.model.route import Step


class CommandKind(Enum):
    """What a command asks for."""

    STOP = "stop"
    RESUME = "resume"
    PAUSE = "pause"
    END_TASK = "end_task"


@dataclass(frozen=True, slots=True)
class Welcome:
    """First message of a session."""

    heartbeat_period_s: float
    hold_after_s: float
    report_period_s: float
    coordinator_s: float
    base_is_valid: bool
    task_events_through: int


@dataclass(frozen=True, slots=True)
class RouteUpdate:
    """Base steps from the first the robot may lack, and the whole horizon."""

    route_id: RouteId
    revision: int
    base: tuple[Step, ...]
    horizon: tuple[Step, ...]


class Heartbeat(NamedTuple):
    """Liveness and clock."""

    nonce: int
    coordinator_s: float
    rtt_s: float


@dataclass(frozen=True, slots=True)
class Command:
    """An order that is not a route; sent again until answered or expired. Effect once by `command_id`."""

    command_id: int
    kind: CommandKind
    order_id: str = ""
    valid_for_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """What the robot need not send again."""

    task_events_through: int


@dataclass(frozen=True, slots=True)
class Drain:
    """Come back after the delay."""

    reconnect_after_s: float


RobotMessage = Welcome | RouteUpdate | Heartbeat | Command | Acknowledge | Drain
