"""
The plant floor all policies share: robots that drive what they are granted, and an umpire.

A policy grants ways; a robot drives them one after the other, each in its length over the robot's speed there plus
the time to turn. It occupies what it was granted until its body has left it. The umpire knows nothing of policies:
it counts each grant of a resource that another robot still has.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Protocol

from benchmarks.traffic.work import Jobs
from coordinator.model.ids import NodeId, RobotId, RobotTypeId
from coordinator.traffic.resources import Resources

TURN_S = 1.5
"""Slowing down and turning, at the start of each way."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A way to drive (None: stay), and whether the robot's next job is done at its end."""

    way: int | None
    is_job: bool


@dataclass(slots=True)
class Vehicle:
    """
    A robot on the floor.

    Attributes:
        node: Where it stands, or came from while it drives.
        way: What it drives; None while it stands.
        is_clear: Whether its body has left `node`.
        reached, cleared: As in Progress: legs done, and legs whose end the body has left.
        legs: Granted and not begun.
        held: Mask of all it occupies or was granted.
        since_s: When it last began or ended anything.
        waits_s: How long it stood without working, each time.
    """

    number: int
    robot_id: RobotId
    type_id: RobotTypeId
    speed_mps: float
    home: int
    jobs: Jobs
    node: int
    way: int | None = None
    is_job_ahead: bool = False
    is_working: bool = False
    is_clear: bool = False
    reached: int = 0
    cleared: int = -1
    legs: deque[Leg] = field(default_factory=deque)
    held: int = 0
    since_s: float = 0.0
    done_count: int = 0
    done_at_s: list[float] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)

    @property
    def is_standing(self) -> bool:
        """Whether it neither drives nor works."""
        return self.way is None and not self.is_working

    @property
    def end(self) -> tuple[int | None, bool]:
        """The last leg granted: its way, None if all are begun, and whether there is a job at its end."""
        return (self.legs[-1].way, self.legs[-1].is_job) if self.legs else (self.way, self.is_job_ahead)


class Policy(Protocol):
    """Who may drive where; `name` is what the tables call it."""

    name: str

    def start(self) -> None:
        """All robots stand at home."""

    def progressed(self, vehicle: Vehicle) -> None:
        """A robot's body left a node, or it reached one."""

    def worked(self, vehicle: Vehicle) -> None:
        """A robot has done its job where it stands."""

    def woken(self) -> None:
        """A time that the policy asked for has come."""


