"""The joint planner: a first plan at once, a better one for every further bit of effort."""

from __future__ import annotations

import numpy as np

from coordinator.traffic.joint.arrays import compile_arrays
from coordinator.traffic.joint.chance import seeded
from coordinator.traffic.joint.distances import DistanceTables
from coordinator.traffic.joint.improvement import Improvement, improve, make_improvement, total_cost
from coordinator.traffic.joint.lacam import FOUND, FULL, make_configurations, search, trace
from coordinator.traffic.joint.pibt import make_crowd
from coordinator.traffic.joint.plan import JointPlan, Statistics
from coordinator.traffic.joint.problem import Agents, Cells, Ints, JointProblemError, check_together
from coordinator.traffic.joint.rollout import roll_out
from coordinator.traffic.joint.scoring import score_path

MAX_AGENTS = 32_000
ROOM = 50_000_000
"""Cells that all configurations of the search together may name."""


class NoJointPlanError(Exception):
    """The search for a first plan ended without one: some goals can't be reached together, or the effort was spent."""


class JointPlanner:
    """
    Plans for all agents at once.

    Use: `find_first()` once, `improve(n)` as often as time allows, `plan()` whenever needed.
    """

    def __init__(
        self,
        cells: Cells,
        agents: Agents,
        *,
        horizon: int | None,
        seed: int,
        distances: DistanceTables | None = None,
    ) -> None:
        """
        Prepare.

        Args:
            cells: Where agents can be.
            agents: Who they are.
            horizon: Steps to plan, at least 1. Agents may still be on their way at its end, and the plan always
                exists: at worst somebody waits. None: until all stand on their goals at once (at most one goal each,
                no dwell, all ready), and they stay there.
            seed: Of whatever is left to chance.
            distances: Tables of the same `cells`, kept from one planning to the next.

        Raises:
            JointProblemError: If cells and agents don't fit each other, or two agents conflict at step 0.
        """
        check_together(cells, agents)
        if agents.count > MAX_AGENTS:
            raise JointProblemError(f"{agents.count} agents: must be at most {MAX_AGENTS}")
        if horizon is None:
            if np.any(np.diff(agents.goal_start) > 1) or np.any(agents.dwell > 0) or np.any(agents.ready > 0):
                raise JointProblemError("without a horizon: at most one goal each, no dwell, everybody ready at step 0")
        elif horizon < 1:
            raise JointProblemError(f"horizon is {horizon} steps: must be at least 1")
        self._horizon = horizon
        self._arrays, self._stranded = compile_arrays(
            cells, agents, distances or DistanceTables(cells), is_one_shot=horizon is None
        )
        self._chance = seeded(seed)
        self._configuration_count = 0
        self._first_cost = 0.0
        self._state: Improvement | None = None

    def find_first(self, effort: int = 100_000) -> None:
        """
        Find the first joint plan.

        Args:
            effort: Configurations that may be made.

        Raises:
            NoJointPlanError: With no horizon only: unreachable goals, or the effort is spent.
        """
        paths = self._first_of_window(self._horizon) if self._horizon is not None else self._first_of_all(effort)
        self._state = make_improvement(self._arrays, paths)
        self._first_cost = total_cost(self._arrays, self._state.costs)

    def improve(self, iterations: int) -> float:
        """Try that many neighbourhoods, after `find_first`; the cost of the plan, which never rises."""
        state = self._found()
        if len(state.paths):
            improve(self._arrays, state, iterations, self._chance)
        return float(total_cost(self._arrays, state.costs))

    def plan(self) -> JointPlan:
        """The present plan, after `find_first`."""
        state = self._found()
        scores = [score_path(self._arrays, agent, path) for agent, path in enumerate(state.paths)]
        finish = np.array([cost for cost, _ in scores], dtype=np.int32)
        return JointPlan(
            paths=state.paths.copy(),
            cost=float(np.dot(self._arrays.priority, finish)),
            bound=float(np.dot(self._arrays.priority, state.alone)),
            finish=finish,
            done_goals=np.array([done for _, done in scores], dtype=np.int32),
            stranded=tuple(self._stranded),
            statistics=Statistics(
                first_cost=self._first_cost,
                configuration_count=self._configuration_count,
                iteration_count=int(state.counters[0]),
                accepted_count=int(state.counters[1]),
                improved_count=int(state.counters[2]),
            ),
        )

    def _found(self) -> Improvement:
        if self._state is None:
            raise RuntimeError("no plan yet: find_first comes first")
        return self._state

    def _first_of_window(self, horizon: int) -> Ints:
        paths = np.empty((len(self._arrays.start), horizon + 1), dtype=np.int32)
        roll_out(self._arrays, make_crowd(self._arrays), self._arrays.steps, self._chance, paths)
        self._configuration_count = horizon
        return paths

    def _first_of_all(self, effort: int) -> Ints:
        if self._stranded:
            raise NoJointPlanError(f"no way to the goal: agents {self._stranded}")
        count = len(self._arrays.start)
        known = make_configurations(count, min(effort, max(1024, ROOM // max(1, count))) + 2)
        crowd = make_crowd(self._arrays)
        outcome, last = search(self._arrays, crowd, self._arrays.steps, known, effort, self._chance)
        self._configuration_count = int(known.counters[0])
        if outcome != FOUND:
            told = "effort or memory spent" if outcome == FULL else "there is no joint plan"
            raise NoJointPlanError(f"{told} after {self._configuration_count} configurations")
        return trace(known, last)
