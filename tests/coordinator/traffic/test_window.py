"""Sums over the last hour, and the flow over edges made of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.traffic.congestion import MOST_S
from coordinator.traffic.flow import Flow, Passages
from coordinator.traffic.window import BUCKET_COUNT, BUCKET_S, Window

BEGAN_S = 1_800_000_123.0


@given(st.lists(st.tuples(st.floats(0.0, 900.0), st.floats(0.0, 900.0)), max_size=30))
def test_every_second_within_the_window_is_counted_once(stretches: list[tuple[float, float]]):
    """Stretches of any length, cut by the window's edges, sum up to the seconds that lie in it."""
    window: Window[str] = Window(BEGAN_S)
    now_s = BEGAN_S
    spans = []
    for idle_s, long_s in stretches:
        spans.append((now_s + idle_s, now_s + idle_s + long_s))
        now_s += idle_s + long_s
        window.add_span("a", *spans[-1])
    start_s = window.start_s(now_s)
    expected_s = sum(max(0.0, end_s - max(begin_s, start_s)) for begin_s, end_s in spans)
    known = window.sums(now_s).get("a")

    assert (0.0 if known is None else known.amount) == pytest.approx(expected_s, abs=1e-3)


def test_what_happened_is_forgotten_after_an_hour_or_so():
    """What is older than the window counts no more, and the window is as long as it says."""
    window: Window[str] = Window(BEGAN_S)
    window.add("early", 3.0, BEGAN_S + 1.0)
    window.add("late", 5.0, BEGAN_S + 3000.0)
    assert set(window.sums(BEGAN_S + 3000.0)) == {"early", "late"}
    assert window.start_s(BEGAN_S + 3000.0) == BEGAN_S

    now_s = BEGAN_S + BUCKET_S * (BUCKET_COUNT + 2)
    assert set(window.sums(now_s)) == {"late"}
    assert BUCKET_S * BUCKET_COUNT <= now_s - window.start_s(now_s) <= BUCKET_S * (BUCKET_COUNT + 1)
    assert window.sums(now_s + 2 * BUCKET_S * BUCKET_COUNT) == {}


def test_a_window_keeps_no_more_buckets_than_it_needs():
    """Memory doesn't grow with time."""
    window: Window[int] = Window(0.0)
    for number in range(1000):
        window.add(number, 1.0, number * BUCKET_S)
    assert len(window.sums(999 * BUCKET_S)) == BUCKET_COUNT + 1
    assert len(window._buckets) == BUCKET_COUNT + 1


def test_the_busiest_edge_is_where_most_time_was_lost():
    """Many small delays count as much as one large; a broken robot's endless passage is cut."""
    flow = Flow(0.0)
    for number in range(20):
        flow.passed(4, 10.0, 10.0 * number)
    flow.passed(7, 1e9, 200.0)
    flow.passed(2, -3.0, 200.0)

    assert flow.busiest(300.0) == [Passages(7, 1, MOST_S), Passages(4, 20, 200.0), Passages(2, 1, 0.0)]
    assert flow.window_s(300.0) == 300.0
