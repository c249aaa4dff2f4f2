"""What a session is told at its start: who the robot is, what it remembers, how it should behave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from agent.states import Latch


class SilencePolicy(Enum):
    """
    What a robot does when it hears no heartbeat for `Welcome.hold_after_s`.

    FINISH_BASE: drives its base to the end, performs the tasks there, waits. HOLD_NOW: waits on the next
    node.
    """

    FINISH_BASE = "finish_base"
    HOLD_NOW = "hold_now"


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Who speaks.

    Attributes:
        robot_id: 1 to 64 of A-Z a-z 0-9 . _ -
        boot_id: Grows with every start of the agent, at least 1.
    """

    robot_id: str
    boot_id: int


@dataclass(frozen=True, slots=True)
class Memory:
    """
    What outlives the agent's process.

    Attributes:
        epoch: Highest coordinator epoch seen; 0 for none.
        command_id: Newest command that changed the latch; an older one never changes it again.
        latch: How the robot was left.
    """

    epoch: int = 0
    command_id: int = 0
    latch: Latch = Latch.FREE


@dataclass(frozen=True, slots=True)
class Factsheet:
    """What the robot is: a robot type of the plant map, and texts for people."""

    robot_type_id: str
    model: str = ""
    agent_version: str = ""


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """
    How a session behaves where the coordinator doesn't say.

    Attributes:
        on_silence: Policy for a lost link.
        welcome_timeout_s: A stream without a Welcome for this long is given up.
        first_hold_after_s: Stands for `Welcome.hold_after_s` until the first Welcome.
    """

    on_silence: SilencePolicy = SilencePolicy.FINISH_BASE
    welcome_timeout_s: float = 10.0
    first_hold_after_s: float = 10.0
