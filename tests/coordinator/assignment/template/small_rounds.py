"""Small rounds for tests, and the best that any plan reaches in the smallest of them, by trying everything."""

from __future__ import annotations

from itertools import product

import numpy as np

from coordinator.assignment.template.rounds import Floats, RobotKind, RoundPoint, Rounds
from coordinator.model.ids import PointId, RobotTypeId


def rounds_of(
    travel_s: object,
    robots: int = 1,
    *,
    periods_s: tuple[float, ...] | None = None,
    durations_s: tuple[float, ...] | None = None,
) -> Rounds:
    """Robots that are alike and never need to charge."""
    ways_s = np.array(travel_s, dtype=np.float64)
    n = len(ways_s)
    points = tuple(
        RoundPoint(PointId(f"p{i}"), d, t)
        for i, (d, t) in enumerate(zip(durations_s or (0.0,) * n, periods_s or (1.0,) * n, strict=True))
    )
    kind = RobotKind(RobotTypeId("rover"), robots, ways_s, ways_s, np.ones(n, dtype=np.bool_))
    return Rounds(points, (kind,))


def closed(travel_s: object) -> Floats:
    """Shortest ways from the ways between neighbours."""
    ways_s = np.array(travel_s, dtype=np.float64)
    for k in range(len(ways_s)):
        ways_s = np.minimum(ways_s, ways_s[:, k : k + 1] + ways_s[k : k + 1, :])
    return ways_s


def can_keep(rounds: Rounds, longest_s: tuple[int, ...]) -> bool:
    """
    Whether robots can for ever see each point again within so many seconds, all times being whole seconds.

    A state is, for each robot, the point it is bound for and the seconds left, and the age of each point. States from
    which every choice lets a point get too old are struck out until none is left to strike; robots may begin anywhere,
    with points that have just been seen.
    """
    kind, n = rounds.kinds[0], len(rounds.points)
    cost = (kind.travel_s + rounds.duration_s).astype(int)
    waits = np.maximum(cost, 1)
    robots = kind.count
    starts = [(tuple((i, 0) for i in places), (0,) * n) for places in product(range(n), repeat=robots)]
    next_states: dict[object, list[object]] = {}
    open_states = list(starts)
    while open_states:
        state = open_states.pop()
        if state in next_states:
            continue
        next_states[state] = found = []
        bodies, ages = state
        choices = []
        for place, left in bodies:
            if left:
                choices.append([(place, left - 1)])
            else:
                choices.append([(j, int(waits[place, j]) - 1) for j in range(n)])
        for chosen in product(*choices):
            seen = {place for place, left in chosen if left == 0}
            if all(age + 1 <= most for age, most in zip(ages, longest_s, strict=True)):
                following = (tuple(sorted(chosen)), tuple(0 if i in seen else a + 1 for i, a in enumerate(ages)))
                found.append(following)
                open_states.append(following)
    alive = set(next_states)
    while True:
        dead = {state for state in alive if not any(following in alive for following in next_states[state])}
        if not dead:
            return any((tuple(sorted(bodies)), ages) in alive for bodies, ages in starts)
        alive -= dead


def best_ratio(rounds: Rounds, most: int = 40) -> float:
    """The least worst age ratio any plan can keep up, times being whole seconds."""
    ratios = sorted({s / p.period_s for p in rounds.points for s in range(1, most)})
    for ratio in ratios:
        if can_keep(rounds, tuple(int(ratio * p.period_s + 1e-9) for p in rounds.points)):
            return ratio
    raise AssertionError("nothing can be kept up")
