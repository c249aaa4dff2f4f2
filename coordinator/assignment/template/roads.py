"""
How many robots a ratio needs at least, by what must flow along the ways of a plant.

Over a long time let f_e be how often a second robots take way e, and w_v the robots' time at node v. What comes to a
node leaves it; work at points takes part of w_v; driving, standing and charging together take no more than there are
robots.

A cut makes it tight. Take a point i, and nodes S round it. While nobody is in S or on a way that leaves it, i isn't
served; such a time lasts r * period_i at most, less the work at i, the way from S's border to i and the way out again.
Each ends with somebody coming in, so

    f(into S) * (r * period_i - work_i - way in - way out)  >=  1 - (time of robots in S and on ways that leave it).

Cuts are found where the present flow breaks them most, as a smallest cut between the point's node and a sink that takes
the robots' time (Gomory and Hu's way to find subtours, with time as a second way out). Any set of cuts is valid, so the
search for them may stop at any time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, csr_matrix
from scipy.sparse.csgraph import breadth_first_order, dijkstra, maximum_flow

from coordinator.assignment.board import Floats, Ints
from coordinator.assignment.template.rounds import Bools, RobotKind, Rounds

TURNS = 10
CUTS_A_TURN = 150
SCALE = 1 << 20
"""Flows are cut in whole numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Nodes round a point, shape (nodes,), and the ways in and out within them, s."""

    place: int
    inside: Bools
    ways_s: float


@dataclass(frozen=True, slots=True)
class Need:
    """Robots needed at least, and the point whose cuts ask for most of it (its place in the rounds)."""

    robots: float
    place: int


class RoadNeeds:
    """
    The robots needed for some points of rounds with roads, which only some kinds can serve; cuts are kept.

    Args:
        points: Their places in the rounds, at least one.
    """

    def __init__(self, rounds: Rounds, points: Ints, kinds: list[RobotKind]) -> None:
        assert rounds.roads is not None
        roads = rounds.roads
        time_s = np.min([kind.road_s for kind in kinds], axis=0)
        is_open = np.isfinite(time_s)
        self._tail, self._head, self._time_s = roads.tail[is_open], roads.head[is_open], time_s[is_open]
        self._points, self._node = points, roads.node_of_point[points]
        self._period_s, self._work_s = rounds.period_s[points], rounds.duration_s[points]
        self._driving = 1.0 + min(kind.travel_use / kind.gain for kind in kinds)
        self._working = 1.0 + min(kind.inspect_use / kind.gain for kind in kinds)
        self._nodes_count = roads.nodes_count
        shape = (self._nodes_count, self._nodes_count)
        self._way_s = dijkstra(csr_array((np.maximum(self._time_s, 1e-9), (self._tail, self._head)), shape=shape))
        self._cuts: list[Cut] = []
        # Of points at one node, the one that is due most often asks for most.
        order = np.lexsort((points, self._period_s))
        self._seekers = [int(order[k]) for k in np.unique(self._node[order], return_index=True)[1]]
        self._seekers.sort(key=lambda place: (self._period_s[place], place))

    def at(self, ratio: float) -> Need:
        """Find how many robots a worst age ratio needs at least."""
        work = np.zeros(self._nodes_count)
        np.add.at(work, self._node, self._work_s / (ratio * self._period_s))
        charged = float((self._work_s * (self._working - 1.0) / (ratio * self._period_s)).sum())
        need = Need(0.0, int(self._points[0]))
        for _ in range(TURNS):
            flow, stand, price = self._solve(ratio, work)
            place = max(range(len(price)), key=lambda k: (price[k], -k))
            robots = float(flow @ self._time_s) * self._driving + float(stand.sum() + work.sum()) + charged
            need = Need(robots, int(self._points[place]))
            if not self._add_cuts(ratio, flow, stand + work):
                break
        return need

    def _slack_s(self, ratio: float, cut: Cut) -> float:
        """How long nobody may be in a cut's nodes."""
        return max(0.0, ratio * float(self._period_s[cut.place]) - float(self._work_s[cut.place]) - cut.ways_s)

    def _solve(self, ratio: float, work: Floats) -> tuple[Floats, Floats, list[float]]:
        """Find the cheapest flow that keeps all cuts: it, the standing beyond work, and what each point asks for."""
        ways, nodes = len(self._time_s), self._nodes_count
        each = np.arange(ways)
        ends = (np.concatenate((self._tail, self._head)), np.concatenate((each, each)))
        signs = np.concatenate((np.ones(ways), -np.ones(ways)))
        kept = csr_array((signs, ends), shape=(nodes, ways + nodes))
        cost = np.concatenate((self._time_s * self._driving, np.ones(nodes)))
        rows = []
        for cut in self._cuts:
            begins = cut.inside[self._tail]
            leaves = begins & ~cut.inside[self._head]
            row = np.concatenate((begins * self._time_s + leaves * self._slack_s(ratio, cut), cut.inside))
            rows.append(csr_array(-row[None, :]))
        if not rows:
            return np.zeros(ways), np.zeros(nodes), [0.0] * len(self._points)
        matrix = csr_array(_stacked(rows))
        lack = np.array([max(0.0, 1.0 - float(work[cut.inside].sum())) for cut in self._cuts])
        found = linprog(cost, A_ub=matrix, b_ub=-lack, A_eq=kept, b_eq=np.zeros(nodes))
        if found.status != 0:
            raise ArithmeticError(f"the program of the flow has no answer: {found.message}")
        price = [0.0] * len(self._points)
        for cut, value in zip(self._cuts, (-found.ineqlin.marginals * lack).tolist(), strict=True):
            price[cut.place] += value
        return found.x[:ways], found.x[ways:], price

    def _add_cuts(self, ratio: float, flow: Floats, stand: Floats) -> bool:
        """Look for cuts that a flow breaks, points with short periods first."""
        nodes, added = self._nodes_count, 0
        time = stand.copy()
        np.add.at(time, self._tail, flow * self._time_s)
        ends = (np.concatenate((self._tail, np.arange(nodes))), np.concatenate((self._head, np.full(nodes, nodes))))
        for place in self._seekers:
            slack_s = max(0.0, ratio * float(self._period_s[place]) - float(self._work_s[place]))
            room = np.concatenate((flow * slack_s, time))
            whole = np.minimum(room * SCALE, SCALE << 8).astype(np.int32)
            graph = csr_matrix((whole, ends), shape=(nodes + 1, nodes + 1))
            node = int(self._node[place])
            cut = maximum_flow(graph, node, nodes)
            if cut.flow_value > 0.99 * SCALE:
                continue
            left = graph - cut.flow
            left.data[left.data < 0] = 0
            left.eliminate_zeros()
            inside = np.zeros(nodes + 1, dtype=np.bool_)
            inside[breadth_first_order(left, node, return_predecessors=False)] = True
            self._cuts.append(Cut(place, inside[:nodes], self._border_s(node, inside[:nodes])))
            added += 1
            if added == CUTS_A_TURN:
                break
        return added > 0

    def _border_s(self, node: int, inside: Bools) -> float:
        """Ways from the border of a cut to its point's node and back to the border."""
        enters = self._head[inside[self._head] & ~inside[self._tail]]
        leaves = self._tail[inside[self._tail] & ~inside[self._head]]
        if not len(enters) or not len(leaves):
            return 0.0
        return float(self._way_s[enters, node].min() + self._way_s[node, leaves].min())


def _stacked(rows: list[csr_array]) -> csr_array:
    """One matrix of all rows."""
    data = np.concatenate([row.data for row in rows])
    columns = np.concatenate([row.indices for row in rows])
    begins = np.concatenate(([0], np.cumsum([row.nnz for row in rows])))
    return csr_array((data, columns, begins), shape=(len(rows), rows[0].shape[1]))
