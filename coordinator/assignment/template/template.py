"""
The steady state as a plan: "best cyclic" with laps.

Robots that are alike form groups. A group goes round its points, its robots evenly spaced; points that are due less
often have their turn in every 2nd, 4th, 8th or 16th lap only, and charging has its turn like a point.

Sources:
    Afshani et al., "Cyclic Solutions to the Min-Max Latency Multi-Robot Patrolling Problem", SoCG 2022: groups, a tour
    each, robots evenly spaced; optimal for two robots, conjectured so beyond. Alamdari, Fata and Smith, "Persistent
    Monitoring in Discrete Environments", IJRR 2014: periods rounded to powers of two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coordinator.assignment.template.anneal import anneal, spread
from coordinator.assignment.template.bound import lower_bound
from coordinator.assignment.template.ground import Ground, Laps, Visits, empty_laps, lay_out, room_for_visits
from coordinator.assignment.template.lapping import longest_waits, price_group, total_price
from coordinator.assignment.template.rounds import RobotKind, RoundPoint, Rounds
from coordinator.model.ids import PointId, RobotTypeId

TRIES = 15
STEPS_PER_POINT, LEAST_STEPS = 1000, 20_000
"""Changes tried from each start. Many short searches from different groupings beat one long one."""

CHARGER_GAP_S = 30.0
"""Between two robots at a charger: leaving and docking."""


@dataclass(frozen=True, slots=True)
class Group:
    """
    Robots that go round the same points.

    Attributes:
        points: In the order of a lap.
        lap_of: Of each: it has its turn in every so-many-th lap.
        cycle_s: A robot's time until all begins anew, charging counted.
        charging_ratio: Share of it spent on charging.
        worst_ratio: Largest age ratio of its points.
    """

    kind: RobotTypeId
    robots_count: int
    points: tuple[PointId, ...]
    lap_of: tuple[int, ...]
    cycle_s: float
    charging_ratio: float
    worst_ratio: float


@dataclass(frozen=True, slots=True)
class Template:
    """
    Who goes round what, and how old points get if nothing disturbs it.

    Attributes:
        age_ratio: Of each point the longest time between two visits over its period, in the order of the rounds.
        chargers_count: How many are taken all the time, on average.
    """

    groups: tuple[Group, ...]
    age_ratio: tuple[float, ...]
    chargers_count: float

    @property
    def worst_ratio(self) -> float:
        """Largest age ratio."""
        return max(self.age_ratio, default=0.0)


def make_template(rounds: Rounds, *, tries: int = TRIES, seed: int = 1) -> Template:
    """
    Search a template. The same rounds, tries and seed give the same one.

    Args:
        tries: How often to search, from other groupings and with other chances.

    Raises:
        ValueError: If a point is left that no robot can serve.
    """
    if rounds.unserved():
        raise ValueError(f"no robot can serve {', '.join(rounds.unserved())}")
    if not rounds.points:
        return Template((), (), 0.0)
    ground, visits = lay_out(rounds), room_for_visits(rounds)
    steps = max(LEAST_STEPS, STEPS_PER_POINT * len(rounds.points))
    best: Laps | None = None
    for turn in range(tries):
        sizes = _sizes(rounds, turn)
        laps, found = empty_laps(rounds, sizes), empty_laps(rounds, sizes)
        _begin(rounds, ground, laps, visits)
        anneal(ground, laps, found, visits, steps=steps, seed=seed + turn)
        if best is None or total_price(found) < total_price(best):
            best = found
    assert best is not None
    return _read(rounds, ground, best, visits)


def warm_up() -> None:
    """Plan and judge something small, so that everything is compiled, or loaded, before it is needed."""
    ways_s = np.abs(np.arange(3.0)[:, None] - np.arange(3.0))
    points = tuple(RoundPoint(PointId(name), 1.0, 60.0) for name in "abc")
    for count in (1, 2):
        kind = RobotKind(RobotTypeId("r"), count, ways_s, ways_s, np.ones(3, dtype=np.bool_), 1e-4, 1e-4, 1e-3)
        rounds = Rounds(points, (kind,), 1)
        make_template(rounds, tries=1)
        lower_bound(rounds)


def _sizes(rounds: Rounds, turn: int) -> list[tuple[int, int]]:
    """Groups to begin with, as kind and number of robots: each alone, all alike, pairs, all but one, threes."""
    sizes = []
    for k, kind in enumerate(rounds.kinds):
        most = max(1, min(kind.count, (1, kind.count, 2, kind.count - 1, 3)[turn % 5]))
        sizes += [(k, min(most, kind.count - first)) for first in range(0, kind.count, most)]
    return sizes


def _begin(rounds: Rounds, ground: Ground, laps: Laps, visits: Visits) -> None:
    """Spread the points over the groups, those with the fewest robots and the shortest periods first."""
    periods_s, able = rounds.period_s, rounds.can_serve.sum(axis=0)
    laps.doublings[:] = np.clip(np.floor(np.log2(periods_s / periods_s.min())), 0, 4)
    in_turn = np.lexsort((np.arange(len(periods_s)), periods_s, able))
    # Neighbours in the order take turns.
    laps.phase[in_turn] = np.arange(len(in_turn)) % (1 << laps.doublings[in_turn])
    spread(ground, laps, in_turn, visits)


def _read(rounds: Rounds, ground: Ground, laps: Laps, visits: Visits) -> Template:
    waits_s = longest_waits(ground, laps, visits)
    groups, taken = [], 0.0
    for number in np.flatnonzero(laps.length[:-2]).tolist():
        price_group(ground, laps, number, visits)
        charge_s, cycle_s, charges, _ = visits.told.tolist()
        order = laps.order[number, : laps.length[number]]
        ratios = waits_s[order] * ground.rate_per_s[order]
        robots_count = int(laps.robots[number])
        if cycle_s > 0.0:
            taken += robots_count * charges * (charge_s + CHARGER_GAP_S) / cycle_s
        groups.append(
            Group(
                kind=rounds.kinds[int(laps.kind[number])].name,
                robots_count=robots_count,
                points=tuple(rounds.points[i].point_id for i in order.tolist()),
                lap_of=tuple((1 << laps.doublings[order]).tolist()),
                cycle_s=cycle_s,
                charging_ratio=charges * charge_s / cycle_s if cycle_s > 0.0 else 0.0,
                worst_ratio=float(ratios.max()),
            )
        )
    return Template(tuple(groups), tuple((waits_s * ground.rate_per_s).tolist()), taken)
