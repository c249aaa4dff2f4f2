"""Where two robots can pass each other: one stands aside at a fork while the other drives by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.model.geometry import distance_m
from coordinator.plant.map import ZoneKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinator.model.ids import NodeId
    from coordinator.plant.map import PlantMap


def bays(plant: PlantMap) -> Iterator[tuple[NodeId, NodeId]]:
    """
    Forks and, beside each, nodes where a robot stands out of the way of others that drive by.

    A fork joins at least three nodes. A node beside it will do when it can be driven to and left again, isn't nearer
    than two bodies, and shares no single-vehicle zone with the fork. Without any, robots keep the order they are in.
    """
    barred = {edge_id for zone in plant.zones.values() if zone.kind is ZoneKind.BLOCKED for edge_id in zone.edge_ids}
    neighbours: dict[NodeId, set[NodeId]] = {node_id: set() for node_id in plant.nodes}
    links: set[tuple[NodeId, NodeId]] = set()
    for edge in plant.edges.values():
        if edge.edge_id in barred or edge.is_locked:
            continue
        links.add((edge.start, edge.end))
        neighbours[edge.start].add(edge.end)
        neighbours[edge.end].add(edge.start)
    for fork, around in neighbours.items():
        if len(around) < 3:
            continue
        for beside in sorted(around):
            is_two_way = (fork, beside) in links and (beside, fork) in links
            if is_two_way and _are_apart(plant, fork, beside):
                yield fork, beside


def can_pass(plant: PlantMap) -> bool:
    """Whether two robots can pass each other anywhere."""
    return next(bays(plant), None) is not None


def _are_apart(plant: PlantMap, one: NodeId, other: NodeId) -> bool:
    if any(zone.kind is ZoneKind.SINGLE_VEHICLE and {one, other} <= zone.node_ids for zone in plant.zones.values()):
        return False
    here, there = plant.nodes[one], plant.nodes[other]
    is_far = distance_m(here.x_m, here.y_m, there.x_m, there.y_m) >= 2.0 * plant.max_radius_m
    return is_far or here.level_id != there.level_id
