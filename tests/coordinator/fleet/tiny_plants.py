"""Plants small enough to hold in one's head. Nodes lie ten metres apart; only missions visit their points."""

from __future__ import annotations

import json
from math import cos, pi, sin
from typing import Any

from coordinator.plant.map import PlantMap
from coordinator.plant.parse import parse_plant

BATTERY = {
    "capacity_j": 1_800_000,
    "idle_w": 60,
    "travel_w": 250,
    "inspect_w": 120,
    "charge_w": 1000,
    "reserve_ratio": 0.15,
}
ROLES = {"p": "parking", "i": "inspection", "c": "charger", "h": "holding"}


def build(
    places: dict[str, tuple[float, float, str]],
    ways: str,
    *,
    one_way: str = "",
    points: dict[str, tuple[str, str]] | None = None,
    period_s: float | None = None,
    **parts: Any,
) -> PlantMap:
    """
    Build a plant.

    Args:
        places: Node ids with x and y in units of 10 m, and a letter for the role ("" for none).
        ways: Two-way edges, as "a-b b-c".
        one_way: One-way edges, written alike.
        points: Point ids with the node and the sensor it needs.
        period_s: Revisit period of all points; None: only missions visit them.
        parts: Other parts of the map file; `edges` here gives more keys to an edge by its "a-b".
    """
    more: dict[str, dict[str, Any]] = parts.pop("edges", {})
    edges = [_edge(text, two_way=True, more=more) for text in ways.split()]
    edges += [_edge(text, two_way=False, more=more) for text in one_way.split()]
    revisit = {} if period_s is None else {"revisit": {"period_s": period_s, "tolerance_s": period_s / 10}}
    document = {
        "plant_id": "tiny",
        "frame_id": "map",
        "timezone": "Europe/Berlin",
        "defaults": {"speed_mps": 1.0, "width_m": 1.2, "level": "ground"},
        "levels": {"ground": {"elevation_m": 0}},
        "robot_types": {name: _robot_type(name) for name in ("red", "blue")},
        "nodes": {
            name: {"at": [x * 10.0, y * 10.0], "roles": [ROLES[role]] if role else []}
            for name, (x, y, role) in places.items()
        },
        "edges": edges,
        "points": {
            name: {"node": node, "tasks": [_task(sensor)], **revisit} for name, (node, sensor) in (points or {}).items()
        },
        **parts,
    }
    return parse_plant(json.dumps(document), source="tiny")


def _edge(text: str, *, two_way: bool, more: dict[str, dict[str, Any]]) -> dict[str, Any]:
    start, end = text.split("-")
    return {"id": text, "from": start, "to": end, "two_way": two_way, **more.get(text, {})}


def _robot_type(name: str) -> dict[str, Any]:
    return {
        "radius_m": 0.4,
        "max_speed_mps": 1.2,
        "acceleration_mps2": 0.6,
        "turn_radps": 1.2,
        "sensors": ["camera", name],
        "battery": BATTERY,
    }


def _task(sensor: str) -> dict[str, Any]:
    limits = {"low_low": -20, "low": -10, "high": 10, "high_high": 20}
    return {"name": "value", "type": "read_gauge", "sensor": sensor, "duration_s": 5, "unit": "bar", "limits": limits}


def alley(period_s: float | None = None) -> PlantMap:
    """
    Draw a one-lane alley of three inner nodes, with two homes, a point for each type and a charger on either side.

    home-w1, home-w2, look-w, dock - west - a1 - a2 - a3 - east - home-e1, home-e2, look-e
    """
    return build(
        {
            "west": (0, 0, ""), "a1": (1, 0, ""), "a2": (2, 0, ""), "a3": (3, 0, ""), "east": (4, 0, ""),
            "hw1": (0, 1, "p"), "hw2": (-1, 1, "p"), "lw": (-1, 0, "i"), "dock": (0, -1, "c"),
            "he1": (4, 1, "p"), "he2": (5, 1, "p"), "le": (5, 0, "i"),
        },
        "west-a1 a1-a2 a2-a3 a3-east west-hw1 west-hw2 west-lw west-dock east-he1 east-he2 east-le",
        points={"W-red": ("lw", "red"), "W-blue": ("lw", "blue"), "E-red": ("le", "red"), "E-blue": ("le", "blue")},
        period_s=period_s,
    )  # fmt: skip


