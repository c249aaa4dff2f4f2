"""
Small changes of a template.

Each touches two groups at most and says whether it changed anything; the search prices and undoes them.
"""

from __future__ import annotations

from coordinator.assignment.board import Ints
from coordinator.assignment.template.ground import MOST_DOUBLINGS, Ground, Laps
from coordinator.assignment.template.lapping import SIXTEENTHS
from coordinator.compiled import compiled

LONGEST_SHIFT = 3


@compiled
def draw(chance: Ints, count: int) -> int:
    """Draw a number below `count`: Knuth's linear congruential generator MMIX, its high bits."""
    chance[0] = chance[0] * 6364136223846793005 + 1442695040888963407
    drawn: int = ((chance[0] >> 33) & 0x3FFFFFFF) % count
    return drawn


@compiled
def place_of(laps: Laps, point: int) -> int:
    """Place of a point in its group's lap."""
    row, place = laps.order[laps.group[point]], 0
    while row[place] != point:
        place += 1
    return place


@compiled
def copy_group(laps: Laps, source: int, target: int) -> None:
    """Copy a group's row."""
    count = laps.length[source]
    laps.order[target, :count] = laps.order[source, :count]
    laps.length[target], laps.kind[target], laps.robots[target] = count, laps.kind[source], laps.robots[source]
    laps.charges[target], laps.charge_phase[target] = laps.charges[source], laps.charge_phase[source]
    laps.charge_doublings[target], laps.cost[target] = laps.charge_doublings[source], laps.cost[source]


@compiled
def put_in(laps: Laps, group: int, place: int, points: Ints) -> None:
    """Insert points at a place of a group's lap."""
    row, many = laps.order[group], len(points)
    for k in range(laps.length[group] - 1, place - 1, -1):
        row[k + many] = row[k]
    for k in range(many):
        row[place + k] = points[k]
        laps.group[points[k]] = group
    laps.length[group] += many


@compiled
def take_away(laps: Laps, group: int, place: int, many: int) -> None:
    """Remove points from a group's lap."""
    row = laps.order[group]
    for k in range(place + many, laps.length[group]):
        row[k - many] = row[k]
    laps.length[group] -= many


@compiled
def can_all(ground: Ground, kind: int, points: Ints) -> bool:
    """Whether robots of a kind can serve all these points."""
    for point in points:  # noqa: SIM110  (numba has no generators)
        if not ground.can_serve[kind, point]:
            return False
    return True


@compiled
def shift(ground: Ground, laps: Laps, chance: Ints, point: int, near: int) -> bool:
    """Move a few points in a row, perhaps turned round, to before or behind a point near the first of them."""
    group, place = laps.group[point], place_of(laps, point)
    many = min(1 + draw(chance, LONGEST_SHIFT), laps.length[group] - place)
    moved = laps.order[group, place : place + many].copy()
    target = laps.group[near]
    for k in range(many):
        if moved[k] == near:
            return False
    if target != group and not can_all(ground, laps.kind[target], moved):
        return False
    if draw(chance, 2):
        moved = moved[::-1].copy()
    take_away(laps, group, place, many)
    put_in(laps, target, place_of(laps, near) + draw(chance, 2), moved)
    return True


@compiled
def settle(ground: Ground, laps: Laps, point: int, target: int) -> bool:
    """Give a point to a group that has none."""
    group = laps.group[point]
    if laps.length[target] > 0 or laps.robots[target] == 0 or not ground.can_serve[laps.kind[target], point]:
        return False
    moved = laps.order[group, :1].copy()
    moved[0] = point
    take_away(laps, group, place_of(laps, point), 1)
    put_in(laps, target, 0, moved)
    return True


@compiled
def swap_places(ground: Ground, laps: Laps, point: int, near: int) -> bool:
    """Let two points change places."""
    group, other = laps.group[point], laps.group[near]
    if not (ground.can_serve[laps.kind[other], point] and ground.can_serve[laps.kind[group], near]):
        return False
    place, there = place_of(laps, point), place_of(laps, near)
    laps.order[group, place], laps.order[other, there] = near, point
    laps.group[point], laps.group[near] = other, group
    return True


@compiled
def turn(laps: Laps, point: int, near: int) -> bool:
    """Drive from a point to one near it, and what lies between in the opposite direction (2-opt)."""
    group = laps.group[point]
    a, b = place_of(laps, point), place_of(laps, near)
    if a > b:
        a, b = b, a
    row = laps.order[group]
    a += 1
    while a < b:
        row[a], row[b] = row[b], row[a]
        a, b = a + 1, b - 1
    return True


