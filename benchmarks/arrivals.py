"""
How often foretold arrivals come true: of the visits of simulated shifts, the shares before their p50 and their p90.

Each minute the coordinator's picture is kept; when a robot arrives at a point, every time foretold for it counts,
whatever has been planned anew meanwhile. Those whose plan was kept are counted apart, too, and those for the next stop.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.options import parse_options
from benchmarks.report import Figure, Sense, print_report
from sim.arrivals import Arrival, ArrivalWatch, Calibration, calibration
from sim.run import Overrides, prepare

SCENARIOS = ("quiet", "rush")
HOURS, ROUNDS = 3.0, 3
QUICK_HOURS, QUICK_ROUNDS = 0.4, 1
KINDS: dict[str, Callable[[Arrival], bool]] = {
    "all": lambda arrival: True,
    "plan_kept": lambda arrival: arrival.is_as_planned,
    "next_stop": lambda arrival: arrival.place == 0,
}


def arrivals_of(scenario: str, *, seed: int, hours: float) -> list[Arrival]:
    """Run a scenario and collect what came of each arrival foretold."""
    simulation = prepare(scenario, seed=seed, overrides=Overrides(hours=hours, is_checking=False))
    watch = ArrivalWatch(simulation.world, lambda: simulation.coordinator.fleet)
    simulation.run()
    return watch.arrivals


def main() -> None:
    """Measure and print."""
    options = parse_options("benchmarks.arrivals", __doc__)
    hours, rounds = (QUICK_HOURS, QUICK_ROUNDS) if options.is_quick else (HOURS, ROUNDS)
    figures: list[Figure] = []
    for scenario in SCENARIOS:
        runs = [arrivals_of(scenario, seed=options.seed + number, hours=hours) for number in range(rounds)]
        for kind, is_of_kind in KINDS.items():
            figures += _figures(f"{scenario}_{kind}", [calibration(filter(is_of_kind, run)) for run in runs])
    notes = [f"{hours:g} h each, {rounds} seed(s); a perfect oracle has 0.5 and 0.9"]
    print_report("arrivals", figures, seed=options.seed, notes=notes)


def _figures(name: str, rounds: list[Calibration]) -> list[Figure]:
    return [
        Figure(
            f"{name}_before_p50", [each.before_p50_ratio for each in rounds], "ratio", Sense.MAX, None, {"ideal": 0.5}
        ),
        Figure(
            f"{name}_before_p90", [each.before_p90_ratio for each in rounds], "ratio", Sense.MAX, None, {"ideal": 0.9}
        ),
        Figure(f"{name}_median_error", [each.median_error_s for each in rounds], "s", Sense.MIN),
        Figure(f"{name}_count", [float(each.count) for each in rounds], "count", Sense.MAX),
    ]


if __name__ == "__main__":
    main()
