"""The joint planner: a first plan at once, a better one for every further bit of effort."""

from __future__ import annotations

import numpy as np

from coordinator.traffic.joint.arrays import compile_arrays
from coordinator.traffic.joint.chance import seeded
from coordinator.traffic.joint.distances import UNREACHABLE, DistanceTables, Steps
from coordinator.traffic.joint.guidance import find_guides, guided_steps, make_flow
from coordinator.traffic.joint.improvement import Improvement, improve, make_improvement, plan_in_turn, total_cost
from coordinator.traffic.joint.lacam import FOUND, make_configurations, search, trace
from coordinator.traffic.joint.pibt import make_crowd
from coordinator.traffic.joint.plan import JointPlan, Statistics
from coordinator.traffic.joint.problem import Agents, Cells, Ints, JointProblemError, check_together
from coordinator.traffic.joint.rollout import roll_out
from coordinator.traffic.joint.scoring import score_all, score_path

RETRIES = 2
"""Rollouts by other chances when somebody is stuck at the end of a window."""
WINDOW_EFFORT = 100_000
"""Moves of single agents to decide in the search for a window when somebody is stuck."""
MAX_AGENTS = 32_000
CROWDINGS = (0.04, 0.02, 0.08, 0.01)
"""How much each agent in the way may weigh in guide paths, the most promising first."""
GUIDE_ROUNDS = 3
GUIDE_EFFORT = 2000
"""Configurations that a guided plan may take."""
GUIDED_SIZE = 8_000_000
"""Numbers in the tables beyond which guided ones take too long."""
ROOM = 50_000_000
"""Cells that all configurations of the search together may name."""


class NoJointPlanError(Exception):
    """The search for a first plan ended without one: some goals can't be reached together, or the effort was spent."""


class JointPlanner:
    """
    Plans for all agents at once.

    Use: `find_first()` once, `improve(effort)` as often as time allows, `plan()` whenever needed.
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
        self._distances = distances or DistanceTables(cells)
        self._arrays, self._stranded = compile_arrays(cells, agents, self._distances, is_one_shot=horizon is None)
        self._chance = seeded(seed)
        self._configuration_count = 0
        self._first_cost = 0.0
        self._first_paths: Ints | None = None
        self._state: Improvement | None = None

    def find_first(self, effort: int = 100_000) -> None:
        """
        Find the first joint plan.

        Args:
            effort: Configurations that may be made.

        Raises:
            NoJointPlanError: With no horizon only: unreachable goals, or the effort is spent.
        """
        if self._horizon is None and self._stranded:
            raise NoJointPlanError(f"no way to the goal: agents {self._stranded}")
        paths = self._plan_first(self._arrays.steps, effort)
        if paths is None:
            raise NoJointPlanError(f"none found with {self._configuration_count} configurations of effort {effort}")
        self._first_paths, self._state = paths, None

    def guide(self, crowding: float) -> float:
        """
        Plan once more from nothing, along ways that avoid each other; the cheaper plan stays.

        Args:
            crowding: How much each agent in the way weighs, above 0; some of CROWDINGS fits most crowds.

        Returns:
            The cost of the plan.
        """
        state, arrays = self._found(), self._arrays
        if arrays.steps.size > GUIDED_SIZE:
            return float(total_cost(arrays, state.costs))
        flow = make_flow(arrays)
        find_guides(arrays, flow, GUIDE_ROUNDS, crowding, self._chance)
        guided = np.full_like(arrays.steps, UNREACHABLE)
        tables = self._distances
        guided_steps(arrays, flow, tables.back_start, tables.back_end, tables.back_move, crowding, guided)
        paths = self._plan_first(guided, GUIDE_EFFORT)
        if paths is not None:
            other = make_improvement(arrays, paths)
            if total_cost(arrays, other.costs) < total_cost(arrays, state.costs):
                self._state = state = other
        return float(total_cost(arrays, state.costs))

    def plan_in_turn(self) -> float:
        """
        Plan everybody once more, one after the other by priority; the cheaper plan stays.

        Best where there is room: in a crowd somebody soon finds no way, and the effort is lost.

        Returns:
            The cost of the plan.
        """
        state = self._found()
        plan_in_turn(self._arrays, state, self._chance)
        return float(total_cost(self._arrays, state.costs))

    def improve(self, effort: int) -> float:
        """
        Plan neighbourhoods anew, after `find_first`.

        Args:
            effort: States to search, about half a microsecond each; the neighbourhood begun is finished.

        Returns:
            The cost of the plan, which never rises.
        """
        state = self._found()
        if len(state.paths):
            improve(self._arrays, state, effort, self._chance)
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
            if self._first_paths is None:
                raise RuntimeError("no plan yet: find_first comes first")
            self._state = make_improvement(self._arrays, self._first_paths)
            self._first_cost = total_cost(self._arrays, self._state.costs)
        return self._state

    def _plan_first(self, steps: Steps, effort: int) -> Ints | None:
        """Paths from nothing, steered by a table of steps to go."""
        arrays = self._arrays
        count = len(arrays.start)
        if self._horizon is not None:
            return self._plan_window(self._horizon, steps)
        known = make_configurations(count, min(effort, max(1024, ROOM // max(1, count))) + 2)
        outcome, last = search(arrays, make_crowd(arrays), steps, known, effort, self._chance)
        self._configuration_count = int(known.counters[0])
        return trace(known, last) if outcome == FOUND else None

    def _plan_window(self, horizon: int, steps: Steps) -> Ints:
        """The cheapest of some rollouts and a search, if the first rollout leaves somebody stuck."""
        arrays = self._arrays
        best = np.empty((len(arrays.start), horizon + 1), dtype=np.int32)
        roll_out(arrays, make_crowd(arrays), steps, self._chance, best)
        least, stuck_count = score_all(arrays, best)
        if stuck_count == 0:
            return best
        others = [np.empty_like(best) for _ in range(RETRIES)]
        for paths in others:
            roll_out(arrays, make_crowd(arrays), steps, self._chance, paths)
        if not arrays.ready.any():
            effort = min(5000, WINDOW_EFFORT // len(best))
            known = make_configurations(len(best), effort + 2)
            outcome, last = search(arrays, make_crowd(arrays), steps, known, effort, self._chance)
            self._configuration_count = int(known.counters[0])
            if outcome == FOUND:
                found = trace(known, last)
                step = np.minimum(np.arange(horizon + 1), found.shape[1] - 1)
                others.append(np.ascontiguousarray(found[:, step]))
        for paths in others:
            cost, _ = score_all(arrays, paths)
            if cost < least:
                best, least = paths, cost
        return best
