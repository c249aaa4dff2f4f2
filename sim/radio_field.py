"""What a robot hears of the 5G cells where it stands, looked up by edge and metre."""

from __future__ import annotations

from typing import NamedTuple

from coordinator.model.ids import EdgeId, LevelId, NodeId
from coordinator.plant.radio import heard_at
from sim.chassis import Chassis
from sim.floor import Floor

GRID_M = 2.0
# Without cells in the map everybody hears well.
NO_CELL_DBM = -70.0
NO_CELL_DB = 25.0


class Heard(NamedTuple):
    """Power and quality of the serving cell."""

    rsrp_dbm: float
    sinr_db: float
    cell_id: str


class RadioField:
    """
    The plant's coverage.

    Args:
        offset_db: Added to every power: below 0 for a worse network than planned.
    """

    def __init__(self, floor: Floor, *, offset_db: float = 0.0) -> None:
        self._floor = floor
        self._offset_db = offset_db
        self._cache: dict[tuple[EdgeId | NodeId, int], Heard] = {}

    def heard_by(self, chassis: Chassis) -> Heard:
        """What a body hears now."""
        line, offset_m = chassis.place()
        key: tuple[EdgeId | NodeId, int]
        key = (chassis.node_id, -1) if line is None else (line.edge_id, int(offset_m / GRID_M))
        heard = self._cache.get(key)
        if heard is None:
            heard = self._cache[key] = self._hear(chassis)
        return heard

    def _hear(self, chassis: Chassis) -> Heard:
        radio = self._floor.plant.radio
        if not radio.cells:
            return Heard(NO_CELL_DBM + self._offset_db, NO_CELL_DB, "")
        line, offset_m = chassis.place()
        middle_m = (int(offset_m / GRID_M) + 0.5) * GRID_M
        pose = chassis.pose() if line is None else line.pose_at(middle_m)
        rsrp_dbm, sinr_db, cell_id = heard_at(radio, pose.x_m, pose.y_m, LevelId(pose.level_id))
        power_dbm = max(-160.0, min(0.0, rsrp_dbm + self._offset_db))
        quality_db = max(-30.0, min(50.0, sinr_db + min(0.0, self._offset_db)))
        return Heard(power_dbm, quality_db, cell_id or "")
