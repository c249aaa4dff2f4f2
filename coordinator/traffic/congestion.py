"""How much longer than free an edge takes just now: measured passages with forgetting."""

from __future__ import annotations

import math
from dataclasses import dataclass

FORGET_S = 600.0
"""Time constant after which a measured delay has faded to 1/e."""
NOTICE_S = 4.0
"""A change of an edge's delay below this changes no weight."""
NOTICE_RATIO = 0.3
SHARE = 0.4
"""Weight of the newest passage in the mean."""
MOST_S = 300.0
"""A single passage counts for no more than this: a broken robot isn't congestion."""


@dataclass(slots=True)
class _Delay:
    seconds: float
    at_s: float


class Congestion:
    """Delays per way number, published with hysteresis so that weights don't flicker."""

    def __init__(self) -> None:
        self._measured: dict[int, _Delay] = {}
        self._published: dict[int, float] = {}

    def passed(self, way: int, delay_s: float, now_s: float) -> None:
        """A robot took `delay_s` longer than usual from the way's start to its end; waits for others aren't counted."""
        delay_s = min(max(0.0, delay_s), MOST_S)
        known = self._measured.get(way)
        old_s = 0.0 if known is None else self._faded(known, now_s)
        self._measured[way] = _Delay(old_s + SHARE * (delay_s - old_s), now_s)

    def delays_s(self, now_s: float) -> dict[int, float]:
        """Extra seconds per way, 0 left out."""
        present: dict[int, float] = {}
        for way, delay in sorted(self._measured.items()):
            seconds = self._faded(delay, now_s)
            if seconds < 0.5:
                del self._measured[way]
            present[way] = seconds
        for way in sorted(set(present) | set(self._published)):
            new_s, old_s = present.get(way, 0.0), self._published.get(way, 0.0)
            if abs(new_s - old_s) > max(NOTICE_S, NOTICE_RATIO * old_s):
                self._published[way] = new_s
            if self._published.get(way, 0.0) < 1.0:
                self._published.pop(way, None)
        return dict(self._published)

    def delay_s(self, way: int) -> float:
        """Published extra seconds of a way."""
        return self._published.get(way, 0.0)

    @staticmethod
    def _faded(delay: _Delay, now_s: float) -> float:
        return delay.seconds * math.exp(-(now_s - delay.at_s) / FORGET_S)
