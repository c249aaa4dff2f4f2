"""What a battery says, however its driver scales it."""

from __future__ import annotations

import math
from enum import Enum
from typing import NamedTuple

# sensor_msgs/BatteryState.power_supply_status.
STATUS_UNKNOWN = 0
STATUS_CHARGING = 1
STATUS_FULL = 4
# A full battery of a driver that means 0 to 1 may read a little more.
ABOVE_ONE = 1.02


class Scale(Enum):
    """What a driver's percentage runs to. The standard says 1; many drivers publish 100."""

    AUTO = "auto"
    RATIO = "ratio"
    PERCENT = "percent"


class Charge(NamedTuple):
    """State of charge in [0, 1], None when it isn't known; whether it charges, None when that isn't known."""

    ratio: float | None = None
    is_charging: bool | None = None


class BatteryReader:
    """Turns battery messages into a charge; AUTO takes percent from the first value above 1 on."""

    def __init__(self, scale: Scale) -> None:
        self._scale = scale

    def read(self, percentage: float, status: int, current_a: float) -> Charge:
        """
        The charge of one message.

        Args:
            percentage: As published; NaN: not measured.
            status: The message's power_supply_status.
            current_a: Negative while discharging; NaN: not measured.
        """
        is_charging: bool | None = None
        if status != STATUS_UNKNOWN:
            is_charging = status in (STATUS_CHARGING, STATUS_FULL)
        elif math.isfinite(current_a) and current_a != 0.0:
            is_charging = current_a > 0.0
        if not math.isfinite(percentage) or percentage < 0.0:
            return Charge(None, is_charging)
        if self._scale is Scale.AUTO and percentage > ABOVE_ONE:
            self._scale = Scale.PERCENT
        ratio = percentage / 100.0 if self._scale is Scale.PERCENT else percentage
        return Charge(min(1.0, ratio), is_charging)
