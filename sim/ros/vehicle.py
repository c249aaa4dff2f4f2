"""A simulated robot's wheels: drives straight to a pose, turns on the spot, brakes. Stepped as a controller is."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Further off its way than this, it stops and turns first.
TURN_FIRST_RAD = 0.4
THERE_M = 0.01
ALIGNED_RAD = 0.01
CRAWL_MPS = 0.02


@dataclass(frozen=True, slots=True)
class Wheels:
    """What it can do."""

    max_speed_mps: float
    acceleration_mps2: float
    turn_radps: float


@dataclass(slots=True)
class Vehicle:
    """
    A body on a flat floor.

    Attributes:
        limit_mps: Speed limit besides its own.
        driven_m: All its life.
    """

    wheels: Wheels
    x_m: float
    y_m: float
    yaw_rad: float = 0.0
    speed_mps: float = 0.0
    turn_radps: float = 0.0
    limit_mps: float = math.inf
    driven_m: float = 0.0
    _target: tuple[float, float, float] | None = None

    @property
    def has_target(self) -> bool:
        """Whether it is on its way."""
        return self._target is not None

    def head_for(self, x_m: float, y_m: float, yaw_rad: float) -> None:
        """Drive there; a target before is forgotten without braking."""
        self._target = (x_m, y_m, yaw_rad)

    def brake(self) -> None:
        """Come to a stand and stay."""
        self._target = None

    def step(self, step_s: float) -> bool:
        """Let time pass; True at the moment it stands on its target."""
        self.turn_radps = 0.0
        if self._target is None:
            self._drive(0.0, step_s)
            return False
        x_m, y_m, yaw_rad = self._target
        gap_m = math.hypot(x_m - self.x_m, y_m - self.y_m)
        if gap_m > THERE_M:
            bearing_rad = math.atan2(y_m - self.y_m, x_m - self.x_m)
            off_rad = abs(math.remainder(bearing_rad - self.yaw_rad, math.tau))
            if off_rad > TURN_FIRST_RAD:
                self._drive(0.0, step_s)
                if self.speed_mps == 0.0:
                    self._turn(bearing_rad, step_s)
                return False
            self._turn(bearing_rad, step_s)
            top_mps = min(self.wheels.max_speed_mps, self.limit_mps)
            # Slow enough to stop in what is left, and never so fast as to step over the target.
            self._drive(min(top_mps, math.sqrt(2.0 * self.wheels.acceleration_mps2 * gap_m)), step_s, gap_m)
            return False
        self.speed_mps = 0.0
        self._turn(yaw_rad, step_s)
        if abs(math.remainder(yaw_rad - self.yaw_rad, math.tau)) > ALIGNED_RAD:
            return False
        self._target = None
        return True

    def _turn(self, to_rad: float, step_s: float) -> None:
        most_rad = self.wheels.turn_radps * step_s
        turn_rad = min(most_rad, max(-most_rad, math.remainder(to_rad - self.yaw_rad, math.tau)))
        self.yaw_rad = math.remainder(self.yaw_rad + turn_rad, math.tau)
        self.turn_radps = turn_rad / step_s

    def _drive(self, wanted_mps: float, step_s: float, most_m: float = math.inf) -> None:
        change_mps = self.wheels.acceleration_mps2 * step_s
        self.speed_mps = min(max(wanted_mps, self.speed_mps - change_mps), self.speed_mps + change_mps)
        if wanted_mps > 0.0:
            self.speed_mps = max(self.speed_mps, CRAWL_MPS)
        step_m = min(self.speed_mps * step_s, most_m)
        self.x_m += math.cos(self.yaw_rad) * step_m
        self.y_m += math.sin(self.yaw_rad) * step_m
        self.driven_m += step_m
