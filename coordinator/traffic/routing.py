"""Ways through the plant by travel time, closures and congestion counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from coordinator.model.ids import RobotTypeId
from coordinator.traffic.resources import Resources

Floats = npt.NDArray[np.float64]

NODE_S = 1.5
"""Added to each edge for slowing down and turning at its end, seconds."""


class Router:
    """
    Shortest ways on the present weights. A change of weights makes a new `version`.

    Distances to a goal are computed once a version and robot type, and a way is read off them from any node.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        starts = np.array([way.start for way in resources.ways], dtype=np.int32)
        ends = np.array([way.end for way in resources.ways], dtype=np.int32)
        self._forth = _Shape(starts, ends, len(resources.node_ids))
        self._back = _Shape(ends, starts, len(resources.node_ids))
        self._free_s = np.array([way.free_s + NODE_S for way in resources.ways], dtype=np.float64)
        self._allowed = {key: np.array(value) for key, value in resources.allowed.items()}
        self._locked = np.array([resources.plant.edges[way.edge_id].is_locked for way in resources.ways])
        self._weights = self._free_s.copy()
        self._closed: frozenset[int] = frozenset()
        self._delays_s: dict[int, float] = {}
        self._to_goal: dict[tuple[RobotTypeId, int], Floats] = {}
        self._least_to_goal: dict[tuple[RobotTypeId, int], Floats] = {}
        self._cost: dict[RobotTypeId, Floats] = {}
        self._graphs: dict[RobotTypeId, csr_array] = {}
        self._from_s: dict[int, Floats] = {}
        self.version = 0
        self._build()

    def update(self, closed: frozenset[int], delays_s: Mapping[int, float]) -> bool:
        """Set closed ways and extra seconds per way; tell whether anything changed."""
        if closed == self._closed and delays_s == self._delays_s:
            return False
        self._closed, self._delays_s = closed, dict(delays_s)
        self._build()
        return True

    def way(self, robot_type_id: RobotTypeId, start: int, goal: int) -> list[int] | None:
        """Way numbers from node to node, [] when there already, None when there is no open way."""
        to_goal_s = self._distances(robot_type_id, goal).item
        if to_goal_s(start) == inf:
            return None
        cost_s = self._cost[robot_type_id].item
        ways: list[int] = []
        node = start
        while node != goal:
            best = min(self._resources.out[node], key=lambda way: (cost_s(way.index) + to_goal_s(way.end), way.index))
            ways.append(best.index)
            node = best.end
        return ways

    def to_goal_s(self, robot_type_id: RobotTypeId, goal: int) -> Floats:
        """Seconds from each node to a goal; infinite when there is no open way. Shape (n,)."""
        return self._distances(robot_type_id, goal)

    def least_to_goal_s(self, robot_type_id: RobotTypeId, goal: int) -> Floats:
        """The same with all ways open and free: a bound that holds on all weights, computed once. Shape (n,)."""
        known = self._least_to_goal.get((robot_type_id, goal))
        if known is None:
            cost = np.where(self._allowed[robot_type_id], self._free_s, np.inf)
            known = self._least_to_goal[robot_type_id, goal] = dijkstra(self._back.graph(cost), indices=goal)
        return known

    def ways_s(self, robot_type_id: RobotTypeId) -> Floats:
        """Seconds for each way on the present weights; infinite for a closed one. Shape (w,)."""
        return self._cost[robot_type_id]

    def cost_s(self, robot_type_id: RobotTypeId, ways: list[int]) -> float:
        """Seconds along a way on the present weights; infinite when a part is closed."""
        cost = self._cost[robot_type_id]
        return sum(map(cost.item, ways))

    def matrix_s(self, nodes: Sequence[int]) -> Floats:
        """Seconds from each to each of n nodes for a robot that may use every edge, shape (n, n), read only."""
        missing = [node for node in nodes if node not in self._from_s]
        if missing:
            rows = dijkstra(self._forth.graph(self._weights), indices=missing)
            self._from_s.update(zip(missing, rows, strict=True))
        rows_s = np.array([self._from_s[node] for node in nodes], dtype=np.float64)
        matrix = rows_s.reshape(len(nodes), len(self._resources.node_ids))[:, np.array(nodes, dtype=np.int64)]
        matrix.flags.writeable = False
        return matrix

    def _build(self) -> None:
        self.version += 1
        self._weights = self._free_s.copy()
        for index, delay_s in self._delays_s.items():
            self._weights[index] += delay_s
        self._weights[self._locked] = np.inf
        if self._closed:
            self._weights[sorted(self._closed)] = np.inf
        self._to_goal.clear()
        self._graphs.clear()
        self._from_s.clear()
        self._cost = {type_id: np.where(allowed, self._weights, np.inf) for type_id, allowed in self._allowed.items()}

    def prepare(self, robot_type_id: RobotTypeId, goals: Iterable[int]) -> None:
        """Find the distances to goals that will be asked for, all at once: it costs a third."""
        missing = [goal for goal in dict.fromkeys(goals) if (robot_type_id, goal) not in self._to_goal]
        if not missing:
            return
        graph = self._graphs.get(robot_type_id)
        if graph is None:
            cost = np.where(self._allowed[robot_type_id], self._weights, np.inf)
            graph = self._graphs[robot_type_id] = self._back.graph(cost)
        rows = dijkstra(graph, indices=missing)
        self._to_goal.update(((robot_type_id, goal), row) for goal, row in zip(missing, rows, strict=True))

    def _distances(self, robot_type_id: RobotTypeId, goal: int) -> Floats:
        known = self._to_goal.get((robot_type_id, goal))
        if known is None:
            self.prepare(robot_type_id, (goal,))
            known = self._to_goal[robot_type_id, goal]
        return known


class _Shape:
    """All ways from row node to column node in the order of a sparse matrix, so that new weights need no sorting."""

    def __init__(self, rows: npt.NDArray[np.int32], columns: npt.NDArray[np.int32], node_count: int) -> None:
        self._order = np.lexsort((columns, rows))
        self._columns = columns[self._order]
        self._row_begins = np.searchsorted(rows[self._order], np.arange(node_count + 1))
        self._node_count = node_count

    def graph(self, cost: Floats) -> csr_array:
        """The graph of the open ways; `cost` is seconds per way number, infinite for a closed one."""
        sorted_cost = cost[self._order]
        is_open = np.isfinite(sorted_cost)
        open_before = np.concatenate(([0], np.cumsum(is_open)))
        parts = (sorted_cost[is_open], self._columns[is_open], open_before[self._row_begins].astype(np.int32))
        return csr_array(parts, shape=(self._node_count, self._node_count))
