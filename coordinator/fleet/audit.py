"""
Proof from the journal alone: was anything reserved twice, done twice, or done out of order?

Reads records and the map, trusts neither the release rule nor `apply`, and shares no code with them. What it finds is
a bug of ours, or a journal that isn't ours.

The rules: I2 a base is contiguous and robots report within it; I3 in no prefix of the journal two robots hold places
where they would touch; I5 results, missions, task orders and operators' keys have one effect; I6 states move along
their tables; I8 epochs, sessions and boots only grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from coordinator.fleet.audit_places import Places
from coordinator.model.mission import MISSION_TRANSITIONS, MissionState
from coordinator.model.records import (
    BaseExtended,
    EdgeClosed,
    EdgeOpened,
    EpochStarted,
    MissionChanged,
    MissionCreated,
    MissionPointChanged,
    ObservationStored,
    OperatorActed,
    Record,
    RobotJoined,
    RobotPlaced,
    RobotRemoved,
    SessionClosed,
    SessionOpened,
    StepPassed,
    TaskEnded,
    TaskEventsSeen,
)
from coordinator.plant.map import PlantMap

# Beyond this many the list helps nobody.
FINDINGS_COUNT = 100


@dataclass(slots=True)
class _Robot:
    """What the records so far say of a robot. `nodes` and `ways` are its base, by step number."""

    radius_m: float
    session: int = 0
    boot_id: int = -1
    task_event_seq: int = 0
    route_id: str = ""
    end_seq: int = -1
    reached_seq: int = 0
    cleared_seq: int = -1
    nodes: dict[int, str] = field(default_factory=dict)
    ways: dict[int, str] = field(default_factory=dict)

    def held(self) -> frozenset[str]:
        """Places reserved: nodes until cleared, ways until their end is reached."""
        nodes = {f"node {node}" for seq, node in self.nodes.items() if seq > self.cleared_seq}
        return frozenset(nodes.union(way for seq, way in self.ways.items() if seq > self.reached_seq))


def audit(records: Iterable[Record], plant: PlantMap) -> tuple[str, ...]:
    """
    Check all prefixes of a journal.

    Args:
        records: All of them, from the first one on.
        plant: The map they were made on. Of epochs that ran on another version of it, geometry isn't checked.

    Returns:
        What doesn't hold, each with the number of the record that broke it; empty if all is well.
    """
    auditor = _Auditor(plant)
    found: list[str] = []
    for number, record in enumerate(records, start=1):
        for text in auditor.check(record):
            found.append(f"entry {number}: {text}")
            if len(found) >= FINDINGS_COUNT:
                return tuple(found)
    return tuple(found)


class _Auditor:
    def __init__(self, plant: PlantMap) -> None:
        self._plant = plant
        self._places = Places(plant)
        self._ways = {edge_id: self._places.way(edge_id) for edge_id in plant.edges}
        self._is_this_map = True
        self._epoch = 0
        self._robots: dict[str, _Robot] = {}
        self._held: dict[str, frozenset[str]] = {}
        self._in_room: dict[str, set[str]] = {}
        self._routes: set[str] = set()
        self._gone: dict[str, int] = {}
        self._results: set[tuple[str, int]] = set()
        self._result_orders: set[str] = set()
        self._orders: dict[str, str] = {}
        self._missions: dict[str, MissionState] = {}
        self._closed: set[str] = set()
        self._keys: dict[str, str] = {}

    def check(self, record: Record) -> Iterator[str]:
        """Take a record in; yields what is wrong with it."""
        if self._epoch == 0 and not isinstance(record, EpochStarted):
            yield f"I8: {type(record).__name__} before the first epoch"
            self._epoch = -1
        match record:
            case EpochStarted():
                yield from self._begin_epoch(record)
            case MissionCreated() | MissionChanged() | MissionPointChanged():
                yield from self._mission(record)
            case EdgeClosed():
                self._closed.add(record.edge_id)
            case EdgeOpened():
                if record.edge_id not in self._closed:
                    yield f"I6: edge {record.edge_id} opened, but it wasn't closed"
                self._closed.discard(record.edge_id)
            case OperatorActed():
                yield from self._operator(record)
            case RobotJoined():
                yield from self._join(record)
            case _:
                yield from self._of_robot(record)

    def _begin_epoch(self, record: EpochStarted) -> Iterator[str]:
        if record.epoch <= self._epoch:
            yield f"I8: epoch {record.epoch} after epoch {self._epoch}"
        self._epoch = record.epoch
        self._is_this_map = record.plant_digest == self._plant.digest

    def _join(self, record: RobotJoined) -> Iterator[str]:
        if record.robot_id in self._robots:
            yield f"I6: robot {record.robot_id} joined twice"
        known = self._plant.robot_types.get(record.factsheet.robot_type_id)
        self._robots[record.robot_id] = _Robot(0.0 if known is None else known.radius_m)
        self._held[record.robot_id] = frozenset()

    def _of_robot(self, record: Record) -> Iterator[str]:
        robot_id = getattr(record, "robot_id", None)
        if robot_id is None:
            return
        robot = self._robots.get(robot_id)
        if robot is None:
            yield f"I6: {type(record).__name__} of robot {robot_id}, which hasn't joined"
            return
        match record:
            case SessionOpened() | SessionClosed():
                yield from self._session(robot, record)
            case RobotPlaced():
                yield from self._place(robot, record)
            case BaseExtended():
                yield from self._extend(robot, record)
            case StepPassed():
                yield from self._pass(robot, record)
            case RobotRemoved():
                del self._robots[robot_id]
                yield from self._hold(robot_id, robot, frozenset())
            case TaskEnded() | TaskEventsSeen():
                yield from self._task(robot, record)
            case ObservationStored():
                yield from self._result(record)
            case _:
                return

    def _session(self, robot: _Robot, record: SessionOpened | SessionClosed) -> Iterator[str]:
        who = f"robot {record.robot_id}"
        if isinstance(record, SessionClosed):
            if record.session != robot.session:
                yield f"I8: session {record.session} of {who} closed during session {robot.session}"
            return
        if record.session <= robot.session:
            yield f"I8: session {record.session} of {who} after session {robot.session}"
        if record.boot_id < robot.boot_id:
            yield f"I8: boot {record.boot_id} of {who} after boot {robot.boot_id}"
        if record.boot_id != robot.boot_id:
            robot.task_event_seq = 0
        robot.session, robot.boot_id = record.session, record.boot_id

    def _place(self, robot: _Robot, record: RobotPlaced) -> Iterator[str]:
        if record.route_id in self._routes:
            yield f"I8: route {record.route_id} begun twice"
        self._routes.add(record.route_id)
        robot.route_id, robot.reached_seq, robot.cleared_seq, robot.end_seq = record.route_id, 0, -1, 0
        robot.nodes, robot.ways = {0: record.node_id}, {}
        if record.edge_id is not None and record.end_node_id is not None:
            robot.nodes[1] = record.end_node_id
            robot.ways[1] = self._way(record.edge_id)
            robot.cleared_seq, robot.end_seq = 0, 1
        yield from self._hold(record.robot_id, robot, robot.held())

    def _extend(self, robot: _Robot, record: BaseExtended) -> Iterator[str]:
        if record.route_id != robot.route_id:
            yield f"I2: base of {record.route_id} extended, robot {record.robot_id} is on {robot.route_id!r}"
        for step in record.steps:
            yield from self._contiguous(robot, record, step.seq, step.edge_id, step.node_id)
            robot.end_seq = step.seq
            robot.nodes[step.seq] = step.node_id
            if step.edge_id is not None:
                robot.ways[step.seq] = self._way(step.edge_id)
            for order in step.tasks:
                if order.order_id in self._orders:
                    yield f"I5: task order {order.order_id} given twice"
                self._orders[order.order_id] = record.robot_id
        yield from self._hold(record.robot_id, robot, robot.held())

    def _contiguous(
        self, robot: _Robot, record: BaseExtended, seq: int, edge_id: str | None, node_id: str
    ) -> Iterator[str]:
        before = robot.nodes.get(seq - 1)
        if seq != robot.end_seq + 1:
            yield f"I2: base of robot {record.robot_id} goes on with step {seq} after {robot.end_seq}"
            return
        edge = next((known for key, known in self._plant.edges.items() if key == edge_id), None)
        if not self._is_this_map or (edge_id is not None and edge is None):
            return
        start, end = (node_id, node_id) if edge is None else (edge.start, edge.end)
        if (start, end) != (before, node_id):
            yield f"I2: base of robot {record.robot_id} is broken at step {seq}: {before}, then {edge_id} to {node_id}"

    def _pass(self, robot: _Robot, record: StepPassed) -> Iterator[str]:
        reached, cleared = record.reached_seq, record.cleared_seq
        who = f"robot {record.robot_id}"
        if record.route_id != robot.route_id:
            yield f"I2: {who} passed a step of {record.route_id}, it is on {robot.route_id!r}"
        if reached < robot.reached_seq or cleared < robot.cleared_seq:
            yield f"I2: {who} went back from {robot.reached_seq}/{robot.cleared_seq} to {reached}/{cleared}"
        if not cleared <= reached <= robot.end_seq:
            yield f"I2: {who} at step {reached}, cleared {cleared}, outside its base, which ends at {robot.end_seq}"
        robot.reached_seq, robot.cleared_seq = reached, cleared
        for seq in [seq for seq in robot.nodes if seq < min(reached, cleared + 1)]:
            del robot.nodes[seq]
            robot.ways.pop(seq, None)
        yield from self._hold(record.robot_id, robot, robot.held())

    def _way(self, edge_id: str) -> str:
        return next((name for key, name in ((edge_id, self._ways.get(_edge(edge_id))),) if name), f"edge {edge_id}")
