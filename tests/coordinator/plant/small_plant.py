"""A small plant as text, and ways to spoil it."""

from __future__ import annotations

from pathlib import Path

MAPS = Path(__file__).resolve().parents[3] / "maps"

SMALL = """\
plant_id: small
frame_id: map
timezone: Europe/Berlin
defaults: {speed_mps: 1.2, width_m: 1.6, level: ground}
levels:
  ground: {elevation_m: 0}
  roof: {elevation_m: 6}
robot_types:
  scout:
    radius_m: 0.4
    max_speed_mps: 1.2
    acceleration_mps2: 0.6
    turn_radps: 1.2
    sensors: [camera]
    battery: {capacity_j: 1800000, idle_w: 60, travel_w: 250, inspect_w: 120, charge_w: 1000,
      reserve_ratio: 0.15}
nodes:
  gate: {at: [0, 0]}
  pump: {at: [10, 0], roles: [inspection]}
  home: {at: [0, 5], roles: [parking]}
  dock: {at: [0, -5], roles: [charger]}
  lift-low: {at: [15, 0]}
  lift-high: {at: [15, 0], level: roof}
  fan: {at: [20, 0], level: roof, roles: [inspection]}
edges:
  - {from: gate, to: pump, door: hall-door}
  - {from: gate, to: home, speed_mps: 0.6}
  - {from: gate, to: dock, width_m: 2}
  - {from: pump, to: lift-low}
  - {from: lift-low, to: lift-high, lift: lift-1, length_m: 9}
  - {from: lift-high, to: fan}
devices:
  hall-door: {kind: door, open_s: 4}
  lift-1: {kind: lift, open_s: 15}
zones:
  slow: {kind: speed_limit, speed_mps: 0.5, polygon: [[2, -1], [12, -1], [12, 1], [2, 1]]}
  one: {kind: single_vehicle, level: roof, polygon: [[14, -1], [16, -1], [16, 1], [14, 1]]}
points:
  P-101:
    node: pump
    heading_rad: 1.5708
    tag: P-101 discharge
    weight: 2
    revisit: {period_s: 600, tolerance_s: 60}
    tasks:
      - {name: pressure, type: read_gauge, sensor: camera, duration_s: 20, unit: bar,
         nominal: 6, limits: {high: 8}}
  FAN-1:
    node: fan
    tasks:
      - {name: state, type: photo, sensor: camera, duration_s: 10}
radio:
  cells:
    mast: {at: [0, 20], power_dbm: -35}
  shadows:
    - {polygon: [[8, -2], [12, -2], [12, 2], [8, 2]], loss_db: 40}
"""


def changed(*changes: tuple[str, str]) -> str:
    """The small plant with texts replaced; each must be there once."""
    text = SMALL
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def line_of(text: str, part: str) -> int:
    """Number of the line in which a part of a text first stands."""
    return text[: text.index(part)].count("\n") + 1
