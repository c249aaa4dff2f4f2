"""Ground truth: what really happens on the floor, against what robots and coordinator believe. Trusts nobody."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappush, heapreplace

from coordinator.fleet import InvariantError
from coordinator.fleet.codec import encode_state
from coordinator.fleet.state import RobotState
from coordinator.model.effects import AcknowledgeObservations, Effect, Send
from coordinator.model.ids import RobotId
from coordinator.model.messages import RouteUpdate
from coordinator.model.records import MissionCreated, ObservationsMissing, ObservationStored, Record
from sim.coordinator_host import CoordinatorHost
from sim.network import End
from sim.robot import UNFIT_LEG
from sim.robot_host import RobotHost
from sim.world import World

VIOLATIONS_KEPT_COUNT = 1000
# Two bodies closer than this to touching are looked at this often.
NEAR_CHECK_S = 0.1
TOUCH_M = 0.001
SURVEY_S = 10.0
FOLD_CHECK_S = 300.0
STANDSTILL_S = 300.0
QUEUE_LIMIT_COUNT = 20_000
# Of a delivered message: when, on which stream, whether to the robot.
STAMP = struct.Struct("<dI?")


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant: when (simulated time), which, and what was seen."""

    time_s: float
    rule: str
    text: str


class Pair:
    """
    Two robots that mustn't touch.

    Attributes:
        speed_mps: The fastest they can close a gap.
        is_touching: Whether they did when last looked at.
    """

    __slots__ = ("_first", "_radii_m", "_second", "is_touching", "names", "speed_mps")

    def __init__(self, a: RobotHost, b: RobotHost) -> None:
        a_type, b_type = a.body.robot_type, b.body.robot_type
        self._first, self._second = a.body.chassis, b.body.chassis
        self._radii_m = (a_type.radius_m, b_type.radius_m)
        self.names = f"{a.robot_id} and {b.robot_id}"
        self.speed_mps = a_type.max_speed_mps + b_type.max_speed_mps
        self.is_touching = False

    def gap_m(self) -> float:
        """Between their bodies now; below 0 when they overlap."""
        first_x_m, first_y_m, _, first_level_id = self._first.pose()
        second_x_m, second_y_m, _, second_level_id = self._second.pose()
        if first_level_id != second_level_id:
            # Only a lift changes levels, and no lift is faster than this.
            return self.speed_mps
        distance_m = math.hypot(first_x_m - second_x_m, first_y_m - second_y_m)
        return distance_m - self._radii_m[0] - self._radii_m[1]