def yard(period_s: float | None = None, **parts: Any) -> PlantMap:
    """
    Draw a cross: one hub with four arms of one node and a leaf at the end of each.

    Two robots on opposite arms that want each other's leaf meet at the hub.
    """
    return build(
        {
            "hub": (0, 0, ""),
            "n": (0, 1, ""), "e": (1, 0, ""), "s": (0, -1, ""), "w": (-1, 0, ""),
            "hn": (0, 2, "p"), "he": (2, 0, "p"), "hs": (0, -2, "p"), "hw": (-2, 0, "p"),
            "ln": (1, 2, "i"), "le": (2, 1, "i"), "ls": (-1, -2, "i"), "lw": (-2, -1, "i"), "dock": (1, -2, "c"),
        },
        "hub-n hub-e hub-s hub-w n-hn e-he s-hs w-hw n-ln e-le s-ls w-lw s-dock",
        points={
            "N-red": ("ln", "red"), "E-red": ("le", "red"), "S-red": ("ls", "red"), "W-red": ("lw", "red"),
            "N-blue": ("ln", "blue"), "E-blue": ("le", "blue"), "S-blue": ("ls", "blue"), "W-blue": ("lw", "blue"),
        },
        period_s=period_s,
        **parts,
    )  # fmt: skip


def fork(period_s: float | None = None) -> PlantMap:
    """
    Draw a short road and a longer one from west to east: west-mid-east, and west-up1-up2-east.

    Homes hw and he, points on leaves at both ends and in the middle of the short road.
    """
    return build(
        {
            "west": (0, 0, ""), "mid": (2, 0, ""), "east": (4, 0, ""), "up1": (1, 2, ""), "up2": (3, 2, ""),
            "hw": (-1, 1, "p"), "he": (5, 1, "p"), "lw": (-1, -1, "i"), "le": (5, -1, "i"), "dock": (-1, 0, "c"),
        },
        "west-mid mid-east west-up1 up1-up2 up2-east west-hw east-he west-lw east-le west-dock",
        points={
            "W-red": ("lw", "red"), "W-blue": ("lw", "blue"), "E-red": ("le", "red"), "E-blue": ("le", "blue"),
            "M-red": ("mid", "red"),
        },
        period_s=period_s,
    )  # fmt: skip


def gated(kind: str) -> PlantMap:
    """Draw a road with a door (or a lift to a roof) in its middle: west - gate - beyond - east."""
    lift = kind == "lift"
    plant: dict[str, Any] = {
        "devices": {"gate-1": {"kind": kind, "open_s": 5}},
        "edges": {"in-out": {kind: "gate-1", **({"length_m": 8} if lift else {})}},
    }
    places: dict[str, tuple[float, float, str]] = {
        "west": (0, 0, ""), "in": (1, 0, ""), "out": (2, 0, ""), "east": (3, 0, ""),
        "hw1": (0, 1, "p"), "hw2": (0, -1, "p"), "he": (3, 1, "p"), "lw": (-1, 0, "i"), "le": (4, 0, "i"),
    }  # fmt: skip
    if lift:
        levels = {"ground": {"elevation_m": 0}, "roof": {"elevation_m": 5}}
        plant["levels"] = levels
        plant["nodes"] = {
            name: {
                "at": [x * 10.0, y * 10.0],
                "roles": [ROLES[role]] if role else [],
                "level": "roof" if name in ("out", "east", "he", "le") else "ground",
            }
            for name, (x, y, role) in places.items()
        }
    points = {"W-red": ("lw", "red"), "E-red": ("le", "red"), "E-blue": ("le", "blue"), "W-blue": ("lw", "blue")}
    return build(places, "west-in in-out out-east west-hw1 west-hw2 east-he west-lw east-le", points=points, **plant)


