"""What came of a run, in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from coordinator.model.ids import RobotId
from coordinator.model.snapshot import FleetSnapshot, Totals
from sim.robot_host import RobotHost
from sim.simulation import Simulation
from sim.truth import Violation


@dataclass(frozen=True, slots=True)
class Observations:
    """
    Where the results are.

    Attributes:
        captured: Made durable by robots.
        stored: In the coordinator's journal.
        missing: Declared lost by a robot or refused, with a reason in the journal.
        spooled: Still in a robot's spool at the end.
        lost: Captured, and none of these: must be 0.
        duplicates: Arrived again and stored once.
    """

    captured: int
    stored: int
    missing: int
    spooled: int
    lost: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Result:
    """
    One run; the JSON of `roundsman sim run`.

    Attributes:
        speedup: Simulated over wall time.
        max_age_ratio: Worst age of a visit or of a point not visited again by the end, in its periods.
        late_ratio: Part of the visits that came after period and tolerance.
        collisions: Pairs of bodies that touched.
        deadlocks: Circles of waits and standstills of five minutes.
    """

    scenario: str
    seed: int
    robots: int
    simulated_s: float
    wall_s: float
    speedup: float
    inspections_done: int
    max_age_ratio: float
    mean_age_ratio: float
    late_ratio: float
    wait_s_by_cause: dict[str, float]
    longest_wait_s: float
    replans_by_reason: dict[str, int]
    missions: dict[str, int]
    collisions: int
    deadlocks: int
    observations: Observations
    messages: int
    message_bytes: int
    journal_records: int
    coordinator_crashes: int
    stream_breaks: int
    faults: dict[str, int]
    people: int
    invariant_violations: int
    violations: tuple[Violation, ...]
    trace_hash: str

    @property
    def is_good(self) -> bool:
        """Whether nothing went wrong that must never go wrong."""
        return not (self.collisions or self.deadlocks or self.observations.lost or self.invariant_violations)

    def as_json(self) -> dict[str, object]:
        """For machines; violations cut to the first twenty."""
        data = asdict(self)
        data["violations"] = data["violations"][:20]
        return data


def collect(simulation: Simulation, *, wall_s: float) -> Result:
    """The numbers of a run that has ended."""
    truth, coordinator = simulation.truth, simulation.coordinator
    snapshot = simulation.last_snapshot
    totals = list(coordinator.totals_before)
    if snapshot is not None:
        totals.append(snapshot.totals)
    last = totals[-1] if totals else None
    ages = _ages(snapshot)
    visits = last.visits_count if last is not None else 0
    digest = truth.digest.copy()
    digest.update(coordinator.journal.digest.digest())
    simulated_s = simulation.hours * 3600.0
    return Result(
        scenario=simulation.scenario.name,
        seed=simulation.seed,
        robots=len(simulation.robots),
        simulated_s=simulated_s,
        wall_s=round(wall_s, 3),
        speedup=round((simulation.world.now_s - simulation.start_s) / wall_s, 1) if wall_s > 0.0 else 0.0,
        inspections_done=visits,
        max_age_ratio=round(max([0.0, last.max_age_ratio if last else 0.0, *ages]), 4),
        mean_age_ratio=round(sum(ages) / len(ages), 4) if ages else 0.0,
        late_ratio=round(last.late_visits_count / visits, 4) if last is not None and visits else 0.0,
        wait_s_by_cause=_sum((t.wait_s_by_cause for t in totals), 1),
        longest_wait_s=round(truth.longest_wait_s, 1),
        replans_by_reason={k: int(v) for k, v in _sum((t.replans_by_reason for t in totals), 0).items()},
        missions=_missions(snapshot),
        collisions=truth.collision_count,
        deadlocks=truth.deadlock_count,
        observations=_observations(simulation, totals),
        messages=truth.message_count,
        message_bytes=truth.byte_count,
        journal_records=coordinator.journal.synced_count,
        coordinator_crashes=coordinator.crash_count,
        stream_breaks=sum(robot.link.break_count for robot in simulation.robots),
        faults=dict(sorted(simulation.faults.counts.items())),
        people=simulation.people.count,
        invariant_violations=truth.violation_count,
        violations=tuple(truth.violations),
        trace_hash=digest.hexdigest(),
    )


def _ages(snapshot: FleetSnapshot | None) -> list[float]:
    if snapshot is None:
        return []
    return [point.age_ratio for point in snapshot.points if point.age_ratio is not None]


def _missions(snapshot: FleetSnapshot | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    for mission in snapshot.missions if snapshot is not None else ():
        counts[mission.state.value] = counts.get(mission.state.value, 0) + 1
    return dict(sorted(counts.items()))


def _sum(tables: Iterable[Iterable[tuple[str, float]]], digits: int) -> dict[str, float]:
    sums: dict[str, float] = {}
    for table in tables:
        for key, value in table:
            sums[key] = sums.get(key, 0.0) + value
    return {key: round(sums[key], digits) for key in sorted(sums)}


def _observations(simulation: Simulation, totals: Sequence[Totals]) -> Observations:
    truth = simulation.truth
    nobody: set[int] = set()
    robots = simulation.robots
    stored = sum(len(truth.stored.get(robot.robot_id, nobody)) for robot in robots)
    missing = sum(
        len(truth.missing.get(robot.robot_id, nobody) - truth.stored.get(robot.robot_id, nobody)) for robot in robots
    )
    return Observations(
        captured=sum(robot.spool.captured_count for robot in robots),
        stored=stored,
        missing=missing,
        spooled=sum(len(_spooled(robot)) for robot in robots),
        lost=sum(len(lost_counters(robot, truth.stored, truth.missing)) for robot in robots),
        duplicates=sum(t.observations_duplicate_count for t in totals),
    )


def _spooled(robot: RobotHost) -> set[int]:
    oldest = robot.spool.oldest_counter()
    return set(range(oldest, robot.spool.last_counter() + 1)) if oldest else set()


def lost_counters(robot: RobotHost, stored: dict[RobotId, set[int]], missing: dict[RobotId, set[int]]) -> set[int]:
    """Results of a robot that are nowhere any more."""
    known = stored.get(robot.robot_id, set()) | missing.get(robot.robot_id, set()) | _spooled(robot)
    return set(range(1, robot.spool.last_counter() + 1)) - known
