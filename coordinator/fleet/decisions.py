"""What the planner was asked and answered lately, for those who want to know why."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinator.model.assignment import Plan, Problem

KEPT_COUNT = 16
KEPT_BYTES = 64 << 20
"""Of travel times in the decisions kept; the newest is kept in any case."""


class Decisions:
    """The last plans with their problems, as many as fit."""

    def __init__(self) -> None:
        self._asked: Problem | None = None
        self._kept: deque[tuple[Problem, Plan]] = deque()
        self._bytes = 0

    def asked(self, problem: Problem) -> None:
        """Remember a problem until its plan comes, or another problem."""
        self._asked = problem

    def answered(self, plan: Plan) -> None:
        """Keep a plan beside its problem; forget what is too old or too much."""
        if self._asked is None or self._asked.version != plan.version:
            return
        self._kept.append((self._asked, plan))
        self._bytes += self._asked.travel_s.nbytes
        self._asked = None
        while len(self._kept) > 1 and (len(self._kept) > KEPT_COUNT or self._bytes > KEPT_BYTES):
            self._bytes -= self._kept.popleft()[0].travel_s.nbytes

    def newest_first(self) -> Iterator[tuple[Problem, Plan]]:
        """The decisions kept."""
        return reversed(self._kept)
