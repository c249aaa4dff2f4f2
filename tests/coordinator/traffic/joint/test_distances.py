"""Steps to go, against a library's."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from coordinator.traffic.joint.distances import UNREACHABLE, DistanceTables
from tests.coordinator.traffic.joint.worlds import Place


@settings(max_examples=50, deadline=None)
@given(
    moves=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25),
    closed=st.sets(st.integers(0, 9), max_size=3),
)
def test_steps_to_go_are_those_of_the_shortest_way(moves, closed):
    """Each table says how far each cell is from the goal by ways that enter nothing closed, in the right direction."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(10))
    graph.add_edges_from((here, there) for here, there in moves if here != there)
    place = Place({cell: sorted(graph[cell]) for cell in range(10)}, is_strict=True, closed=[(), tuple(closed)])
    tables = DistanceTables(place.cells())
    open_graph = graph.copy()
    open_graph.remove_edges_from([(here, there) for here, there in graph.edges if there in closed])
    for kind, known in ((0, graph), (1, open_graph)):
        row = tables.rows([(kind, 4)])[0]
        steps = tables.steps[row]
        expected = nx.shortest_path_length(known, target=4)

        assert {cell: steps[cell] for cell in np.flatnonzero(steps != UNREACHABLE)} == expected
