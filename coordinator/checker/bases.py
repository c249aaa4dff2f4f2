"""
Bases of all robots, folded from records, and what is wrong with a record before it is folded.

I2: a base is contiguous, along edges of the map that are open to the robot, with work where its points and chargers
are, and robots report within it. I3: nobody else holds what a base needs, nor a place where the bodies would touch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from coordinator.checker.finding import Finding
from coordinator.checker.floor import Floor
from coordinator.checker.places import Places
from coordinator.model.ids import EdgeId, NodeId, RobotId, RobotTypeId, RouteId
from coordinator.model.records import BaseExtended, EdgeClosed, RobotPlaced, StepPassed
from coordinator.model.route import Step
from coordinator.plant.map import NodeRole, PlantMap


@dataclass(slots=True)
class Base:
    """A robot's base by step number, without what it has left behind."""

    route_id: str = ""
    end_seq: int = -1
    reached_seq: int = 0
    cleared_seq: int = -1
    nodes: dict[int, NodeId] = field(default_factory=dict)
    edges: dict[int, EdgeId] = field(default_factory=dict)

    @property
    def end(self) -> NodeId | None:
        """Where the robot stops unless the base grows; None of a robot without a place."""
        return self.nodes.get(self.end_seq)

    def held(self, places: Places) -> frozenset[str]:
        """Places reserved: a node until it is cleared, a way until its end is reached."""
        nodes = [places.node(node_id) for seq, node_id in self.nodes.items() if seq > self.cleared_seq]
        return frozenset(nodes + [places.way(edge_id) for seq, edge_id in self.edges.items() if seq > self.reached_seq])


@dataclass(frozen=True, slots=True)
class Member:
    """What doesn't change of a robot while it belongs to the fleet."""

    robot_type_id: RobotTypeId
    home: NodeId


