"""The joint planner: a first plan at once, a better one for every further bit of effort."""

from __future__ import annotations

from coordinator.traffic.joint.distances import DistanceTables
from coordinator.traffic.joint.plan import JointPlan
from coordinator.traffic.joint.problem import Agents, Cells


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
            horizon: Steps to plan. Agents may still be on their way at its end, and the plan always exists: at worst
                somebody waits. None: until all stand on their goals at once (at most one goal each, no dwell), and
                they stay there.
            seed: Of whatever is left to chance.
            distances: Tables of the same `cells`, kept from one planning to the next.

        Raises:
            JointProblemError: If cells and agents don't fit each other, or two agents conflict at step 0.
        """
        raise NotImplementedError

    def find_first(self, effort: int = 100_000) -> None:
        """
        Find the first joint plan.

        Args:
            effort: Configurations that may be made.

        Raises:
            NoJointPlanError: With no horizon only: unreachable goals, or the effort is spent.
        """
        raise NotImplementedError

    def improve(self, iterations: int) -> float:
        """Try that many neighbourhoods, after `find_first`; the cost of the plan, which never rises."""
        raise NotImplementedError

    def plan(self) -> JointPlan:
        """The present plan, after `find_first`."""
        raise NotImplementedError
