"""
Plant traffic: tasks per hour of the production traffic layer and of peers, in one world, in one run.

Robots drive from stop to stop without end, each its own seeded row of stops, the same under every policy. Nobody may
ever be granted what another robot still has: an umpire in the world counts that, whatever the policy believes.

When a run is over the product's goes on: the busiest edges are closed, one after the other. A thousand robots are
measured without the peers, for a short while, on a complex drawn larger: how long a planning cycle takes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.report import Figure, Sense, print_report
from benchmarks.traffic.fcfs import FirstCome, Rerouting
from benchmarks.traffic.measure import Outcome, run_policy
from benchmarks.traffic.ours import Ours
from benchmarks.traffic.plants import traffic_plant
from benchmarks.traffic.windows import Windows
from benchmarks.traffic.world import Policy, World
from coordinator.traffic.resources import Resources
from coordinator.traffic.warm_up import warm_up

DENSITIES = {"refinery": (10, 20, 40, 60, 80), "complex": (10, 30, 60, 100, 200, 300)}
QUICK_DENSITIES = {"refinery": (10, 40)}
HOURS, QUICK_HOURS = 0.5, 0.25
LARGE_PLANT, LARGE_COUNT, LARGE_HOURS = "complex-9", 1000, 0.05
"""As crowded as the complex is with 300."""
PEERS: tuple[Callable[[World], Policy], ...] = (FirstCome, Rerouting, Windows)
JAM_SHARE = 0.7
"""A policy has begun to jam where a robot does less than this share of what it does on the emptiest floor."""
JAM_GAIN = 1.25
CLOSURE_COUNT, QUICK_CLOSURE_COUNT = 40, 5
CLOSURE_GOAL_S, CLOSURE_GOAL_COUNT = 1.0, 300
"""Up to this many robots all have another way within this time."""
GOALS_S = {100: (0.020, 0.050), 300: (0.060, 0.150), 1000: (0.250, 0.600)}


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure: plants and how many robots, simulated hours, edges to close afterwards, and without whom."""

    densities: dict[str, tuple[int, ...]]
    hours: float
    seed: int
    closure_count: int
    is_alone: bool
    is_large: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One density of one plant: outcomes by policy, ours first, and the core's times, sorted."""

    plant: str
    robot_count: int
    outcomes: dict[str, Outcome]
    cycles_s: list[float]
    closures_s: list[float]

    @property
    def ours(self) -> Outcome:
        """What the product reached."""
        return self.outcomes[Ours.name]

    @property
    def best_peer(self) -> Outcome | None:
        """The best of the others, if they were measured."""
        peers = [outcome for name, outcome in self.outcomes.items() if name != Ours.name]
        return max(peers, key=lambda outcome: outcome.tasks_per_h, default=None)


def main() -> None:
    """Measure and print."""
    options = parse(sys.argv[1:])
    rows: list[Row] = []
    warm_up()
    for plant, densities in options.densities.items():
        for robot_count in densities:
            rows.append(measure(plant, robot_count, options))
            print(text(rows[-1]), flush=True)
    if options.is_large:
        large = replace(options, hours=LARGE_HOURS, closure_count=0, is_alone=True)
        rows.append(measure(LARGE_PLANT, LARGE_COUNT, large))
        print(text(rows[-1]), flush=True)
    figures = [figure for row in rows for figure in figures_of(row, rows)]
    notes = [f"{options.hours:g} h each, the first fifth left out of the tasks"]
    print_report("traffic", figures, seed=options.seed, notes=notes)


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; says why and exits if it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.traffic", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="at most 40 s")
    parser.add_argument("--seed", type=int, default=1, help="of stops and delays (default: 1)")
    parser.add_argument("--plant", help="this plant alone, by name or file")
    parser.add_argument("--robots", help="these densities alone, as 10,40")
    parser.add_argument("--hours", type=float, help="simulated hours of each run")
    parser.add_argument("--closures", type=int, help=f"edges to close afterwards (default: {CLOSURE_COUNT})")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    parsed = parser.parse_args(arguments)
    known = QUICK_DENSITIES if parsed.quick else DENSITIES
    plants = list(known) if parsed.plant is None else [parsed.plant]
    robots = None if parsed.robots is None else tuple(int(count) for count in parsed.robots.split(","))
    densities = {plant: robots or known.get(plant) or DENSITIES.get(plant, (10,)) for plant in plants}
    closure_count = QUICK_CLOSURE_COUNT if parsed.quick else CLOSURE_COUNT
    return Options(
        densities=densities,
        hours=parsed.hours or (QUICK_HOURS if parsed.quick else HOURS),
        seed=parsed.seed,
        closure_count=closure_count if parsed.closures is None else parsed.closures,
        is_alone=parsed.alone,
        is_large=not parsed.quick and parsed.plant is None and parsed.robots is None,
    )


