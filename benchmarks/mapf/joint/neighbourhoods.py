"""
Which agents to plan anew together.

Source:
    Li, Chen, Harabor, Stuckey, Koenig, "Anytime multi-agent path finding via large neighborhood search", IJCAI 2021:
    neighbourhoods around a late agent, around a place, and by chance. Here the place is one in space and time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.mapf.joint.chance import Chance, draw
from benchmarks.mapf.joint.distances import Distances
from benchmarks.mapf.joint.occupancy import Occupancy, Short
from benchmarks.mapf.joint.problem import CellTable, Ints
from coordinator.compiled import compiled

BY_DELAY, BY_PLACE, BY_CHANCE = 0, 1, 2
CANDIDATES = 8
"""The latest of so many agents drawn is where a neighbourhood begins."""
WALKS = 12
PLACE_STEPS = 2
"""Steps before and after that count as the same time around a place."""


class Neighbourhood(NamedTuple):
    """
    Agents drawn.

    Attributes:
        agents: (agents,) those drawn first.
        is_drawn: (agents,) 1 for them.
        queue: (cells,) of the search around a place.
        reached: (cells,) number of the last such search that reached each cell.
    """

    agents: Ints
    is_drawn: Ints
    queue: Ints
    reached: Ints


def make_neighbourhood(agent_count: int, cell_count: int) -> Neighbourhood:
    """Nobody drawn."""
    return Neighbourhood(
        agents=np.arange(agent_count, dtype=np.int32),
        is_drawn=np.zeros(agent_count, dtype=np.int32),
        queue=np.empty(cell_count, dtype=np.int32),
        reached=np.zeros(cell_count, dtype=np.int32),
    )


@compiled
def draw_neighbourhood(
    distances: Distances,
    table: Occupancy,
    paths: Ints,
    costs: Ints,
    drawn: Neighbourhood,
    method: int,
    size: int,
    number: int,
    chance: Chance,
) -> int:
    """
    Draw at most `size` agents.

    Args:
        number: Of this neighbourhood, each time another, above 0.

    Returns:
        How many.
    """
    if method == BY_CHANCE:
        count = 0
        for _ in range(size):
            count = _add(drawn, draw(chance, len(costs)), count)
    else:
        late = _late_agent(distances, paths, costs, chance)
        count = _add(drawn, late, 0)
        if method == BY_DELAY:
            for _ in range(WALKS):
                if count < size:
                    count = _walk(distances, table, paths[late], costs[late], drawn, late, size, count, chance)
        else:
            count = _look_around(distances.near, table.holder, paths[late], costs[late], drawn, size, number, chance)
    for k in range(count):
        drawn.is_drawn[drawn.agents[k]] = 0
    return count


@compiled
def _add(drawn: Neighbourhood, agent: int, count: int) -> int:
    if drawn.is_drawn[agent] == 0:
        drawn.is_drawn[agent] = 1
        drawn.agents[count] = agent
        return count + 1
    return count


@compiled
def _late_agent(distances: Distances, paths: Ints, costs: Ints, chance: Chance) -> int:
    latest, most = 0, -1
    for _ in range(CANDIDATES):
        agent = draw(chance, len(costs))
        late = costs[agent] - distances.steps[agent, paths[agent, 0]]
        if late > most:
            latest, most = agent, late
    return latest


@compiled
def _walk(
    distances: Distances,
    table: Occupancy,
    path: Ints,
    cost: int,
    drawn: Neighbourhood,
    agent: int,
    size: int,
    count: int,
    chance: Chance,
) -> int:
    """Leave the agent's path at some step by ways that would be faster, and draw those who are in the way."""
    near, to_goal, holder = distances.near, distances.steps[agent], table.holder
    last_step, width = len(path) - 1, near.shape[1]
    step = draw(chance, max(1, min(last_step, cost)))
    cell = path[step]
    while step < last_step and count < size:
        turn = draw(chance, width + 1)
        chosen = -1
        for k in range(width + 1):
            at = (k + turn) % (width + 1)
            target = int(near[cell, at]) if at < width else cell
            if (at == width or target != cell) and step + 1 + to_goal[target] < cost:
                chosen = target
                break
        if chosen < 0:
            break
        cell = chosen
        step += 1
        there = holder[cell, step] if holder[cell, step] != 0 else holder[cell, step - 1]
        if there != 0:
            count = _add(drawn, there - 1, count)
    return count


@compiled
def _look_around(
    near: CellTable,
    holder: Short,
    path: Ints,
    cost: int,
    drawn: Neighbourhood,
    size: int,
    number: int,
    chance: Chance,
) -> int:
    """Draw those who are near some place of the agent's path at about the same time."""
    last_step = len(path) - 1
    step = draw(chance, max(1, min(last_step, cost) + 1))
    drawn.queue[0] = path[step]
    drawn.reached[path[step]] = number
    head, tail, count = 0, 1, 1
    while head < tail and count < size:
        cell = drawn.queue[head]
        head += 1
        for close in range(max(0, step - PLACE_STEPS), min(last_step, step + PLACE_STEPS) + 1):
            if holder[cell, close] != 0 and count < size:
                count = _add(drawn, holder[cell, close] - 1, count)
        for target in near[cell]:
            if drawn.reached[target] != number:
                drawn.reached[target] = number
                drawn.queue[tail] = target
                tail += 1
    return count
