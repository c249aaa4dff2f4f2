"""
Why robots wait: every second has a cause, and the causes add up.

The core says for each robot what holds it up, whenever it looks; a stretch of the same cause, subject and robot is
booked when it ends. The whole of a wait is counted beside its parts, so that the sum can be checked. What is told
here steers nothing: who is served first and who gives way is decided by `LiveRobot.wait`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from coordinator.model.ids import RobotId
from coordinator.traffic.window import Sum, Window

TOLERANCE_S = 0.01
"""Rounding of some millions of stretches on a timeline of Unix seconds."""

Behind = Callable[[RobotId], Sequence[RobotId]]


@dataclass(frozen=True, slots=True)
class Hold:
    """What holds a robot up: cause and subject as in `Wait`, and all robots behind it, the one to name first."""

    cause: str
    subject: str
    blockers: tuple[RobotId, ...] = ()

    @property
    def behind(self) -> RobotId | None:
        """The robot to name."""
        return self.blockers[0] if self.blockers else None


@dataclass(frozen=True, slots=True)
class PresentWait:
    """A wait that lasts: since when at all, and since when for this cause, subject and robot."""

    hold: Hold
    since_s: float
    hold_since_s: float


class WaitKey(NamedTuple):
    """What waiting is summed up by."""

    robot_id: RobotId
    cause: str
    subject: str
    behind: RobotId | None


@dataclass(slots=True)
class Account:
    """One robot's waiting since the process started, without what still lasts."""

    ended_s: float = 0.0
    ended_count: int = 0
    by_cause: dict[str, float] = field(default_factory=dict)


class Waits:
    """
    The books of all robots' waiting.

    Attributes:
        present: Who waits now.
        accounts: What was booked since the process started, of each robot that ever waited.
    """

    def __init__(self, began_s: float) -> None:
        self.present: dict[RobotId, PresentWait] = {}
        self.accounts: dict[RobotId, Account] = {}
        self._gone_s: dict[str, float] = {}
        self._unchecked: dict[RobotId, None] = {}
        self._window: Window[WaitKey] = Window(began_s)

    def note(self, robot_id: RobotId, hold: Hold | None, now_s: float) -> None:
        """Say what holds a robot up now; None when nothing does."""
        present = self.present.get(robot_id)
        if present is None:
            if hold is not None:
                self.present[robot_id] = PresentWait(hold, now_s, now_s)
                self.accounts.setdefault(robot_id, Account())
            return
        old = present.hold
        if hold == old:
            return
        self._unchecked[robot_id] = None
        if hold is None:
            self._book(robot_id, present, now_s)
            account = self.accounts[robot_id]
            account.ended_s += now_s - present.since_s
            account.ended_count += now_s > present.since_s
            del self.present[robot_id]
            return
        hold_since_s = present.hold_since_s
        if (hold.cause, hold.subject, hold.behind) != (old.cause, old.subject, old.behind):
            self._book(robot_id, present, now_s)
            hold_since_s = now_s
        self.present[robot_id] = PresentWait(hold, present.since_s, hold_since_s)

    def forget(self, robot_id: RobotId, now_s: float) -> None:
        """A robot is off the floor: its wait ends, its seconds stay in the totals by cause."""
        self.note(robot_id, None, now_s)
        account = self.accounts.pop(robot_id, None)
        for cause, seconds in account.by_cause.items() if account is not None else ():
            self._gone_s[cause] = self._gone_s.get(cause, 0.0) + seconds

    def by_cause(self, now_s: float) -> dict[str, float]:
        """Seconds all robots waited since the process started, what still lasts included."""
        sums = dict(self._gone_s)
        for robot_id in self.accounts:
            for cause, seconds in self.by_cause_of(robot_id, now_s).items():
                sums[cause] = sums.get(cause, 0.0) + seconds
        return dict(sorted(sums.items()))

    def by_cause_of(self, robot_id: RobotId, now_s: float) -> dict[str, float]:
        """The same for one robot."""
        account, present = self.accounts.get(robot_id), self.present.get(robot_id)
        sums = dict(account.by_cause) if account is not None else {}
        if present is not None:
            cause = present.hold.cause
            sums[cause] = sums.get(cause, 0.0) + now_s - present.hold_since_s
        return dict(sorted(sums.items()))

    def total_s(self, robot_id: RobotId, now_s: float) -> float:
        """Seconds a robot waited, from the beginnings and ends of its waits alone."""
        account, present = self.accounts.get(robot_id), self.present.get(robot_id)
        ended_s = 0.0 if account is None else account.ended_s
        return ended_s + (0.0 if present is None else now_s - present.since_s)

    def window_s(self, now_s: float) -> float:
        """How far back `lately` reaches."""
        return now_s - self._window.start_s(now_s)

    def lately(self, now_s: float) -> dict[WaitKey, Sum]:
        """Seconds and number of stretches within the window, what still lasts included."""
        sums = dict(self._window.sums(now_s))
        start_s = self._window.start_s(now_s)
        for robot_id, present in self.present.items():
            known = sums.setdefault(_key(robot_id, present.hold), Sum())
            known.amount += now_s - max(start_s, present.hold_since_s)
            known.count += 1
        return sums

    def gap(self) -> tuple[RobotId, float] | None:
        """
        A robot whose causes don't add up to its waiting, and by how much; None when all do.

        Looks at those whose books have changed since it was asked last.
        """
        while self._unchecked:
            robot_id, _ = self._unchecked.popitem()
            account = self.accounts.get(robot_id, Account())
            present = self.present.get(robot_id)
            lasting_s = 0.0 if present is None else present.hold_since_s - present.since_s
            gap_s = sum(account.by_cause.values()) - account.ended_s - lasting_s
            if abs(gap_s) > TOLERANCE_S:
                return robot_id, gap_s
        return None

    def _book(self, robot_id: RobotId, present: PresentWait, now_s: float) -> None:
        if now_s <= present.hold_since_s:
            return
        causes = self.accounts[robot_id].by_cause
        cause = present.hold.cause
        causes[cause] = causes.get(cause, 0.0) + now_s - present.hold_since_s
        self._window.add_span(_key(robot_id, present.hold), present.hold_since_s, now_s)


