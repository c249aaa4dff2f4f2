"""Plants drawn by chance from a seed: blocks with alleys, one-way roads, spurs, bays, doors, zones, radio shadows."""

from __future__ import annotations

import random
from itertools import pairwise

from coordinator.plant.map import PlantMap
from tests.coordinator.fleet.tiny_plants import build

BLOCK = 2
"""Crossings lie two units (20 m) apart; a road between two has one node in the middle, or none."""
CORNERS = ((0.5, 0.5), (-0.5, 0.5), (0.5, -0.5), (-0.5, -0.5))
SPURS = "ppiipich"
"""Roles of spurs in the order they are handed out, by turns: parking, inspection, charger, holding."""


def draw_plant(seed: int) -> PlantMap:
    """
    Draw a plant of 2 to 9 crossings, every node of which can be reached from every other.

    A tree of two-way roads comes first; up to three more roads close loops, some of them one-way. Then spurs are hung
    to the crossings' free corners, and now and then a door, a zone or a radio shadow is put in.
    """
    chance = random.Random(seed)
    columns, rows = chance.randint(2, 3), chance.randint(1, 3)
    crossings = [(x, y) for x in range(columns) for y in range(rows)]
    tree, loops = _roads(chance, crossings)
    places: dict[str, tuple[float, float, str]] = {_name(c): (c[0] * BLOCK, c[1] * BLOCK, "") for c in crossings}
    two_way: list[str] = []
    one_way: list[str] = []
    for number, (a, b) in enumerate(tree + loops):
        chain = [_name(a), _name(b)]
        if chance.random() < 0.6:
            middle = f"m{number}"
            places[middle] = ((a[0] + b[0]) * BLOCK / 2, (a[1] + b[1]) * BLOCK / 2, "")
            chain.insert(1, middle)
        is_one_way = number >= len(tree) and chance.random() < 0.4
        (one_way if is_one_way else two_way).extend(f"{u}-{v}" for u, v in pairwise(chain))
    points = _hang_spurs(chance, crossings, places, two_way)
    return build(
        places,
        " ".join(two_way),
        one_way=" ".join(one_way),
        points=points,
        period_s=float(chance.choice((60, 120, 240))),
        **_extras(chance, crossings, two_way),
    )


Crossing = tuple[int, int]


def _name(crossing: Crossing) -> str:
    return f"x{crossing[0]}{crossing[1]}"


def _roads(
    chance: random.Random, crossings: list[Crossing]
) -> tuple[list[tuple[Crossing, Crossing]], list[tuple[Crossing, Crossing]]]:
    """Neighbours in the grid joined to a spanning tree, and the roads that close loops."""
    pairs = [
        (a, b) for a in crossings for b in crossings if a < b and abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1
    ]  # fmt: skip
    chance.shuffle(pairs)
    group = {crossing: index for index, crossing in enumerate(crossings)}
    tree, rest = [], []
    for a, b in pairs:
        if group[a] == group[b]:
            rest.append((a, b))
            continue
        tree.append((a, b))
        old, new = group[a], group[b]
        group = {crossing: new if index == old else index for crossing, index in group.items()}
    return tree, rest[: chance.randint(0, 3)]


def _hang_spurs(
    chance: random.Random,
    crossings: list[Crossing],
    places: dict[str, tuple[float, float, str]],
    two_way: list[str],
) -> dict[str, tuple[str, str]]:
    corners = [(crossing, corner) for crossing in crossings for corner in CORNERS]
    chance.shuffle(corners)
    points: dict[str, tuple[str, str]] = {}
    for number, (crossing, (dx, dy)) in enumerate(corners[: chance.randint(6, min(len(corners), 16))]):
        role = SPURS[number % len(SPURS)]
        name = f"{role}{number}"
        places[name] = (crossing[0] * BLOCK + dx, crossing[1] * BLOCK + dy, role)
        two_way.append(f"{_name(crossing)}-{name}")
        if role == "i":
            points[f"P{number}"] = (name, chance.choice(("camera", "camera", "red", "blue")))
    middle = [name for name in places if name.startswith("m")]
    if middle and chance.random() < 0.3:
        points["Pm"] = (chance.choice(middle), "camera")
    return points


def _extras(chance: random.Random, crossings: list[Crossing], two_way: list[str]) -> dict[str, object]:
    extras: dict[str, object] = {}
    roads = [text for text in two_way if text.split("-")[1][0] in "xm"]
    if chance.random() < 0.25:
        extras["devices"] = {"gate-1": {"kind": "door", "open_s": 5}}
        extras["edges"] = {chance.choice(roads): {"door": "gate-1"}}
    x, y = (place * BLOCK * 10.0 for place in chance.choice(crossings))
    square = [[x - 4, y - 4], [x + 4, y - 4], [x + 4, y + 4], [x - 4, y + 4]]
    what = chance.random()
    if what < 0.15:
        extras["zones"] = {"square": {"kind": "single_vehicle", "polygon": square}}
    elif what < 0.3:
        extras["zones"] = {"square": {"kind": "capacity", "capacity_count": 2, "polygon": square}}
    elif what < 0.4:
        extras["radio"] = {
            "cells": {"mast": {"at": [20, 20], "power_dbm": -30}},
            "shadows": [{"polygon": square, "loss_db": 60}],
        }
    return extras
