"""The question a template answers: points that want visits for ever, and the robots there are for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coordinator.model.ids import PointId, RobotTypeId

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RoundPoint:
    """
    A point of the standing patrol.

    Attributes:
        duration_s: Work at each visit, 0 or more.
        period_s: Revisit period, above 0.
    """

    point_id: PointId
    duration_s: float
    period_s: float


@dataclass(frozen=True, slots=True, eq=False)
class RobotKind:
    """
    Robots that are alike.

    Attributes:
        travel_s: Point to point at their own speed, shortest ways; inf: no way. Shape (n, n), diagonal 0.
        over_charger_s: The same by way of the best charger on the way; inf without chargers. Shape (n, n).
        can_serve: Which points they have the sensors for and get to and back from. Shape (n,).
        travel_use, inspect_use: Charge ratio used per second of driving and of work; both 0: no battery to mind.
        gain: Charge ratio gained per second at a charger.
        usable_ratio: Charge between full and the reserve.
    """

    name: RobotTypeId
    count: int
    travel_s: Floats
    over_charger_s: Floats
    can_serve: Bools
    travel_use: float = 0.0
    inspect_use: float = 0.0
    gain: float = 1.0
    usable_ratio: float = 1.0

    @property
    def has_battery(self) -> bool:
        """Whether charging takes time."""
        return self.travel_use > 0.0 or self.inspect_use > 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Rounds:
    """Points, robots and how many chargers there are."""

    points: tuple[RoundPoint, ...]
    kinds: tuple[RobotKind, ...]
    chargers_count: int = 0

    @property
    def robots_count(self) -> int:
        """All robots."""
        return sum(kind.count for kind in self.kinds)

    @property
    def duration_s(self) -> Floats:
        """Of each point. Shape (n,)."""
        return np.array([p.duration_s for p in self.points], dtype=np.float64)

    @property
    def period_s(self) -> Floats:
        """Of each point. Shape (n,)."""
        return np.array([p.period_s for p in self.points], dtype=np.float64)

    @property
    def can_serve(self) -> Bools:
        """Kind by point; kinds without robots serve nothing. Shape (k, n)."""
        rows = [kind.can_serve & (kind.count > 0) for kind in self.kinds]
        return np.array(rows, dtype=np.bool_).reshape(len(self.kinds), len(self.points))

    def unserved(self) -> tuple[PointId, ...]:
        """Points that none of the robots can serve."""
        alone = np.flatnonzero(~self.can_serve.any(axis=0))
        return tuple(self.points[i].point_id for i in alone.tolist())
