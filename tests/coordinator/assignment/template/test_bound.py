"""The lower bound is a promise: no plan, however clever, is better."""

from __future__ import annotations

import random

import pytest

from coordinator.assignment.template.bound import lower_bound
from coordinator.assignment.template.rounds import Rounds
from coordinator.assignment.template.template import make_template
from tests.coordinator.assignment.template.small_rounds import best_ratio, closed, rounds_of


def tiny(seed: int) -> Rounds:
    """Three points or four, one robot or two, one-way differences, unequal periods and work."""
    rng = random.Random(seed)
    n, robots = rng.choice([(3, 1), (4, 1), (3, 2)])
    ways = [[0 if i == j else rng.randint(1, 3) for j in range(n)] for i in range(n)]
    periods = tuple(float(rng.choice((2, 3, 6))) for _ in range(n))
    durations = tuple(float(rng.randint(0, 1)) for _ in range(n))
    return rounds_of(closed(ways), robots, periods_s=periods, durations_s=durations)


@pytest.mark.parametrize("seed", range(16))
def test_the_bound_is_never_above_and_the_template_never_below_the_best_of_all_plans(seed):
    """On plants so small that everything can be tried, the bound holds and the template is possible."""
    rounds = tiny(seed)
    best = best_ratio(rounds)

    assert lower_bound(rounds).ratio <= best + 1e-6
    assert make_template(rounds, tries=5).worst_ratio >= best - 1e-6
