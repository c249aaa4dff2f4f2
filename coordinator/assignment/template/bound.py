"""
What no plan can beat: a proven lower bound on the worst age ratio, and what proves it.

Whatever robots do for ever, let r be the largest age ratio: each point i is seen at least every r * period_i seconds.
Four arguments, the largest counts. Times are of the fastest robots that can; a place holds one robot at a time.

1. *A point*: its work takes duration_i, so r >= duration_i / period_i.
2. *Load*: a visit by a robot that comes from another point takes in_i + duration_i of its time, in_i being the way from
   the nearest other point, and the charging of what that uses; a robot that was at i before has spent all the time
   since on i. If stays cover the share u of the time, arrivals must follow each other within r * period_i in the rest:
   so i needs u + (1 - u) * (in_i + duration_i) / (r * period_i) of a robot, shared among the kinds that can serve it;
   kinds have so many robots, and chargers hold one robot each. The least r is a linear program's.
3. *Windows*: within r * P all points with periods up to P are seen, by m robots on m paths. The paths are no shorter
   than a spanning forest of m trees, and the work at all but the first point of each comes on top. Penalties for more
   than two ways at a point lengthen the forest (Held and Karp). For one robot the paths close: look at the point seen
   longest ago; when the robot is there again it has been everywhere. And of m + 1 points one robot sees two.
4. The same for the points that only some of the kinds can serve, with the robots of these kinds.

Sources:
    Held and Karp, "The Traveling-Salesman Problem and Minimum Spanning Trees", Operations Research 1970. Chevaleyre,
    "Theoretical Analysis of the Multi-agent Patrolling Problem", IAT 2004: one robot does no better than a tour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coordinator.assignment.board import Ints
from coordinator.assignment.template.load import load_bound
from coordinator.assignment.template.rounds import RobotKind, Rounds
from coordinator.assignment.template.windows import apart_s, closed_tour_s, paths_s
from coordinator.model.ids import PointId


@dataclass(frozen=True, slots=True)
class Bound:
    """
    A worst age ratio that no plan beats.

    Attributes:
        point_id: The point that binds most: of those the proof is about, the one that takes most of a robot's time.
        because: What proves it.
    """

    ratio: float
    point_id: PointId | None
    because: str


def lower_bound(rounds: Rounds) -> Bound:
    """Prove how low the worst age ratio can get at best."""
    if not rounds.points:
        return Bound(0.0, None, "there is nothing to do")
    if rounds.unserved():
        return Bound(np.inf, rounds.unserved()[0], f"no robot can serve {rounds.unserved()[0]}")
    bounds = [_longest_work(rounds), _load(rounds)]
    for points, kinds in _parts(rounds):
        bounds += _windows(rounds, points, kinds)
    return max(bounds, key=lambda bound: bound.ratio)


def _longest_work(rounds: Rounds) -> Bound:
    ratios = rounds.duration_s / rounds.period_s
    worst = int(np.argmax(ratios))
    point = rounds.points[worst]
    because = f"{point.point_id} takes {point.duration_s:.0f} s of work every {point.period_s:.0f} s"
    return Bound(float(ratios[worst]), point.point_id, because)


def _load(rounds: Rounds) -> Bound:
    load = load_bound(rounds)
    names = " and ".join(rounds.kinds[k].name for k in load.kinds)
    heaviest = rounds.points[int(np.argmax(load.share))]
    what = "the chargers" if load.is_chargers else f"the time of all {names} robots"
    because = f"work, ways and charging of {np.count_nonzero(load.share)} points take {what}"
    return Bound(load.ratio, heaviest.point_id, because)


def _parts(rounds: Rounds) -> list[tuple[Ints, list[RobotKind]]]:
    """For each set of kinds: the points that no other kind can serve."""
    can = rounds.can_serve
    parts = []
    for able in sorted({tuple(column) for column in can.T.tolist()} | {tuple(kind.count > 0 for kind in rounds.kinds)}):
        points = np.flatnonzero(~can[~np.array(able, dtype=np.bool_)].any(axis=0))
        parts.append((points, [kind for kind, is_able in zip(rounds.kinds, able, strict=True) if is_able]))
    return parts


def _windows(rounds: Rounds, points: Ints, kinds: list[RobotKind]) -> list[Bound]:
    """Look at windows as long as each of the periods of some points, which only some kinds can serve."""
    robots_count = sum(kind.count for kind in kinds)
    ways_s = np.min([kind.travel_s for kind in kinds], axis=0)
    travel_s, who = np.minimum(ways_s, ways_s.T), " and ".join(kind.name for kind in kinds)
    period_s, duration_s = rounds.period_s[points], rounds.duration_s[points]
    bounds = []
    for longest_s in np.unique(period_s).tolist():
        chosen = points[period_s <= longest_s]
        if len(chosen) <= robots_count:
            continue
        between_s, work_s = travel_s[np.ix_(chosen, chosen)], duration_s[period_s <= longest_s]
        if robots_count == 1:
            needed_s = closed_tour_s(between_s) + float(work_s.sum())
        else:
            first_s = float(np.sort(work_s)[-robots_count:].sum())
            needed_s = (paths_s(between_s, robots_count) + float(work_s.sum()) - first_s) / robots_count
            needed_s = max(needed_s, apart_s(between_s, robots_count + 1) + float(work_s.min()))
        farthest = int(chosen[np.argmax(np.sort(between_s, axis=1)[:, 1] + work_s)])
        because = f"{len(chosen)} points with periods up to {longest_s:.0f} s for {robots_count} {who} robots"
        bounds.append(Bound(needed_s / longest_s, rounds.points[farthest].point_id, because))
    return bounds
