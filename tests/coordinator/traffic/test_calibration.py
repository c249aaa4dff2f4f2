"""Foretold quantiles that come true as often as they say, whatever goes wrong."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.traffic.calibration import MOST_SCORE, Calibration


@pytest.mark.parametrize("kind", ["normal", "late", "now and then", "early"])
def test_shares_come_out_right_whatever_the_errors_are_like(kind):
    """Half of arrivals come before the p50 that is shown, and nine of ten before the p90, once some were seen."""
    chance = random.Random(kind)
    errors = {
        "normal": lambda: chance.gauss(0.0, 0.8),
        "late": lambda: chance.expovariate(0.5),
        "now and then": lambda: chance.gauss(8.0, 1.0) if chance.random() < 0.2 else chance.gauss(0.0, 0.3),
        "early": lambda: -chance.expovariate(1.0),
    }[kind]
    calibration = Calibration(())
    below_p50 = below_p90 = 0
    for number in range(3000):
        score = errors()
        if number >= 1000:
            p50, p90 = calibration.quantiles_s(1, 0.0, 1.0)
            below_p50 += score <= p50
            below_p90 += score <= p90
        calibration.arrived(1, score)

    assert below_p50 / 2000 == pytest.approx(0.5, abs=0.05)
    assert below_p90 / 2000 == pytest.approx(0.9, abs=0.04)


def test_the_next_stop_and_later_ones_are_learned_apart():
    """What happens to the fifth stop ahead says nothing about the next one."""
    calibration = Calibration(())
    before = calibration.quantiles_s(0, 100.0, 120.0)
    for _ in range(100):
        calibration.arrived(7, 9.0)

    assert calibration.quantiles_s(0, 100.0, 120.0) == before
    assert calibration.quantiles_s(5, 100.0, 120.0) == calibration.quantiles_s(7, 100.0, 120.0)
    assert calibration.quantiles_s(5, 100.0, 120.0)[1] > 150.0


def test_what_was_told_to_the_journal_is_known_after_a_restart():
    """A restarted coordinator foretells as well as before; what hardly moved isn't told again."""
    calibration = Calibration(())
    for _ in range(100):
        calibration.arrived(2, 5.0)
    told = calibration.news()

    assert [errors.place for errors in told] == [2]
    assert calibration.news() == ()
    assert Calibration(told).quantiles_s(2, 0.0, 1.0) == pytest.approx(calibration.quantiles_s(2, 0.0, 1.0), abs=0.01)


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(-1e9, 1e9)), max_size=80))
def test_no_arrival_however_odd_turns_the_quantiles_round(arrivals: list[tuple[int, float]]):
    """p90 stays after p50, and both in bounds."""
    calibration = Calibration(())
    for place, score in arrivals:
        calibration.arrived(place, score)
    for place in range(5):
        p50, p90 = calibration.quantiles_s(place, 0.0, 1.0)
        assert -MOST_SCORE <= p50 < p90 <= MOST_SCORE + 1.0
