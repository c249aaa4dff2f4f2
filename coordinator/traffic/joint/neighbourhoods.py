"""
Which agents to plan anew together.

Source:
    Li, Chen, Harabor, Stuckey, Koenig, "Anytime multi-agent path finding via large neighborhood search", IJCAI 2021:
    neighbourhoods around a late agent, around a place, and by chance. Here the place is one in space and time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coordinator.traffic.joint.arrays import Arrays, alone_cost, steps_to_go
from coordinator.traffic.joint.chance import Chance, draw
from coordinator.traffic.joint.compiled import kernel
from coordinator.traffic.joint.occupancy import Occupancy
from coordinator.traffic.joint.problem import Ints

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


@kernel
def draw_neighbourhood(
    arrays: Arrays,
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
        late = _late_agent(arrays, costs, chance)
        count = _add(drawn, late, 0)
        if method == BY_DELAY:
            for _ in range(WALKS):
                if count < size:
                    count = _walk(arrays, table, paths, costs, drawn, late, size, count, chance)
        else:
            count = _look_around(arrays, table, paths, costs, drawn, late, size, number, chance)
    for k in range(count):
        drawn.is_drawn[drawn.agents[k]] = 0
    return count


@kernel
def _add(drawn: Neighbourhood, agent: int, count: int) -> int:
    if drawn.is_drawn[agent] == 0:
        drawn.is_drawn[agent] = 1
        drawn.agents[count] = agent
        return count + 1
    return count


@kernel
def _late_agent(arrays: Arrays, costs: Ints, chance: Chance) -> int:
    latest, most = 0, -1.0
    for _ in range(CANDIDATES):
        agent = draw(chance, len(costs))
        late = (costs[agent] - alone_cost(arrays, agent)) * arrays.priority[agent]
        if late > most:
            latest, most = agent, late
    return latest


@kernel
def _add_holders(
    arrays: Arrays, table: Occupancy, drawn: Neighbourhood, cell: int, step: int, size: int, count: int
) -> int:
    for k in range(arrays.resource_start[cell], arrays.resource_start[cell + 1]):
        holder = table.holder[arrays.resource[k], step]
        if holder != 0 and count < size:
            count = _add(drawn, holder - 1, count)
    return count


@kernel
def _walk(
    arrays: Arrays,
    table: Occupancy,
    paths: Ints,
    costs: Ints,
    drawn: Neighbourhood,
    agent: int,
    size: int,
    count: int,
    chance: Chance,
) -> int:
    """Leave the agent's path at some step by ways that would be faster, and draw those who are in the way."""
    last_step = paths.shape[1] - 1
    leg = arrays.leg_start[agent]
    is_idle = leg == arrays.leg_start[agent + 1]
    step = draw(chance, max(1, min(last_step, costs[agent])))
    cell = paths[agent, step]
    while step < last_step and count < size:
        begin = arrays.move_start[cell]
        degree = arrays.move_start[cell + 1] - begin
        turn = draw(chance, degree + 1)
        chosen = -1
        for k in range(degree + 1):
            at = (k + turn) % (degree + 1)
            target = arrays.move_end[begin + at] if at < degree else cell
            if is_idle or step + 1 + steps_to_go(arrays, leg, target) < costs[agent]:
                chosen = target
                break
        if chosen < 0:
            break
        cell = chosen
        step += 1
        count = _add_holders(arrays, table, drawn, cell, step, size, count)
        if not arrays.is_one_shot or table.holder[arrays.resource[arrays.resource_start[cell]], step] == 0:
            count = _add_holders(arrays, table, drawn, cell, step - 1, size, count)
    return count


@kernel
def _look_around(
    arrays: Arrays,
    table: Occupancy,
    paths: Ints,
    costs: Ints,
    drawn: Neighbourhood,
    agent: int,
    size: int,
    number: int,
    chance: Chance,
) -> int:
    """Draw those who are near some place of the agent's path at about the same time."""
    last_step = paths.shape[1] - 1
    step = draw(chance, max(1, min(last_step, costs[agent]) + 1))
    drawn.queue[0] = paths[agent, step]
    drawn.reached[paths[agent, step]] = number
    head, tail, count = 0, 1, 1
    while head < tail and count < size:
        cell = drawn.queue[head]
        head += 1
        for near in range(max(0, step - PLACE_STEPS), min(last_step, step + PLACE_STEPS) + 1):
            count = _add_holders(arrays, table, drawn, cell, near, size, count)
        for k in range(arrays.move_start[cell], arrays.move_start[cell + 1]):
            target = arrays.move_end[k]
            if drawn.reached[target] != number:
                drawn.reached[target] = number
                drawn.queue[tail] = target
                tail += 1
    return count
