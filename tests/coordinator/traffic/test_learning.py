"""Estimates that learn from passages: they converge, forget, and shrug at outliers."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.model.travel import LearnedTimes
from coordinator.traffic.duration import Z90
from coordinator.traffic.learning import FREE, LEAST_COUNT, MOST_RATIO, faded, learned, shrunk, time_of, wait_of

KEEP_S = 86400.0


def _fed(times: LearnedTimes, samples: list[tuple[float, float]], *, from_s: float = 0.0) -> LearnedTimes:
    """Feed (ratio, wait) pairs, one a minute."""
    for number, (ratio, wait_s) in enumerate(samples):
        times = learned(times, ratio, wait_s, from_s + 60.0 * number, keep_s=KEEP_S)
    return times


def _passages(seed: int, count: int, *, median: float, sigma: float) -> list[tuple[float, float]]:
    chance = random.Random(seed)
    return [
        (median * chance.lognormvariate(0.0, sigma), chance.expovariate(1 / 20.0) if chance.random() < 0.25 else 0.0)
        for _ in range(count)
    ]


@pytest.mark.parametrize("median", [0.6, 1.0, 2.5, 5.0])
def test_estimates_come_close_to_what_passages_take(median):
    """After a day's passages median and p90 are known, whatever they are, and so are the waits."""
    ends = [_fed(FREE, _passages(seed, 200, median=median, sigma=0.25)) for seed in range(30)]

    for end in ends:
        assert end.median_ratio == pytest.approx(median, rel=0.35)
    assert sum(end.median_ratio for end in ends) / 30 == pytest.approx(median, rel=0.06)
    assert sum(end.p90_ratio for end in ends) / 30 == pytest.approx(median * math.exp(0.25 * Z90), rel=0.12)
    assert sum(end.wait_ratio for end in ends) / 30 == pytest.approx(0.25, abs=0.04)
    assert sum(end.wait_s for end in ends) / 30 == pytest.approx(20.0, rel=0.25)


def test_an_edge_that_changed_is_known_anew_after_a_hundred_passages():
    """What was true last month gives way to what robots meet now."""
    slow = _fed(FREE, [(3.0, 40.0)] * 200)
    again = _fed(slow, _passages(1, 120, median=1.0, sigma=0.1), from_s=12_000.0)

    assert slow.median_ratio == pytest.approx(3.0, rel=0.05)
    assert again.median_ratio == pytest.approx(1.0, rel=0.25)
    assert again.wait_ratio < 0.5


def test_one_endless_passage_moves_an_estimate_as_little_as_a_very_slow_one():
    """Beyond some point it doesn't matter how late an outlier is: an hour of standstill is one slow passage."""
    usual = _fed(FREE, _passages(2, 100, median=1.2, sigma=0.2))
    slow = learned(usual, 8.0, 0.0, 6000.0, keep_s=KEEP_S)
    endless = learned(usual, 1e6, 0.0, 6000.0, keep_s=KEEP_S)

    assert endless == slow
    assert endless.median_ratio < 1.05 * usual.median_ratio


@given(st.integers(0, 10_000))
def test_an_outlier_now_and_then_leaves_the_median_where_it_is(seed: int):
    """One passage in twenty that takes fifty times as long hardly changes what half of them take."""
    clean = _passages(seed, 200, median=1.2, sigma=0.2)
    dirty = [(60.0 if number % 20 == 7 else ratio, wait_s) for number, (ratio, wait_s) in enumerate(clean)]
    end = _fed(FREE, dirty)

    assert 0.8 < end.median_ratio < 1.7
    assert end.p90_ratio < 4.0


def test_a_wait_without_end_is_clipped():
    """A robot that waited an hour behind a broken one doesn't make an hour of the usual wait."""
    usual = _fed(FREE, [(1.0, 10.0)] * 20)
    assert learned(usual, 1.0, 3600.0, 1200.0, keep_s=KEEP_S).wait_s < 1.3 * usual.wait_s


ratios = st.floats(0.0, 1e9, allow_nan=False)


@given(st.lists(st.tuples(ratios, st.floats(0.0, 1e7), st.floats(0.0, 1e7)), max_size=60))
def test_nothing_a_robot_may_report_breaks_an_estimate(samples: list[tuple[float, float, float]]):
    """Any passages in any rhythm leave numbers that are finite, in range and in order; the same ones, the same."""

    def end() -> LearnedTimes:
        times, now_s = FREE, 0.0
        for ratio, wait_s, later_s in samples:
            now_s += later_s
            times = learned(times, ratio, wait_s, now_s, keep_s=KEEP_S)
        return times

    times = end()
    assert 0.0 < times.median_ratio <= times.p90_ratio <= MOST_RATIO
    assert 0.0 <= times.wait_ratio <= 1.0
    assert 0.0 < times.wait_s < math.inf
    assert math.isfinite(time_of(times, 20.0).p90_s)
    assert math.isfinite(wait_of(times).p90_s)
    assert times == end()


def test_few_samples_shrink_to_the_wider_estimate():
    """One odd passage says nothing of an edge; the more there are, the less the rest of the plant counts."""
    slow = LearnedTimes(LEAST_COUNT - 1.0, 4.0, 5.0, 0.5, 60.0, seen_s=0.0)
    assert shrunk(slow, FREE, 0.0, keep_s=KEEP_S) == FREE
    assert shrunk(None, FREE, 0.0, keep_s=KEEP_S) == FREE

    by_count = [
        shrunk(replace(slow, count=count), FREE, 0.0, keep_s=KEEP_S).median_ratio for count in (3.0, 6.0, 12.0, 40.0)
    ]
    assert by_count == sorted(by_count)
    assert 1.0 < by_count[0] < by_count[-1] < 4.0


def test_what_nobody_confirmed_for_long_is_forgotten():
    """An edge nobody used for weeks counts as free again."""
    slow = LearnedTimes(40.0, 4.0, 5.0, 0.5, 60.0, seen_s=0.0)
    assert faded(slow, 10 * KEEP_S, keep_s=KEEP_S) < 0.01
    assert shrunk(slow, FREE, 10 * KEEP_S, keep_s=KEEP_S) == FREE