class Bases:
    """
    What all robots were released, and how far they say they are.

    Attributes:
        is_this_map: Whether the records are made on the map at hand; else geometry isn't judged.
        members: Robots of the fleet, also those without a place.
        bases: Their bases.
        closures: Edges closed now, and whether each is only a blockage.
        stopped: Robots that a person has stopped.
    """

    def __init__(self, plant: PlantMap, floor: Floor) -> None:
        self._plant = plant
        self._floor = floor
        self._places = floor.places
        self.is_this_map = True
        self.members: dict[RobotId, Member] = {}
        self.bases: dict[RobotId, Base] = {}
        self.closures: dict[EdgeId, bool] = {}
        self.stopped: set[RobotId] = set()
        self._routes: set[str] = set()

    # -- what is wrong with a record -------------------------------------------------------------------------------

    def judge_release(self, record: BaseExtended) -> Iterator[Finding]:
        """What speaks against a release, but for the finishing order."""
        robot_id = record.robot_id
        base = self.bases[robot_id]
        if record.route_id != base.route_id:
            text = f"base of {record.route_id} extended, robot {robot_id} is on {base.route_id!r}"
            yield Finding("I2", robot_id, text)
        if robot_id in self.stopped:
            yield Finding("stop", robot_id, f"base of robot {robot_id} extended while a person has stopped it")
        before, seq = base.end, base.end_seq
        new: set[str] = set()
        for step in record.steps:
            yield from self._judge_step(robot_id, before, seq, step)
            yield from self._judge_work(robot_id, step)
            before, seq = step.node_id, step.seq
            new |= self._needs(step)
        yield from self._floor.clashes(robot_id, new - self._floor.held(robot_id), is_this_map=self.is_this_map)

    def judge_place(self, record: RobotPlaced) -> Iterator[Finding]:
        """What speaks against a robot's new place."""
        if record.route_id in self._routes:
            yield Finding("I8", record.route_id, f"route {record.route_id} begun twice")
        new = self._placed(record).held(self._places) - self._floor.held(record.robot_id)
        yield from self._floor.clashes(record.robot_id, new, is_this_map=self.is_this_map)

    def judge_progress(self, record: StepPassed) -> Iterator[Finding]:
        """What speaks against a robot's report."""
        base = self.bases[record.robot_id]
        reached, cleared = record.reached_seq, record.cleared_seq
        who = f"robot {record.robot_id}"
        texts = []
        if record.route_id != base.route_id:
            texts.append(f"{who} passed a step of {record.route_id}, it is on {base.route_id!r}")
        if reached < base.reached_seq or cleared < base.cleared_seq:
            texts.append(f"{who} went back from step {base.reached_seq} to {reached}, cleared {cleared}")
        if not cleared <= reached <= base.end_seq:
            texts.append(f"{who} at step {reached}, cleared {cleared}, outside its base, which ends at {base.end_seq}")
        for text in texts:
            yield Finding("I2", record.robot_id, text)

    def _judge_step(self, robot_id: RobotId, before: NodeId | None, seq: int, step: Step) -> Iterator[Finding]:
        who = f"base of robot {robot_id}"
        if step.seq != seq + 1:
            yield Finding("I2", robot_id, f"{who}: step {step.seq} after step {seq}")
        if step.edge_id is None:
            if before != step.node_id:
                yield Finding("I2", robot_id, f"{who}: step {step.seq} stays at {step.node_id}, it ends at {before}")
            return
        if step.edge_id in self.closures:
            yield Finding("closure", step.edge_id, f"{who}: edge {step.edge_id} is closed")
        if not self.is_this_map:
            return
        edge = self._plant.edges.get(step.edge_id)
        if edge is None or (edge.start, edge.end) != (before, step.node_id):
            text = f"{who}: step {step.seq} goes from {before} by {step.edge_id} to {step.node_id}"
            yield Finding("I2", robot_id, text)
        elif not self._places.is_open_to(edge, self.members[robot_id].robot_type_id):
            type_id = self.members[robot_id].robot_type_id
            yield Finding("type", step.edge_id, f"{who}: edge {step.edge_id} isn't open to robots of type {type_id}")

    def _judge_work(self, robot_id: RobotId, step: Step) -> Iterator[Finding]:
        """Work is where its point is, charging where a charger is."""
        for order in step.tasks if self.is_this_map else ():
            if order.point_id is None:
                node = self._plant.nodes.get(step.node_id)
                if node is not None and NodeRole.CHARGER not in node.roles:
                    text = f"base of robot {robot_id}: {order.order_id} is to charge at {step.node_id}, no charger"
                    yield Finding("task", step.node_id, text)
                continue
            point = self._plant.points.get(order.point_id)
            if point is None or point.node_id != step.node_id:
                there = "not on the map" if point is None else f"at {point.node_id}"
                text = (
                    f"base of robot {robot_id}: {order.order_id} at {step.node_id}, point {order.point_id} is {there}"
                )
                yield Finding("task", step.node_id, text)

    # -- the fold --------------------------------------------------------------------------------------------------

    def join(self, robot_id: RobotId, member: Member) -> None:
        """A robot without a place yet."""
        known = self._plant.robot_types.get(member.robot_type_id)
        self._floor.radius_m[robot_id] = 0.0 if known is None else known.radius_m
        self.members[robot_id] = member
        self.bases[robot_id] = Base()

    def remove(self, robot_id: RobotId) -> None:
        """A robot is off the floor."""
        del self.members[robot_id], self.bases[robot_id]
        self.stopped.discard(robot_id)
        self._floor.hold(robot_id, frozenset())

    def restore(
        self, robot_id: RobotId, route_id: RouteId, steps: list[Step], reached_seq: int, cleared_seq: int
    ) -> None:
        """A base as it was when the journal was folded."""
        base = self.bases[robot_id] = Base(route_id, steps[-1].seq, reached_seq, cleared_seq)
        base.nodes = {step.seq: step.node_id for step in steps}
        base.edges = {step.seq: step.edge_id for step in steps if step.edge_id is not None}
        self._routes.add(route_id)
        self._floor.hold(robot_id, base.held(self._places))

    def place(self, record: RobotPlaced) -> None:
        """All a robot held is replaced by where it stands."""
        self._routes.add(record.route_id)
        base = self.bases[record.robot_id] = self._placed(record)
        self._floor.hold(record.robot_id, base.held(self._places))

    def extend(self, record: BaseExtended) -> None:
        """A base grew."""
        old = self.bases[record.robot_id]
        base = self.bases[record.robot_id] = replace(old, nodes=dict(old.nodes), edges=dict(old.edges))
        for step in record.steps:
            base.end_seq = step.seq
            base.nodes[step.seq] = step.node_id
            if step.edge_id is not None:
                base.edges[step.seq] = step.edge_id
        self._floor.hold(record.robot_id, base.held(self._places))

    def take_back(self, robot_id: RobotId, base: Base) -> None:
        """A base is again what it was: the release wasn't written."""
        self.bases[robot_id] = base
        self._floor.hold(robot_id, base.held(self._places))

    def advance(self, record: StepPassed) -> None:
        """A robot reported where it is."""
        base = self.bases[record.robot_id]
        base.reached_seq, base.cleared_seq = record.reached_seq, record.cleared_seq
        for seq in [seq for seq in base.nodes if seq < min(base.reached_seq, base.cleared_seq + 1)]:
            del base.nodes[seq]
            base.edges.pop(seq, None)
        self._floor.hold(record.robot_id, base.held(self._places))

    def close(self, record: EdgeClosed) -> None:
        """Nobody is released onto an edge from now on."""
        self.closures[record.edge_id] = record.is_blockage

    def _placed(self, record: RobotPlaced) -> Base:
        base = Base(record.route_id, end_seq=0, nodes={0: record.node_id})
        if record.edge_id is not None and record.end_node_id is not None:
            base.nodes[1], base.edges[1] = record.end_node_id, record.edge_id
            base.cleared_seq, base.end_seq = 0, 1
        return base

    def _needs(self, step: Step) -> set[str]:
        needs = {self._places.node(step.node_id)}
        if step.edge_id is not None:
            needs.add(self._places.way(step.edge_id))
        return needs
