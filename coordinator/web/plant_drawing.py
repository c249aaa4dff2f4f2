"""The plant as the dashboard draws it: compiled once, as it never changes while the coordinator runs."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from coordinator.model.ids import LevelId
from coordinator.plant.map import PlantMap
from coordinator.plant.radio import COVERED_DBM, rsrp_field_dbm

RADIO_CELL_COUNT = 96
RADIO_MARGIN_M = 10.0


def draw_plant(plant: PlantMap) -> bytes:
    """
    Nodes, ways, zones, devices, points and planned coverage as JSON; metres in the map frame.

    The two directions of a two-way edge are both there; `reverse_id` names the other.
    """
    drawing = {
        "plant_id": plant.plant_id,
        "timezone": plant.timezone,
        "digest": plant.digest,
        "levels": [
            {"level_id": level.level_id, "elevation_m": level.elevation_m}
            for level in sorted(plant.levels.values(), key=lambda level: (level.elevation_m, level.level_id))
        ],
        "nodes": [
            {
                "node_id": node.node_id,
                "x_m": node.x_m,
                "y_m": node.y_m,
                "level_id": node.level_id,
                "roles": sorted(role.value for role in node.roles),
            }
            for node in plant.nodes.values()
        ],
        "edges": [
            {
                "edge_id": edge.edge_id,
                "start": edge.start,
                "end": edge.end,
                "length_m": round(edge.length_m, 2),
                "max_speed_mps": edge.max_speed_mps,
                "width_m": edge.width_m,
                "reverse_id": edge.reverse_id,
                "is_locked": edge.is_locked,
                "device_id": edge.device_id,
                "robot_type_ids": sorted(edge.robot_type_ids),
            }
            for edge in plant.edges.values()
        ],
        "zones": [
            {
                "zone_id": zone.zone_id,
                "kind": zone.kind,
                "level_id": zone.level_id,
                "polygon": zone.polygon,
                "capacity_count": zone.capacity_count,
                "speed_mps": zone.speed_mps,
                "penalty_ratio": zone.penalty_ratio,
            }
            for zone in plant.zones.values()
        ],
        "devices": list(plant.devices.values()),
        "robot_types": [
            {
                "robot_type_id": robot_type.robot_type_id,
                "radius_m": robot_type.radius_m,
                "max_speed_mps": robot_type.max_speed_mps,
                "sensors": sorted(robot_type.sensors),
            }
            for robot_type in plant.robot_types.values()
        ],
        "points": list(plant.points.values()),
        "radio": [_coverage(plant, level_id) for level_id in plant.levels] if plant.radio.cells else [],
        "radio_cells": list(plant.radio.cells),
        "covered_dbm": COVERED_DBM,
    }
    return msgspec.json.encode(drawing)


def _coverage(plant: PlantMap, level_id: LevelId) -> dict[str, Any]:
    """Received power in whole dBm on a grid, row by row from the south-west corner."""
    xs_m = [node.x_m for node in plant.nodes.values()]
    ys_m = [node.y_m for node in plant.nodes.values()]
    west_m, south_m = min(xs_m) - RADIO_MARGIN_M, min(ys_m) - RADIO_MARGIN_M
    width_m, height_m = max(xs_m) + RADIO_MARGIN_M - west_m, max(ys_m) + RADIO_MARGIN_M - south_m
    step_m = max(width_m, height_m) / RADIO_CELL_COUNT
    columns, rows = math.ceil(width_m / step_m), math.ceil(height_m / step_m)
    x_m, y_m = np.meshgrid(west_m + (np.arange(columns) + 0.5) * step_m, south_m + (np.arange(rows) + 0.5) * step_m)
    power_dbm = rsrp_field_dbm(plant.radio, x_m, y_m, level_id)
    return {
        "level_id": level_id,
        "west_m": west_m,
        "south_m": south_m,
        "step_m": step_m,
        "columns": columns,
        "rows": rows,
        "rsrp_dbm": np.clip(np.rint(power_dbm), -200, 0).astype(int).ravel().tolist(),
    }
