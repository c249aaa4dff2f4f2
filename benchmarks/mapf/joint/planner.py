"""The joint planner: a first plan at once, a better one for every further bit of effort."""

from __future__ import annotations

import numpy as np

from benchmarks.mapf.joint.chance import seeded
from benchmarks.mapf.joint.distances import EVERYWHERE, UNKNOWN, Distances, make_distances, reach_all
from benchmarks.mapf.joint.guidance import find_guides, guided_steps, make_flow
from benchmarks.mapf.joint.improvement import Improvement, improve, make_improvement, plan_in_turn, resting_costs
from benchmarks.mapf.joint.lacam import NONE, Configurations, make_configurations, search, trace
from benchmarks.mapf.joint.pibt import make_crowd
from benchmarks.mapf.joint.problem import Ints, Problem

CROWDINGS = (0.04, 0.02, 0.08, 0.01)
"""How much each agent in the way may weigh in guide paths, the most promising first."""
GUIDE_ROUNDS = 3
GUIDE_EFFORT = 500
"""Configurations that each part of a guided plan may take."""
GUIDED_SIZE = 8_000_000
"""Numbers in the tables beyond which guided ones take too long."""
ROOM = 50_000_000
"""Cells that all configurations of the search together may name."""


class NoJointPlanError(Exception):
    """The search for a first plan ended without one: some goals can't be reached together, or the effort was spent."""


class JointPlanner:
    """
    Plans for all agents at once.

    Use: `find_first()` once, then `guide` and `plan_in_turn`, then `improve(effort)` as often as time allows; `paths`
    is the best plan so far. Deterministic for a seed; effort is counted, never timed.
    """

    def __init__(self, problem: Problem, *, seed: int) -> None:
        self._problem = problem
        self._chance = seeded(seed)
        self._distances = make_distances(problem)
        self._paths: Ints | None = None
        self._improvement: Improvement | None = None

    @property
    def paths(self) -> Ints:
        """
        (agents, steps + 1) cell of each agent at each step, from its start to its goal, where it stays.

        Raises:
            RuntimeError: Before `find_first`.
        """
        if self._paths is None:
            raise RuntimeError("no plan yet: find_first comes first")
        return self._paths if self._improvement is None else self._improvement.paths

    @property
    def cost(self) -> int:
        """Sum over agents of the step from which on each stays at its goal."""
        return int(resting_costs(self.paths).sum())

    @property
    def bound(self) -> int:
        """No plan costs less: every agent alone on its shortest way. After `find_first`."""
        return int(self._distances.steps[np.arange(len(self.paths)), self._problem.start].sum())

    def find_first(self, effort: int = 100_000) -> None:
        """
        Find the first joint plan.

        Args:
            effort: Configurations that may be made.

        Raises:
            NoJointPlanError: Unreachable goals, no plan, or the effort is spent.
        """
        reach_all(self._distances, self._problem.start)
        agents = np.arange(len(self._problem.start))
        stranded = np.flatnonzero(self._distances.steps[agents, self._problem.start] == UNKNOWN)
        if stranded.size:
            raise NoJointPlanError(f"no way to the goal: agents {stranded.tolist()}")
        known, last = self._search(self._distances, self._problem.start, effort)
        if last == NONE:
            raise NoJointPlanError(f"none found with effort {effort}")
        self._paths = trace(known, last)

    def guide(self, crowding: float) -> None:
        """
        Plan once more from nothing, along ways that avoid each other; the cheaper plan stays.

        Args:
            crowding: How much each agent in the way weighs, above 0; some of CROWDINGS fits most crowds.
        """
        state, distances = self._state(), self._distances
        if distances.steps.size > GUIDED_SIZE:
            return
        flow = make_flow(distances.near)
        find_guides(distances, self._problem.start, flow, GUIDE_ROUNDS, crowding, self._chance)
        guided = np.empty_like(distances.steps)
        guided_steps(distances, flow, crowding, guided)
        paths = self._search_guided(distances._replace(steps=guided))
        if paths is not None and resting_costs(paths).sum() < state.costs.sum():
            self._improvement = make_improvement(distances, paths)

    def plan_in_turn(self) -> None:
        """
        Plan everybody once more, one after the other; the cheaper plan stays.

        Best where there is room: in a crowd somebody soon finds no way, and the effort is lost.
        """
        plan_in_turn(self._distances, self._state(), self._chance)

    def improve(self, effort: int) -> None:
        """
        Plan neighbourhoods anew; the cost never rises.

        Args:
            effort: States to search, about half a microsecond each; the neighbourhood begun is finished.
        """
        improve(self._distances, self._state(), effort, self._chance)

    def _state(self) -> Improvement:
        """The plan as it is improved, for which all distances are known."""
        if self._improvement is None:
            reach_all(self._distances, np.full(len(self.paths), EVERYWHERE, dtype=np.int32))
            self._improvement = make_improvement(self._distances, self.paths.copy())
        return self._improvement

    def _search_guided(self, guided: Distances) -> Ints | None:
        """Paths along the guides; where these lead no nearer to the goals, the rest along shortest ways."""
        known, last = self._search(guided, self._problem.start, GUIDE_EFFORT)
        if last != NONE:
            return trace(known, last)
        agents, met = np.arange(len(self._problem.start)), known.cells[: known.counters[0]]
        begun = trace(known, int(self._distances.steps[agents, met].sum(axis=1).argmin()))
        known, last = self._search(self._distances, begun[:, -1].copy(), GUIDE_EFFORT)
        return None if last == NONE else np.concatenate((begun, trace(known, last)[:, 1:]), axis=1)

    def _search(self, distances: Distances, start: Ints, effort: int) -> tuple[Configurations, int]:
        """Configurations from a start on, steered by the distances; the last one has all at their goals, or is NONE."""
        known = make_configurations(len(start), min(effort, max(1024, ROOM // len(start))) + 2)
        return known, search(distances, make_crowd(distances.near, start), known, effort, self._chance)
