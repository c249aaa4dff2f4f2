"""
Running estimates of ratios and waits that forget and resist outliers.

Median and p90 climb by stochastic approximation on the logarithm: up by a share of the step when the sample lies above,
down by the other share when it lies below. Steps shrink like one over the count, as Robbins and Monro ask, down to one
over `MEMORY_COUNT`: from there on older samples fade. Their width follows the density that a normal curve through the
two present estimates has at each. A sample that lies far off makes a longer step, so that an edge that has changed is
soon known anew, but only up to `MOST_HASTE` times: an hour of standstill counts no more than that. The p90 moves along
with the median.

Sources:
    Tierney, "A space-efficient recursive procedure for estimating a quantile of an unknown distribution",
    SIAM J. Sci. Stat. Comput. 4 (1983), section 2; its density is estimated by a kernel, ours read off the normal.
    Huber, "Robust estimation of a location parameter", Ann. Math. Stat. 35 (1964): the clipped steps.
"""

from __future__ import annotations

import math
from dataclasses import replace

from coordinator.model.travel import LearnedTimes
from coordinator.traffic.duration import Z90, Duration, log_normal, maybe_waiting

FREE = LearnedTimes(count=0.0, median_ratio=1.0, p90_ratio=1.4, wait_ratio=0.0, wait_s=10.0, seen_s=0.0)
"""Taken for granted before anything was learned: the free time, give or take braking and turning."""
MEMORY_COUNT = 40.0
"""About how many of the newest samples an estimate is of."""
LEAST_COUNT = 3.0
"""Fewer samples than this say nothing."""
SHRINK_COUNT = 6.0
"""With this many samples an estimate counts half, and the wider one it is part of the other half."""
FAR_SIGMAS = 1.5
"""Samples further off than this many standard deviations make longer steps,"""
MOST_HASTE = 6.0
"""up to this many times as long."""
LEAST_SIGMA = 0.05
MOST_SIGMA = 1.0
LEAST_RATIO = 0.25
MOST_RATIO = 8.0
"""Samples beyond this count as this: eight times the free time is no way of driving."""
WAITED_S = 1.0
"""A shorter wait is the radio's."""
CLIP_WAIT = 3.0
"""A wait counts as at most this many mean ones longer than the mean."""

_NORMAL_DENSITY_50 = 1.0 / math.sqrt(2.0 * math.pi)
_NORMAL_DENSITY_90 = _NORMAL_DENSITY_50 * math.exp(-Z90 * Z90 / 2.0)


def learned(times: LearnedTimes, ratio: float, wait_s: float, now_s: float, *, keep_s: float) -> LearnedTimes:
    """
    Take in one more sample.

    Args:
        ratio: Time taken without waiting for others, over that on a free floor.
        wait_s: Waited for others before.
        keep_s: Time constant with which old samples lose weight.
    """
    count = min(faded(times, now_s, keep_s=keep_s) + 1.0, MEMORY_COUNT)
    sample = math.log(min(max(ratio, LEAST_RATIO), MOST_RATIO))
    low, high = math.log(times.median_ratio), math.log(times.p90_ratio)
    sigma = _sigma(times)
    haste = min(max(abs(sample - low) / (FAR_SIGMAS * sigma), 1.0), MOST_HASTE)
    shift = haste * sigma / count / _NORMAL_DENSITY_50 * (0.5 if sample > low else -0.5)
    climb = sigma / count / _NORMAL_DENSITY_90 * (0.9 if sample > high else -0.1)
    low, high = low + shift, max(high + shift + climb, low + shift + LEAST_SIGMA * Z90)
    has_waited = wait_s >= WAITED_S
    return LearnedTimes(
        count=count,
        median_ratio=_bounded(math.exp(low)),
        p90_ratio=_bounded(math.exp(high)),
        wait_ratio=times.wait_ratio + (has_waited - times.wait_ratio) / count,
        wait_s=_mean_wait_s(times, wait_s, count) if has_waited else times.wait_s,
        seen_s=now_s,
    )


def faded(times: LearnedTimes, now_s: float, *, keep_s: float) -> float:
    """How many samples the estimate is worth now."""
    return times.count * math.exp(-max(0.0, now_s - times.seen_s) / keep_s)


def shrunk(times: LearnedTimes | None, wider: LearnedTimes, now_s: float, *, keep_s: float) -> LearnedTimes:
    """The estimate as far as its samples carry it, and for the rest the wider one it is part of."""
    count = 0.0 if times is None else faded(times, now_s, keep_s=keep_s)
    if times is None or count < LEAST_COUNT:
        return wider
    share = count / (count + SHRINK_COUNT)
    return replace(
        times,
        median_ratio=wider.median_ratio * (times.median_ratio / wider.median_ratio) ** share,
        p90_ratio=wider.p90_ratio * (times.p90_ratio / wider.p90_ratio) ** share,
        wait_ratio=wider.wait_ratio + share * (times.wait_ratio - wider.wait_ratio),
        wait_s=wider.wait_s + share * (times.wait_s - wider.wait_s),
    )


def time_of(times: LearnedTimes, free_s: float) -> Duration:
    """Distribution of the time without waits, for what takes `free_s` on a free floor."""
    return log_normal(free_s * times.median_ratio, _sigma(times))


def wait_of(times: LearnedTimes) -> Duration:
    """Distribution of the wait for others."""
    return maybe_waiting(times.wait_ratio, times.wait_s)


def _sigma(times: LearnedTimes) -> float:
    return min(max(math.log(times.p90_ratio / times.median_ratio) / Z90, LEAST_SIGMA), MOST_SIGMA)


def _bounded(ratio: float) -> float:
    return min(max(ratio, LEAST_RATIO), MOST_RATIO)


def _mean_wait_s(times: LearnedTimes, wait_s: float, count: float) -> float:
    waits_count = times.wait_ratio * count + 1.0
    return times.wait_s + min(wait_s - times.wait_s, CLIP_WAIT * times.wait_s) / waits_count
