"""What a shift was: rounds, results, alarms, missions and who did what, from the journal alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coordinator.fleet.codec import decode_record
from coordinator.fleet.state import FleetState
from coordinator.model.ids import AlarmId, PointId, RobotId
from coordinator.model.mission import Mission
from coordinator.model.observation import Alarm
from coordinator.model.records import (
    AlarmChanged,
    ObservationsMissing,
    ObservationStored,
    OperatorActed,
    PointVisited,
    Record,
    StepPassed,
)
from coordinator.model.snapshot import PointView
from coordinator.plant.map import PlantMap
from coordinator.runtime.history import Past
from coordinator.store.entry import Entry


@dataclass(frozen=True, slots=True)
class PointShift:
    """
    One inspection point in the shift.

    Attributes:
        max_age_ratio: Largest idleness over period at a visit of the shift; 0 without one.
        last_visit_s: Also before the shift; None: never.
        is_overdue: At the end of the shift.
    """

    point_id: PointId
    tag: str
    visits_count: int
    late_count: int
    max_age_ratio: float
    last_visit_s: float | None
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class RobotShift:
    """One robot in the shift; distance along the edges it confirmed."""

    robot_id: RobotId
    visits_count: int
    observations_count: int
    missing_count: int
    distance_m: float


@dataclass(frozen=True, slots=True)
class Act:
    """What a person or a program asked for, and whether it was done."""

    at_s: float
    principal: str
    command: str
    outcome: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """A time that is over; rows by id, acts and alarms by time. Missions are those open or ended in it."""

    plant_id: str
    from_s: float
    to_s: float
    points: tuple[PointShift, ...]
    robots: tuple[RobotShift, ...]
    alarms: tuple[Alarm, ...]
    missions: tuple[Mission, ...]
    acts: tuple[Act, ...]

    @property
    def totals(self) -> dict[str, float]:
        """The figures of the head line."""
        return {
            "visits_count": sum(point.visits_count for point in self.points),
            "late_count": sum(point.late_count for point in self.points),
            "points_count": len(self.points),
            "visited_points_count": sum(point.visits_count > 0 for point in self.points),
            "overdue_points_count": sum(point.is_overdue for point in self.points),
            "observations_count": sum(robot.observations_count for robot in self.robots),
            "missing_count": sum(robot.missing_count for robot in self.robots),
            "distance_m": sum(robot.distance_m for robot in self.robots),
            "alarms_count": len(self.alarms),
            "missions_count": len(self.missions),
            "acts_count": len(self.acts),
        }


def shift_report(entries: Iterable[Entry], plant: PlantMap, *, from_s: float, to_s: float) -> ShiftReport:
    """
    Sum up all that has a time above from_s and up to to_s.

    Args:
        entries: All of a journal, from the first one on.

    Raises:
        UnknownRecordError: If the journal was written by a newer version.
    """
    past, tally = Past(plant), _Tally(plant)
    for entry in entries:
        if entry.at_s > to_s:
            break
        record = decode_record(entry.kind, entry.body)
        if entry.at_s > from_s:
            tally.note(record, past.state)
        past.take(record, entry.at_s)
    return tally.report(past, from_s, to_s)


class _Tally:
    """Counts records of the shift."""

    def __init__(self, plant: PlantMap) -> None:
        self._plant = plant
        self._visits: list[PointVisited] = []
        self._distance_m: dict[RobotId, float] = {}
        self._alarms: dict[tuple[AlarmId, float], Alarm] = {}
        self._acts: list[Act] = []
        self._stored: dict[RobotId, int] = {}
        self._missing: dict[RobotId, int] = {}

    def note(self, record: Record, state: FleetState) -> None:
        """Count a record that is about to change the state."""
        match record:
            case PointVisited():
                self._visits.append(record)
            case StepPassed():
                self._drive(record, state)
            case AlarmChanged(alarm=alarm):
                self._alarms[alarm.alarm_id, alarm.raised_s] = alarm
            case ObservationStored():
                self._result(record.robot_id, 1)
            case ObservationsMissing():
                self._result(record.robot_id, record.last_counter - record.first_counter + 1, is_missing=True)
            case OperatorActed():
                self._acts.append(_act(record))
            case _:
                pass

    def _drive(self, record: StepPassed, state: FleetState) -> None:
        robot = state.robots[record.robot_id]
        driven_m = sum(
            self._plant.edges[step.edge_id].length_m
            for step in robot.steps
            if step.edge_id is not None and robot.reached_seq < step.seq <= record.reached_seq
        )
        self._distance_m[robot.robot_id] = self._distance_m.get(robot.robot_id, 0.0) + driven_m

    def _result(self, robot_id: RobotId, count: int, *, is_missing: bool = False) -> None:
        counts = self._missing if is_missing else self._stored
        counts[robot_id] = counts.get(robot_id, 0) + count

    def report(self, past: Past, from_s: float, to_s: float) -> ShiftReport:
        """The sums, once the shift is over."""
        picture = past.picture(to_s)
        visits = self._visits
        return ShiftReport(
            plant_id=self._plant.plant_id,
            from_s=from_s,
            to_s=to_s,
            points=tuple(
                _point(self._plant, view, [visit for visit in visits if visit.point_id == view.point_id])
                for view in picture.points
            ),
            robots=tuple(
                RobotShift(
                    robot_id=robot.robot_id,
                    visits_count=sum(visit.robot_id == robot.robot_id for visit in visits),
                    observations_count=self._stored.get(robot.robot_id, 0),
                    missing_count=self._missing.get(robot.robot_id, 0),
                    distance_m=self._distance_m.get(robot.robot_id, 0.0),
                )
                for robot in picture.robots
            ),
            alarms=tuple(sorted(self._alarms.values(), key=lambda alarm: (alarm.raised_s, alarm.alarm_id))),
            missions=tuple(
                mission for mission in picture.missions if mission.ended_s is None or mission.ended_s > from_s
            ),
            acts=tuple(self._acts),
        )


def _point(plant: PlantMap, view: PointView, visits: list[PointVisited]) -> PointShift:
    return PointShift(
        point_id=view.point_id,
        tag=plant.points[view.point_id].tag,
        visits_count=len(visits),
        late_count=sum(visit.is_late for visit in visits),
        max_age_ratio=max((visit.age_ratio for visit in visits), default=0.0),
        last_visit_s=view.last_visit_s,
        is_overdue=view.is_overdue,
    )


def _act(record: OperatorActed) -> Act:
    outcome = record.accepted.text if record.accepted else record.refused.text if record.refused else ""
    return Act(record.at_s, record.principal, record.command, outcome, record.accepted is not None)
