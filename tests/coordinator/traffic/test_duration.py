"""Times that are uncertain, and their sums."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.traffic.duration import NOTHING, Duration, log_normal, maybe_waiting


def test_a_certain_time_has_no_spread():
    """What is known to the second is foretold to the second."""
    assert (Duration(5.0).p50_s, Duration(5.0).p90_s) == (5.0, 5.0)
    assert Duration(5.0) + NOTHING == Duration(5.0)


def test_moments_are_those_of_the_named_distributions():
    """Mean, variance and skewness agree with a large sample."""
    chance = random.Random(1)
    for duration, sample in (
        (log_normal(20.0, 0.3), [20.0 * chance.lognormvariate(0.0, 0.3) for _ in range(200_000)]),
        (
            maybe_waiting(0.2, 15.0),
            [chance.expovariate(1 / 15.0) if chance.random() < 0.2 else 0.0 for _ in range(200_000)],
        ),
    ):
        mean = sum(sample) / len(sample)
        assert duration.mean_s == pytest.approx(mean, rel=0.02)
        assert duration.variance == pytest.approx(sum((x - mean) ** 2 for x in sample) / len(sample), rel=0.03)
        assert duration.third == pytest.approx(sum((x - mean) ** 3 for x in sample) / len(sample), rel=0.1)


@pytest.mark.parametrize("count", [3, 10, 40])
def test_sums_over_many_edges_come_true_as_often_as_they_say(count):
    """Over a way of several edges with waits, half of all arrivals come before p50 and nine tenths before p90."""
    chance = random.Random(count)
    edges = [(chance.uniform(5.0, 40.0), chance.uniform(0.1, 0.4), chance.uniform(0.0, 0.3)) for _ in range(count)]
    foretold = NOTHING
    for median_s, sigma, waits in edges:
        foretold = foretold + log_normal(median_s, sigma) + maybe_waiting(waits, 12.0)

    taken = [
        sum(
            median_s * chance.lognormvariate(0.0, sigma)
            + (chance.expovariate(1 / 12.0) if chance.random() < waits else 0.0)
            for median_s, sigma, waits in edges
        )
        for _ in range(5_000)
    ]
    assert sum(s <= foretold.p50_s for s in taken) / len(taken) == pytest.approx(0.5, abs=0.06)
    assert sum(s <= foretold.p90_s for s in taken) / len(taken) == pytest.approx(0.9, abs=0.03)


durations = st.builds(
    lambda median_s, sigma, ratio, wait_s: log_normal(median_s, sigma) + maybe_waiting(ratio, wait_s),
    st.floats(0.1, 1e4),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1e4),
)


@given(durations, durations)
def test_p90_is_never_before_p50_and_more_way_never_takes_less(first: Duration, second: Duration):
    """Whatever is added up, the quantiles stand in order and the mean grows."""
    both = first + second
    assert both.p90_s >= both.p50_s
    assert both.mean_s >= max(first.mean_s, second.mean_s)