class World:
    """Time, robots, and the umpire."""

    def __init__(self, resources: Resources, vehicles: Sequence[Vehicle]) -> None:
        self.resources = resources
        self.vehicles = tuple(vehicles)
        self.now_s = 0.0
        self.policy: Policy | None = None
        self.shared: list[str] = []
        self._taken = 0
        self._heap: list[tuple[float, int, str, int]] = []
        self._count = 0
        for vehicle in self.vehicles:
            vehicle.held = resources.node_claim[vehicle.node]
            self._take(vehicle, vehicle.held)

    def run(self, policy: Policy, until_s: float) -> None:
        """Let time pass from the start."""
        self.policy = policy
        policy.start()
        self.go_on(until_s)

    def go_on(self, until_s: float) -> None:
        """Let more time pass."""
        while self._heap and self._heap[0][0] <= until_s:
            self.step()
        self.now_s = until_s

    def step(self) -> None:
        """Let happen what comes next."""
        assert self.policy is not None
        self.now_s, _, kind, number = heappop(self._heap)
        if kind == "wake":
            self.policy.woken()
        else:
            self._happen(self.policy, kind, self.vehicles[number])

    def wake_at(self, time_s: float) -> None:
        """Have the policy woken."""
        self._push(max(time_s, self.now_s), "wake", -1)

    def drive_s(self, vehicle: Vehicle, way: int) -> float:
        """How long a robot takes for a way."""
        row = self.resources.ways[way]
        return TURN_S + row.length_m / min(row.speed_mps, vehicle.speed_mps)

    def clear_s(self, vehicle: Vehicle, way: int) -> float:
        """How long after it begins a way a robot's body has left the node behind."""
        row = self.resources.ways[way]
        return TURN_S + min(row.length_m, self.resources.clear_m) / min(row.speed_mps, vehicle.speed_mps)

    def grant(self, vehicle: Vehicle, legs: Sequence[Leg]) -> None:
        """Let a robot drive on; it never has to give back what it was granted."""
        claim = 0
        for leg in legs:
            if leg.way is not None:
                claim |= self.resources.step_claim[leg.way]
        self._take(vehicle, claim & ~vehicle.held)
        vehicle.held |= claim
        vehicle.legs.extend(legs)
        if vehicle.is_standing:
            self._begin(vehicle)

    def is_free(self, vehicle: Vehicle, claim: int) -> bool:
        """Whether nobody else has any of a claim, and zones have room."""
        claim &= ~vehicle.held
        if claim & self.resources.exclusive & self._taken:
            return False
        return not any(
            claim & bit and sum(1 for other in self.vehicles if other.held & bit) >= capacity
            for bit, capacity in self.resources.counted
        )

    def node_id(self, node: int) -> NodeId:
        """Name of a node."""
        return self.resources.node_ids[node]

    def _happen(self, policy: Policy, kind: str, vehicle: Vehicle) -> None:
        if kind == "cleared":
            vehicle.cleared = vehicle.reached
            vehicle.is_clear = True
            self._release(vehicle)
            policy.progressed(vehicle)
            return
        vehicle.since_s = self.now_s
        if kind == "reached":
            assert vehicle.way is not None
            vehicle.node = self.resources.ways[vehicle.way].end
            vehicle.way, vehicle.is_clear = None, False
            vehicle.reached += 1
            self._release(vehicle)
            if vehicle.is_job_ahead:
                self._work(vehicle)
            elif vehicle.legs:
                self._begin(vehicle)
            policy.progressed(vehicle)
            return
        vehicle.is_working = False
        vehicle.done_count += 1
        vehicle.done_at_s.append(self.now_s)
        if vehicle.legs:
            self._begin(vehicle)
        policy.worked(vehicle)

    def _begin(self, vehicle: Vehicle) -> None:
        if self.now_s > vehicle.since_s:
            vehicle.waits_s.append(self.now_s - vehicle.since_s)
        vehicle.since_s = self.now_s
        leg = vehicle.legs.popleft()
        vehicle.is_job_ahead = leg.is_job
        if leg.way is None:
            vehicle.reached += 1
            vehicle.cleared = vehicle.reached - 1
            self._work(vehicle)
            return
        assert self.resources.ways[leg.way].start == vehicle.node, "a grant doesn't begin where the robot is"
        vehicle.way = leg.way
        self._push(self.now_s + self.clear_s(vehicle, leg.way), "cleared", vehicle.number)
        self._push(self.now_s + self.drive_s(vehicle, leg.way), "reached", vehicle.number)

    def _work(self, vehicle: Vehicle) -> None:
        job = vehicle.jobs[vehicle.done_count]
        assert job.node == vehicle.node, f"{vehicle.robot_id} works at {self.node_id(vehicle.node)}, not at its stop"
        vehicle.is_job_ahead, vehicle.is_working = False, True
        self._push(self.now_s + job.dwell_s + job.delay_s, "worked", vehicle.number)

    def _take(self, vehicle: Vehicle, claim: int) -> None:
        """The umpire: two robots in one exclusive resource, or too many in a zone, are written down."""
        double = claim & self.resources.exclusive & self._taken
        if double:
            self.shared.append(f"{self.now_s:.1f} s: {vehicle.robot_id} in {self.resources.name(double)}")
        for bit, capacity in self.resources.counted:
            if claim & bit and sum(1 for other in self.vehicles if other.held & bit) >= capacity:
                self.shared.append(f"{self.now_s:.1f} s: {vehicle.robot_id} in full {self.resources.name(bit)}")
        self._taken |= claim & self.resources.exclusive

    def _release(self, vehicle: Vehicle) -> None:
        resources = self.resources
        held = 0 if vehicle.is_clear else resources.node_claim[vehicle.node]
        if vehicle.way is not None:
            held |= resources.step_claim[vehicle.way]
        for leg in vehicle.legs:
            if leg.way is not None:
                held |= resources.step_claim[leg.way]
        self._taken &= ~(vehicle.held & ~held)
        vehicle.held = held

    def _push(self, time_s: float, kind: str, number: int) -> None:
        self._count += 1
        heappush(self._heap, (time_s, self._count, kind, number))
