"""Speed along a line: analytic trapezoids, so that a drive costs a few numbers instead of a tick each moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

EPSILON_M = 1e-9


@dataclass(frozen=True, slots=True)
class Phase:
    """Constant acceleration from a time, a distance and a speed on."""

    start_s: float
    start_m: float
    start_mps: float
    acceleration_mps2: float
    duration_s: float

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.start_s + self.duration_s

    @property
    def end_m(self) -> float:
        """Distance at its end."""
        return self.distance_at(self.end_s)

    def distance_at(self, time_s: float) -> float:
        """Distance along the line at a time, clamped to the phase."""
        t = min(max(time_s - self.start_s, 0.0), self.duration_s)
        return self.start_m + self.start_mps * t + 0.5 * self.acceleration_mps2 * t * t

    def speed_at(self, time_s: float) -> float:
        """Speed at a time, clamped to the phase, never negative."""
        t = min(max(time_s - self.start_s, 0.0), self.duration_s)
        return max(0.0, self.start_mps + self.acceleration_mps2 * t)

    def time_at(self, distance_m: float) -> float:
        """When a distance within the phase is reached."""
        d = max(0.0, distance_m - self.start_m)
        a, v = self.acceleration_mps2, self.start_mps
        if d <= EPSILON_M:
            return self.start_s
        root = math.sqrt(max(0.0, v * v + 2.0 * a * d))
        # 2d / (v + root) is the stable form of the smaller root, for any sign of a.
        t = 2.0 * d / (v + root) if v + root > 0.0 else self.duration_s
        return self.start_s + min(t, self.duration_s)


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole drive to a standstill; `phases` is never empty and without gaps."""

    phases: tuple[Phase, ...]

    @property
    def end_s(self) -> float:
        """When it stands."""
        return self.phases[-1].end_s

    @property
    def end_m(self) -> float:
        """Where it stands."""
        return self.phases[-1].end_m

    def distance_at(self, time_s: float) -> float:
        """Distance at a time."""
        for phase in self.phases:
            if time_s < phase.start_s + phase.duration_s:
                return phase.distance_at(time_s)
        return self.end_m

    def speed_at(self, time_s: float) -> float:
        """Speed at a time."""
        for phase in self.phases:
            if time_s < phase.start_s + phase.duration_s:
                return phase.speed_at(time_s)
        return 0.0

    def time_at(self, distance_m: float) -> float:
        """When a distance is reached; the end for anything beyond it."""
        for phase in self.phases:
            if distance_m <= phase.end_m + EPSILON_M:
                return phase.time_at(distance_m)
        return self.end_s


def braking_profile(start_s: float, start_mps: float, acceleration_mps2: float) -> Profile:
    """Brake from a speed at distance 0 to a standstill."""
    duration_s = start_mps / acceleration_mps2
    return Profile((Phase(start_s, 0.0, start_mps, -acceleration_mps2, duration_s),))


def braking_distance_m(speed_mps: float, acceleration_mps2: float) -> float:
    """How far braking takes."""
    return speed_mps * speed_mps / (2.0 * acceleration_mps2)


def drive_profile(
    start_s: float,
    start_mps: float,
    pieces: Sequence[tuple[float, float]],
    acceleration_mps2: float,
) -> Profile:
    """
    Drive over pieces of line as fast as their limits allow and stand at the end of the last.

    Args:
        start_s: When the drive begins, at distance 0.
        start_mps: Speed then; a speed from which the limits can't be met any more is kept to braking.
        pieces: Length (m, above 0) and speed limit (m/s, above 0) of each piece, in order.
        acceleration_mps2: For both speeding up and braking.
    """
    a = acceleration_mps2
    exits = [0.0] * len(pieces)
    for i in range(len(pieces) - 2, -1, -1):
        ahead_length_m, ahead_limit_mps = pieces[i + 1]
        reachable = math.sqrt(exits[i + 1] ** 2 + 2.0 * a * ahead_length_m)
        exits[i] = min(pieces[i][1], ahead_limit_mps, reachable)
    phases: list[Phase] = []
    time_s, distance_m, speed_mps = start_s, 0.0, start_mps
    for (length_m, limit_mps), exit_mps in zip(pieces, exits, strict=True):
        for acceleration, duration_s in _trapezoid(length_m, speed_mps, exit_mps, limit_mps, a):
            if duration_s <= 0.0:
                continue
            phase = Phase(time_s, distance_m, speed_mps, acceleration, duration_s)
            phases.append(phase)
            time_s, distance_m, speed_mps = phase.end_s, phase.end_m, phase.speed_at(phase.end_s)
    if not phases:
        phases.append(Phase(start_s, 0.0, 0.0, 0.0, 0.0))
    return Profile(tuple(phases))


def _trapezoid(
    length_m: float, enter_mps: float, exit_mps: float, limit_mps: float, a: float
) -> tuple[tuple[float, float], ...]:
    """Accelerations and durations over one piece: to the peak, along it, to the exit speed."""
    if enter_mps > exit_mps and enter_mps**2 - exit_mps**2 >= 2.0 * a * length_m:
        # Too fast to do anything but brake: brake just enough (a touch harder by rounding) over the whole piece.
        mean_mps = 0.5 * (enter_mps + exit_mps)
        duration_s = length_m / mean_mps
        return (((exit_mps - enter_mps) / duration_s, duration_s),)
    exit_mps = min(exit_mps, math.sqrt(enter_mps**2 + 2.0 * a * length_m))
    peak_mps = math.sqrt((2.0 * a * length_m + enter_mps**2 + exit_mps**2) / 2.0)
    if enter_mps <= limit_mps:
        peak_mps = min(peak_mps, limit_mps)
        first = (a, (peak_mps - enter_mps) / a)
    else:
        peak_mps = limit_mps
        first = (-a, (enter_mps - peak_mps) / a)
    speeding_m = abs(peak_mps**2 - enter_mps**2) / (2.0 * a)
    braking_m = (peak_mps**2 - exit_mps**2) / (2.0 * a)
    cruise_m = max(0.0, length_m - speeding_m - braking_m)
    return (first, (0.0, cruise_m / peak_mps if peak_mps > 0.0 else 0.0), (-a, (peak_mps - exit_mps) / a))
