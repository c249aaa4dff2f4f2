"""
What changed since a viewer looked last, encoded once for all viewers.

Each row of the dashboard's tables is kept as JSON with the number of the change that made it so. A viewer says which
number it knows and gets the rows after it: a fleet at rest costs nothing, and a viewer that was away gets everything
it missed at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from coordinator.model.ids import NodeId
from coordinator.model.mission import Mission
from coordinator.model.observation import Alarm
from coordinator.model.robot import LinkState
from coordinator.model.snapshot import EdgeView, FleetSnapshot, PointView, RobotView
from coordinator.plant.map import PlantMap

KINDS = ("robots", "routes", "points", "missions", "alarms", "edges", "totals")
Row = tuple[str, object]
"""An id, and what JSON is made of."""


class Rows:
    """Rows of one kind."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[int, bytes]] = {}
        self._gone: dict[str, int] = {}

    def put(self, number: int, rows: Iterable[Row]) -> bool:
        """Replace all rows; whether anything changed. What changed bears the number."""
        is_changed = False
        there = set()
        for row_id, row in rows:
            there.add(row_id)
            body = msgspec.json.encode(row)
            known = self._rows.get(row_id)
            if known is None or known[1] != body:
                self._rows[row_id] = (number, body)
                self._gone.pop(row_id, None)
                is_changed = True
        for row_id in [row_id for row_id in self._rows if row_id not in there]:
            del self._rows[row_id]
            self._gone[row_id] = number
            is_changed = True
        return is_changed

    def since(self, number: int) -> dict[str, Any]:
        """Rows changed after a number, and ids gone since."""
        return {
            "rows": [msgspec.Raw(body) for changed, body in self._rows.values() if changed > number],
            "gone": [row_id for row_id, changed in self._gone.items() if changed > number] if number else [],
        }


class Board:
    """
    All rows of the newest picture.

    Robots have a lasting index, by which frames name them. Routes change with every step of a robot, so they have rows
    of their own, in which nodes are numbers: their index among the plant's.
    """

    def __init__(self, plant: PlantMap) -> None:
        self.number = 0
        self._kinds = {kind: Rows() for kind in KINDS}
        self._nodes = {node_id: index for index, node_id in enumerate(plant.nodes)}
        self._indices: dict[str, int] = {}
        self._texts: dict[int, str] = {}

    def index(self, robot_id: str) -> int:
        """The robot's number in frames."""
        return self._indices.setdefault(robot_id, len(self._indices))

    def update(self, snapshot: FleetSnapshot) -> None:
        """Take in a newer picture."""
        number = self.number + 1
        changes = [
            self._kinds["robots"].put(number, (self._robot(robot) for robot in snapshot.robots)),
            self._kinds["routes"].put(number, (self._route(robot) for robot in snapshot.robots)),
            self._kinds["points"].put(number, map(_point, snapshot.points)),
            self._kinds["missions"].put(number, map(_mission, snapshot.missions)),
            self._kinds["alarms"].put(number, map(_alarm, snapshot.alarms)),
            self._kinds["edges"].put(number, _edges(snapshot.edges)),
            self._kinds["totals"].put(number, _totals(snapshot)),
        ]
        if any(changes):
            self.number = number
            self._texts.clear()

    def changes(self, since: int) -> str:
        """A message with all changes after a number; 0 for everything."""
        if since not in self._texts:
            kinds = {kind: rows.since(since) for kind, rows in self._kinds.items()}
            self._texts[since] = msgspec.json.encode({"is_whole": since == 0, **kinds}).decode()
        return self._texts[since]

    def _robot(self, robot: RobotView) -> Row:
        """What changes slowly; poses and charge go in frames, arrivals are asked for."""
        row = {
            "robot_id": robot.robot_id,
            "index": self.index(robot.robot_id),
            "robot_type_id": robot.robot_type_id,
            "link": robot.link,
            "activity": robot.activity,
            "is_placed": robot.pose is not None,
            "charge_ratio": round(robot.charge_ratio, 2),
            # While it is heard, that is "now".
            "heard_s": None if robot.link is LinkState.LIVE else robot.heard_s,
            "home": robot.home,
            "next_point_ids": robot.next_point_ids,
            "wait": robot.wait,
            "is_stopped": robot.is_stopped,
            "faults": robot.faults,
            "observations_stored_count": robot.observations_stored_count,
            "observations_missing_count": robot.observations_missing_count,
        }
        return robot.robot_id, row

    def _route(self, robot: RobotView) -> Row:
        """Base from the node confirmed last on, and horizon."""
        base = [self._nodes[node_id] for node_id in _ahead(robot)]
        return robot.robot_id, (robot.robot_id, base, [self._nodes[step.node_id] for step in robot.horizon])


def _ahead(robot: RobotView) -> Iterator[NodeId]:
    """Nodes of the base from the one confirmed last to its end."""
    nodes = [step.node_id for step in robot.base]
    if robot.last_node_id in nodes:
        nodes = nodes[nodes.index(robot.last_node_id) :]
    last = None
    for node_id in nodes:
        if node_id != last:
            yield node_id
        last = node_id


def _point(point: PointView) -> Row:
    """Without what a clock makes of it: the page knows the periods."""
    return point.point_id, (
        point.point_id,
        point.last_visit_s,
        round(point.due_s, 1) if point.due_s is not None else None,
        point.is_overdue,
        point.visit_count,
        point.robot_id,
    )


def _mission(mission: Mission) -> Row:
    return mission.mission_id, mission


def _alarm(alarm: Alarm) -> Row:
    return alarm.alarm_id, alarm


def _edges(edges: Iterable[EdgeView]) -> Iterator[Row]:
    """Those that are closed or slow; who holds an edge shows in the routes."""
    for edge in edges:
        delay_ratio = round(edge.delay_ratio, 1)
        if edge.is_closed or delay_ratio > 1.0:
            yield (
                edge.edge_id,
                {
                    "edge_id": edge.edge_id,
                    "is_closed": edge.is_closed,
                    "is_blockage": edge.is_blockage,
                    "reason": edge.reason,
                    "source": edge.source,
                    "until_s": edge.until_s,
                    "delay_ratio": delay_ratio,
                },
            )


def _totals(snapshot: FleetSnapshot) -> Iterator[Row]:
    totals = snapshot.totals
    yield (
        "totals",
        {
            "epoch": snapshot.epoch,
            "is_degraded": snapshot.is_degraded,
            "visits_count": totals.visits_count,
            "late_visits_count": totals.late_visits_count,
            "max_age_ratio": round(totals.max_age_ratio, 2),
            "wait_s_by_cause": {cause: round(wait_s) for cause, wait_s in totals.wait_s_by_cause},
            "replans_by_reason": dict(totals.replans_by_reason),
            "observations_stored_count": totals.observations_stored_count,
            "observations_missing_count": totals.observations_missing_count,
            "observations_duplicate_count": totals.observations_duplicate_count,
        },
    )
