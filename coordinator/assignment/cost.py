"""What a late visit costs: weight * age_ratio ** p, a parabola beyond the ratio where powers outgrow the arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coordinator.assignment.settings import PlannerSettings
from coordinator.assignment.tables import Floats, Tables


@dataclass(frozen=True, slots=True)
class AgeCost:
    """
    Price of an age ratio x: x ** 2 ** doublings up to the knee, its second-order Taylor polynomial beyond.

    So one forgotten point doesn't drown the differences between all others.

    Attributes:
        doublings: 4, or 3 when the plant is overloaded: powers of 16 and 8.
        knee_ratio: Where the parabola begins.
        linear, square: Its slope there, and half its curvature.
    """

    doublings: int
    knee_ratio: float
    linear: float
    square: float

    def price(self, ratio: Floats) -> Floats:
        """Price of each age ratio, any shape."""
        power = np.clip(ratio, 0.0, self.knee_ratio)
        for _ in range(self.doublings):
            power *= power
        over = np.maximum(ratio - self.knee_ratio, 0.0)
        price: Floats = power + over * (self.linear + self.square * over)
        return price


def age_cost(doublings: int, knee_ratio: float) -> AgeCost:
    """Make the price for an exponent and its knee."""
    power = 1 << doublings
    slope = power * knee_ratio ** (power - 1)
    return AgeCost(doublings, knee_ratio, slope, slope * (power - 1) / (2.0 * knee_ratio))


def choose_cost(tables: Tables, settings: PlannerSettings) -> AgeCost:
    """Look at who is late already: p = 16 keeps the maximum low; when much is late, p = 8 keeps fewer late."""
    late = (tables.now_s - tables.last_s > tables.period_s).sum()
    return age_cost(3, 4.0) if late > settings.overload_ratio * len(tables.points) else age_cost(4, 2.0)


def outside_price(tables: Tables, cost: AgeCost, settings: PlannerSettings) -> Floats:
    """Price of leaving each point out of the plan."""
    ratio = (tables.now_s + settings.outside_s - tables.last_s) / tables.period_s
    price: Floats = tables.weight * cost.price(ratio) + settings.mission_price * tables.weight * tables.one_off
    return price
