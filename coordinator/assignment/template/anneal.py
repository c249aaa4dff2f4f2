"""
The search for a template: small changes, at first also to the worse.

A change is taken if the groups it touches become dearer by less than a threshold that falls to nothing, and the best
template met is kept.

Source:
    Dueck and Scheuer, "Threshold Accepting", Journal of Computational Physics 90, 1990. Ours compares the two groups
    changed, not the whole, so that groups far from the worst are kept good, too.
"""

from __future__ import annotations

import math

import numpy as np

from coordinator.assignment.board import Ints
from coordinator.assignment.template.ground import Ground, Laps, Visits
from coordinator.assignment.template.lapping import price_group, sixteenth_power, total_price
from coordinator.assignment.template.moves import (
    change_charging,
    change_pace,
    copy_group,
    cross,
    draw,
    join,
    lend,
    part,
    put_in,
    settle,
    shift,
    swap_places,
    take_away,
    trade,
    turn,
)
from coordinator.compiled import compiled

THRESHOLD = 0.02
"""Age ratios may rise by this share at the start."""


@compiled
def spread(ground: Ground, laps: Laps, in_turn: Ints, visits: Visits) -> None:
    """Insert points one after the other where the price rises least; groups have robots, and may have points."""
    single = np.zeros(1, dtype=np.int64)
    for point in in_turn:
        best, best_rise, best_place = -1, math.inf, 0
        single[0] = point
        for group in range(len(laps.length) - 2):
            kind, count, row = laps.kind[group], laps.length[group], laps.order[group]
            if laps.robots[group] == 0 or not ground.can_serve[kind, point]:
                continue
            place, place_s = 0, math.inf
            for k in range(count):
                before, after = row[k - 1 if k else count - 1], row[k]
                way_s = ground.travel_s[kind, before, point] + ground.travel_s[kind, point, after]
                way_s -= ground.travel_s[kind, before, after]
                if way_s < place_s:
                    place, place_s = k, way_s
            cost = laps.cost[group]
            put_in(laps, group, place, single)
            rise = price_group(ground, laps, group, visits) - cost
            take_away(laps, group, place, 1)
            laps.cost[group] = cost
            if best < 0 or rise < best_rise:
                best, best_rise, best_place = group, rise, place
        put_in(laps, best, best_place, single)
        price_group(ground, laps, best, visits)


@compiled
def change(  # noqa: PLR0917  (compiled functions take no keywords)
    ground: Ground, laps: Laps, chance: Ints, what: int, point: int, near: int, other: int
) -> bool:
    """Change something about a point, one near it, and another group; returns whether anything was changed."""
    group = laps.group[point]
    if what < 12:
        return shift(ground, laps, chance, point, near)
    if what < 18:
        return turn(laps, point, near) if group == other else cross(ground, laps, point, near)
    if what < 22:
        return swap_places(ground, laps, point, near)
    if what < 26:
        return change_pace(laps, chance, point)
    if what < 27:
        return group != other and join(laps, chance, point, near)
    if what < 28:
        return change_charging(laps, chance, group)
    if what < 29:
        return part(laps, chance, group, other)
    if what < 30:
        return settle(ground, laps, point, other)
    if what < 31:
        return lend(laps, other, group)
    return trade(ground, laps, group, other)


CHANGES = 32
NEAR_CHANGES = 27
"""Changes below this number are about the groups of two points; those above about any two."""


@compiled
def dearer(laps: Laps, point: int, other: int) -> int:
    """Tell which of two points is in the group whose robots do worse."""
    a, b = laps.group[point], laps.group[other]
    return point if laps.cost[a] * laps.robots[b] >= laps.cost[b] * laps.robots[a] else other


@compiled
def copy_laps(source: Laps, target: Laps) -> None:
    """Copy a whole template."""
    for group in range(len(source.length) - 2):
        count = source.length[group]
        target.order[group, :count] = source.order[group, :count]
    target.length[:], target.kind[:], target.robots[:] = source.length, source.kind, source.robots
    target.charges[:], target.charge_phase[:] = source.charges, source.charge_phase
    target.charge_doublings[:], target.cost[:] = source.charge_doublings, source.cost
    target.doublings[:], target.phase[:], target.group[:] = source.doublings, source.phase, source.group


@compiled
def put_back(laps: Laps, kept: int, group: int) -> None:
    """Undo what was done to a group."""
    copy_group(laps, kept, group)
    for k in range(laps.length[group]):
        laps.group[laps.order[group, k]] = group


@compiled
def anneal(  # noqa: PLR0917  (compiled functions take no keywords)
    ground: Ground, laps: Laps, best: Laps, visits: Visits, steps: int, seed: int
) -> None:
    """
    Improve a template whose groups are priced.

    Args:
        best: Room for a copy; the best template is left in it.
        steps: How many changes are tried.
    """
    chance = np.full(1, seed, dtype=np.int64)
    groups, points = len(laps.length) - 2, len(laps.group)
    copy_laps(laps, best)
    total, lowest = total_price(laps), total_price(laps)
    for step in range(steps):
        what, point = draw(chance, CHANGES), draw(chance, points)
        if draw(chance, 2):
            point = dearer(laps, point, draw(chance, points))
        near = ground.near[point, draw(chance, ground.near.shape[1])]
        group = laps.group[point]
        other = laps.group[near] if what < NEAR_CHANGES else draw(chance, groups)
        before = laps.cost[group] + (laps.cost[other] if other != group else 0.0)
        copy_group(laps, group, groups)
        copy_group(laps, other, groups + 1)
        doublings, phase = laps.doublings[point], laps.phase[point]
        if not change(ground, laps, chance, what, point, near, other):
            continue
        after = price_group(ground, laps, group, visits)
        if other != group:
            after += price_group(ground, laps, other, visits)
        if after <= before * sixteenth_power(1.0 + THRESHOLD * (1.0 - step / steps) ** 2):
            total = total_price(laps)
            if total < lowest * (1.0 - 1e-12):
                lowest = total
                copy_laps(laps, best)
        else:
            laps.doublings[point], laps.phase[point] = doublings, phase
            put_back(laps, groups, group)
            if other != group:
                put_back(laps, groups + 1, other)
