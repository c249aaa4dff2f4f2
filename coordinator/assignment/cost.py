"""What a late visit costs: weight * age_ratio ** p, a parabola beyond the ratio where powers outgrow the arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coordinator.assignment.settings import PlannerSettings
from coordinator.assignment.tables import Floats, Tables


@dataclass(frozen=True, slots=True)
class AgeCost:
    """
    Price of an age ratio.

    Attributes:
        exponent: 16, or 8 when the plant is overloaded. Powers of two: a few multiplications.
        knee_ratio: Beyond it the price goes on as its own parabola, so that one forgotten point
            doesn't drown the differences between all others.
    """

    exponent: int
    knee_ratio: float

    def price(self, ratio: Floats) -> Floats:
        """Price of each age ratio, any shape."""
        power = np.minimum(ratio, self.knee_ratio)
        np.maximum(power, 0.0, out=power)
        for _ in range(self.exponent.bit_length() - 1):
            power *= power
        if ratio.size == 0 or not ratio.max() > self.knee_ratio:
            return power
        over = np.maximum(ratio - self.knee_ratio, 0.0)
        top, p, knee = self.knee_ratio**self.exponent, self.exponent, self.knee_ratio
        linear, square = top * p / knee, top * p * (p - 1) / (2.0 * knee * knee)
        bend: Floats = power + over * (linear + square * over)
        return bend


def choose_cost(tables: Tables, settings: PlannerSettings) -> AgeCost:
    """Look at who is late already: p = 16 keeps the maximum low; when much is late, p = 8 keeps fewer late."""
    if len(tables.points) == 0:
        return AgeCost(16, 2.0)
    late = (tables.now_s - tables.last_s > tables.period_s).mean()
    return AgeCost(8, 4.0) if late > settings.overload_ratio else AgeCost(16, 2.0)


def outside_price(tables: Tables, cost: AgeCost, settings: PlannerSettings) -> Floats:
    """Price of leaving each point out of the plan."""
    ratio = (tables.now_s + settings.outside_s - tables.last_s) / tables.period_s
    price: Floats = tables.weight * cost.price(ratio) + settings.mission_price * tables.weight * tables.one_off
    return price