def _key(robot_id: RobotId, hold: Hold) -> WaitKey:
    return WaitKey(robot_id, hold.cause, hold.subject, hold.behind)


@dataclass(frozen=True, slots=True)
class Blame:
    """
    Where a chain of waits ends.

    Attributes:
        root: The robot at its end, which waits for no other; None for a robot behind nobody, or for a circle.
        circle: Robots that wait for each other, each for the next, the last for the first; empty for none.
    """

    root: RobotId | None
    circle: tuple[RobotId, ...]


def blame(robot_id: RobotId, behind: Mapping[RobotId, Sequence[RobotId]]) -> Blame:
    """Who is to blame for a robot's wait in the end; `behind` names for each robot those it waits for."""
    circle = circle_through(robot_id, lambda each: behind.get(each, ()))
    if circle:
        return Blame(None, circle)
    chain = [robot_id]
    while blockers := behind.get(chain[-1], ()):
        if blockers[0] in chain:
            return Blame(None, tuple(chain[chain.index(blockers[0]) :]))
        chain.append(blockers[0])
    return Blame(chain[-1] if len(chain) > 1 else None, ())


def circle_through(robot_id: RobotId, behind: Behind) -> tuple[RobotId, ...]:
    """A shortest circle of waits through a robot, beginning with it; empty when there is none."""
    came: dict[RobotId, RobotId] = {}
    queue = deque((robot_id,))
    while queue:
        here = queue.popleft()
        for blocker in behind(here):
            if blocker == robot_id:
                circle = [here]
                while circle[-1] != robot_id:
                    circle.append(came[circle[-1]])
                return tuple(reversed(circle))
            if blocker not in came:
                came[blocker] = here
                queue.append(blocker)
    return ()