def hole(**parts: Any) -> PlantMap:
    """Draw the road west - d1 - d2 - d3 - east, with d1 to d3 in the radio shadow of a tank."""
    return build(
        {
            "west": (0, 0, ""), "d1": (2, 0, ""), "d2": (3, 0, ""), "d3": (4, 0, ""), "east": (6, 0, ""),
            "hw": (0, 1, "p"), "he": (6, 1, "p"), "lw": (-1, 0, "i"), "le": (7, 0, "i"), "ld": (3, 1, "i"),
        },
        "west-d1 d1-d2 d2-d3 d3-east west-hw east-he west-lw east-le d2-ld",
        points={"W-red": ("lw", "red"), "E-red": ("le", "red"), "D-red": ("ld", "red"), "D-blue": ("ld", "blue")},
        radio={
            "cells": {"mast": {"at": [30, 30], "power_dbm": -30}},
            "shadows": [{"polygon": [[15, -5], [45, -5], [45, 15], [15, 15]], "loss_db": 60}],
        },
        **parts,
    )  # fmt: skip


def roof_in_a_hole() -> PlantMap:
    """Draw a road with a lift from its middle to a roof without radio, where a way leads to work at its end."""
    places: dict[str, tuple[float, float, str]] = {
        "west": (0, 0, ""), "foot": (2, 0, ""), "east": (4, 0, ""), "hw": (0, 1, "p"), "he": (4, 1, "p"),
        "top": (2, 1, ""), "lr": (3, 1, "i"), "le": (5, 0, "i"),
    }  # fmt: skip
    nodes = {
        name: {
            "at": [x * 10.0, y * 10.0],
            "roles": [ROLES[role]] if role else [],
            "level": "roof" if name in ("top", "lr") else "ground",
        }
        for name, (x, y, role) in places.items()
    }
    return build(
        places,
        "west-foot foot-east west-hw east-he east-le foot-top top-lr",
        points={"R-red": ("lr", "red"), "E-blue": ("le", "blue")},
        levels={"ground": {"elevation_m": 0}, "roof": {"elevation_m": 5}},
        nodes=nodes,
        devices={"lift-1": {"kind": "lift", "open_s": 5}},
        edges={"foot-top": {"lift": "lift-1", "length_m": 8}},
        radio={
            "cells": {"mast": {"at": [30, 30], "power_dbm": -30}},
            "shadows": [{"polygon": [[15, 5], [45, 5], [45, 15], [15, 15]], "loss_db": 60, "level": "roof"}],
        },
    )


def gated_hole() -> PlantMap:
    """Draw a one-way road through the shadow of a tank, with work in it, a door at its end, and a road back."""
    return build(
        {
            "west": (0, 0, ""), "d1": (2, 0, ""), "d2": (3, 0, ""), "d3": (4, 0, ""), "east": (6, 0, ""),
            "hw": (0, 1, "p"), "ld": (3, 1, "i"), "se": (6, -3, ""), "sw": (0, -3, ""),
        },
        "d2-ld west-hw east-se se-sw sw-west",
        one_way="west-d1 d1-d2 d2-d3 d3-east",
        points={"D-red": ("ld", "red")},
        devices={"gate-1": {"kind": "door", "open_s": 5}},
        edges={"d3-east": {"door": "gate-1"}},
        radio={
            "cells": {"mast": {"at": [30, 30], "power_dbm": -30}},
            "shadows": [{"polygon": [[15, -5], [45, -5], [45, 15], [15, 15]], "loss_db": 60}],
        },
    )  # fmt: skip


def ring(count: int, *, is_one_way: bool, spur_count: int, period_s: float = 300.0) -> PlantMap:
    """Draw a ring road of `count` nodes with a leaf at each: homes first, then `spur_count` points, then a charger."""
    size = count * 1.4 / (2 * pi)
    places: dict[str, tuple[float, float, str]] = {}
    links: list[str] = []
    points: dict[str, tuple[str, str]] = {}
    for number in range(count):
        angle = 2 * pi * number / count
        places[f"n{number}"] = (round(size * cos(angle), 3), round(size * sin(angle), 3), "")
        role = "c" if number == count - 1 else "i" if number % 3 == 1 and len(points) < spur_count else "p"
        places[f"x{number}"] = (round((size + 1) * cos(angle), 3), round((size + 1) * sin(angle), 3), role)
        links.append(f"n{number}-x{number}")
        if role == "i":
            points[f"P{number}"] = (f"x{number}", "camera")
    road = " ".join(f"n{number}-n{(number + 1) % count}" for number in range(count))
    spurs = " ".join(links)
    if is_one_way:
        return build(places, spurs, one_way=road, points=points, period_s=period_s)
    return build(places, f"{spurs} {road}", points=points, period_s=period_s)
