"""Lint names what a plant would regret."""

from __future__ import annotations

import pytest

from coordinator.plant.lint import Severity, lint
from coordinator.plant.parse import parse_plant
from tests.coordinator.plant.small_plant import SMALL, changed

HOME = ("  - {from: gate, to: home, speed_mps: 0.6}\n", "")
NODES = "  fan: {at: [20, 0], level: roof, roles: [inspection]}\n"
EDGES = "  - {from: lift-high, to: fan}\n"

MOLE = (
    "nodes:\n",
    """\
  mole:
    {radius_m: 0.4, max_speed_mps: 1.2, acceleration_mps2: 0.6, turn_radps: 1.2, sensors: [gas],
     battery: {capacity_j: 1800000, idle_w: 60, travel_w: 250, inspect_w: 120, charge_w: 1000, reserve_ratio: 0.15}}
nodes:
""",
)


def _found(text: str) -> dict[tuple[str, str], Severity]:
    return {(item.code, item.subject): item.severity for item in lint(parse_plant(text))}


def _with(nodes: str = "", edges: str = "") -> str:
    return changed((NODES, NODES + nodes), (EDGES, EDGES + edges))


def test_a_good_plant_has_no_findings_but_notes():
    """Lint is quiet about what is well."""
    assert set(_found(SMALL).values()) <= {Severity.INFO}


BAD = [
    (changed(("[parking]", "[holding]")), "no-parking", "small", Severity.ERROR),
    (changed(("[charger]", "[holding]")), "no-charger", "small", Severity.ERROR),
    (changed(("{from: lift-high, to: fan}", "{from: fan, to: lift-high, two_way: false}")),
     "unreachable", "fan", Severity.ERROR),
    (changed(("{from: lift-high, to: fan}", "{from: lift-high, to: fan, two_way: false}")),
     "sink", "fan", Severity.ERROR),
    (changed(("{from: lift-high, to: fan}", "{from: lift-high, to: fan, locked: true}")),
     "unreachable", "fan", Severity.ERROR),
    (changed(("kind: single_vehicle", "kind: blocked")), "unreachable", "fan", Severity.ERROR),
    (_with("  yard: {at: [-9, 5]}\n", "  - {from: home, to: yard}\n"),
     "stop-not-leaf", "home", Severity.ERROR),
    (changed(("level: roof, roles: [inspection]", "level: roof, roles: [parking]"),
             ("  - {from: gate, to: dock, width_m: 2}\n", "")), "no-passing", "small", Severity.ERROR),
    (_with("  a: {at: [-5, 0]}\n  b: {at: [-10, 0]}\n",
           "  - {from: gate, to: a, width_m: 1}\n  - {from: a, to: b, width_m: 1}\n"),
     "block-without-exit", "b", Severity.WARNING),
    (changed(("{from: gate, to: dock, width_m: 2}", "{from: gate, to: dock, width_m: 2, robot_types: [mole]}"), MOLE),
     "no-charger-for-type", "scout", Severity.ERROR),
    (changed(("{from: gate, to: dock, width_m: 2}", "{from: gate, to: dock, two_way: false}")),
     "charger-for-nobody", "dock", Severity.ERROR),
    (changed(("sensor: camera, duration_s: 20", "sensor: nose, duration_s: 20")),
     "no-robot-type", "P-101", Severity.ERROR),
    (changed(("period_s: 600", "period_s: 19")), "impossible-period", "P-101", Severity.ERROR),
    (changed(("period_s: 600", "period_s: 19")), "overloaded-node", "pump", Severity.ERROR),
    (_with("  near: {at: [0, 5.7]}\n", "  - {from: home, to: near, two_way: false}\n"),
     "nodes-touch", "home", Severity.ERROR),
    (_with("  near: {at: [4.9, 1]}\n", "  - {from: pump, to: near}\n"),
     "edge-touches-node", "gate--pump", Severity.WARNING),
    (_with("  near: {at: [4.9, 0.5]}\n", "  - {from: pump, to: near}\n"),
     "edge-touches-node", "gate--pump", Severity.ERROR),
    (_with("  n: {at: [5, 4]}\n  s: {at: [5, -4]}\n", "  - {from: n, to: s}\n"),
     "edges-cross", "gate--pump", Severity.ERROR),
    (_with("  e: {at: [4, 3]}\n", "  - {from: gate, to: e}\n"), "sharp-angle", "gate", Severity.WARNING),
    (changed(("width_m: 2}", "width_m: 0.7}")), "edge-too-narrow", "gate--dock", Severity.ERROR),
    (changed(("width_m: 2}", "length_m: 2}")), "edge-too-short", "gate--dock", Severity.WARNING),
    (changed(("[[2, -1], [12, -1], [12, 1], [2, 1]]", "[[2, 50], [12, 50], [12, 55]]")),
     "empty-zone", "slow", Severity.WARNING),
    (changed(("kind: speed_limit, speed_mps: 0.5, polygon: [[2, -1], [12, -1], [12, 1], [2, 1]]",
              "kind: capacity, capacity_count: 1, polygon: [[-1, 4], [1, 4], [1, 6], [-1, 6]]")),
     "stops-fill-zone", "slow", Severity.WARNING),
    (changed(("loss_db: 40", "loss_db: 90")), "no-coverage", "P-101", Severity.INFO),
    (changed(("  cells:\n    mast: {at: [0, 20], power_dbm: -35}\n", "")),
     "no-radio", "small", Severity.INFO),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "subject", "severity"), BAD, ids=[f"{i[1]}-{i[2]}" for i in BAD])
def test_a_doubtful_thing_is_found(text: str, code: str, subject: str, severity: Severity):
    """Each rule finds the plant that breaks it."""
    assert _found(text).get((code, subject)) is severity


def test_a_way_kept_for_other_types_leaves_a_point_without_robots():
    """A point is only served if a type that carries its sensors may drive there."""
    second = "  tank: {radius_m: 0.4, max_speed_mps: 1, acceleration_mps2: 1, turn_radps: 1, battery: "
    second += "{capacity_j: 9, idle_w: 1, travel_w: 1, inspect_w: 1, charge_w: 1, reserve_ratio: 0}}\n"
    text = changed(("nodes:\n  gate", second + "nodes:\n  gate"), ("to: fan}", "to: fan, robot_types: [tank]}"))

    assert _found(text)["no-way-for-type", "FAN-1"] is Severity.ERROR


def test_long_one_lane_ways_need_a_bay():
    """Nobody should wait minutes for a robot that comes the other way."""
    nodes = "  a: {at: [-50, 0]}\n  b: {at: [-100, 0]}\n  c: {at: [-100, 5]}\n  d: {at: [-100, -5]}\n"
    ways = (("gate", "a"), ("a", "b"), ("b", "c"), ("b", "d"))
    edges = "".join(f"  - {{from: {start}, to: {end}, width_m: 1}}\n" for start, end in ways)

    assert _found(_with(nodes, edges))["long-block", "a"] is Severity.WARNING
