"""The simulated body keeps the contract that every body must keep."""

from __future__ import annotations

from tests.contract.body_suite import check_body
from tests.sim.plants import Track


def test_simulated_robot_passes_the_suite_for_bodies():
    """A simulated robot obeys the agent exactly as a real one must."""
    check_body(Track)
