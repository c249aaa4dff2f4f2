"""
How fast the simulator is: simulated time over the process's CPU time, so on one core.

Twelve robots in the refinery, at rush hour and with everything breaking. The run with every invariant checked
after each step is the figure; the same run with the checks off says what they cost. Both must deliver the same
messages, byte by byte.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.options import parse_options
from benchmarks.report import Figure, Sense, print_report
from sim.metrics import collect
from sim.run import Overrides, prepare

SCENARIOS = ("rush", "faults")
ROBOT_COUNT = 12
GOAL = 300.0
HOURS, ROUNDS = 1.0, 3
QUICK_HOURS, QUICK_ROUNDS = 0.1, 1


@dataclass(frozen=True, slots=True)
class Run:
    """One run: how many times faster than real time by CPU and by wall, and what it found."""

    cpu_speedup: float
    wall_speedup: float
    trace_hash: str
    violation_count: int


def run_once(scenario: str, *, seed: int, hours: float, is_checking: bool) -> Run:
    """Run a scenario; what is loaded and built before doesn't count."""
    overrides = Overrides(robot_count=ROBOT_COUNT, hours=hours, plant="refinery", is_checking=is_checking)
    simulation = prepare(scenario, seed=seed, overrides=overrides)
    begin_s, cpu_begin_s = time.perf_counter(), time.process_time()
    simulation.run()
    wall_s, cpu_s = time.perf_counter() - begin_s, time.process_time() - cpu_begin_s
    simulated_s = simulation.world.now_s - simulation.start_s
    result = collect(simulation, wall_s=wall_s)
    broken = result.collisions + result.deadlocks + result.invariant_violations + result.observations.lost
    return Run(simulated_s / cpu_s, simulated_s / wall_s, result.trace_hash, broken)


def main() -> None:
    """Measure and print."""
    options = parse_options("benchmarks.simspeed", __doc__)
    hours, rounds = (QUICK_HOURS, QUICK_ROUNDS) if options.is_quick else (HOURS, ROUNDS)
    figures: list[Figure] = []
    notes = [f"{ROBOT_COUNT} robots, refinery, {hours:g} h and the time until all results are in, {rounds} round(s)"]
    for scenario in SCENARIOS:
        checked: list[Run] = []
        free: list[Run] = []
        for _ in range(rounds):
            checked.append(run_once(scenario, seed=options.seed, hours=hours, is_checking=True))
            free.append(run_once(scenario, seed=options.seed, hours=hours, is_checking=False))
        figures += _figures(scenario, checked, free)
        if len({run.trace_hash for run in (*checked, *free)}) > 1:
            notes.append(f"{scenario}: RUNS DIFFER although the seed is the same")
    print_report("simspeed", figures, seed=options.seed, notes=notes)


def _figures(scenario: str, checked: list[Run], free: list[Run]) -> list[Figure]:
    off = Figure("", [run.cpu_speedup for run in free], "", Sense.MAX).value
    wall_off = Figure("", [run.wall_speedup for run in free], "", Sense.MAX).value
    share = [1.0 - on.cpu_speedup / without.cpu_speedup for on, without in zip(checked, free, strict=True)]
    by_cpu = [run.cpu_speedup for run in checked]
    by_wall = [run.wall_speedup for run in checked]
    broken = [float(run.violation_count) for run in checked]
    return [
        Figure(f"{scenario}_speedup", by_cpu, "x", Sense.MAX, GOAL, {"checks off": off, "real time": 1.0}),
        Figure(f"{scenario}_wall_speedup", by_wall, "x", Sense.MAX, None, {"checks off": wall_off}),
        Figure(f"{scenario}_checking_share", share, "ratio", Sense.MIN),
        Figure(f"{scenario}_broken_invariants", broken, "count", Sense.MIN, 0.0),
    ]


if __name__ == "__main__":
    main()
