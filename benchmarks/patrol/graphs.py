"""The patrol graphs of patrolling_sim, where somebody has put them: `$ROUNDSMAN_DATA/patrol/graphs`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import shortest_path

from benchmarks.report import ROOT

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

BEST_CYCLIC_S: dict[str, dict[int, float]] = {
    "1r5": {1: 85.0, 2: 42.5, 4: 20.5, 6: 13.6, 8: 5.7},
    "DIAG_floor1": {1: 413.5, 2: 206.7, 4: 100.0, 6: 62.9, 8: 47.5, 12: 31.5},
    "DIAG_labs": {1: 154.9, 2: 77.3, 4: 34.8, 6: 20.0, 8: 16.3, 12: 7.1},
    "broughton": {1: 1086.6, 2: 543.3, 4: 271.6, 6: 181.1, 8: 135.8, 12: 90.5},
    "ctcv": {1: 119.6, 2: 58.5, 4: 26.3, 6: 16.8, 8: 12.3, 12: 5.6},
    "cumberland": {1: 387.1, 2: 193.5, 4: 96.8, 6: 62.8, 8: 46.1, 12: 31.6},
    "example": {1: 280.8, 2: 140.4, 4: 68.5, 6: 46.5, 8: 31.4, 12: 21.3},
    "grid": {1: 148.2, 2: 74.1, 4: 37.1, 6: 24.7, 8: 18.5, 12: 12.4},
    "move_base_arena": {1: 53.8, 2: 26.9, 4: 13.5, 6: 9.0, 8: 6.2, 12: 3.9},
}
"""
Worst gap of the best cyclic plan known for so many robots at 1 m/s: groups of vertices, a tour each, robots evenly
spaced. Found by annealing over the groups, minutes a graph, before this project began; not proven to be the best.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """
    A patrol graph at 1 m/s.

    Attributes:
        edge_s: Between neighbours; inf elsewhere. Shape (n, n).
        way_s: Shortest ways. Shape (n, n).
        next_hop: First vertex of the shortest way from row to column. Shape (n, n).
    """

    name: str
    edge_s: Floats
    way_s: Floats
    next_hop: Ints

    def neighbours(self, vertex: int) -> list[int]:
        """Vertices one edge away."""
        return [int(v) for v in np.flatnonzero(np.isfinite(self.edge_s[vertex])) if v != vertex]


def graphs_folder() -> Path:
    """Where the graphs should be: below `$ROUNDSMAN_DATA`, or else beside the source tree."""
    data = os.environ.get("ROUNDSMAN_DATA")
    return (Path(data) if data else ROOT.parent / "shared" / "data") / "patrol" / "graphs"


def load_graph(path: Path) -> Graph:
    """Read `n, width, height, m/px, offsets`, then of each vertex id, place, degree, and neighbour, direction, px."""
    words = path.read_text(encoding="utf-8").split()
    count, metres_per_px, at = int(words[0]), float(words[3]), 6
    edge_s = np.full((count, count), np.inf)
    for _ in range(count):
        vertex, degree = int(words[at]), int(words[at + 3])
        for k in range(degree):
            other, length_px = words[at + 4 + 3 * k], words[at + 6 + 3 * k]
            edge_s[vertex, int(other)] = float(length_px) * metres_per_px
        at += 4 + 3 * degree
    way_s, before = shortest_path(edge_s.T, return_predecessors=True)
    # Found on the reversed graph: what comes before a vertex there, comes after it here.
    np.fill_diagonal(edge_s, 0.0)
    return Graph(path.stem, edge_s, way_s.T, before.T)
