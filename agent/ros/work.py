"""Tasks at a node: turn and capture, or charge. Pure: time comes in as `now_s`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from agent.body import Outcome, Reading, Task
from agent.ros.frames import Pose2
from agent.ros.look import Look
from agent.ros.navigation import Dock, Errand, Target

# Turning on the spot; the speed limit of a target only bounds the drive.
TURN_MPS = 0.3


class Ended(NamedTuple):
    """How a task ended; the reading is there when it is DONE, unless it was a charge."""

    outcome: Outcome
    reason: str = ""
    reading: Reading | None = None


class CapturePort(Protocol):
    """What takes readings: agent/ros/captures.py. Answers `Inspection.captured` by the number."""

    def knows(self, sensor: str) -> bool:
        """Whether the robot has the sensor."""

    def capture(self, number: int, sensor: str) -> None:
        """Take a reading that is younger than this call."""

    def drop(self, number: int) -> None:
        """It isn't needed any more."""


@dataclass(frozen=True, slots=True)
class WorkLimits:
    """
    How patient a robot is with its tasks.

    Attributes:
        settle_s: It stands so long before a capture.
        capture_s: A sensor must answer within this.
        charge_start_s: A charger must give current within this.
        docks: Whether it docks by an action at a charger.
    """

    settle_s: float
    capture_s: float
    charge_start_s: float
    docks: bool


class Inspection:
    """
    Takes one reading: turns, stands still, captures.

    Attributes:
        task: As ordered.
        ended: None while it is under way.
    """

    def __init__(self, task: Task, at: Pose2, number: int, port: CapturePort, limits: WorkLimits) -> None:
        """Begin; `at` is the node in the robot's map, with the task's heading if there is one."""
        self.task = task
        self.ended: Ended | None = None
        self._number = number
        self._port = port
        self._limits = limits
        self._turn: Target | None = None if task.heading_rad is None else Target(at, TURN_MPS)
        self._stands_since_s: float | None = None
        self._asked_s: float | None = None
        if not port.knows(task.sensor):
            self.ended = Ended(Outcome.FAILED, f"the robot has no sensor {task.sensor!r}")

    def errand(self) -> Errand | None:
        """Where it must be brought first."""
        return self._turn

    def arrived(self) -> None:
        """It looks where it should."""
        self._turn = None

    def failed(self, text: str) -> None:
        """It can't be brought there."""
        self.ended = Ended(Outcome.FAILED, text)

    def look(self, look: Look, now_s: float) -> None:
        """Time has passed."""
        del look
        if self._turn is not None or self.ended is not None:
            return
        if self._stands_since_s is None:
            self._stands_since_s = now_s
        if self._asked_s is None:
            if now_s - self._stands_since_s >= self._limits.settle_s:
                self._asked_s = now_s
                self._port.capture(self._number, self.task.sensor)
        elif now_s - self._asked_s > self._limits.capture_s:
            self._port.drop(self._number)
            text = f"sensor {self.task.sensor!r} gave nothing within {self._limits.capture_s:g} s"
            self.ended = Ended(Outcome.FAILED, text)

    def captured(self, number: int, result: Reading | str) -> None:
        """The sensor answered: a reading, or why there is none."""
        if number != self._number or self.ended is not None:
            return
        if isinstance(result, str):
            self.ended = Ended(Outcome.FAILED, result)
        else:
            self.ended = Ended(Outcome.DONE, "", result)

    def end_early(self) -> None:
        """The coordinator doesn't want it any more."""
        self._port.drop(self._number)
        self.ended = Ended(Outcome.SKIPPED, "ended early")


class Charging:
    """
    Charges up to what was ordered, docking first where the robot docks.

    Attributes:
        task: As ordered.
        ended: None while it is under way.
    """

    def __init__(self, task: Task, node_id: str, limits: WorkLimits) -> None:
        self.task = task
        self.ended: Ended | None = None
        self._limits = limits
        self._dock: Dock | None = Dock(task.parameters.get("dock_id", node_id)) if limits.docks else None
        self._idle_since_s: float | None = None

    def errand(self) -> Errand | None:
        """The charger to dock at."""
        return self._dock

    def arrived(self) -> None:
        """It is docked."""
        self._dock = None

    def failed(self, text: str) -> None:
        """It can't dock."""
        self.ended = Ended(Outcome.FAILED, text)

    def look(self, look: Look, now_s: float) -> None:
        """Time has passed."""
        if self._dock is not None or self.ended is not None:
            return
        charge = look.charge
        if charge.ratio is not None and charge.ratio >= (self.task.charge_until_ratio or 1.0):
            self.ended = Ended(Outcome.DONE)
        elif charge.is_charging is not False:
            # A battery that doesn't tell isn't accused.
            self._idle_since_s = None
        elif self._idle_since_s is None:
            self._idle_since_s = now_s
        elif now_s - self._idle_since_s > self._limits.charge_start_s:
            self.ended = Ended(Outcome.FAILED, f"the charger gave no current for {self._limits.charge_start_s:g} s")

    def captured(self, number: int, result: Reading | str) -> None:
        """Nothing was asked."""

    def end_early(self) -> None:
        """Enough, or the charger is needed."""
        self.ended = Ended(Outcome.DONE)


Work = Inspection | Charging