def measure(plant: str, robot_count: int, options: Options) -> Row:
    """Run all policies, or ours alone, at one density."""
    resources = Resources(traffic_plant(plant, robot_count))
    outcomes: dict[str, Outcome] = {}
    cycles_s: list[float] = []
    closures_s: list[float] = []
    for make in (Ours,) if options.is_alone else (Ours, *PEERS):
        outcome, policy = run_policy(resources, make, robot_count=robot_count, hours=options.hours, seed=options.seed)
        outcomes[policy.name] = outcome
        if isinstance(policy, Ours):
            cycles_s = sorted(policy.cycles_s)
            closures_s = sorted(policy.close_edges(options.closure_count))
    return Row(plant, robot_count, outcomes, cycles_s, closures_s)


def text(row: Row) -> str:
    """A line for people."""
    parts = [
        f"{name} {outcome.tasks_per_h:.0f}/h, stuck {outcome.stuck_count}, worst wait {outcome.worst_wait_s:.0f} s"
        + (f", SHARED {len(outcome.shared)}" if outcome.shared else "")
        for name, outcome in row.outcomes.items()
    ]
    p50_s, p99_s = at(row.cycles_s, 0.5), at(row.cycles_s, 0.99)
    cycle = f"cycle {p50_s * 1e3:.2f}/{p99_s * 1e3:.1f} ms"
    closure = f"closure {at(row.closures_s, 0.99) * 1e3:.0f} ms" if row.closures_s else "nothing closed"
    return f"{row.plant} {row.robot_count:>3}: " + " | ".join([*parts, cycle, closure])


def figures_of(row: Row, rows: Sequence[Row]) -> list[Figure]:
    """Figures of one density."""
    name = f"{row.plant}_{row.robot_count}"
    peers = {key: outcome.tasks_per_h for key, outcome in row.outcomes.items() if key != Ours.name}
    shared = float(sum(len(outcome.shared) for outcome in row.outcomes.values()))
    figures = [
        Figure(f"{name}_tasks", [row.ours.tasks_per_h], "tasks/h", Sense.MAX, None, peers),
        *_over_best_peer(name, row, rows),
        Figure(f"{name}_stuck", [float(row.ours.stuck_count)], "robots", Sense.MIN, 0.0, _peers(row, "stuck_count")),
        Figure(f"{name}_worst_wait", [row.ours.worst_wait_s], "s", Sense.MIN, None, _peers(row, "worst_wait_s")),
        Figure(f"{name}_shared", [shared], "count", Sense.MIN, 0.0),
    ]
    p50_s, p99_s = at(row.cycles_s, 0.5), at(row.cycles_s, 0.99)
    goals = next((goal for count, goal in GOALS_S.items() if row.robot_count <= count), (None, None))
    figures.append(Figure(f"{name}_cycle_p50", [p50_s], "s", Sense.MIN, goals[0]))
    figures.append(Figure(f"{name}_cycle_p99", [p99_s], "s", Sense.MIN, goals[1]))
    if row.closures_s:
        goal_s = CLOSURE_GOAL_S if row.robot_count <= CLOSURE_GOAL_COUNT else None
        figures.append(Figure(f"{name}_closure_p99", [at(row.closures_s, 0.99)], "s", Sense.MIN, goal_s))
        figures.append(Figure(f"{name}_closures", [float(len(row.closures_s))], "count", Sense.MAX))
    return figures


def _over_best_peer(name: str, row: Row, rows: Sequence[Row]) -> list[Figure]:
    """How far ahead of the best peer ours is; by a quarter is asked for where that one has begun to jam."""
    best, emptiest = row.best_peer, next(other for other in rows if other.plant == row.plant)
    if best is None or emptiest.best_peer is None:
        return []
    is_jam = best.tasks_per_h / row.robot_count < JAM_SHARE * emptiest.best_peer.tasks_per_h / emptiest.robot_count
    ratio = row.ours.tasks_per_h / max(best.tasks_per_h, 1e-9)
    return [Figure(f"{name}_over_best_peer", [ratio], "ratio", Sense.MAX, JAM_GAIN if is_jam else 1.0)]


def _peers(row: Row, field: str) -> dict[str, float]:
    return {key: float(getattr(outcome, field)) for key, outcome in row.outcomes.items() if key != Ours.name}


def at(ordered: Sequence[float], share: float) -> float:
    """A quantile of sorted values."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


if __name__ == "__main__":
    main()