@compiled
def cross(ground: Ground, laps: Laps, point: int, near: int) -> bool:
    """Exchange the ends of two laps: drive from a point to one near it in another group (2-opt*)."""
    group, other = laps.group[point], laps.group[near]
    a, b = place_of(laps, point) + 1, place_of(laps, near)
    tail, end = laps.order[group, a : laps.length[group]].copy(), laps.order[other, b : laps.length[other]].copy()
    if a + len(end) == 0 or b + len(tail) == 0:
        return False
    if not (can_all(ground, laps.kind[other], tail) and can_all(ground, laps.kind[group], end)):
        return False
    laps.length[group], laps.length[other] = a, b
    put_in(laps, group, a, end)
    put_in(laps, other, b, tail)
    return True


@compiled
def join(laps: Laps, chance: Ints, point: int, near: int) -> bool:
    """Make one group of two whose robots are alike, with a drive from a point to one near it."""
    group, other = laps.group[point], laps.group[near]
    if laps.kind[group] != laps.kind[other]:
        return False
    a, b, many = place_of(laps, point) + 1, place_of(laps, near), laps.length[other]
    moved = laps.order[other, :many].copy()
    if draw(chance, 2):
        moved, b = moved[::-1].copy(), many - 1 - b
    laps.length[other] = 0
    for k in range(many):
        put_in(laps, group, a + k, moved[(b + k) % many : (b + k) % many + 1])
    laps.robots[group] += laps.robots[other]
    laps.robots[other] = 0
    return True


@compiled
def part(laps: Laps, chance: Ints, group: int, other: int) -> bool:
    """Make two groups of one, each with a stretch of its lap and some of its robots."""
    count, robots = laps.length[group], laps.robots[group]
    if laps.robots[other] > 0 or robots < 2 or count < 2:
        return False
    begin = draw(chance, count)
    many = min(1 + draw(chance, count - 1), count - begin)
    if many == count:
        return False
    moved = laps.order[group, begin : begin + many].copy()
    take_away(laps, group, begin, many)
    # Robots by what there is to do, give or take one.
    share = max(1, min(robots - 1, (robots * many) // count + draw(chance, 2)))
    copy_group(laps, group, other)
    laps.length[other] = 0
    put_in(laps, other, 0, moved)
    laps.robots[other], laps.robots[group] = share, robots - share
    return True


@compiled
def lend(laps: Laps, group: int, other: int) -> bool:
    """Give one robot of a group to another group of its kind."""
    if other == group or laps.kind[other] != laps.kind[group] or laps.robots[other] == 0:
        return False
    if laps.robots[group] < 2 - (laps.length[group] == 0):
        return False
    laps.robots[group] -= 1
    laps.robots[other] += 1
    return True


@compiled
def trade(ground: Ground, laps: Laps, group: int, other: int) -> bool:
    """Let two groups exchange their robots, which are of different kinds."""
    kind, its_kind = laps.kind[group], laps.kind[other]
    if kind == its_kind or laps.robots[group] == 0 or laps.robots[other] == 0:
        return False
    if not can_all(ground, its_kind, laps.order[group, : laps.length[group]]):
        return False
    if not can_all(ground, kind, laps.order[other, : laps.length[other]]):
        return False
    laps.kind[group], laps.kind[other] = its_kind, kind
    laps.robots[group], laps.robots[other] = laps.robots[other], laps.robots[group]
    return True


@compiled
def change_pace(laps: Laps, chance: Ints, point: int) -> bool:
    """Visit a point half or twice as often, or in other laps."""
    change = draw(chance, 3) - 1
    doublings = min(MOST_DOUBLINGS, max(0, laps.doublings[point] + change))
    laps.doublings[point] = doublings
    laps.phase[point] = draw(chance, 1 << doublings)
    return True


@compiled
def change_charging(laps: Laps, chance: Ints, group: int) -> bool:
    """Charge more or less often, or at another time."""
    what = draw(chance, 3)
    if what == 0:
        laps.charges[group] = max(1, laps.charges[group] + draw(chance, 3) - 1)
    elif what == 1:
        laps.charge_phase[group] = draw(chance, SIXTEENTHS)
    else:
        laps.charge_doublings[group] = draw(chance, MOST_DOUBLINGS + 1)
    return True
