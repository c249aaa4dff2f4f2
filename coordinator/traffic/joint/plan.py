"""What the joint planner answers."""

from __future__ import annotations

from dataclasses import dataclass

from coordinator.traffic.joint.problem import Ints


@dataclass(frozen=True, slots=True)
class Statistics:
    """
    What planning took and found.

    Attributes:
        first_cost: Cost of the first joint plan.
        configuration_count: Configurations that the search for the first plan made.
        iteration_count: Neighbourhoods tried since.
        accepted_count: Of these, how many replaced the plan (at equal cost, too).
        improved_count: Of these, how many made it cheaper.
    """

    first_cost: float
    configuration_count: int
    iteration_count: int
    accepted_count: int
    improved_count: int


@dataclass(frozen=True, slots=True, eq=False)
class JointPlan:
    """
    Where everybody is at every step; no two agents conflict at any of them.

    Attributes:
        paths: (agents, steps + 1) cell of each agent at each step, from its start on.
        cost: Sum over agents of priority times the step in which its last stop ends. For an agent that isn't done at
            the end of the window: the window plus the way and the stops that are left. An idle agent pays one for
            each move, and so does an agent that is moved after its last stop.
        bound: No plan costs less: every agent alone on its shortest way.
        finish: (agents,) step in which each agent's last stop ends, estimated for those not done in the window;
            0 for idle ones.
        done_goals: (agents,) how many of its goals each agent finishes within the window.
        stranded: Agents that can't reach some goal by any way; they are planned up to the stop before it, and as idle
            agents if it is their first.
    """

    paths: Ints
    cost: float
    bound: float
    finish: Ints
    done_goals: Ints
    stranded: tuple[int, ...]
    statistics: Statistics
