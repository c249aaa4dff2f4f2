"""Rounds as plain arrays, and a template in the making: what the compiled search works on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coordinator.assignment.board import Floats, Ints
from coordinator.assignment.template.rounds import Bools, Rounds

MOST_DOUBLINGS = 4
"""A point is visited in every lap of its group, or in every 2nd, 4th, 8th or 16th."""

NEAR_COUNT = 12


class Ground(NamedTuple):
    """
    What a search doesn't change, for n points and k kinds of robots.

    Attributes:
        travel_s, over_charger_s: Of each kind. Shape (k, n, n).
        can_serve: Shape (k, n).
        duration_s, rate_per_s: Of each point; the rate is 1 / period. Shape (n,).
        drive_use, work_use, gain, usable: Of each kind. Shape (k,).
        near: Of each point its nearest others. Shape (n, q).
    """

    travel_s: Floats
    over_charger_s: Floats
    can_serve: Bools
    duration_s: Floats
    rate_per_s: Floats
    drive_use: Floats
    work_use: Floats
    gain: Floats
    usable: Floats
    near: Ints


class Laps(NamedTuple):
    """
    A template: groups of points, each gone round by its own robots, evenly spaced.

    There are as many groups as robots, some of them empty, and two more rows to keep copies in.

    Attributes:
        order: Of each group its points in the order of a lap. Shape (g + 2, n).
        length: How many they are. Shape (g + 2,).
        kind, robots: Of each group: which robots and how many. Shape (g + 2,).
        charges, charge_phase, charge_doublings: So many charges in a round of laps, the first after so many sixteenths
            of its share of the round, which has at least 2 ** doublings laps. Shape (g + 2,).
        doublings, phase: Of each point: in every 2 ** doublings-th lap, beginning with this one. Shape (n,).
        group: Of each point. Shape (n,).
        cost: Of each group. Shape (g + 2,).
    """

    order: Ints
    length: Ints
    kind: Ints
    robots: Ints
    charges: Ints
    charge_phase: Ints
    charge_doublings: Ints
    doublings: Ints
    phase: Ints
    group: Ints
    cost: Floats


class Visits(NamedTuple):
    """
    Room for the visits of one round of laps, and what comes of them.

    Attributes:
        point: Which. Shape (v,).
        end_s: When each ends, charging not counted. Shape (v,).
        charged: How many charges before it. Shape (v,).
        first_s, last_s, gap_s: Of each point: first and last visit so far, longest time between two. Shape (n,).
        told: charge_s of each charge, cycle_s, how many charges, longest charge ratio between two. Shape (4,).
    """

    point: Ints
    end_s: Floats
    charged: Ints
    first_s: Floats
    last_s: Floats
    gap_s: Floats
    told: Floats


def lay_out(rounds: Rounds) -> Ground:
    """Turn rounds into arrays."""
    kinds, n = rounds.kinds, len(rounds.points)
    travel_s = np.array([k.travel_s for k in kinds], dtype=np.float64).reshape(len(kinds), n, n)
    both_ways_s = (travel_s + travel_s.transpose(0, 2, 1)).min(axis=0)
    np.fill_diagonal(both_ways_s, np.inf)
    near = np.argsort(both_ways_s, axis=1, kind="stable")[:, : max(1, min(NEAR_COUNT, n - 1))]
    return Ground(
        travel_s=travel_s,
        over_charger_s=np.array([k.over_charger_s for k in kinds], dtype=np.float64).reshape(len(kinds), n, n),
        can_serve=rounds.can_serve,
        duration_s=rounds.duration_s,
        rate_per_s=1.0 / rounds.period_s,
        drive_use=np.array([k.travel_use for k in kinds]),
        work_use=np.array([k.inspect_use for k in kinds]),
        gain=np.array([k.gain for k in kinds]),
        usable=np.array([max(1e-3, k.usable_ratio) for k in kinds]),
        near=near.astype(np.int64),
    )


def empty_laps(rounds: Rounds, sizes: list[tuple[int, int]]) -> Laps:
    """
    Groups without points.

    Args:
        sizes: Kind and number of robots of each group.
    """
    rows, n = rounds.robots_count + 2, len(rounds.points)
    laps = Laps(
        order=np.zeros((rows, n), dtype=np.int64),
        **{
            name: np.zeros(rows, dtype=np.int64)
            for name in ("length", "kind", "robots", "charges", "charge_phase", "charge_doublings")
        },
        doublings=np.zeros(n, dtype=np.int64),
        phase=np.zeros(n, dtype=np.int64),
        group=np.full(n, -1, dtype=np.int64),
        cost=np.zeros(rows),
    )
    for group, (kind, robots) in enumerate(sizes):
        laps.kind[group], laps.robots[group] = kind, robots
    laps.charges[:] = 1
    return laps


def room_for_visits(rounds: Rounds) -> Visits:
    """Room for the longest round of laps."""
    n, most = len(rounds.points), len(rounds.points) << MOST_DOUBLINGS
    return Visits(
        point=np.zeros(most, dtype=np.int64),
        end_s=np.zeros(most),
        charged=np.zeros(most, dtype=np.int64),
        first_s=np.zeros(n),
        last_s=np.zeros(n),
        gap_s=np.zeros(n),
        told=np.zeros(4),
    )
