"""
Proof from the journal alone: was anything reserved twice, done twice, or done out of order?

Reads records and the map. What it finds is a bug of ours, or a journal that isn't ours. Bases are judged by what judges
releases before they are written, too (coordinator.checker.releases).

The rules: I2 a base is contiguous and robots report within it; I3 in no prefix of the journal two robots hold places
where they would touch; I5 results, missions, task orders and operators' keys have one effect; I6 states move along
their tables; I8 epochs, sessions and boots only grow; no release goes onto a closed edge or one that isn't open to the
robot's type, to a stopped robot, or leaves anybody without a finishing order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coordinator.checker.releases import Releases
from coordinator.model.ids import EdgeId, MissionId, RobotId
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
    RobotRemoved,
    SessionClosed,
    SessionOpened,
    TaskEnded,
    TaskEventsSeen,
)
from coordinator.plant.map import PlantMap

# Beyond this many the list helps nobody.
FINDINGS_COUNT = 100


def audit(records: Iterable[Record], plant: PlantMap) -> tuple[str, ...]:
    """
    Check all prefixes of a journal.

    Args:
        records: All of them, from the first one on.
        plant: The map they were made on. Of epochs that ran on another version of it, geometry isn't judged.

    Returns:
        What doesn't hold, each with the number of the record that broke it, at most a hundred; empty if all is well.
    """
    auditor = _Auditor(plant)
    found: list[str] = []
    for number, record in enumerate(records, start=1):
        found += [f"entry {number}: {text}" for text in auditor.check(record)]
        if len(found) >= FINDINGS_COUNT:
            break
    return tuple(found[:FINDINGS_COUNT])


class _Auditor:
    def __init__(self, plant: PlantMap) -> None:
        self._releases = Releases(plant)
        self._epoch = 0
        # Of each robot: its session, its boot, and the last task event of that boot.
        self._sessions: dict[RobotId, tuple[int, int, int]] = {}
        self._removed: dict[RobotId, tuple[int, int, int]] = {}
        self._results: set[tuple[RobotId, int]] = set()
        self._orders_done: set[str] = set()
        self._open_orders: dict[str, RobotId] = {}
        self._ended_orders: set[str] = set()
        self._missions: dict[MissionId, MissionState] = {}
        self._closed: set[EdgeId] = set()
        self._keys: set[str] = set()

    def check(self, record: Record) -> Iterator[str]:
        """Take a record in; yields what is wrong with it."""
        if not self._epoch and not isinstance(record, EpochStarted):
            yield f"I8: {type(record).__name__} before any epoch"
        if not hasattr(record, "robot_id") or self._is_member(record):
            yield from (str(finding) for finding in self._releases.take(record))
        match record:
            case EpochStarted():
                yield from self._begin_epoch(record)
            case MissionCreated():
                if record.mission.mission_id in self._missions:
                    yield f"I5: mission {record.mission.mission_id} created twice"
                self._missions[record.mission.mission_id] = record.mission.state
            case MissionChanged() | MissionPointChanged():
                yield from self._mission(record)
            case EdgeClosed():
                self._closed.add(record.edge_id)
            case EdgeOpened():
                if record.edge_id not in self._closed:
                    yield f"I6: edge {record.edge_id} opened, though it wasn't closed"
                self._closed.discard(record.edge_id)
            case OperatorActed():
                if record.idempotency_key and record.idempotency_key in self._keys:
                    yield f"I5: request {record.idempotency_key} of {record.principal} carried out twice"
                self._keys.add(record.idempotency_key)
            case RobotJoined():
                if record.robot_id in self._sessions:
                    yield f"I6: robot {record.robot_id} joined twice"
                # A robot that was removed once goes on counting.
                self._sessions[record.robot_id] = self._removed.pop(record.robot_id, (0, -1, 0))
            case _:
                yield from self._of_robot(record)

    def _is_member(self, record: Record) -> bool:
        return isinstance(record, RobotJoined) or getattr(record, "robot_id", None) in self._sessions

    def _begin_epoch(self, record: EpochStarted) -> Iterator[str]:
        if record.epoch <= self._epoch:
            yield f"I8: epoch {record.epoch} after epoch {self._epoch}"
        self._epoch = record.epoch

    def _mission(self, record: MissionChanged | MissionPointChanged) -> Iterator[str]:
        state = self._missions.get(record.mission_id)
        if state is None:
            yield f"I6: {type(record).__name__} of mission {record.mission_id}, which wasn't created"
        elif isinstance(record, MissionChanged):
            if record.state not in MISSION_TRANSITIONS[state]:
                yield f"I6: mission {record.mission_id} went from {state.value} to {record.state.value}"
            self._missions[record.mission_id] = record.state
        elif not MISSION_TRANSITIONS[state]:
            yield f"I6: point {record.point.point_id} of mission {record.mission_id} changed after it had {state.value}"

    def _of_robot(self, record: Record) -> Iterator[str]:
        robot_id: RobotId | None = getattr(record, "robot_id", None)
        if robot_id is None:
            return
        if robot_id not in self._sessions:
            yield f"I6: {type(record).__name__} of robot {robot_id}, which hasn't joined"
            return
        match record:
            case SessionOpened():
                yield from self._open_session(record)
            case SessionClosed():
                session = self._sessions[record.robot_id][0]
                if record.session != session:
                    yield f"I8: session {record.session} of robot {robot_id} closed during session {session}"
            case BaseExtended():
                yield from self._give_orders(record)
            case RobotRemoved():
                self._removed[record.robot_id] = self._sessions.pop(record.robot_id)
            case TaskEnded() | TaskEventsSeen():
                yield from self._task(record)
            case ObservationStored():
                yield from self._result(record)
            case _:
                return

    def _open_session(self, record: SessionOpened) -> Iterator[str]:
        session, boot_id, event_seq = self._sessions[record.robot_id]
        if record.session <= session:
            yield f"I8: session {record.session} of robot {record.robot_id} after session {session}"
        if record.boot_id < boot_id:
            yield f"I8: boot {record.boot_id} of robot {record.robot_id} after boot {boot_id}"
        if record.boot_id != boot_id:
            event_seq = 0
        self._sessions[record.robot_id] = (record.session, record.boot_id, event_seq)

    def _give_orders(self, record: BaseExtended) -> Iterator[str]:
        for order in (order for step in record.steps for order in step.tasks):
            if order.order_id in self._open_orders or order.order_id in self._ended_orders:
                yield f"I5: task order {order.order_id} given twice"
            self._open_orders[order.order_id] = record.robot_id

    def _task(self, record: TaskEnded | TaskEventsSeen) -> Iterator[str]:
        session, boot_id, last_seq = self._sessions[record.robot_id]
        if record.event_seq:
            if record.event_seq != last_seq + 1:
                yield f"I5: task event {record.event_seq} of robot {record.robot_id} after {last_seq}"
            self._sessions[record.robot_id] = (session, boot_id, record.event_seq)
        if isinstance(record, TaskEventsSeen):
            return
        if record.order_id in self._ended_orders:
            yield f"I5: task order {record.order_id} ended twice"
        elif self._open_orders.pop(record.order_id, None) != record.robot_id:
            yield f"I6: task order {record.order_id} ended by robot {record.robot_id}, which didn't have it"
        self._ended_orders.add(record.order_id)

    def _result(self, record: ObservationStored) -> Iterator[str]:
        key = (record.robot_id, record.observation.counter)
        if key in self._results:
            yield f"I5: result {record.observation.counter} of robot {record.robot_id} stored twice"
        self._results.add(key)
        order_id = record.observation.order_id
        if order_id in self._orders_done:
            yield f"I5: two results of task order {order_id}"
        self._orders_done.add(order_id)
