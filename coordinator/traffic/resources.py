"""
Exclusive resources of a plant, compiled once from its map.

Each node, each way (both directions of a two-way edge together), each single-vehicle zone and each pair of places
where two robots would touch is one bit. What a robot needs in order to be somewhere is a mask of bits, its *claim*;
two robots may be in two places at once exactly if the claims don't meet. Masks are Python integers: a test is one
machine operation a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from coordinator.model.ids import EdgeId, NodeId, RobotTypeId
from coordinator.plant.map import PlantMap, ZoneKind
from coordinator.traffic.conflicts import Conflict, find_conflicts
from coordinator.traffic.corridors import find_corridors

BODY_GAP_M = 0.2
"""Kept free between two bodies, beyond their radii."""


@dataclass(frozen=True, slots=True)
class Way:
    """A directed edge with what traffic needs of it; `index` is its place in `Resources.ways`."""

    index: int
    edge_id: EdgeId
    start: int
    end: int
    free_s: float
    speed_mps: float
    length_m: float
    corridor: int


class Resources:
    """
    Compiled resources of one plant map.

    Attributes:
        node_ids, node_index: Nodes by number and back, sorted by id.
        ways, way_index: Directed edges by number, sorted by id, and back from ids.
        out: Ways that leave a node, by the node's number.
        out_begins, out_ways: Their numbers, node by node, and where each node's begin. Shapes (n + 1,), (w,).
        node_claim, way_claim: Masks needed to stand on a node, to be on a way (without its end node).
        step_claim: Mask needed to drive a way to its end: way_claim | node_claim of the end.
        counted: Zones of capacity above 1: (bit, capacity). Their bits may be held by several robots.
        exclusive: Mask of all bits that only one robot may hold.
        corridors: For each corridor the mask of its inside: interior nodes and ways.
    """

    def __init__(self, plant: PlantMap) -> None:
        self.plant = plant
        self.node_ids: tuple[NodeId, ...] = tuple(plant.nodes)
        self.node_index = {node_id: index for index, node_id in enumerate(self.node_ids)}
        self.bit_names: list[str] = []
        self.clear_m = 2.0 * plant.max_radius_m + BODY_GAP_M
        corridor_of, corridor_count = find_corridors(plant)
        self.ways = tuple(self._way(index, edge_id, corridor_of) for index, edge_id in enumerate(plant.edges))
        self.way_index = {way.edge_id: way.index for way in self.ways}
        self.out: list[list[Way]] = [[] for _ in self.node_ids]
        for way in self.ways:
            self.out[way.start].append(way)
        self.out_begins = np.array([0, *accumulate(map(len, self.out))], dtype=np.int64)
        self.out_ways = np.array([way.index for ways in self.out for way in ways], dtype=np.int64)
        self.node_claim = [self._new_bit(f"node {node_id}") for node_id in self.node_ids]
        self.way_claim = self._way_bits()
        self.counted: list[tuple[int, int]] = []
        self._claim_zones()
        self._claim_conflicts(find_conflicts(plant, self.clear_m))
        counted_mask = sum(bit for bit, _ in self.counted)
        self.exclusive = ((1 << len(self.bit_names)) - 1) & ~counted_mask
        self.step_claim = [self.way_claim[way.index] | self.node_claim[way.end] for way in self.ways]
        self.corridors = self._corridor_masks(corridor_count)
        self.allowed: dict[RobotTypeId, tuple[bool, ...]] = {
            type_id: tuple(self._is_allowed(way.edge_id, type_id) for way in self.ways) for type_id in plant.robot_types
        }

    def names(self, mask: int) -> tuple[str, ...]:
        """Names of the resources in a mask, for people."""
        return tuple(name for number, name in enumerate(self.bit_names) if mask >> number & 1)

    def name(self, mask: int) -> str:
        """Name of the first resource in a mask; empty for none."""
        return self.bit_names[(mask & -mask).bit_length() - 1] if mask else ""

    def is_entry(self, way: Way) -> bool:
        """Whether driving a way enters a corridor from outside it."""
        return way.corridor >= 0 and not self.corridors[way.corridor] & self.node_claim[way.start]

    def _way(self, index: int, edge_id: EdgeId, corridor_of: dict[EdgeId, int]) -> Way:
        edge = self.plant.edges[edge_id]
        speed = edge.max_speed_mps
        factor = 1.0
        for zone in self.plant.zones.values():
            if edge_id in zone.edge_ids:
                if zone.kind is ZoneKind.SPEED_LIMIT and zone.speed_mps is not None:
                    speed = min(speed, zone.speed_mps)
                if zone.kind is ZoneKind.PENALTY and zone.penalty_ratio is not None:
                    factor = max(factor, zone.penalty_ratio)
        return Way(
            index=index,
            edge_id=edge_id,
            start=self.node_index[edge.start],
            end=self.node_index[edge.end],
            free_s=edge.length_m / speed * factor,
            speed_mps=speed,
            length_m=edge.length_m,
            corridor=corridor_of.get(edge_id, -1),
        )

    def _new_bit(self, name: str) -> int:
        self.bit_names.append(name)
        return 1 << (len(self.bit_names) - 1)

    def _way_bits(self) -> list[int]:
        bits: dict[EdgeId, int] = {}
        for way in self.ways:
            reverse = self.plant.edges[way.edge_id].reverse_id
            known = None if reverse is None else bits.get(reverse)
            bits[way.edge_id] = self._new_bit(f"edge {way.edge_id}") if known is None else known
        return [bits[way.edge_id] for way in self.ways]

    def _claim_zones(self) -> None:
        for zone in self.plant.zones.values():
            if zone.kind not in (ZoneKind.SINGLE_VEHICLE, ZoneKind.CAPACITY):
                continue
            bit = self._new_bit(f"zone {zone.zone_id}")
            capacity = zone.capacity_count or 1
            if zone.kind is ZoneKind.CAPACITY and capacity > 1:
                self.counted.append((bit, capacity))
            for node_id in sorted(zone.node_ids):
                self.node_claim[self.node_index[node_id]] |= bit
            for edge_id in sorted(zone.edge_ids):
                self.way_claim[self.way_index[edge_id]] |= bit
        for device_id, device in self.plant.devices.items():
            edges = [edge_id for edge_id, edge in self.plant.edges.items() if edge.device_id == device_id]
            bit = self._new_bit(f"{device.kind.value} {device_id}")
            for edge_id in edges:
                self.way_claim[self.way_index[edge_id]] |= bit

    def _claim_conflicts(self, conflicts: list[Conflict]) -> None:
        for conflict in conflicts:
            bit = self._new_bit(f"crossing of {conflict.a} and {conflict.b}")
            for subject in (conflict.a, conflict.b):
                if subject in self.node_index:
                    self.node_claim[self.node_index[NodeId(subject)]] |= bit
                    continue
                edge = self.plant.edges[EdgeId(subject)]
                self.way_claim[self.way_index[edge.edge_id]] |= bit
                if edge.reverse_id is not None:
                    self.way_claim[self.way_index[edge.reverse_id]] |= bit

    def _corridor_masks(self, corridor_count: int) -> list[int]:
        masks = [0] * corridor_count
        ends: list[dict[int, int]] = [{} for _ in range(corridor_count)]
        for way in self.ways:
            if way.corridor >= 0:
                masks[way.corridor] |= self.way_claim[way.index]
                seen = ends[way.corridor]
                seen[way.end] = seen.get(way.end, 0) + 1
        for corridor, seen in enumerate(ends):
            for node, count in sorted(seen.items()):
                if count == 2 or len(self.out[node]) == 1:
                    masks[corridor] |= self.node_claim[node]
        return masks

    def _is_allowed(self, edge_id: EdgeId, type_id: RobotTypeId) -> bool:
        edge = self.plant.edges[edge_id]
        blocked = any(zone.kind is ZoneKind.BLOCKED and edge_id in zone.edge_ids for zone in self.plant.zones.values())
        return not (blocked or edge.is_locked) and (not edge.robot_type_ids or type_id in edge.robot_type_ids)


def bits_of(mask: int) -> tuple[int, ...]:
    """Numbers of the bits of a mask."""
    bits = []
    while mask:
        low = mask & -mask
        bits.append(low.bit_length() - 1)
        mask ^= low
    return tuple(bits)
