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

from coordinator.traffic.joint.arrays import Arrays, alone_cost
from coordinator.traffic.joint.chance import Chance, draw_ratio, shuffle
from coordinator.traffic.joint.compiled import kernel
from coordinator.traffic.joint.neighbourhoods import Neighbourhood, draw_neighbourhood, make_neighbourhood
from coordinator.traffic.joint.occupancy import Occupancy, empty_occupancy, occupy, vacate
from coordinator.traffic.joint.problem import Floats, Ints
from coordinator.traffic.joint.safe_intervals import NO_PATH, Longs, Scratch, make_scratch, plan_path
from coordinator.traffic.joint.scoring import score_path

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


class Improvement(NamedTuple):
    """
    A plan and what is needed to improve it.

    Attributes:
        paths: (agents, steps + 1).
        costs: (agents,) of the paths, without priority.
        alone: (agents,) least costs.
        table: The paths as occupancy.
        scratch: For planning one agent.
        drawn: For drawing neighbourhoods.
        kept: (agents, steps + 1) paths to go back to.
        kept_costs: (agents,).
        gain: (methods * sizes,) gained so far by each choice, forgotten bit by bit.
        effort: (methods * sizes,) states searched for it, likewise.
        counters: (5,) neighbourhoods tried, accepted, better, states searched, agents planned in the last one.
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


def make_improvement(arrays: Arrays, paths: Ints) -> Improvement:
    """Begin with these paths."""
    cell_count, step_count = len(arrays.move_start) - 1, paths.shape[1] - 1
    table = empty_occupancy(arrays.resource_count, step_count)
    costs = np.empty(len(paths), dtype=np.int32)
    alone = np.empty(len(paths), dtype=np.int32)
    fill_in(arrays, table, paths, costs, alone)
    return Improvement(
        paths=paths,
        costs=costs,
        alone=alone,
        table=table,
        scratch=make_scratch(arrays, cell_count, step_count),
        drawn=make_neighbourhood(len(paths), cell_count),
        kept=np.empty_like(paths),
        kept_costs=np.empty_like(costs),
        gain=np.zeros(METHOD_COUNT * len(SIZES)),
        effort=np.full(METHOD_COUNT * len(SIZES), float(FIXED_EFFORT)),
        counters=np.zeros(5, dtype=np.int64),
    )


@kernel
def fill_in(arrays: Arrays, table: Occupancy, paths: Ints, costs: Ints, alone: Ints) -> None:
    """Enter all paths and their costs."""
    for agent in range(len(paths)):
        occupy(arrays, table, agent, paths[agent])
        costs[agent] = score_path(arrays, agent, paths[agent])[0]
        alone[agent] = alone_cost(arrays, agent)


@kernel
def total_cost(arrays: Arrays, costs: Ints) -> float:
    """Sum of priority times cost."""
    total = 0.0
    for agent in range(len(costs)):
        total += arrays.priority[agent] * costs[agent]
    return total


@kernel
def improve(arrays: Arrays, state: Improvement, effort: int, chance: Chance) -> None:
    """Try neighbourhoods until about that many states have been searched."""
    spent = 0
    while spent < effort:
        arm = _choose(state.gain, state.effort, chance)
        state.counters[0] += 1
        count = draw_neighbourhood(
            arrays,
            state.table,
            state.paths,
            state.costs,
            state.drawn,
            arm // len(SIZES),
            SIZES[arm % len(SIZES)],
            state.counters[0],
            chance,
        )
        shuffle(chance, state.drawn.agents, count)
        searched = state.counters[3]
        gain = replan(arrays, state, count, 0, 0, chance)
        state.gain[arm] = KEPT * state.gain[arm] + gain
        taken = FIXED_EFFORT + state.counters[3] - searched
        state.effort[arm] = KEPT * state.effort[arm] + taken
        spent += taken


@kernel
def plan_in_turn(arrays: Arrays, state: Improvement, chance: Chance) -> float:
    """
    Plan everybody anew, one after the other, as if nobody were there yet but at its start.

    The highest priority first, by chance among equals; who finds no way then goes before all others, and all begin
    again.

    Source:
        Silver, "Cooperative pathfinding", AIIDE 2005. That starts are held for some steps, so that nobody is run over
        before its turn, is an addition.
    """
    agents = state.drawn.agents
    agents[:] = np.arange(len(agents))
    shuffle(chance, agents, len(agents))
    by_priority = np.argsort(-arrays.priority[agents], kind="mergesort")
    agents[:] = agents[by_priority]
    held_count = min(STARTS_HELD, state.paths.shape[1])
    searched, haste = state.counters[3], 0
    for _ in range(TURNS):
        if state.counters[3] - searched >= TURNS_EFFORT:
            break
        gain = replan(arrays, state, len(agents), haste, held_count, chance)
        placed = state.counters[4]
        if placed == len(agents):
            return gain
        stuck = agents[placed]
        for k in range(placed, 0, -1):
            agents[k] = agents[k - 1]
        agents[0] = stuck
        haste = 1
    return 0.0


@kernel
def replan(arrays: Arrays, state: Improvement, count: int, haste: int, held_count: int, chance: Chance) -> float:
    """
    Plan the first `count` agents drawn anew, in their order.

    Args:
        haste: Of the searches.
        held_count: Steps for which the start of each is kept free of the others before its turn.

    Returns:
        By how much the plan got cheaper, never below 0.
    """
    agents = state.drawn.agents
    budget = 0.0
    for k in range(count):
        agent = agents[k]
        state.kept[k] = state.paths[agent]
        state.kept_costs[k] = state.costs[agent]
        vacate(arrays, state.table, state.paths[agent])
        budget += arrays.priority[agent] * (state.costs[agent] - state.alone[agent])
    for k in range(count):
        occupy(arrays, state.table, agents[k], np.full(held_count, arrays.start[agents[k]], dtype=np.int32))
    placed = 0
    while placed < count:
        agent = agents[placed]
        vacate(arrays, state.table, np.full(held_count, arrays.start[agent], dtype=np.int32))
        limit = state.alone[agent] + int(np.floor(budget / arrays.priority[agent] + 1e-6))
        cost = plan_path(arrays, state.table, state.scratch, agent, limit, haste, chance, state.paths[agent])
        state.counters[3] += state.scratch.counters[1]
        if cost == NO_PATH:
            for k in range(placed + 1, count):
                vacate(arrays, state.table, np.full(held_count, arrays.start[agents[k]], dtype=np.int32))
            break
        state.costs[agent] = cost
        budget -= arrays.priority[agent] * (cost - state.alone[agent])
        occupy(arrays, state.table, agent, state.paths[agent])
        placed += 1
    state.counters[4] = placed
    if placed == count:
        state.counters[1] += 1
        if budget > 1e-6:
            state.counters[2] += 1
        return max(0.0, budget)
    for k in range(placed):
        vacate(arrays, state.table, state.paths[agents[k]])
    for k in range(count):
        state.paths[agents[k]] = state.kept[k]
        state.costs[agents[k]] = state.kept_costs[k]
        occupy(arrays, state.table, agents[k], state.kept[k])
    return 0.0


@kernel
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
