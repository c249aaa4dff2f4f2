"""How well the coordinator's arrival times come true: what it foretold each minute, against what robots then did."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from coordinator.fleet import Fleet
from coordinator.model.ids import PointId, RobotId
from sim.world import World

LOOK_PERIOD_S = 60.0
POLL_PERIOD_S = 1.0


@dataclass(frozen=True, slots=True)
class Foretold:
    """
    One arrival time as it was foretold.

    Attributes:
        before: Points foretold to be visited before it, in order.
    """

    robot_id: RobotId
    point_id: PointId
    at_s: float
    p50_s: float
    p90_s: float
    before: tuple[PointId, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A foretold arrival that came. `is_as_planned`: the robot went to just the points foretold before it."""

    foretold: Foretold
    arrived_s: float
    is_as_planned: bool

    @property
    def place(self) -> int:
        """How many stops were to be made before it."""
        return len(self.foretold.before)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Share of arrivals before their p50 and before their p90, and how far the p50 was off, seconds."""

    count: int
    before_p50_ratio: float
    before_p90_ratio: float
    median_error_s: float


class ArrivalWatch:
    """Looks at the coordinator's picture every minute, and at who has arrived every second."""

    def __init__(self, world: World, fleet: Callable[[], Fleet | None]) -> None:
        self._world = world
        self._fleet = fleet
        self._open: dict[tuple[RobotId, PointId], list[Foretold]] = {}
        self._visits: dict[RobotId, list[tuple[float, PointId]]] = {}
        self._present: set[tuple[RobotId, PointId]] = set()
        self.arrivals: list[Arrival] = []
        self.dropped_count = 0
        world.after(LOOK_PERIOD_S, self._look)
        world.after(POLL_PERIOD_S, self._poll)

    def _look(self) -> None:
        self._world.after(LOOK_PERIOD_S, self._look)
        fleet = self._fleet()
        if fleet is None:
            return
        for robot in fleet.snapshot(self._world.now_s).robots:
            before: list[PointId] = []
            for stop in robot.stops:
                if stop.point_id is None or stop.p50_s is None or stop.p90_s is None:
                    continue
                foretold = Foretold(
                    robot.robot_id, stop.point_id, self._world.now_s, stop.p50_s, stop.p90_s, tuple(before)
                )
                self._open.setdefault((robot.robot_id, stop.point_id), []).append(foretold)
                before.append(stop.point_id)

    def _poll(self) -> None:
        self._world.after(POLL_PERIOD_S, self._poll)
        fleet = self._fleet()
        present: set[tuple[RobotId, PointId]] = set()
        if fleet is not None:
            for robot_id, robot in fleet.state.robots.items():
                for step in robot.steps:
                    if step.seq <= robot.reached_seq:
                        present.update(
                            (robot_id, order.point_id)
                            for order in step.tasks
                            if order.order_id in robot.open_orders and order.point_id is not None
                        )
        for robot_id, point_id in sorted(present - self._present):
            self._arrived(robot_id, point_id)
        self._present = present

    def _arrived(self, robot_id: RobotId, point_id: PointId) -> None:
        # Half a poll ago on average.
        arrived_s = self._world.now_s - POLL_PERIOD_S / 2.0
        visits = self._visits.setdefault(robot_id, [])
        for foretold in self._open.pop((robot_id, point_id), ()):
            since = tuple(visited for at_s, visited in visits if at_s > foretold.at_s)
            self.arrivals.append(Arrival(foretold, arrived_s, since == foretold.before))
        visits.append((arrived_s, point_id))
        for key in [key for key in self._open if key[1] == point_id]:
            self.dropped_count += len(self._open.pop(key))


@dataclass(slots=True)
class _Shares:
    errors_s: list[float] = field(default_factory=list)
    p50_count: int = 0
    p90_count: int = 0


def calibration(arrivals: Iterable[Arrival]) -> Calibration:
    """Sum arrivals up; shares of none are NaN."""
    shares = _Shares()
    for arrival in arrivals:
        shares.errors_s.append(abs(arrival.arrived_s - arrival.foretold.p50_s))
        shares.p50_count += arrival.arrived_s <= arrival.foretold.p50_s
        shares.p90_count += arrival.arrived_s <= arrival.foretold.p90_s
    count = len(shares.errors_s)
    if not count:
        return Calibration(0, float("nan"), float("nan"), float("nan"))
    return Calibration(count, shares.p50_count / count, shares.p90_count / count, sorted(shares.errors_s)[count // 2])