class Truth:
    """
    The checker. `after_step` is called after each step of the world.

    Attributes:
        violations: What was found, at most a thousand.
        collision_count: Pairs of bodies that came to touch.
        deadlock_count: Standstills of five minutes although somebody waited, and circles of waits that old.
        digest: Hash over every delivered message.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._robots: dict[RobotId, RobotHost] = {}
        self._host: CoordinatorHost | None = None
        self.violations: list[Violation] = []
        self.violation_count = 0
        self.collision_count = 0
        self.deadlock_count = 0
        self.digest = hashlib.sha256()
        self.message_count = 0
        self.byte_count = 0
        self.stored: dict[RobotId, set[int]] = {}
        self.missing: dict[RobotId, set[int]] = {}
        self._mission_ids: set[str] = set()
        self._dirty: dict[RobotId, RobotHost] = {}
        self._pairs: list[tuple[float, int, Pair]] = []
        self._taken = -1
        self._survey_s = world.now_s + SURVEY_S
        self._fold_s = world.now_s + FOLD_CHECK_S
        # When pairs, survey or fold are to be looked at next.
        self._due_s = world.now_s
        self._moved_s = world.now_s
        self._is_standstill = False
        self._unfit: set[RobotId] = set()
        self._circles: set[tuple[RobotId, ...]] = set()
        self._refusals: tuple[tuple[str, int], ...] = ()
        self.longest_wait_s = 0.0

    def watch(self, robots: Sequence[RobotHost], host: CoordinatorHost) -> None:
        """Begin to look at these."""
        self._robots = {robot.robot_id: robot for robot in robots}
        self._host = host
        order = 0
        for i, a in enumerate(robots):
            for b in robots[i + 1 :]:
                order += 1
                heappush(self._pairs, (self._world.now_s, order, Pair(a, b)))

    # Hooks.

    def delivered(self, to: End, number: int, data: bytes) -> None:
        """A message came out of the network."""
        self.message_count += 1
        self.byte_count += len(data)
        self.digest.update(STAMP.pack(self._world.now_s, number, to is End.ROBOT) + data)

    def touched(self, robot: RobotHost) -> None:
        """Something changed at a robot."""
        self._dirty[robot.robot_id] = robot

    def synced(self, record: Record) -> None:
        """A record became durable."""
        match record:
            case ObservationStored():
                stored = self.stored.setdefault(record.robot_id, set())
                counter = record.observation.counter
                if counter in stored:
                    self.report("I5", f"result {counter} of robot {record.robot_id} stored twice")
                stored.add(counter)
            case ObservationsMissing():
                span = range(record.first_counter, record.last_counter + 1)
                self.missing.setdefault(record.robot_id, set()).update(span)
            case MissionCreated():
                mission_id = record.mission.mission_id
                if mission_id in self._mission_ids:
                    self.report("I5", f"mission {mission_id} created twice")
                self._mission_ids.add(mission_id)
            case _:
                return

    def leaving(self, effect: Effect) -> None:
        """An effect leaves the coordinator: what it promises must be durable."""
        host = self._host
        assert host is not None
        match effect:
            case AcknowledgeObservations():
                robot = host.journal.shadow.robots.get(effect.robot_id)
                through = 0 if robot is None else robot.observations_through
                if effect.stored_through > through:
                    self.report(
                        "I4",
                        f"results of robot {effect.robot_id} acknowledged through {effect.stored_through}, "
                        f"durable through {through}",
                    )
            case Send(message=RouteUpdate() as update) if update.base:
                robot = host.journal.shadow.robots.get(effect.robot_id)
                end_seq = robot.steps[-1].seq if robot is not None and robot.steps else -1
                if robot is None or robot.route_id != update.route_id or update.base[-1].seq > end_seq:
                    self.report(
                        "I4",
                        f"base of robot {effect.robot_id} sent through step {update.base[-1].seq} of "
                        f"{update.route_id}, durable through {end_seq}",
                    )
            case _:
                return

    def report(self, rule: str, text: str) -> None:
        """Note a violation."""
        self.violation_count += 1
        if len(self.violations) < VIOLATIONS_KEPT_COUNT:
            self.violations.append(Violation(self._world.now_s, rule, text))

    # Checks.

    def after_step(self) -> None:
        """Check what the step may have changed, and what the time has made due."""
        host = self._host
        assert host is not None
        now_s = self._world.now_s
        if host.journal.taken_count != self._taken:
            # The core's invariants are about durable state, which changes with records alone.
            self._taken = host.journal.taken_count
            self._check_core(host)
        if self._dirty:
            for robot in self._dirty.values():
                self._check_within(robot, host)
            self._dirty.clear()
        if now_s < self._due_s:
            return
        while self._pairs and self._pairs[0][0] <= now_s:
            self._check_pair()
        if now_s >= self._survey_s:
            self._survey_s = now_s + SURVEY_S
            self._survey(host)
        if now_s >= self._fold_s and not host.journal.unsynced_count:
            self._fold_s = now_s + FOLD_CHECK_S
            self.check_fold()
        self._due_s = min(self._survey_s, self._fold_s, self._pairs[0][0] if self._pairs else math.inf)

    def check_fold(self) -> None:
        """I9: the fold of the journal is the live state."""
        host = self._host
        assert host is not None
        if host.fleet is not None and encode_state(host.fleet.state) != encode_state(host.journal.shadow):
            self.report("I9", "fold of the journal differs from the live state")

    def _check_core(self, host: CoordinatorHost) -> None:
        if host.fleet is None:
            return
        try:
            host.fleet.check_invariants()
        except InvariantError as error:
            self.report(str(error)[:3].strip(": "), str(error))

    def _check_within(self, robot: RobotHost, host: CoordinatorHost) -> None:
        """I2: the body within the base, and the robot's base within what is durably reserved."""
        reserved = host.journal.shadow.robots.get(robot.robot_id)
        if reserved is None or not reserved.steps:
            return
        driver = robot.driver
        route = None if driver is None else driver.session.route
        if route is not None and route.route_id == reserved.route_id:
            end_seq = reserved.steps[-1].seq
            if route.base_end_seq > end_seq:
                self.report(
                    "I2",
                    f"robot {robot.robot_id} holds a base through {route.base_end_seq}, reserved {end_seq}",
                )
        chassis = robot.body.chassis
        if chassis.is_rolling_out:
            return
        line = chassis.line
        where = chassis.node_id if line is None else line.edge_id
        if not _is_reserved(reserved, where, is_node=line is None):
            self.report("I2", f"robot {robot.robot_id} is on {where}, which isn't reserved for it")

    def _check_pair(self) -> None:
        """I1 by conservative advancement: nobody can touch before the gap is closed at top speed."""
        _, order, pair = self._pairs[0]
        gap_m = pair.gap_m()
        if gap_m < -TOUCH_M:
            if not pair.is_touching:
                pair.is_touching = True
                self.collision_count += 1
                self.report("I1", f"robots {pair.names} touch: gap {gap_m:.3f} m")
        else:
            pair.is_touching = False
        wait_s = max(NEAR_CHECK_S, gap_m / pair.speed_mps)
        heapreplace(self._pairs, (self._world.now_s + wait_s, order, pair))

    def _survey(self, host: CoordinatorHost) -> None:
        """I11, I12 and standstill."""
        now_s = self._world.now_s
        for robot in self._robots.values():
            if robot.body.chassis.is_moving or robot.body.is_working:
                self._moved_s = now_s
            for fault in robot.body.faults:
                if fault.code == UNFIT_LEG and robot.robot_id not in self._unfit:
                    self._unfit.add(robot.robot_id)
                    self.report("I2", f"robot {robot.robot_id}: {fault.text}")
        journal = host.journal
        if journal.waiting_count > QUEUE_LIMIT_COUNT or journal.unsynced_count > QUEUE_LIMIT_COUNT:
            self.report("I11", f"{journal.waiting_count} effects wait for {journal.unsynced_count} records")
        fleet = host.fleet
        if fleet is None:
            return
        self._check_core(host)
        refusals = fleet.totals().refusals_by_rule
        if refusals and refusals != self._refusals:
            self.report("I3", f"the checker had to refuse releases, or planning failed: {dict(refusals)}")
        self._refusals = refusals
        waits = fleet.waits()
        since = [now_s - wait.since_s for wait in waits.values()]
        self.longest_wait_s = max([self.longest_wait_s, *since])
        is_standstill = bool(since) and now_s - self._moved_s > STANDSTILL_S
        if is_standstill and not self._is_standstill:
            self.deadlock_count += 1
            self.report("I12", f"nobody moved for {STANDSTILL_S:g} s although somebody waits")
        self._is_standstill = is_standstill
        self._find_circles(
            {
                robot_id: wait.behind
                for robot_id, wait in waits.items()
                if wait.behind is not None and now_s - wait.since_s > STANDSTILL_S
            }
        )

    def _find_circles(self, behind: dict[RobotId, RobotId]) -> None:
        found: set[tuple[RobotId, ...]] = set()
        for start in sorted(behind):
            path: list[RobotId] = []
            here = start
            while here in behind and here not in path:
                path.append(here)
                here = behind[here]
            if here in path:
                found.add(tuple(sorted(path[path.index(here) :])))
        for circle in sorted(found - self._circles):
            self.deadlock_count += 1
            self.report("I12", f"robots wait for each other: {', '.join(circle)}")
        self._circles = found


def _is_reserved(reserved: RobotState, where: str, *, is_node: bool) -> bool:
    """Whether a place is part of what a robot holds; a node just left or being left counts through its edge."""
    return where in [step.node_id if is_node else step.edge_id for step in reserved.steps]
