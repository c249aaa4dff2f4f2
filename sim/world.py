"""Simulated time: a heap of what happens next. Two things at the same time happen in the order they were asked for."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

Action = Callable[[], None]


class Timer:
    """Something that will happen unless it is cancelled."""

    __slots__ = ("action", "time_s")

    def __init__(self, time_s: float, action: Action) -> None:
        self.time_s = time_s
        self.action: Action | None = action

    @property
    def is_pending(self) -> bool:
        """Whether it is still to happen."""
        return self.action is not None

    def cancel(self) -> None:
        """Make it not happen. Harmless when it already has."""
        self.action = None


class World:
    """
    The clock and what is to come.

    Attributes:
        now_s: Simulated time on the coordinator's timeline, Unix seconds.
        step_count: How many things have happened.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self.now_s = start_s
        self.step_count = 0
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = 0

    def at(self, time_s: float, action: Action) -> Timer:
        """Let something happen at a time; a time in the past means now, after all that is due already."""
        due_s = max(self.now_s, time_s)
        timer = Timer(due_s, action)
        self._order += 1
        heappush(self._heap, (due_s, self._order, timer))
        return timer

    def after(self, delay_s: float, action: Action) -> Timer:
        """Let something happen after a delay, which is at least 0."""
        return self.at(self.now_s + delay_s, action)

    def next_s(self) -> float | None:
        """When the next thing happens; None if nothing is left."""
        heap = self._heap
        while heap and heap[0][2].action is None:
            heappop(heap)
        return heap[0][0] if heap else None

    def step(self) -> bool:
        """Let the next thing happen; False when nothing is left."""
        heap = self._heap
        while heap:
            time_s, _, timer = heappop(heap)
            action = timer.action
            if action is None:
                continue
            timer.action = None
            self.now_s = time_s
            self.step_count += 1
            action()
            return True
        return False

    def run_until(self, until_s: float, *, after_step: Action | None = None) -> None:
        """Let everything up to a time happen, then set the clock to it. `after_step` is called after each thing."""
        heap = self._heap
        while heap and heap[0][0] <= until_s:
            time_s, _, timer = heappop(heap)
            action = timer.action
            if action is None:
                continue
            timer.action = None
            self.now_s = time_s
            self.step_count += 1
            action()
            if after_step is not None:
                after_step()
        self.now_s = max(self.now_s, until_s)
