"""Brings the robot where the body wants it, through whatever an action server does. Pure: time comes in as `now_s`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import NamedTuple, Protocol

from agent.ros.frames import Pose2

# An aborted goal is tried again after this; by then it shows whether somebody else's goal took its place.
RETRY_AFTER_S = 1.0
# A server missing for so long has taken its goal with it.
SERVER_LOST_S = 2.0


class Target(NamedTuple):
    """A pose to drive to, in the robot's map, and a speed limit."""

    pose: Pose2
    max_speed_mps: float


class Dock(NamedTuple):
    """Dock at a charger."""

    dock_id: str


class Undock(NamedTuple):
    """Leave the charger."""


class Ride(NamedTuple):
    """Take the map of another level, and be put there on a pose of it: the robot stands in a lift."""

    level_id: str
    pose: Pose2


Errand = Target | Dock | Undock | Ride


class GoalEnd(Enum):
    """How an action server ended a goal."""

    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    ABORTED = "aborted"


class Trouble(Enum):
    """
    Why a wish isn't being fulfilled.

    BLOCKED: tried and given up for a while. INFEASIBLE: refused; trying again doesn't help. COMMUNICATION: nobody
    answers; tried again as soon as somebody may.
    """

    NONE = "none"
    BLOCKED = "blocked"
    INFEASIBLE = "infeasible"
    COMMUNICATION = "communication"


class NavPort(Protocol):
    """What sends goals: agent/ros/nav2.py, agent/ros/pose_goals.py. Answers a GoalListener."""

    def send(self, number: int, errand: Errand) -> None:
        """Send a goal; one sent before and not cancelled may be dropped for it."""

    def cancel(self, number: int) -> None:
        """Cancel the goal, also one that isn't answered yet."""

    def cancel_all(self) -> None:
        """Cancel everybody's goals, and brake."""

    def clear_costmaps(self) -> None:
        """Forget obstacles that are there no more."""


class GoalListener(Protocol):
    """Whom a port answers."""

    def answered(self, number: int, *, is_accepted: bool) -> None:
        """A goal was taken or refused."""

    def ended(self, number: int, end: GoalEnd, text: str) -> None:
        """A goal ended."""


class NavListener(Protocol):
    """Whom a navigator tells."""

    def arrived(self, errand: Errand) -> str:
        """It says it is there; returns why it isn't, empty if it is."""

    def taken_away(self, reason: str) -> None:
        """Somebody else cancelled the goal."""


@dataclass(frozen=True, slots=True)
class NavLimits:
    """
    How patient a navigator is.

    Attributes:
        goal_response_s: A goal must be accepted or refused within this.
        goal_timeout_s: A goal must end within this; 0: no limit.
        cancel_s: A cancelled goal must end within this; then all are cancelled and it counts as ended.
        max_retries: Aborted goals tried again at once; after that it is BLOCKED.
        blocked_retry_s: So often a blocked goal is tried again.
    """

    goal_response_s: float
    goal_timeout_s: float
    cancel_s: float
    max_retries: int
    blocked_retry_s: float


@dataclass(slots=True)
class _Goal:
    number: int
    errand: Errand
    sent_s: float
    is_accepted: bool = False
    cancelled_s: float | None = None


