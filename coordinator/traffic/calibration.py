"""
What arrivals teach about foretelling them.

Sums over edges and tasks know nothing of plans that change, of robots that stand aside, of people on the way, nor of
delays that come together. So the two quantiles that are shown are moved, for the next stop, the one after it and so on,
to where the same share of past arrivals lay. The method needs no model of what goes wrong: whatever the errors are
like, in the long run half of them lie below the one and nine tenths below the other.

Source:
    Angelopoulos, Candes and Tibshirani, "Conformal PID control for time series prediction", NeurIPS 2023: quantile
    tracking, whose steps depend on nothing but whether the last score was covered. There the width of a step is fixed,
    here it shrinks with the count down to one over `MEMORY_COUNT`, and follows the spread of the scores.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from coordinator.model.travel import ArrivalErrors
from coordinator.traffic.duration import Z90

PRIOR_P90_SCORES = (1.2, 1.5, 2.0, 2.5)
"""Before anything is learned, by place: plans change the more, the further ahead. Places beyond count as the last."""
PRIOR_COUNT = 10.0
"""The prior weighs as many arrivals."""
MEMORY_COUNT = 300.0
MOST_SCORE = 30.0
KEPT_SCORE = 0.1
"""The journal is told of a score that moved by more than this."""
_DENSITY_50 = 1.0 / math.sqrt(2.0 * math.pi)
_DENSITY_90 = _DENSITY_50 * math.exp(-Z90 * Z90 / 2.0)


class Calibration:
    """Scores by place."""

    def __init__(self, saved: Iterable[ArrivalErrors]) -> None:
        self._errors = {
            place: ArrivalErrors(place, count=PRIOR_COUNT, p50_score=0.0, p90_score=score)
            for place, score in enumerate(PRIOR_P90_SCORES)
        }
        self._errors.update((entry.place, entry) for entry in saved if entry.place in self._errors)
        self._kept = dict(self._errors)

    def arrived(self, place: int, score: float) -> None:
        """
        An arrival came.

        Args:
            place: Stops that were to be made before it.
            score: 0 if it came at the sums' p50, 1 at their p90, and in proportion.
        """
        old = self._of(place)
        count = min(old.count + 1.0, MEMORY_COUNT)
        step = (old.p90_score - old.p50_score) / Z90 / count
        p50 = old.p50_score + step / _DENSITY_50 * (0.5 if score > old.p50_score else -0.5)
        p90 = old.p90_score + step / _DENSITY_90 * (0.9 if score > old.p90_score else -0.1)
        p50 = min(max(p50, -MOST_SCORE), MOST_SCORE)
        p90 = min(max(p90, p50 + 0.2), MOST_SCORE + 1.0)
        self._errors[old.place] = ArrivalErrors(old.place, count, p50, p90)

    def quantiles_s(self, place: int, p50_s: float, p90_s: float) -> tuple[float, float]:
        """The sums' p50 and p90, moved to where arrivals lay."""
        errors = self._of(place)
        spread_s = p90_s - p50_s
        return p50_s + errors.p50_score * spread_s, p50_s + errors.p90_score * spread_s

    def news(self) -> tuple[ArrivalErrors, ...]:
        """What the journal should be told; counts as told."""
        told = []
        for place, new in sorted(self._errors.items()):
            kept = self._kept[place]
            moved = max(abs(new.p50_score - kept.p50_score), abs(new.p90_score - kept.p90_score))
            if moved > KEPT_SCORE:
                self._kept[place] = new
                told.append(ArrivalErrors(place, round(new.count, 1), round(new.p50_score, 3), round(new.p90_score, 3)))
        return tuple(told)

    def _of(self, place: int) -> ArrivalErrors:
        return self._errors[min(place, len(PRIOR_P90_SCORES) - 1)]
