"""
Where a robot can be told anything: planned radio coverage, corrected by what robots report.

A base never ends in a radio hole: a robot that stands there could not be told to go on. What robots hear at nodes
corrects the plan twice: each node's own mean, and one offset for all nodes nobody has stood on yet.
"""

from __future__ import annotations

from coordinator.plant.radio import COVERED_DBM, rsrp_dbm
from coordinator.traffic.resources import Resources

MARGIN_DB = 3.0
SHARE = 0.3
OFFSET_SHARE = 0.05


class Coverage:
    """Received power expected at each node, in dBm."""

    def __init__(self, resources: Resources) -> None:
        plant = resources.plant
        self._has_cells = bool(plant.radio.cells)
        self._planned_dbm = [
            rsrp_dbm(plant.radio, node.x_m, node.y_m, node.level_id) if self._has_cells else 0.0
            for node in plant.nodes.values()
        ]
        self._heard_dbm: dict[int, float] = {}
        self._offset_db = 0.0

    def heard(self, node: int, power_dbm: float) -> None:
        """A robot on a node reports what it hears."""
        if not self._has_cells:
            return
        self._offset_db += OFFSET_SHARE * (power_dbm - self._planned_dbm[node] - self._offset_db)
        known = self._heard_dbm.get(node, power_dbm)
        self._heard_dbm[node] = known + SHARE * (power_dbm - known)

    def lost(self, node: int) -> None:
        """A robot fell silent on a node and stayed so: a hole, whatever was heard before."""
        if self._has_cells:
            self._heard_dbm[node] = COVERED_DBM - 10.0

    def is_dark(self, node: int) -> bool:
        """Whether a robot on a node can't be counted on to hear anything."""
        if not self._has_cells:
            return False
        expected = self._heard_dbm.get(node, self._planned_dbm[node] + self._offset_db)
        return expected < COVERED_DBM + MARGIN_DB
