"""Speed along a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.profile import braking_distance_m, drive_profile

PIECES = st.lists(st.tuples(st.floats(0.05, 30.0), st.floats(0.1, 2.0)), min_size=1, max_size=6)


@given(PIECES, st.floats(0.2, 2.0))
def test_a_drive_ends_exactly_at_its_end_and_stands(pieces, acceleration):
    """A robot never rolls past the end of what it may drive."""
    run = drive_profile(10.0, 0.0, pieces, acceleration)

    assert run.end_m == pytest.approx(sum(length for length, _ in pieces), abs=1e-6)
    assert run.speed_at(run.end_s + 1.0) == 0.0


@given(PIECES, st.floats(0.2, 2.0), st.lists(st.floats(0.0, 1.0), min_size=2, max_size=12))
def test_a_drive_only_goes_forward_and_keeps_to_the_limits(pieces, acceleration, parts):
    """Speed limits hold everywhere, and no robot rolls backwards."""
    run = drive_profile(0.0, 0.0, pieces, acceleration)
    top = max(limit for _, limit in pieces)
    last_m = 0.0
    for part in sorted(parts):
        distance_m, speed_mps = run.distance_at(part * run.end_s), run.speed_at(part * run.end_s)
        assert distance_m >= last_m - 1e-9
        assert speed_mps <= top + 1e-6
        last_m = distance_m


@given(PIECES, st.floats(0.2, 2.0), st.floats(0.0, 1.0))
def test_the_time_of_a_distance_is_the_inverse_of_the_distance_at_a_time(pieces, acceleration, part):
    """Reports come at the very moment a place is reached."""
    run = drive_profile(0.0, 0.0, pieces, acceleration)
    distance_m = part * run.end_m

    assert run.distance_at(run.time_at(distance_m)) == pytest.approx(distance_m, abs=1e-5)


@given(st.floats(0.1, 2.0), st.floats(0.2, 2.0), PIECES)
def test_a_moving_robot_can_be_given_a_longer_drive(speed, acceleration, pieces):
    """A longer base is driven on from the present speed without a jump."""
    ahead = [(braking_distance_m(speed, acceleration) + 1.0, 3.0), *pieces]
    run = drive_profile(0.0, speed, ahead, acceleration)

    assert run.speed_at(0.0) == pytest.approx(speed)
    assert run.end_m == pytest.approx(sum(length for length, _ in ahead), abs=1e-6)
