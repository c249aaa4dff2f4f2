"""How many robots passed each way in the last hour, and how much later than free they were."""

from __future__ import annotations

from dataclasses import dataclass

from coordinator.traffic.congestion import MOST_S
from coordinator.traffic.window import Window


@dataclass(frozen=True, slots=True)
class Passages:
    """Of one way: passages in the window, and the seconds all of them together took longer than free."""

    way: int
    count: int
    delay_s: float


class Flow:
    """Passages per way number."""

    def __init__(self, began_s: float) -> None:
        self._passages: Window[int] = Window(began_s)

    def passed(self, way: int, delay_s: float, now_s: float) -> None:
        """A robot took `delay_s` longer than free from the way's start to its end; one passage counts up to MOST_S."""
        self._passages.add(way, min(max(0.0, delay_s), MOST_S), now_s)

    def window_s(self, now_s: float) -> float:
        """How far back the figures reach."""
        return now_s - self._passages.start_s(now_s)

    def busiest(self, now_s: float) -> list[Passages]:
        """All ways somebody passed, those where most time was lost first."""
        rows = [Passages(way, each.count, each.amount) for way, each in self._passages.sums(now_s).items()]
        return sorted(rows, key=lambda row: (-row.delay_s, -row.count, row.way))
