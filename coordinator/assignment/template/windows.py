"""How long paths and tours through all of some points are at least."""

from __future__ import annotations

import math

import numpy as np

from coordinator.assignment.board import Floats
from coordinator.compiled import compiled

ASCENTS, CLOSED_ASCENTS = 120, 400


@compiled
def spanning_degrees(between_s: Floats, price: Floats, trees: int, degrees: Floats) -> float:
    """
    Length of the shortest spanning forest of so many trees, with a price at both ends of each way (Prim).

    Args:
        degrees: Set to how many ways of the forest end at each point.
    """
    n = len(price)
    best_s, via = np.full(n, math.inf), np.zeros(n, dtype=np.int64)
    is_in = np.zeros(n, dtype=np.bool_)
    ways_s, ends = np.zeros(n - 1), np.zeros((n - 1, 2), dtype=np.int64)
    here = 0
    is_in[0] = True
    for k in range(n - 1):
        for other in range(n):
            way_s = between_s[here, other] + price[here] + price[other]
            if not is_in[other] and way_s < best_s[other]:
                best_s[other], via[other] = way_s, here
        there = -1
        for other in range(n):
            if not is_in[other] and (there < 0 or best_s[other] < best_s[there]):
                there = other
        ways_s[k], ends[k, 0], ends[k, 1] = best_s[there], via[there], there
        is_in[there] = True
        here = there
    degrees[:] = 0.0
    total_s = 0.0
    # A tree's dearest ways removed leave the cheapest forest.
    for k in np.argsort(ways_s, kind="mergesort")[: n - trees]:
        total_s += ways_s[k]
        degrees[ends[k, 0]] += 1.0
        degrees[ends[k, 1]] += 1.0
    return total_s


@compiled
def climb(between_s: Floats, trees: int, guess_s: float) -> float:
    """
    Raise the length of a forest by prices for points where more than two ways end.

    Each step's value is a bound by itself, so steps may be as bold as they like.
    """
    n = len(between_s)
    price, degrees, direction = np.zeros(n), np.zeros(n), np.zeros(n)
    best = 0.0
    for turn in range(ASCENTS):
        value = spanning_degrees(between_s, price, trees, degrees)
        size = 0.0
        for i in range(n):
            value -= 2.0 * price[i]
            direction[i] = 0.7 * (degrees[i] - 2.0) + 0.3 * direction[i]
            size += direction[i] * direction[i]
        best = max(best, value)
        if size == 0.0:
            break
        step = 2.0 * (1.0 - turn / ASCENTS) * max(guess_s - value, 0.02 * guess_s) / size
        for i in range(n):
            price[i] = max(0.0, price[i] + step * direction[i])
    return best


@compiled
def climb_closed(between_s: Floats, guess_s: float) -> float:
    """Raise the length of a spanning tree with a circle through point 0 by prices for ways more or less than two."""
    n = len(between_s)
    rest_s = between_s[1:, 1:].copy()
    price, degrees, rest_degrees = np.zeros(n), np.zeros(n), np.zeros(n - 1)
    best, stride, in_vain = 0.0, 2.0, 0
    for _ in range(CLOSED_ASCENTS):
        value = spanning_degrees(rest_s, price[1:].copy(), 1, rest_degrees)
        degrees[0], degrees[1:] = 2.0, rest_degrees
        first, second = -1, -1
        for i in range(1, n):
            if first < 0 or between_s[0, i] + price[i] < between_s[0, first] + price[first]:
                first, second = i, first
            elif second < 0 or between_s[0, i] + price[i] < between_s[0, second] + price[second]:
                second = i
        for i in (first, second):
            value += between_s[0, i] + price[i] + price[0]
            degrees[i] += 1.0
        size = 0.0
        for i in range(n):
            value -= 2.0 * price[i]
            size += (degrees[i] - 2.0) ** 2
        in_vain = 0 if value > best * 1.0005 else in_vain + 1
        best = max(best, value)
        if size == 0.0:
            break
        if in_vain >= max(10, n // 3):
            stride, in_vain = 0.5 * stride, 0
        step = stride * max(guess_s - value, 0.01 * guess_s) / size
        for i in range(n):
            price[i] += step * (degrees[i] - 2.0)
    return best


def paths_s(between_s: Floats, paths: int) -> float:
    """Total length of so many paths through all points, at least. `between_s` is symmetric, shape (n, n), n > paths."""
    plain_s = spanning_degrees(between_s, np.zeros(len(between_s)), paths, np.zeros(len(between_s)))
    return max(plain_s, climb(between_s, paths, 1.2 * plain_s))


def closed_tour_s(between_s: Floats) -> float:
    """Length of a tour through all points, at least. `between_s` is symmetric, shape (n, n)."""
    n = len(between_s)
    if n <= 2:
        return float(between_s[0].sum() * 2.0) if n else 0.0
    tree_s = spanning_degrees(between_s, np.zeros(n), 1, np.zeros(n))
    return max(tree_s, climb_closed(between_s, 2.0 * tree_s))


def apart_s(between_s: Floats, many: int) -> float:
    """Find so many points far from each other, and the least distance between two of them; 0 if there are too few."""
    if len(between_s) < many:
        return 0.0
    best_s = 0.0
    for start in range(len(between_s)):
        nearest_s, least_s = between_s[start].copy(), math.inf
        nearest_s[start] = -1.0
        for _ in range(many - 1):
            farthest = int(np.argmax(nearest_s))
            least_s = min(least_s, float(nearest_s[farthest]))
            nearest_s = np.minimum(nearest_s, between_s[farthest])
            nearest_s[farthest] = -1.0
        best_s = max(best_s, least_s)
    return best_s
