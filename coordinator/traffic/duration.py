"""
How long something will take, as a distribution that can be added up.

A sum of independent times has the sums of their cumulants; its quantiles follow by the expansion of Cornish and
Fisher, which the skewness of waits needs: a normal curve would put half of all arrivals at the mean, while more than
half come before it.

Source:
    Cornish and Fisher, "Moments and cumulants in the specification of distributions", Revue de l'Institut
    International de Statistique 5 (1938), the terms up to skewness.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Z90 = 1.2815515655446004
"""The standard normal's 90th percentile."""
MOST_SKEWNESS = 2.0
"""The expansion bends back for larger ones; the exponential distribution has 2."""


@dataclass(frozen=True, slots=True)
class Duration:
    """Mean in seconds, variance in square seconds, third central moment in cubic seconds; sums are of independents."""

    mean_s: float = 0.0
    variance: float = 0.0
    third: float = 0.0

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.mean_s + other.mean_s, self.variance + other.variance, self.third + other.third)

    @property
    def p50_s(self) -> float:
        """Half of all are shorter."""
        return self.mean_s + math.sqrt(self.variance) * self._bent(0.0)

    @property
    def p90_s(self) -> float:
        """Nine of ten are shorter."""
        return self.mean_s + math.sqrt(self.variance) * self._bent(Z90)

    def _bent(self, z: float) -> float:
        if self.variance <= 0.0:
            return 0.0
        skewness = min(max(self.third / math.sqrt(self.variance) / self.variance, -MOST_SKEWNESS), MOST_SKEWNESS)
        return z + (z * z - 1.0) * skewness / 6.0


NOTHING = Duration()


def log_normal(median_s: float, sigma: float) -> Duration:
    """Whose logarithm is normal with standard deviation `sigma`."""
    spread = math.exp(sigma * sigma)
    mean_s = median_s * math.sqrt(spread)
    variance = mean_s * mean_s * (spread - 1.0)
    return Duration(mean_s, variance, (spread + 2.0) * math.sqrt(max(0.0, spread - 1.0)) * variance**1.5)


def maybe_waiting(ratio: float, wait_s: float) -> Duration:
    """With probability `ratio` an exponential time of mean `wait_s`, else nothing."""
    mean_s = ratio * wait_s
    second, third = 2.0 * ratio * wait_s**2, 6.0 * ratio * wait_s**3
    return Duration(mean_s, second - mean_s**2, third - 3.0 * second * mean_s + 2.0 * mean_s**3)
