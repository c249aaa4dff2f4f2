"""
A better plan from a plan: large neighbourhood search.

A few agents are taken out and planned one after the other, each on its best path among all others; if together they
get no worse, the new paths stay. Which way of drawing and how many is chosen by what it gained so far for its effort.

Source:
    Li, Chen, Harabor, Stuckey, Koenig, "Anytime multi-agent path finding via large neighborhood search", IJCAI 2021;
    the choice by gain: Ropke and Pisinger, "An adaptive large neighborhood search heuristic", Transportation Science
    40(4), 2006.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.mapf.joint.chance import Chance, draw_ratio, shuffle
from benchmarks.mapf.joint.distances import Distances
from benchmarks.mapf.joint.neighbourhoods import Neighbourhood, draw_neighbourhood, make_neighbourhood
from benchmarks.mapf.joint.occupancy import Occupancy, empty_occupancy, occupy, vacate
from benchmarks.mapf.joint.problem import Ints
from benchmarks.mapf.joint.safe_intervals import NO_PATH, Longs, Scratch, make_scratch, plan_path
from coordinator.compiled import compiled

METHOD_COUNT = 3
SIZES = np.array([1, 2, 4, 8, 16], dtype=np.int32)
KEPT = 0.97
"""Of gains and efforts so far, whenever a choice is made again."""
STARTS_HELD = 10
"""Steps for which nobody runs over those whose turn is still to come."""
TURNS = 16
"""Times that planning in turn begins, at most."""
TURNS_EFFORT = 1_000_000
"""States after which planning in turn doesn't begin again."""
LEAST_SHARE = 0.02
"""Of the choices that each pair of method and size keeps, whatever it gained."""
FIXED_EFFORT = 50
"""States of a search that drawing a neighbourhood is worth."""


Floats = npt.NDArray[np.float64]


class Improvement(NamedTuple):
    """
    A plan and what is needed to improve it.

    Attributes:
        paths: (agents, steps + 1).
        costs: (agents,) step from which each stays at its goal.
        alone: (agents,) least costs.
        table: The paths as occupancy.
        scratch: For planning one agent.
        drawn: For drawing neighbourhoods.
        kept: (agents, steps + 1) paths to go back to.
        kept_costs: (agents,).
        gain: (methods * sizes,) gained so far by each choice, forgotten bit by bit.
        effort: (methods * sizes,) states searched for it, likewise.
        counters: (3,) neighbourhoods tried, states searched, agents planned in the last neighbourhood.
    """

    paths: Ints
    costs: Ints
    alone: Ints
    table: Occupancy
    scratch: Scratch
    drawn: Neighbourhood
    kept: Ints
    kept_costs: Ints
    gain: Floats
    effort: Floats
    counters: Longs


def make_improvement(distances: Distances, paths: Ints) -> Improvement:
    """Begin with these paths; all distances are known."""
    cell_count, step_count = len(distances.near), paths.shape[1] - 1
    table = empty_occupancy(cell_count, step_count)
    enter_all(table, paths)
    return Improvement(
        paths=paths,
        costs=resting_costs(paths),
        alone=distances.steps[np.arange(len(paths)), paths[:, 0]].astype(np.int32),
        table=table,
        scratch=make_scratch(cell_count, step_count),
        drawn=make_neighbourhood(len(paths), cell_count),
        kept=np.empty_like(paths),
        kept_costs=np.empty(len(paths), dtype=np.int32),
        gain=np.zeros(METHOD_COUNT * len(SIZES)),
        effort=np.full(METHOD_COUNT * len(SIZES), float(FIXED_EFFORT)),
        counters=np.zeros(3, dtype=np.int64),
    )


def resting_costs(paths: Ints) -> Ints:
    """(agents,) step from which on each path, of shape (agents, steps + 1), stays where it ends."""
    is_away: npt.NDArray[np.bool_] = paths[:, ::-1] != paths[:, -1:]
    stay = np.where(is_away.any(axis=1), is_away.argmax(axis=1), paths.shape[1])
    costs: Ints = (paths.shape[1] - stay).astype(np.int32)
    return costs


@compiled
def enter_all(table: Occupancy, paths: Ints) -> None:
    """Put all paths in."""
    for agent in range(len(paths)):
        occupy(table, agent, paths[agent])


