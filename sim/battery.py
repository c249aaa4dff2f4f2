"""A robot's battery: charge falls and rises straight between changes of load."""

from __future__ import annotations

from coordinator.plant.map import BatteryModel


class Battery:
    """
    State of charge under a load.

    Args:
        efficiency_ratio: Of this very battery: above 1 it needs more power than its data sheet says.
    """

    def __init__(
        self, model: BatteryModel, *, charge_ratio: float, now_s: float, efficiency_ratio: float = 1.0
    ) -> None:
        self.model = model
        self._ratio = charge_ratio
        self._since_s = now_s
        self._efficiency_ratio = efficiency_ratio
        self._rate_per_s = 0.0

    def ratio_at(self, now_s: float) -> float:
        """State of charge at a time not before the last change of load."""
        return min(1.0, max(0.0, self._ratio + self._rate_per_s * (now_s - self._since_s)))

    def load(self, now_s: float, power_w: float) -> None:
        """Draw a power from now on; a negative one charges."""
        self._ratio = self.ratio_at(now_s)
        self._since_s = now_s
        factor = self._efficiency_ratio if power_w > 0.0 else 1.0 / self._efficiency_ratio
        self._rate_per_s = -power_w * factor / self.model.capacity_j

    def change(self, now_s: float, by_ratio: float) -> None:
        """Lose or gain charge at once: a failing cell, or a battery swapped by a person."""
        self._ratio = min(1.0, max(0.0, self.ratio_at(now_s) + by_ratio))
        self._since_s = now_s

    def time_to_s(self, now_s: float, target_ratio: float) -> float:
        """How long under the present load until a state of charge; 0 if it is there, infinite if it never will be."""
        missing = min(1.0, target_ratio) - self.ratio_at(now_s)
        if missing <= 0.0:
            return 0.0
        return missing / self._rate_per_s if self._rate_per_s > 0.0 else float("inf")
