"""
Uniform patrol on the graphs of patrolling_sim, idealised: 1 m/s, no interference, passing counts as a visit.

For each graph and number of robots: the worst gap that the template promises; the one the rolling planner drives when
it wants every vertex within that time, by itself ("live", as the coordinator asks it today) and when each point is
offered only to the robots of the template's group, in turn ("guided"); and those of the classic rules in the same
world. All over the worst gap of the best cyclic plan known. The graphs aren't part of the source tree: put them into
../shared/data/patrol/graphs, or into patrol/graphs of the folder that $ROUNDSMAN_DATA names.
"""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass

import numpy as np

from benchmarks.options import Options, parse_options
from benchmarks.patrol.graphs import BEST_CYCLIC_S, Graph, graphs_folder, load_graph
from benchmarks.patrol.rolling import Rolling
from benchmarks.patrol.rules import (
    ConscientiousReactive,
    ExpectedReactive,
    HeuristicPathfinder,
    StateExchangeBayesian,
    TaskAuctions,
)
from benchmarks.patrol.world import Rule, World
from benchmarks.report import Figure, Sense, print_report
from coordinator.assignment.template.bound import lower_bound
from coordinator.assignment.template.rounds import RobotKind, RoundPoint, Rounds
from coordinator.assignment.template.template import make_template
from coordinator.model.ids import PointId, RobotTypeId

GAPS = 40
"""A run is as long as so many promised gaps."""

RULES = ("CR", "HPCC", "SEBS", "DTAP", "ER")
TRIES = 60
QUICK_GRAPHS, QUICK_ROBOTS, QUICK_TRIES = ("1r5", "ctcv"), (2, 4, 8), 20


@dataclass(frozen=True, slots=True)
class Case:
    """One graph with so many robots: worst gaps, s."""

    graph: str
    robots: int
    best_s: float
    bound_s: float
    planned_s: float
    live_s: float
    guided_s: float
    rules_s: dict[str, float]

    @property
    def best_rule(self) -> str:
        """The rule with the smallest worst gap here."""
        return min(RULES, key=lambda name: (self.rules_s[name], name))


def uniform_rounds(graph: Graph, robots: int) -> Rounds:
    """Every vertex wants a visit every second: age ratios are seconds."""
    count = len(graph.way_s)
    points = tuple(RoundPoint(PointId(f"v{v:04d}"), 0.0, 1.0) for v in range(count))
    kind = RobotKind(RobotTypeId("robot"), robots, graph.way_s, graph.way_s, np.ones(count, dtype=np.bool_))
    return Rounds(points, (kind,))


def measure(graph: Graph, robots: int, options: Options) -> Case:
    """Plan and drive."""
    rounds = uniform_rounds(graph, robots)
    tries = QUICK_TRIES if options.is_quick else TRIES
    template = make_template(rounds, tries=tries, seed=options.seed)
    chance = random.Random(f"{options.seed}:{graph.name}:{robots}")
    starts = [chance.randrange(len(graph.way_s)) for _ in range(robots)]

    def drive(rule: Rule) -> float:
        return World(graph, starts).run(rule, GAPS * template.worst_ratio)

    rules: dict[str, Rule] = {
        "CR": ConscientiousReactive(),
        "HPCC": HeuristicPathfinder(graph, robots),
        "SEBS": StateExchangeBayesian(),
        "DTAP": TaskAuctions(graph, starts, chance),
        "ER": ExpectedReactive(),
    }
    return Case(
        graph=graph.name,
        robots=robots,
        best_s=BEST_CYCLIC_S[graph.name][robots],
        bound_s=lower_bound(rounds).ratio,
        planned_s=template.worst_ratio,
        live_s=drive(Rolling(graph, template, robots, is_guided=False)),
        guided_s=drive(Rolling(graph, template, robots, is_guided=True)),
        rules_s={name: drive(rule) for name, rule in rules.items()},
    )


def main() -> None:
    """Measure and print."""
    options = parse_options("benchmarks.patrol", __doc__)
    folder = graphs_folder()
    graphs = [load_graph(path) for path in sorted(folder.glob("*.graph")) if path.stem in BEST_CYCLIC_S]
    if options.is_quick:
        graphs = [graph for graph in graphs if graph.name in QUICK_GRAPHS]
    if not graphs:
        note = f"no graph of {', '.join(BEST_CYCLIC_S)} in {folder}: nothing measured; set ROUNDSMAN_DATA"
        print_report("patrol", [], seed=options.seed, notes=[note])
        return
    cases = []
    print(_line("graph", "robots", ["best", "bound", "planned", "live", "guided", *RULES]), flush=True)
    for graph in graphs:
        for robots in BEST_CYCLIC_S[graph.name]:
            if options.is_quick and robots not in QUICK_ROBOTS:
                continue
            case = measure(graph, robots, options)
            gaps_s = [case.best_s, case.bound_s, case.planned_s, case.live_s, case.guided_s, *case.rules_s.values()]
            print(_line(case.graph, str(case.robots), [f"{gap_s:.1f}" for gap_s in gaps_s]), flush=True)
            cases.append(case)
    notes = [
        "worst gaps in s; figures over the best cyclic plan known, or over the best rule of each graph",
        "not measured: the same with traffic in the loop, for which issue 4 sets 0.55 at 4 robots and 0.40 at 8 to 12",
    ]
    print_report("patrol", _figures(cases), seed=options.seed, notes=notes)


def _figures(cases: list[Case]) -> list[Figure]:
    # As exact as the best known are told.
    planned = [round(case.planned_s, 1) / case.best_s for case in cases]
    live = [case.live_s / case.best_s for case in cases]
    guided = [case.guided_s / case.best_s for case in cases]
    rules = {name: statistics.median(case.rules_s[name] / case.best_s for case in cases) for name in RULES}
    bound = statistics.median(case.bound_s / case.best_s for case in cases)
    figures = [
        Figure("planned_over_best_cyclic", planned, "x", Sense.MIN, 1.0, {"proven bound": bound, **rules}),
        Figure("planned_over_best_cyclic_worst", [max(planned)], "x", Sense.MIN, 1.02),
        Figure("live_over_best_cyclic", live, "x", Sense.MIN, 1.05, rules),
        Figure("live_over_best_cyclic_worst", [max(live)], "x", Sense.MIN),
        Figure("guided_over_best_cyclic", guided, "x", Sense.MIN, 1.05, rules),
        Figure("guided_over_best_cyclic_worst", [max(guided)], "x", Sense.MIN),
    ]
    for name, counts in (("4", (4,)), ("8_to_12", (8, 12))):
        chosen = [case for case in cases if case.robots in counts]
        if chosen:
            ahead = [case.guided_s / case.rules_s[case.best_rule] for case in chosen]
            by_itself = statistics.median(case.live_s / case.rules_s[case.best_rule] for case in chosen)
            peer = {"live by itself": by_itself}
            figures.append(Figure(f"guided_over_best_rule_{name}_robots", ahead, "x", Sense.MIN, None, peer))
    return figures


def _line(graph: str, robots: str, cells: list[str]) -> str:
    return f"{graph:<16}{robots:>7}" + "".join(f"{cell:>9}" for cell in cells)


if __name__ == "__main__":
    main()
