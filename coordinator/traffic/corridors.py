"""One-lane corridors: chains of two-way edges through nodes where nobody can turn off or pass."""

from __future__ import annotations

from coordinator.model.ids import EdgeId, NodeId
from coordinator.plant.map import Edge, NodeRole, PlantMap

_BAYS = frozenset({NodeRole.PARKING, NodeRole.HOLDING, NodeRole.CHARGER})


def find_corridors(plant: PlantMap) -> tuple[dict[EdgeId, int], int]:
    """
    Number the corridors of a plant.

    A corridor is a maximal chain of at least two two-way edges whose inner nodes have no other edge and are no bay; a
    chain may end in a dead end. Robots that drive it in opposite directions would meet, so they take turns.

    Returns:
        The corridor's number for each edge in one, and how many there are.
    """
    neighbours: dict[NodeId, set[NodeId]] = {node_id: set() for node_id in plant.nodes}
    one_way: set[NodeId] = set()
    by_ends: dict[tuple[NodeId, NodeId], Edge] = {}
    for edge in plant.edges.values():
        neighbours[edge.start].add(edge.end)
        neighbours[edge.end].add(edge.start)
        by_ends[edge.start, edge.end] = edge
        if edge.reverse_id is None:
            one_way |= {edge.start, edge.end}
    inner = {
        node_id
        for node_id, node in plant.nodes.items()
        if len(neighbours[node_id]) == 2 and node_id not in one_way and not node.roles & _BAYS
    }
    numbers: dict[EdgeId, int] = {}
    count = 0
    for node_id in plant.nodes:
        if node_id not in inner or any(
            by_ends[node_id, other].edge_id in numbers for other in sorted(neighbours[node_id])
        ):
            continue
        for start, end in _chain(node_id, inner, neighbours):
            numbers[by_ends[start, end].edge_id] = count
            numbers[by_ends[end, start].edge_id] = count
        count += 1
    return numbers, count


def _chain(seed: NodeId, inner: set[NodeId], neighbours: dict[NodeId, set[NodeId]]) -> list[tuple[NodeId, NodeId]]:
    """Undirected edges of the chain through an inner node."""
    links: list[tuple[NodeId, NodeId]] = []
    for first in sorted(neighbours[seed]):
        before, here = seed, first
        links.append((before, here))
        while here in inner and here != seed:
            (onward,) = neighbours[here] - {before}
            before, here = here, onward
            links.append((before, here))
    seen: set[frozenset[NodeId]] = set()
    unique: list[tuple[NodeId, NodeId]] = []
    for link in links:
        if frozenset(link) not in seen:
            seen.add(frozenset(link))
            unique.append(link)
    return unique
