"""A patrol in simulated time with idealised travel: a planner, or the plain greedy rule, drives a fleet for hours."""

from __future__ import annotations

import heapq
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from coordinator.assignment.assign import plan
from coordinator.model.assignment import DockOffer, Plan, PointDemand, Problem, RobotOffer, Stop
from coordinator.model.ids import NodeId, PointId, RobotId

ALL = ("gas", "microphone", "thermal", "video")


@dataclass(frozen=True)
class Plant:
    nodes: list[NodeId]
    travel_s: np.ndarray
    points: list[PointDemand]
    docks: list[NodeId]


@dataclass
class Body:
    """A robot as it really is."""

    robot_id: RobotId
    node: NodeId
    free_s: float
    charge_ratio: float
    sensors: frozenset[str]
    stops: list[Stop] = field(default_factory=list)
    doing: Stop | None = None


@dataclass
class Outcome:
    worst_ratio: float
    late_ratio: float
    visit_count: int
    stranded_count: int
    dock_clash_count: int
    plan_count: int
    lowest_charge_ratio: float
    drive_s: float
    early_count: int
    problems: list[Problem] = field(default_factory=list)


def make_plant(seed: int, *, point_count: int = 200, width: int = 14, height: int = 10, pitch_m: float = 12.0) -> Plant:
    """A grid of corridors, every third one a one-way lane, with points of four periods."""
    rng = random.Random(seed)
    nodes = [NodeId(f"n{i:04d}") for i in range(width * height)]
    far = np.full((len(nodes), len(nodes)), np.inf)
    np.fill_diagonal(far, 0.0)
    for row in range(height):
        for column in range(width):
            here = row * width + column
            for there, lane in ((here + 1, row), (here + width, column)):
                if (there == here + 1 and column == width - 1) or there >= len(nodes):
                    continue
                length = pitch_m * rng.uniform(0.7, 1.5)
                border = lane in (0, 1)
                if border or lane % 3:
                    far[here, there] = far[there, here] = length
                elif lane % 2:
                    far[here, there] = length
                else:
                    far[there, here] = length
    for k in range(len(nodes)):
        far = np.minimum(far, far[:, k : k + 1] + far[k : k + 1, :])
    points = []
    for i in range(point_count):
        period = rng.choice((600.0, 1200.0, 2400.0, 7200.0))
        need = frozenset(rng.sample(ALL, 1)) if rng.random() < 0.5 else frozenset()
        points.append(
            PointDemand(
                PointId(f"p{i:04d}"),
                rng.choice(nodes),
                rng.uniform(20.0, 70.0),
                need,
                period,
                -rng.random() * period,
                1.0,
            )
        )
    docks = [nodes[i] for i in (width + 1, len(nodes) // 2, len(nodes) - width - 2)]
    return Plant(nodes, far, points, docks)


def make_bodies(plant: Plant, seed: int, count: int) -> list[Body]:
    """Robots that carry three of four sensors each."""
    rng = random.Random(seed + 1)
    bodies = []
    for i in range(count):
        sensors = frozenset(s for k, s in enumerate(ALL) if k != i % 4)
        bodies.append(Body(RobotId(f"r{i:03d}"), rng.choice(plant.nodes), 0.0, 1.0 - 0.3 * rng.random(), sensors))
    return bodies


@dataclass
class World:
    """The patrol under way: who stands where, what was last visited when."""

    plant: Plant
    bodies: list[Body]
    battery: bool
    docks: list[NodeId] = field(default_factory=list)
    use: float = 1.0 / 5400.0
    gain: float = 1.0 / 1200.0

    def __post_init__(self) -> None:
        self.index = {n: i for i, n in enumerate(self.plant.nodes)}
        self.docks = self.plant.docks if self.battery else []
        self.last = {p.point_id: p.last_visit_s for p in self.plant.points}
        self.demand = {p.point_id: p for p in self.plant.points}
        self.gaps: list[tuple[float, float]] = []
        self.dock_until: dict[NodeId, float] = {}
        self.clashes = 0
        self.lowest = 1.0
        self.drive_s = 0.0

    def go(self, body: Body, stop: Stop, now: float) -> None:
        """Let a robot drive to a stop, and work there."""
        travel = float(self.plant.travel_s[self.index[body.node], self.index[stop.node_id]])
        arrive = now + travel
        self.drive_s += travel
        body.node, body.doing = stop.node_id, stop
        if stop.point_id is not None:
            end = arrive + self.demand[stop.point_id].duration_s
            self.spend(body, end - now)
        else:
            start = max(arrive, stop.arrive_s)
            self.spend(body, start - now)
            if start < self.dock_until.get(stop.node_id, 0.0) - 1e-6:
                self.clashes += 1
                start = self.dock_until[stop.node_id]
            missing = max(0.0, (stop.charge_until_ratio or 1.0) - body.charge_ratio)
            end = max(start + missing / self.gain, start + 1.0)
            body.charge_ratio = min(1.0, body.charge_ratio + missing)
            self.dock_until[stop.node_id] = end
        body.free_s = end

    def spend(self, body: Body, seconds: float) -> None:
        if self.battery:
            body.charge_ratio -= seconds * self.use
            self.lowest = min(self.lowest, body.charge_ratio)

    def finish(self, body: Body, now: float) -> None:
        """Note the visit that just ended."""
        stop, body.doing = body.doing, None
        if stop is not None and stop.point_id is not None:
            point = stop.point_id
            self.gaps.append((now, (now - self.last[point]) / self.demand[point].period_s))
            self.last[point] = now

    def outcome(self, end: float, warm: float, plans: int, problems: list[Problem]) -> Outcome:
        gaps = [x for t, x in self.gaps if t >= warm]
        late = sum(x > 1.0 for x in gaps)
        open_now = [(end - self.last[p]) / d.period_s for p, d in self.demand.items()]
        return Outcome(
            max(gaps + open_now, default=0.0), late / max(1, len(gaps)), len(gaps),
            sum(b.charge_ratio < 0.0 for b in self.bodies), self.clashes, plans, self.lowest, self.drive_s,
            sum(x < 0.5 for x in gaps), problems,
        )  # fmt: skip


def make_problem(
    world: World, bookings: list[tuple[NodeId, float, float, RobotId]], now: float, version: int
) -> Problem:
    """What the coordinator would ask a planner now."""
    idle = world.use if world.battery else 0.0
    going = {b.doing.point_id: b for b in world.bodies if b.doing is not None and b.doing.point_id is not None}
    robots = tuple(
        RobotOffer(
            b.robot_id, b.node, max(now, b.free_s), b.charge_ratio, b.sensors, 1.0, idle, idle, idle, world.gain, 0.1,
            b.node, planned=tuple(b.stops),
        )
        for b in world.bodies
    )  # fmt: skip
    points = tuple(
        replace(p, last_visit_s=going[p.point_id].free_s if p.point_id in going else world.last[p.point_id])
        for p in world.plant.points
    )
    docks = tuple(
        DockOffer(d, tuple(sorted((a, z, r) for n, a, z, r in bookings if n == d and z > now)))
        for d in sorted(world.docks)
    )
    return Problem(version, now, robots, points, docks, world.index, world.plant.travel_s, 1.0)


def run_planner(
    world: World, planner: Callable[[Problem], Plan], *, hours: float, replan_s: float = 20.0, keep: int = 0
) -> Outcome:
    """Re-plan every `replan_s` and whenever a robot has nothing left to do."""
    end, version, problems = hours * 3600.0, 0, []
    bookings: list[tuple[NodeId, float, float, RobotId]] = []
    times = [(k * replan_s, 1, "") for k in range(int(end / replan_s))]
    by_id = {b.robot_id: b for b in world.bodies}
    times += [(0.0, 0, b.robot_id) for b in world.bodies]
    heapq.heapify(times)
    while times and times[0][0] <= end:
        now, kind, name = heapq.heappop(times)
        body = by_id.get(RobotId(name))
        if body is not None and body.free_s <= now + 1e-9 and body.doing is not None:
            world.finish(body, now)
        if kind == 1 or (body is not None and not body.stops):
            held = [(b.doing.node_id, min(now, b.free_s), b.free_s, b.robot_id) for b in world.bodies
                    if b.doing is not None and b.doing.point_id is None]  # fmt: skip
            problem = make_problem(world, sorted(set(held + bookings)), now, version)
            version += 1
            if len(problems) < keep and now > 1800.0:
                problems.append(problem)
            answer = planner(problem)
            bookings = list(answer.bookings)
            for robot_id, stops in answer.itineraries:
                by_id[robot_id].stops = list(stops)
        for b in world.bodies:
            if b.doing is None and b.stops:
                late_start = (
                    b.stops[0].arrive_s - world.plant.travel_s[world.index[b.node], world.index[b.stops[0].node_id]]
                )
                if b.stops[0].point_id is None and late_start > now + 1.0:
                    continue
                world.spend(b, max(0.0, now - b.free_s))
                world.go(b, b.stops.pop(0), now)
                heapq.heappush(times, (b.free_s, 0, b.robot_id))
    return world.outcome(end, end * 0.5, version, problems)


def run_greedy(world: World, *, hours: float, exponent: float, charge_below: float) -> Outcome:
    """Each robot takes the point with the best (age at arrival / period) ** exponent / (travel + service)."""
    end = hours * 3600.0
    queue = [(0.0, b.robot_id) for b in world.bodies]
    heapq.heapify(queue)
    by_id = {b.robot_id: b for b in world.bodies}
    targets: dict[RobotId, PointId] = {}
    points = world.plant.points
    cols = np.array([world.index[p.node_id] for p in points])
    duration = np.array([p.duration_s for p in points])
    period = np.array([p.period_s for p in points])
    able = {b.robot_id: np.array([p.sensors <= b.sensors for p in points]) for b in world.bodies}
    while queue and queue[0][0] <= end:
        now, name = heapq.heappop(queue)
        body = by_id[name]
        world.finish(body, now)
        targets.pop(name, None)
        row = world.plant.travel_s[world.index[body.node]]
        if world.battery and body.charge_ratio < charge_below:
            start, dock = min((max(now + row[world.index[d]], world.dock_until.get(d, 0.0)), d) for d in world.docks)
            until = min(1.0, body.charge_ratio - (start - now) * world.use + 600.0 * world.gain)
            world.go(body, Stop(dock, None, None, start, start, until), now)
        else:
            travel = row[cols]
            last = np.array([world.last[p.point_id] for p in points])
            score = ((now + travel - last) / period) ** exponent / (travel + duration)
            score[~able[name]] = -1.0
            taken = set(targets.values())
            score[[i for i, p in enumerate(points) if p.point_id in taken]] = -1.0
            point = points[int(score.argmax())]
            targets[name] = point.point_id
            world.go(body, Stop(point.node_id, point.point_id, None, now, now), now)
        heapq.heappush(queue, (body.free_s, name))
    return world.outcome(end, end * 0.5, 0, [])


def main() -> None:
    """Print planner and best greedy side by side: `python -m tests.coordinator.assignment.closed_loop [plants]`."""
    for battery in (False, True):
        for seed in range(1, int(sys.argv[1]) + 1 if len(sys.argv) > 1 else 3):
            plant = make_plant(seed)
            spent: list[float] = []

            def timed(problem: Problem, spent: list[float] = spent) -> Plan:
                begin = time.process_time()
                answer = plan(problem)
                spent.append(time.process_time() - begin)
                return answer

            ours = run_planner(World(plant, make_bodies(plant, seed, 12), battery), timed, hours=5.0)
            greedy = [
                run_greedy(World(plant, make_bodies(plant, seed, 12), battery), hours=5.0, exponent=a, charge_below=c)
                for a in (1.0, 1.5, 2.0)
                for c in ((0.3, 0.5) if battery else (0.0,))
            ]
            best = min(greedy, key=lambda o: o.worst_ratio)
            print(
                f"plant {seed} battery {battery}: planner worst {ours.worst_ratio:.2f} late {ours.late_ratio:.3f} "
                f"visits {ours.visit_count} lowest charge {ours.lowest_charge_ratio:.2f} "
                f"charger clashes {ours.dock_clash_count} "
                f"CPU mean {1e3 * sum(spent) / len(spent):.1f} ms; greedy worst {best.worst_ratio:.2f} "
                f"late {best.late_ratio:.3f}, fewest late {min(o.late_ratio for o in greedy):.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