class Navigator:
    """
    One wish at a time.

    Attributes:
        trouble: Of the present wish.
        text: About the trouble, for people.
    """

    def __init__(self, port: NavPort, listener: NavListener, limits: NavLimits) -> None:
        self._port = port
        self._listener = listener
        self._limits = limits
        self.trouble = Trouble.NONE
        self.text = ""
        self._wanted: Errand | None = None
        self._goal: _Goal | None = None
        self._number = 0
        self._failed_count = 0
        self._not_before_s = -inf
        self._missing_since_s: float | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a goal is under way or being cancelled."""
        return self._goal is not None

    def pursue(self, errand: Errand | None, now_s: float) -> None:
        """Want this from now on; None: stand. The same wish again changes nothing."""
        if errand != self._wanted:
            self._wanted = errand
            self._failed_count = 0
            self._not_before_s = -inf
            self._clear()
        self._reconcile(now_s)

    def abandon_all(self, now_s: float) -> None:
        """Stand at once, whoever sent the goals."""
        self._port.cancel_all()
        if self._goal is not None and self._goal.cancelled_s is None:
            self._goal.cancelled_s = now_s
        self.pursue(None, now_s)

    def tick(self, now_s: float, nav_trouble: str) -> None:
        """Time has passed. `nav_trouble` says why navigation can't be used; empty when it can."""
        if nav_trouble and self._missing_since_s is None:
            self._missing_since_s = now_s
        elif not nav_trouble and self._missing_since_s is not None:
            self._missing_since_s = None
            # It may be another server by now, which knows nothing of the goal: the same again does no harm.
            if self._goal is not None and self._goal.cancelled_s is None:
                self._goal = None
        goal, limits = self._goal, self._limits
        if goal is not None and goal.cancelled_s is not None:
            if now_s - goal.cancelled_s > limits.cancel_s:
                self._goal = None
                self._port.cancel_all()
        elif goal is not None:
            if self._missing_since_s is not None and now_s - self._missing_since_s > SERVER_LOST_S:
                self._silent(nav_trouble, now_s)
            elif not goal.is_accepted and now_s - goal.sent_s > limits.goal_response_s:
                self._port.cancel(goal.number)
                self._silent(f"a goal wasn't answered within {limits.goal_response_s:g} s", now_s)
            elif 0.0 < limits.goal_timeout_s < now_s - goal.sent_s:
                self._port.cancel(goal.number)
                self._failed(f"a goal took longer than {limits.goal_timeout_s:g} s", now_s)
        elif self._wanted is not None and nav_trouble and self.trouble is Trouble.NONE:
            self.trouble, self.text = Trouble.COMMUNICATION, nav_trouble
        self._reconcile(now_s)

    def answered(self, number: int, *, is_accepted: bool) -> None:
        """A goal was taken or refused. Answers to older goals are nothing."""
        goal = self._goal
        if goal is None or goal.number != number:
            return
        if is_accepted:
            goal.is_accepted = True
            if self.trouble is not Trouble.BLOCKED:
                self._clear()
            return
        self._goal = None
        if goal.cancelled_s is None:
            self.trouble, self.text = Trouble.INFEASIBLE, "the robot's navigation refused the goal"

    def ended(self, number: int, end: GoalEnd, text: str, now_s: float) -> None:
        """A goal ended. Ends of older goals are nothing."""
        goal = self._goal
        if goal is None or goal.number != number:
            return
        self._goal = None
        if goal.cancelled_s is not None:
            self._reconcile(now_s)
        elif end is GoalEnd.CANCELED:
            self._wanted = None
            self._clear()
            self._listener.taken_away("a goal was cancelled at the robot")
        elif end is GoalEnd.ABORTED:
            self._failed(text, now_s)
        elif objection := self._listener.arrived(goal.errand):
            self._failed(objection, now_s)
        elif self._wanted == goal.errand:
            self._wanted = None
            self._failed_count = 0
            self._clear()

    def _clear(self) -> None:
        self.trouble, self.text = Trouble.NONE, ""

    def _reconcile(self, now_s: float) -> None:
        goal, wanted = self._goal, self._wanted
        if goal is not None:
            if goal.cancelled_s is not None or goal.errand == wanted:
                return
            # Navigation takes a new target while it drives, without braking; nothing else.
            if wanted is None or not (isinstance(wanted, Target) and isinstance(goal.errand, Target)):
                goal.cancelled_s = now_s
                self._port.cancel(goal.number)
                return
        is_usable = self._missing_since_s is None and self.trouble is not Trouble.INFEASIBLE
        if wanted is None or not is_usable or now_s < self._not_before_s:
            return
        self._number += 1
        self._goal = _Goal(self._number, wanted, now_s)
        self._port.send(self._number, wanted)

    def _silent(self, text: str, now_s: float) -> None:
        self._goal = None
        self._not_before_s = now_s + RETRY_AFTER_S
        self.trouble, self.text = Trouble.COMMUNICATION, text

    def _failed(self, text: str, now_s: float) -> None:
        self._goal = None
        self._failed_count += 1
        if self._failed_count <= self._limits.max_retries:
            self._port.clear_costmaps()
            self._not_before_s = now_s + RETRY_AFTER_S
            return
        self.trouble, self.text = Trouble.BLOCKED, text
        self._not_before_s = now_s + self._limits.blocked_retry_s
