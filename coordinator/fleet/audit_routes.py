"""The audit of bases: I2 contiguous and kept to, I3 nothing reserved twice, in every prefix of the journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from coordinator.fleet.audit_places import Places
from coordinator.model.ids import NodeId, RobotId, RobotTypeId
from coordinator.model.records import BaseExtended, RobotPlaced, StepPassed
from coordinator.model.route import Step
from coordinator.plant.map import PlantMap


@dataclass(slots=True)
class _Base:
    """A robot's base by step number, without what it has left behind."""

    route_id: str = ""
    end_seq: int = -1
    reached_seq: int = 0
    cleared_seq: int = -1
    nodes: dict[int, NodeId] = field(default_factory=dict)
    ways: dict[int, str] = field(default_factory=dict)

    def held(self) -> frozenset[str]:
        """Places reserved: a node until it is cleared, a way until its end is reached."""
        nodes = {f"node {node_id}" for seq, node_id in self.nodes.items() if seq > self.cleared_seq}
        return frozenset(nodes.union(way for seq, way in self.ways.items() if seq > self.reached_seq))


class RouteAuditor:
    """
    Takes in what changes bases; each method yields what is wrong with it.

    Attributes:
        is_this_map: Whether the records were made on the map at hand; else geometry isn't judged.
    """

    def __init__(self, plant: PlantMap) -> None:
        self._plant = plant
        self._places = Places(plant)
        self.is_this_map = True
        self._radius_m: dict[RobotId, float] = {}
        self._bases: dict[RobotId, _Base] = {}
        self._held: dict[RobotId, frozenset[str]] = {}
        self._holders: dict[str, set[RobotId]] = {}
        self._in_room: dict[str, dict[RobotId, int]] = {}
        self._routes: set[str] = set()

    def join(self, robot_id: RobotId, robot_type_id: RobotTypeId) -> None:
        """A robot without a place yet."""
        known = self._plant.robot_types.get(robot_type_id)
        self._radius_m[robot_id] = 0.0 if known is None else known.radius_m
        self._bases[robot_id] = _Base()

    def remove(self, robot_id: RobotId) -> None:
        """A robot is off the floor."""
        self._bases.pop(robot_id, None)
        for place in sorted(self._held.pop(robot_id, frozenset())):
            self._give_up(robot_id, place)

    def place(self, record: RobotPlaced) -> Iterator[str]:
        """All a robot held is replaced by where it stands."""
        if record.route_id in self._routes:
            yield f"I8: route {record.route_id} begun twice"
        self._routes.add(record.route_id)
        base = self._bases[record.robot_id] = _Base(record.route_id, end_seq=0, nodes={0: record.node_id})
        if record.edge_id is not None and record.end_node_id is not None:
            base.nodes[1] = record.end_node_id
            base.ways[1] = self._places.way(record.edge_id)
            base.cleared_seq, base.end_seq = 0, 1
        yield from self._hold(record.robot_id)

    def extend(self, record: BaseExtended) -> Iterator[str]:
        """A base grew."""
        base = self._bases[record.robot_id]
        if record.route_id != base.route_id:
            yield f"I2: base of {record.route_id} extended, robot {record.robot_id} is on {base.route_id!r}"
        for step in record.steps:
            trouble = self._trouble(base, step)
            if trouble:
                yield f"I2: base of robot {record.robot_id}: {trouble}"
            base.end_seq = step.seq
            base.nodes[step.seq] = step.node_id
            if step.edge_id is not None:
                base.ways[step.seq] = self._places.way(step.edge_id)
        yield from self._hold(record.robot_id)

    def advance(self, record: StepPassed) -> Iterator[str]:
        """A robot reported where it is."""
        base = self._bases[record.robot_id]
        reached, cleared = record.reached_seq, record.cleared_seq
        who = f"robot {record.robot_id}"
        if record.route_id != base.route_id:
            yield f"I2: {who} passed a step of {record.route_id}, it is on {base.route_id!r}"
        if reached < base.reached_seq or cleared < base.cleared_seq:
            yield f"I2: {who} went back from step {base.reached_seq} to {reached}, cleared {cleared}"
        if not cleared <= reached <= base.end_seq:
            yield f"I2: {who} at step {reached}, cleared {cleared}, outside its base, which ends at {base.end_seq}"
        base.reached_seq, base.cleared_seq = reached, cleared
        for seq in [seq for seq in base.nodes if seq < min(reached, cleared + 1)]:
            del base.nodes[seq]
            base.ways.pop(seq, None)
        yield from self._hold(record.robot_id)

    def _trouble(self, base: _Base, step: Step) -> str:
        """Why a step can't follow the base; empty when it can."""
        if step.seq != base.end_seq + 1:
            return f"step {step.seq} after step {base.end_seq}"
        before = base.nodes.get(base.end_seq)
        edge = None if step.edge_id is None else self._plant.edges.get(step.edge_id)
        if step.edge_id is None:
            is_whole = before == step.node_id
        elif edge is None:
            is_whole = not self.is_this_map
        else:
            is_whole = (edge.start, edge.end) == (before, step.node_id) or not self.is_this_map
        return "" if is_whole else f"step {step.seq} goes from {before} by {step.edge_id} to {step.node_id}"

    def _hold(self, robot_id: RobotId) -> Iterator[str]:
        """Replace what a robot holds; yields who else holds what is new."""
        old, new = self._held.get(robot_id, frozenset()), self._bases[robot_id].held()
        self._held[robot_id] = new
        for place in sorted(old - new):
            self._give_up(robot_id, place)
        for place in sorted(new - old):
            yield from self._take(robot_id, place)

    def _give_up(self, robot_id: RobotId, place: str) -> None:
        self._holders[place].discard(robot_id)
        for room in self._places.rooms(place):
            inside = self._in_room[room.name]
            inside[robot_id] -= 1
            if not inside[robot_id]:
                del inside[robot_id]

    def _take(self, robot_id: RobotId, place: str) -> Iterator[str]:
        holders = self._holders.setdefault(place, set())
        for other in sorted(holders):
            yield f"I3: {place} reserved for robot {robot_id} while robot {other} holds it"
        holders.add(robot_id)
        for room in self._places.rooms(place):
            inside = self._in_room.setdefault(room.name, {})
            inside[robot_id] = inside.get(robot_id, 0) + 1
            if len(inside) > room.capacity_count and self.is_this_map:
                yield f"I3: {room.name} of {room.capacity_count} reserved for {', '.join(sorted(inside))}"
        if not self.is_this_map:
            return
        for near in self._places.near(place):
            for other in sorted(self._holders.get(near.place, ())):
                if other != robot_id and near.distance_m < self._radius_m[robot_id] + self._radius_m[other]:
                    yield f"I3: {place} for robot {robot_id} and {near.place} for robot {other} are too near"
