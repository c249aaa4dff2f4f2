"""
The fleet as it was, from the journal alone.

What isn't journaled can't be shown: between two nodes a robot's place is not known, so it stands at the one it
confirmed last; what it planned beyond its base isn't known either. What is there is what was decided and confirmed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from coordinator.fleet.apply import apply
from coordinator.fleet.codec import decode_record
from coordinator.fleet.state import FleetState, RobotState
from coordinator.model.geometry import Pose2
from coordinator.model.ids import NodeId, RobotId
from coordinator.model.records import EpochStarted, Record, SessionClosed, SessionOpened
from coordinator.model.robot import Activity, LinkState
from coordinator.model.snapshot import EdgeView, FleetSnapshot, PointView, RobotView, Totals
from coordinator.plant.map import PlantMap
from coordinator.store.entry import Entry


class Past:
    """A state that entries are folded into, one after the other, and its pictures."""

    def __init__(self, plant: PlantMap) -> None:
        self._plant = plant
        self._state = FleetState()
        # When each robot's stream ended last; infinity while it is open.
        self._heard_s: dict[RobotId, float] = {}

    def take(self, record: Record, at_s: float) -> None:
        """Fold one more record."""
        match record:
            case EpochStarted():
                self._heard_s = dict.fromkeys(self._heard_s, at_s)
            case SessionOpened():
                self._heard_s[record.robot_id] = math.inf
            case SessionClosed():
                self._heard_s[record.robot_id] = at_s
            case _:
                pass
        apply(self._state, record)

    def picture(self, at_s: float) -> FleetSnapshot:
        """What was known then."""
        state = self._state
        return FleetSnapshot(
            now_s=at_s,
            epoch=state.epoch,
            plant_id=self._plant.plant_id,
            robots=tuple(self._robot(state.robots[robot_id], at_s) for robot_id in sorted(state.robots)),
            points=tuple(self._points(at_s)),
            missions=tuple(state.missions[mission_id] for mission_id in sorted(state.missions)),
            alarms=tuple(state.alarms[alarm_id] for alarm_id in sorted(state.alarms)),
            edges=tuple(
                EdgeView(edge_id, True, closed.is_blockage, closed.reason, closed.source, closed.until_s, None, 1.0)
                for edge_id, closed in sorted(state.closures.items())
            ),
            totals=Totals(
                visits_count=state.visits_count,
                late_visits_count=state.late_visits_count,
                max_age_ratio=state.max_age_ratio,
                wait_s_by_cause=(),
                replans_by_reason=(),
                observations_stored_count=sum(robot.stored_count for robot in state.robots.values()),
                observations_missing_count=sum(robot.missing_count for robot in state.robots.values()),
                observations_duplicate_count=0,
            ),
            is_degraded=False,
        )

    def _robot(self, robot: RobotState, at_s: float) -> RobotView:
        last = robot.step(robot.reached_seq).node_id if robot.steps else None
        ahead = [step.node_id for step in robot.steps if step.seq > robot.reached_seq]
        heard_s = self._heard_s.get(robot.robot_id, 0.0)
        return RobotView(
            robot_id=robot.robot_id,
            robot_type_id=robot.factsheet.robot_type_id,
            link=LinkState.LIVE if heard_s == math.inf else LinkState.LOST,
            heard_s=min(heard_s, at_s),
            activity=_activity(robot, ahead),
            pose=None if last is None else self._pose(last, ahead),
            speed_mps=0.0,
            charge_ratio=0.0,
            last_node_id=last,
            home=robot.home,
            base=tuple(robot.steps),
            horizon=(),
            next_point_ids=tuple(
                dict.fromkeys(order.point_id for order in robot.open_orders.values() if order.point_id is not None)
            ),
            wait=None,
            is_stopped=robot.is_stopped,
            faults=(),
            quality=None,
            observations_stored_count=robot.stored_count,
            observations_missing_count=robot.missing_count,
            session=robot.session,
            stops=(),
        )

    def _pose(self, last: NodeId, ahead: list[NodeId]) -> Pose2:
        """At the node confirmed last, looking to the next."""
        node = self._plant.nodes[last]
        after = self._plant.nodes[ahead[0]] if ahead else node
        yaw_rad = math.atan2(after.y_m - node.y_m, after.x_m - node.x_m)
        return Pose2(node.x_m, node.y_m, yaw_rad, node.level_id)

    def _points(self, at_s: float) -> Iterator[PointView]:
        state = self._state
        bound = {
            order.point_id: robot.robot_id for robot in state.robots.values() for order in robot.open_orders.values()
        }
        for point_id, point in self._plant.points.items():
            known = state.points.get(point_id)
            last_s = state.began_s if known is None else known.last_visit_s
            period_s = point.period_s
            yield PointView(
                point_id=point_id,
                last_visit_s=None if known is None else known.last_visit_s,
                due_s=None if period_s is None else last_s + period_s,
                age_ratio=None if period_s is None else (at_s - last_s) / period_s,
                is_overdue=period_s is not None and at_s - last_s > period_s + point.tolerance_s,
                visit_count=0 if known is None else known.visit_count,
                robot_id=bound.get(point_id),
            )


def _activity(robot: RobotState, ahead: list[NodeId]) -> Activity:
    if robot.is_stopped:
        return Activity.STOPPED
    if ahead and not _works(robot):
        return Activity.DRIVING
    if robot.open_orders:
        return Activity.CHARGING if next(iter(robot.open_orders.values())).is_charge else Activity.WORKING
    return Activity.IDLE


def _works(robot: RobotState) -> bool:
    """Whether tasks of the step reached are still to be ended."""
    return any(order.order_id in robot.open_orders for order in robot.step(robot.reached_seq).tasks)


def past_pictures(
    entries: Iterable[Entry], plant: PlantMap, *, from_s: float, to_s: float, step_s: float
) -> Iterator[FleetSnapshot]:
    """
    Pictures of a time that is over, one each `step_s` in which something happened.

    Args:
        entries: All of a journal, from the first one on.
        from_s, to_s: The first picture is of `from_s`, or of the journal's beginning if that is later.

    Raises:
        UnknownRecordError: If the journal was written by a newer version.
    """
    past = Past(plant)
    is_dirty, next_s = True, from_s
    for entry in entries:
        while is_dirty and entry.at_s > next_s and next_s <= to_s:
            yield past.picture(next_s)
            is_dirty = False
        if entry.at_s > to_s:
            return
        past.take(decode_record(entry.kind, entry.body), entry.at_s)
        is_dirty = True
        if entry.at_s > next_s:
            next_s = from_s + math.ceil((entry.at_s - from_s) / step_s) * step_s
    if is_dirty:
        yield past.picture(min(max(next_s, from_s), to_s))
