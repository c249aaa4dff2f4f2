"""Delays of ways: measured, forgotten, and published without flicker."""

from __future__ import annotations

from coordinator.traffic.congestion import FORGET_S, MOST_S, Congestion


def test_a_delay_is_learnt_from_passages_and_fades():
    """A jam is noticed after a passage or two and forgotten when nobody meets it any more."""
    congestion = Congestion()
    congestion.passed(3, 60.0, 0.0)
    first = congestion.delays_s(0.0)[3]
    congestion.passed(3, 60.0, 10.0)
    assert 0.0 < first < congestion.delays_s(10.0)[3] < 60.0
    assert congestion.delays_s(10.0 + 5 * FORGET_S) == {}


def test_a_broken_robot_is_not_congestion():
    """One endless passage counts no more than a bounded delay."""
    congestion = Congestion()
    congestion.passed(3, 1e9, 0.0)
    assert congestion.delays_s(0.0)[3] <= MOST_S


def test_small_changes_are_not_published():
    """Weights change only when it matters, so that ways don't flicker."""
    congestion = Congestion()
    congestion.passed(3, 100.0, 0.0)
    before = congestion.delays_s(0.0)
    assert congestion.delays_s(60.0) == before
    assert congestion.delays_s(400.0) != before


def test_a_quick_passage_is_no_negative_delay():
    """Robots faster than expected make no way cheaper than free."""
    congestion = Congestion()
    congestion.passed(3, -50.0, 0.0)
    assert congestion.delays_s(0.0) == {}
    assert congestion.delay_s(3) == 0.0