@compiled
def improve(distances: Distances, state: Improvement, effort: int, chance: Chance) -> None:
    """Try neighbourhoods until about that many states have been searched."""
    spent = 0
    while spent < effort:
        arm = _choose(state.gain, state.effort, chance)
        method, size = arm // len(SIZES), SIZES[arm % len(SIZES)]
        state.counters[0] += 1
        count = draw_neighbourhood(
            distances, state.table, state.paths, state.costs, state.drawn, method, size, state.counters[0], chance
        )
        shuffle(chance, state.drawn.agents, count)
        searched = state.counters[1]
        gain = _replan(distances, state, count, 0, 0, chance)
        state.gain[arm] = KEPT * state.gain[arm] + gain
        taken = FIXED_EFFORT + state.counters[1] - searched
        state.effort[arm] = KEPT * state.effort[arm] + taken
        spent += taken


@compiled
def plan_in_turn(distances: Distances, state: Improvement, chance: Chance) -> None:
    """
    Plan everybody anew, one after the other, as if nobody were there yet but at its start.

    In an order by chance; who finds no way then goes before all others, and all begin again.

    Source:
        Silver, "Cooperative pathfinding", AIIDE 2005. That starts are held for some steps, so that nobody is run over
        before its turn, is an addition.
    """
    agents = state.drawn.agents
    agents[:] = np.arange(len(agents))
    shuffle(chance, agents, len(agents))
    held_count = min(STARTS_HELD, state.paths.shape[1])
    searched, haste = state.counters[1], 0
    for _ in range(TURNS):
        if state.counters[1] - searched >= TURNS_EFFORT:
            return
        _replan(distances, state, len(agents), haste, held_count, chance)
        placed = state.counters[2]
        if placed == len(agents):
            return
        stuck = agents[placed]
        for k in range(placed, 0, -1):
            agents[k] = agents[k - 1]
        agents[0] = stuck
        haste = 1


@compiled
def _replan(distances: Distances, state: Improvement, count: int, haste: int, held_count: int, chance: Chance) -> int:
    """
    Plan the first `count` agents drawn anew, in their order.

    Args:
        haste: Of the searches.
        held_count: Steps for which the start of each is kept free of the others before its turn.

    Returns:
        By how much the plan got cheaper, never below 0.
    """
    agents, paths, table = state.drawn.agents, state.paths, state.table
    budget = 0
    for k in range(count):
        agent = agents[k]
        state.kept[k] = paths[agent]
        state.kept_costs[k] = state.costs[agent]
        vacate(table, paths[agent])
        budget += state.costs[agent] - state.alone[agent]
    for k in range(count):
        occupy(table, agents[k], np.full(held_count, state.kept[k, 0], dtype=np.int32))
    placed = 0
    while placed < count:
        agent = agents[placed]
        start = state.kept[placed, 0]
        vacate(table, np.full(held_count, start, dtype=np.int32))
        limit = state.alone[agent] + budget
        cost = plan_path(distances, table, state.scratch, start, agent, limit, haste, chance, paths[agent])
        state.counters[1] += state.scratch.counters[1]
        if cost == NO_PATH:
            for k in range(placed + 1, count):
                vacate(table, np.full(held_count, state.kept[k, 0], dtype=np.int32))
            break
        state.costs[agent] = cost
        budget -= cost - state.alone[agent]
        occupy(table, agent, paths[agent])
        placed += 1
    state.counters[2] = placed
    if placed == count:
        return budget
    for k in range(placed):
        vacate(table, paths[agents[k]])
    for k in range(count):
        paths[agents[k]] = state.kept[k]
        state.costs[agents[k]] = state.kept_costs[k]
        occupy(table, agents[k], state.kept[k])
    return 0


@compiled
def _choose(gain: Floats, effort: Floats, chance: Chance) -> int:
    """Draw by gain for effort, nobody below the least share."""
    rate = gain / effort
    total = rate.sum()
    point = draw_ratio(chance)
    for arm in range(len(gain)):
        share = 1.0 / len(gain)
        if total > 0.0:
            share = LEAST_SHARE + (1.0 - LEAST_SHARE * len(gain)) * rate[arm] / total
        point -= share
        if point < 0.0:
            return arm
    return len(gain) - 1
