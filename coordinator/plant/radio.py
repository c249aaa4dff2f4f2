"""
The planned 5G coverage as a field: what a robot at a place hears of the cells.

Received power falls by the log-distance law (Rappaport, "Wireless Communications", section 4.9); steel is
a shadow that takes a fixed loss from every cell. Scalars for the coordinator and the simulator, arrays for
drawing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from coordinator.model.ids import LevelId
    from coordinator.plant.map import Radio, RadioCell

    Ring = tuple[tuple[float, float], ...]
    Field = NDArray[np.float64]

# A floor between cell and robot; an assumption between grating (a few dB) and concrete (about 30 dB).
FLOOR_LOSS_DB = 20.0
# Share of time a neighbour cell of a lightly loaded private network sends.
INTERFERENCE_RATIO = 0.1
# Below it a connection is not to be counted on; an assumption, to be refined from what robots report.
COVERED_DBM = -110.0


def rsrp_dbm(radio: Radio, x_m: float, y_m: float, level_id: LevelId) -> float:
    """Received power of the best cell at a place in dBm; minus infinity where the map has no cells."""
    return _best_dbm(_heard(radio, x_m, y_m, level_id))


def serving_cell(radio: Radio, x_m: float, y_m: float, level_id: LevelId) -> str | None:
    """Cell heard best at a place, the first by id of equals; None where the map has no cells."""
    return _best_cell(_heard(radio, x_m, y_m, level_id))


def sinr_db(radio: Radio, x_m: float, y_m: float, level_id: LevelId) -> float:
    """Best cell over noise and neighbours at a place in dB; minus infinity where the map has no cells."""
    return _sinr_db(radio, _heard(radio, x_m, y_m, level_id))


def heard_at(radio: Radio, x_m: float, y_m: float, level_id: LevelId) -> tuple[float, float, str | None]:
    """`rsrp_dbm`, `sinr_db` and `serving_cell` of a place at the price of one."""
    heard = _heard(radio, x_m, y_m, level_id)
    return _best_dbm(heard), _sinr_db(radio, heard), _best_cell(heard)


def rsrp_field_dbm(radio: Radio, x_m: Field, y_m: Field, level_id: LevelId) -> Field:
    """`rsrp_dbm` at each place of two arrays of one shape."""
    heard = _heard_field(radio, x_m, y_m, level_id)
    return np.full(x_m.shape, -np.inf) if heard is None else np.asarray(heard.max(axis=0))


def sinr_field_db(radio: Radio, x_m: Field, y_m: Field, level_id: LevelId) -> Field:
    """`sinr_db` at each place of two arrays of one shape."""
    heard = _heard_field(radio, x_m, y_m, level_id)
    if heard is None:
        return np.full(x_m.shape, -np.inf)
    powers_mw = 10.0 ** (heard / 10.0)
    best_mw = powers_mw.max(axis=0)
    others_mw = INTERFERENCE_RATIO * (powers_mw.sum(axis=0) - best_mw)
    return np.asarray(10.0 * np.log10(best_mw / (_milliwatt(radio.noise_dbm) + others_mw)))


def _heard(radio: Radio, x_m: float, y_m: float, level_id: LevelId) -> list[tuple[float, str]]:
    """Power and id of every cell at a place."""
    loss_db = 0.0
    for shadow in radio.shadows:
        if shadow.level_id == level_id and _is_inside(shadow.polygon, x_m, y_m):
            loss_db += shadow.loss_db
    slope = 10.0 * radio.path_loss_exponent
    return [
        (
            _sent_dbm(cell, level_id)
            - slope * math.log10(max(math.hypot(x_m - cell.x_m, y_m - cell.y_m), 1.0))
            - loss_db,
            cell.cell_id,
        )
        for cell in radio.cells
    ]


def _best_dbm(heard: list[tuple[float, str]]) -> float:
    return max((power_dbm for power_dbm, _ in heard), default=-math.inf)


def _best_cell(heard: list[tuple[float, str]]) -> str | None:
    return min(heard, key=lambda item: (-item[0], item[1]))[1] if heard else None


def _sinr_db(radio: Radio, heard: list[tuple[float, str]]) -> float:
    powers_mw = [_milliwatt(power_dbm) for power_dbm, _ in heard]
    if not powers_mw:
        return -math.inf
    best_mw = max(powers_mw)
    others_mw = INTERFERENCE_RATIO * (sum(powers_mw) - best_mw)
    return 10.0 * math.log10(best_mw / (_milliwatt(radio.noise_dbm) + others_mw))


def _heard_field(radio: Radio, x_m: Field, y_m: Field, level_id: LevelId) -> Field | None:
    """Power of every cell (first axis) at each place; None if there are no cells."""
    if not radio.cells:
        return None
    loss_db = np.zeros(x_m.shape)
    for shadow in radio.shadows:
        if shadow.level_id == level_id:
            loss_db += np.where(_is_inside_field(shadow.polygon, x_m, y_m), shadow.loss_db, 0.0)
    slope = 10.0 * radio.path_loss_exponent
    heard = [
        _sent_dbm(cell, level_id)
        - slope * np.log10(np.maximum(np.hypot(x_m - cell.x_m, y_m - cell.y_m), 1.0))
        - loss_db
        for cell in radio.cells
    ]
    return np.stack(heard)


def _sent_dbm(cell: RadioCell, level_id: LevelId) -> float:
    return cell.power_dbm if cell.level_id == level_id else cell.power_dbm - FLOOR_LOSS_DB


def _milliwatt(power_dbm: float) -> float:
    return float(10.0 ** (power_dbm / 10.0))


def _is_inside(ring: Ring, x_m: float, y_m: float) -> bool:
    """Even-odd rule: count the sides that a ray to the east crosses."""
    inside = False
    last_x_m, last_y_m = ring[-1]
    for next_x_m, next_y_m in ring:
        if (next_y_m > y_m) != (last_y_m > y_m):
            cut_x_m = next_x_m + (y_m - next_y_m) * (last_x_m - next_x_m) / (last_y_m - next_y_m)
            inside ^= x_m < cut_x_m
        last_x_m, last_y_m = next_x_m, next_y_m
    return inside


def _is_inside_field(ring: Ring, x_m: Field, y_m: Field) -> NDArray[np.bool_]:
    """`_is_inside` at each place."""
    inside = np.zeros(x_m.shape, dtype=np.bool_)
    last_x_m, last_y_m = ring[-1]
    for next_x_m, next_y_m in ring:
        if next_y_m != last_y_m:
            spans = (next_y_m > y_m) != (last_y_m > y_m)
            cut_x_m = next_x_m + (y_m - next_y_m) * (last_x_m - next_x_m) / (last_y_m - next_y_m)
            inside ^= spans & (x_m < cut_x_m)
        last_x_m, last_y_m = next_x_m, next_y_m
    return inside
