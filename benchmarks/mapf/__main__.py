"""
How good and how fast joint plans are, on the multi-agent path finding benchmark.

Each instance is planned on one core: the first plan (distances included, kernels compiled before), then improvement
until the CPU time is up. The sum of costs is set against the sum of shortest paths, which no plan beats. An independent
validator judges every first and every last plan. LaCAM3 stands beside as recorded (see peers.py).

The planner (joint/) is this benchmark's own: the coordinator plans robots' ways in continuous time on its timetable,
which `python -m benchmarks.traffic` measures.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mapf.instances import Instance, read_instance
from benchmarks.mapf.joint.planner import CROWDINGS, JointPlanner
from benchmarks.mapf.peers import QUICK, RECORDED, ROWS, Row
from benchmarks.mapf.validator import faults, resting_cost
from benchmarks.options import parse_options
from benchmarks.report import ROOT, Figure, Sense, print_report

DATA = ROOT.parent / "shared" / "data"
BUDGET_S, QUICK_BUDGET_S = 10.0, 2.0
FIRST_GOALS_S = {200: 0.1, 500: 0.3, 1000: 1.0}
DENSE_GOAL = 0.10
SLICE = 100_000
"""States searched between two looks at the clock, some hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Result:
    """
    One instance, planned.

    Attributes:
        first_s: CPU time until the first plan.
        first_ratio: Sum of costs of the first plan over the sum of shortest paths.
        ratio: That of the last plan.
        fault_count: What the validator found in both.
    """

    row: Row
    first_s: float
    first_ratio: float
    ratio: float
    fault_count: int


def main() -> None:
    """Measure and print."""
    options = parse_options("benchmarks.mapf", __doc__, has_data=True)
    folder = (options.data or DATA) / "mapf"
    if not folder.is_dir():
        note = f"SKIPPED: no benchmark instances in {folder}; --data names the folder that has mapf/ in it"
        print_report("mapf", [], seed=options.seed, notes=[note])
        return
    compile_s = warm_up(folder, options.seed)
    rows = [row for row in ROWS if row.name in QUICK] if options.is_quick else ROWS
    budget_s = QUICK_BUDGET_S if options.is_quick else BUDGET_S
    results: list[Result] = []
    for row in rows:
        results.append(run(row, read_instance(folder, row.map_name, row.agent_count), options.seed, budget_s))
        print(text(results[-1]), flush=True)
    notes = [
        f"{budget_s:g} s of CPU time an instance on one core; LaCAM3 isn't run here: see benchmarks/mapf/peers.py",
        f"compiling or loading kernels took {compile_s:.1f} s of CPU time before, and isn't counted",
    ]
    print_report("mapf", figures(results), seed=options.seed, notes=notes)


def warm_up(folder: Path, seed: int) -> float:
    """Have all kernels compiled or loaded; CPU seconds."""
    begin_s = time.process_time()
    planner = JointPlanner(read_instance(folder, "random-32-32-20", 20).problem(), seed=seed)
    planner.find_first()
    planner.guide(CROWDINGS[0])
    planner.plan_in_turn()
    planner.improve(SLICE)
    return time.process_time() - begin_s


def run(row: Row, instance: Instance, seed: int, budget_s: float) -> Result:
    """Plan an instance and have it judged; judging doesn't count."""
    problem = instance.problem()
    begin_s = time.process_time()
    planner = JointPlanner(problem, seed=seed)
    planner.find_first()
    first_s = time.process_time() - begin_s
    first = planner.paths.tolist()
    begin_s = time.process_time() - first_s
    for crowding in CROWDINGS:
        planner.guide(crowding)
    planner.plan_in_turn()
    while time.process_time() - begin_s < budget_s:
        planner.improve(SLICE)
    last = planner.paths.tolist()
    return Result(
        row=row,
        first_s=first_s,
        first_ratio=sum(map(resting_cost, first)) / planner.bound,
        ratio=sum(map(resting_cost, last)) / planner.bound,
        fault_count=_fault_count(instance, first) + _fault_count(instance, last),
    )


def text(result: Result) -> str:
    """A line for people."""
    costs = f"first plan {result.first_ratio:.3f} in {result.first_s:.3f} s, last {result.ratio:.4f}"
    return f"{result.row.name}: {costs}, LaCAM3 {result.row.ratio}, faults {result.fault_count}"


def figures(results: list[Result]) -> list[Figure]:
    """All that is claimed."""
    found = []
    for agent_count, goal_s in FIRST_GOALS_S.items():
        times = {result.row.name: result.first_s for result in results if result.row.agent_count == agent_count}
        if times:
            name = f"first_plan_{agent_count}_slowest"
            peers = {
                f"{RECORDED} {result.row.map_name}": result.row.first_ms / 1000.0
                for result in results
                if result.row.agent_count == agent_count and result.row.first_ms is not None
            }
            found.append(Figure(name, [max(times.values())], "s", Sense.MIN, goal_s, peers))
    for result in results:
        row = result.row
        peers = {} if row.ratio_10_s is None else {f"{RECORDED} 10 s": row.ratio_10_s}
        peers[f"{RECORDED} 20 s"] = row.ratio_20_s
        found.append(Figure(f"cost_{row.name}", [result.ratio], "ratio", Sense.MIN, row.ratio, peers))
        found.append(Figure(f"first_plan_{row.name}", [result.first_s], "s", Sense.MIN))
    below = [1.0 - result.ratio / result.row.ratio for result in results if result.row.is_dense]
    found.append(Figure("dense_below_peer", [statistics.median(below)], "ratio", Sense.MAX, DENSE_GOAL))
    faulty = [float(sum(result.fault_count for result in results))]
    return [*found, Figure("faults", faulty, "count", Sense.MIN, 0.0)]


def _fault_count(instance: Instance, paths: list[list[int]]) -> int:
    """Rules broken, and agents that don't end at their goals."""
    return len(faults(instance.neighbours, instance.starts, instance.goals, paths))


if __name__ == "__main__":
    main()
