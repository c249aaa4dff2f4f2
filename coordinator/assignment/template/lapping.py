"""How long the points of a group wait, by what its robots do lap after lap."""

from __future__ import annotations

import math

import numpy as np

from coordinator.assignment.board import Floats
from coordinator.assignment.template.ground import Ground, Laps, Visits
from coordinator.compiled import compiled

SIXTEENTHS = 16
MEAN_SHARE = 0.1
"""Of a group's price: the mean over its points; the rest is the longest wait's."""


@compiled
def sixteenth_power(x: float) -> float:
    """Price of an age ratio: close to that of the maximum alone, but the second worst counts, too."""
    x *= x
    x *= x
    x *= x
    return x * x


@compiled
def drive(ground: Ground, laps: Laps, group: int, visits: Visits) -> int:
    """Go round until all points of a group have had their turn, without charging; returns how many visits that are."""
    kind, count, order = laps.kind[group], laps.length[group], laps.order[group]
    most = laps.charge_doublings[group] if ground.drive_use[kind] + ground.work_use[kind] > 0.0 else 0
    for k in range(count):
        most = max(most, laps.doublings[order[k]])
    number = 0
    for lap in range(1 << most):
        for k in range(count):
            point = order[k]
            if (lap & ((1 << laps.doublings[point]) - 1)) == laps.phase[point]:
                visits.point[number] = point
                number += 1
    time_s = 0.0
    before = visits.point[number - 1]
    for v in range(number):
        point = visits.point[v]
        time_s += ground.travel_s[kind, before, point] + ground.duration_s[point]
        visits.end_s[v], visits.charged[v] = time_s, 0
        before = point
    return number


@compiled
def add_charges(ground: Ground, laps: Laps, group: int, visits: Visits, number: int) -> None:
    """Spread charges over a round of laps, so that what is used is charged, and set all times right."""
    kind = laps.kind[group]
    cycle_s, work_s = visits.end_s[number - 1], 0.0
    for v in range(number):
        work_s += ground.duration_s[visits.point[v]]
    used = (cycle_s - work_s) * ground.drive_use[kind] + work_s * ground.work_use[kind]
    charges = max(laps.charges[group], math.ceil(used / ground.usable[kind]))
    share_s = cycle_s / charges
    due_s = share_s * laps.charge_phase[group] / SIXTEENTHS
    charged, detour_s, plain_s = 0, 0.0, 0.0
    before = visits.point[number - 1]
    for v in range(number):
        point, now_s = visits.point[v], visits.end_s[v]
        if charged < charges and plain_s >= due_s:
            detour_s += ground.over_charger_s[kind, before, point] - ground.travel_s[kind, before, point]
            charged += 1
            due_s += share_s
        plain_s = now_s
        visits.end_s[v], visits.charged[v] = now_s + detour_s, charged
        before = point
    if charged < charges:
        # What is due after the last visit comes before the first one of the next round.
        first = visits.point[0]
        detour_s += ground.over_charger_s[kind, before, first] - ground.travel_s[kind, before, first]
        charged += 1
    used += detour_s * ground.drive_use[kind]
    charge_s = used / ground.gain[kind] / charged
    for v in range(number):
        visits.end_s[v] += visits.charged[v] * charge_s
    visits.told[0], visits.told[2], visits.told[3] = charge_s, charged, used / charged
    visits.told[1] = cycle_s + detour_s + charged * charge_s


@compiled
def note_gaps(visits: Visits, number: int, cycle_s: float, robots: int) -> None:
    """Find the longest time between two visits of each point, when so many robots drive the cycle evenly spaced."""
    apart_s = cycle_s / robots
    for v in range(number):
        visits.gap_s[visits.point[v]] = -1.0
    in_turn = np.arange(number)
    if robots > 1:
        for v in range(number):
            visits.end_s[v] -= apart_s * math.floor(visits.end_s[v] / apart_s) if apart_s > 0.0 else 0.0
        in_turn = np.argsort(visits.end_s[:number], kind="mergesort")
    for k in range(number):
        v = in_turn[k]
        point, end_s = visits.point[v], visits.end_s[v]
        if visits.gap_s[point] < 0.0:
            visits.first_s[point], visits.gap_s[point] = end_s, 0.0
        else:
            visits.gap_s[point] = max(visits.gap_s[point], end_s - visits.last_s[point])
        visits.last_s[point] = end_s
    for v in range(number):
        point = visits.point[v]
        round_s = visits.first_s[point] + apart_s - visits.last_s[point]
        visits.gap_s[point] = max(visits.gap_s[point], round_s)


@compiled
def price_group(ground: Ground, laps: Laps, group: int, visits: Visits) -> float:
    """
    Price a group by the age ratios its points reach, and keep the price in `laps.cost`.

    The longest times between visits are left in `visits.gap_s`.
    """
    count, robots, kind = laps.length[group], laps.robots[group], laps.kind[group]
    laps.cost[group] = 0.0
    if count == 0:
        return 0.0
    number = drive(ground, laps, group, visits)
    visits.told[:] = 0.0
    visits.told[1] = visits.end_s[number - 1]
    strain = 1.0
    if ground.drive_use[kind] + ground.work_use[kind] > 0.0:
        add_charges(ground, laps, group, visits, number)
        strain = max(1.0, visits.told[3] / ground.usable[kind])
    note_gaps(visits, number, visits.told[1], robots)
    worst, total = 0.0, 0.0
    for k in range(count):
        point = laps.order[group, k]
        # Beyond what a battery holds the plan can't be driven: dear, and the dearer the further.
        ratio = visits.gap_s[point] * ground.rate_per_s[point] * strain
        worst = max(worst, ratio)
        total += sixteenth_power(ratio)
    laps.cost[group] = robots * ((1.0 - MEAN_SHARE) * sixteenth_power(worst) + MEAN_SHARE * total / count)
    cost: float = laps.cost[group]
    return cost


@compiled
def total_price(laps: Laps) -> float:
    """Price of all groups."""
    total = 0.0
    for group in range(len(laps.length) - 2):
        total += laps.cost[group]
    return total


def longest_waits(ground: Ground, laps: Laps, visits: Visits) -> Floats:
    """Longest time between two visits of each point, s; points of no group: inf. Shape (n,)."""
    waits = np.full(len(laps.group), np.inf)
    for group in np.flatnonzero(laps.length[:-2]).tolist():
        price_group(ground, laps, group, visits)
        points = laps.order[group, : laps.length[group]]
        waits[points] = visits.gap_s[points]
    return waits
