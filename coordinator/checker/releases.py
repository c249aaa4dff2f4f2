"""Bases, floor and finishing order as one: takes records in, and says what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable

from coordinator.checker.bases import Bases, Member
from coordinator.checker.finding import Finding
from coordinator.checker.finishing import FinishingSequence
from coordinator.checker.floor import Floor
from coordinator.checker.places import Places
from coordinator.model.ids import DeviceId, EdgeId, NodeId, RobotId, RobotTypeId, RouteId
from coordinator.model.records import (
    BaseExtended,
    EdgeClosed,
    EdgeOpened,
    EpochStarted,
    Record,
    RobotJoined,
    RobotPlaced,
    RobotRemoved,
    StepPassed,
    StopChanged,
)
from coordinator.model.route import Step
from coordinator.plant.map import DeviceKind, Edge, PlantMap


class Releases:
    """
    What all robots were released, judged record by record.

    `take` folds a record whatever is wrong with it, as an audit must; `admit` folds a release only when nothing is.
    """

    def __init__(self, plant: PlantMap) -> None:
        self._plant = plant
        self._floor = Floor(Places(plant))
        self._bases = Bases(plant, self._floor)
        self._finishing = FinishingSequence(plant, self._floor, self._bases)
        # For whom each door or lift stands open, and at which edge; None: devices are not heard (an audit).
        self._open_for: dict[DeviceId, tuple[RobotId, EdgeId | None]] | None = None

    def hear_devices(self) -> None:
        """From now on a way through a door or lift is released only while that stands open for the robot."""
        self._open_for = {}

    def device_reported(self, device_id: DeviceId, held_for: RobotId | None, at: EdgeId | None) -> None:
        """A door or lift stands open for a robot (None: for nobody)."""
        assert self._open_for is not None
        if held_for is None:
            self._open_for.pop(device_id, None)
        else:
            self._open_for[device_id] = (held_for, at)

    def restore(
        self,
        robot_id: RobotId,
        member: tuple[RobotTypeId, NodeId],
        base: tuple[RouteId, Iterable[Step], int, int] | None,
        *,
        is_stopped: bool,
    ) -> None:
        """
        Take in a robot as a fold of the journal has it.

        Args:
            member: Its type and its home.
            base: Its route, the steps still kept, and the steps reached and cleared; None without a place.
        """
        self._bases.join(robot_id, Member(*member))
        if base is not None:
            route_id, steps, reached_seq, cleared_seq = base
            self._bases.restore(robot_id, route_id, list(steps), reached_seq, cleared_seq)
        if is_stopped:
            self._bases.stopped.add(robot_id)
        self._finishing.forget()

    def admit(self, release: BaseExtended) -> list[Finding]:
        """Fold a release if nothing speaks against it; else say what does, and change nothing."""
        if release.robot_id not in self._bases.bases:
            return [Finding("I6", release.robot_id, f"base of robot {release.robot_id}, which hasn't joined, extended")]
        old = self._bases.bases[release.robot_id]
        found = self._judge(release)
        if found:
            return found
        before = self._finishing.before()
        found = self._extend(release)
        if found:
            self._bases.take_back(release.robot_id, old)
            self._finishing.restore(before)
        return found

    def take(self, record: Record) -> list[Finding]:
        """Fold a record; returns what is wrong with it. Robots must have joined before they are named."""
        bases = self._bases
        found: list[Finding] = []
        match record:
            case BaseExtended():
                found = self._judge(record)
                self._finishing.before()
                return found + self._extend(record)
            case StepPassed():
                found = list(bases.judge_progress(record))
                bases.advance(record)
                self._finishing.freed()
                return found
            case RobotPlaced():
                found = list(bases.judge_place(record))
                bases.place(record)
            case RobotJoined():
                bases.join(record.robot_id, Member(record.factsheet.robot_type_id, record.home))
            case RobotRemoved():
                bases.remove(record.robot_id)
            case EdgeClosed():
                bases.close(record)
            case EdgeOpened():
                bases.closures.pop(record.edge_id, None)
            case StopChanged():
                if record.is_stopped:
                    bases.stopped.update(record.robot_ids)
                else:
                    bases.stopped.difference_update(record.robot_ids)
                return found
            case EpochStarted():
                bases.is_this_map = record.plant_digest == self._plant.digest
            case _:
                return found
        self._finishing.forget()
        return found

    def _judge(self, release: BaseExtended) -> list[Finding]:
        return [*self._bases.judge_release(release), *self._doors(release)]

    def _doors(self, release: BaseExtended) -> Iterable[Finding]:
        if self._open_for is None:
            return
        passed: dict[DeviceId, Edge] = {}
        for edge_id in (step.edge_id for step in release.steps):
            edge = None if edge_id is None else self._plant.edges.get(edge_id)
            if edge is None or edge.device_id is None:
                continue
            before = passed.get(edge.device_id)
            passed[edge.device_id] = edge
            if before is not None and self._is_still_open(edge.device_id, before, edge):
                continue
            if self._open_for.get(edge.device_id) != (release.robot_id, edge_id):
                text = f"base of robot {release.robot_id}: {edge.device_id} isn't open for it at edge {edge_id}"
                yield Finding("door", edge.device_id, text)

    def _is_still_open(self, device_id: DeviceId, before: Edge, edge: Edge) -> bool:
        """Whether a door, or a lift where it took a robot, is open for the way that robot passes it by next."""
        if self._plant.devices[device_id].kind is DeviceKind.DOOR:
            return True
        return self._plant.nodes[before.end].level_id == self._plant.nodes[edge.start].level_id

    def _extend(self, release: BaseExtended) -> list[Finding]:
        """Fold a release; returns whom it leaves without a finishing order."""
        robot_id = release.robot_id
        before, held = self._finishing.before(), self._floor.held(robot_id)
        self._bases.extend(release)
        if not self._bases.is_this_map:
            return []
        steps = (self._plant.edges.get(step.edge_id) for step in release.steps if step.edge_id is not None)
        edges = [edge for edge in steps if edge is not None]
        worse = self._finishing.released(before, robot_id, edges, self._floor.held(robot_id) - held)
        if not worse:
            return []
        end = f"node {release.steps[-1].node_id}"
        return [
            Finding(
                "finish", end, f"base of robot {robot_id} to {end} leaves no finishing order for {', '.join(worse)}"
            )
        ]
