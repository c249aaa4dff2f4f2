"""
Where everybody goes in the next step: priority inheritance with back-tracking.

Agents choose in order of priority. Who wants a cell that another holds lends it its priority: the other must find a
way out first, and if it can't, the first one looks elsewhere.

With strict following nobody enters what is left in the same step: the one in front moves now, the one behind in the
next step. Everybody can always stay, so this never fails. Where pushing fails, the two exchange their priorities: the
one in a dead end has to come out first.

Source:
    Okumura, Machida, Defago, Tamura, "Priority inheritance with backtracking for iterative multi-agent path finding",
    Artificial Intelligence 310, 2022. Strict following and the exchange are additions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from coordinator.traffic.joint.arrays import Arrays
from coordinator.traffic.joint.chance import Chance, draw
from coordinator.traffic.joint.compiled import kernel, leaf, recursive
from coordinator.traffic.joint.problem import Floats, Ints
from coordinator.traffic.joint.swapping import swap_partner

NOBODY = -1
UNDECIDED = -1
IDLE = -1


class Crowd(NamedTuple):
    """
    One step of everybody.

    Attributes:
        now: (agents,) cells.
        after: (agents,) cells one step later, UNDECIDED while open.
        agent_at: (cells,) who is there now.
        holder_now: (resources,) who holds it now.
        holder_after: (resources,) who is going to.
        row: (agents,) row of the table of steps to go that leads to the present goal, IDLE for who has none.
        rank: (agents,) priority in this step.
        options: (agents, degree + 1) cells that are tried, best first.
        keys: (agents, degree + 1) their order.
    """

    now: Ints
    after: Ints
    agent_at: Ints
    holder_now: Ints
    holder_after: Ints
    row: Ints
    rank: Floats
    options: Ints
    keys: npt.NDArray[np.int64]


def make_crowd(arrays: Arrays) -> Crowd:
    """Everybody at the start, on the way to the first goal."""
    count, cell_count = len(arrays.start), len(arrays.move_start) - 1
    width = int(np.diff(arrays.move_start).max(initial=0)) + 1
    has_goal = arrays.leg_start[1:] > arrays.leg_start[:-1]
    row = np.full(count, IDLE, dtype=np.int32)
    row[has_goal] = arrays.leg_row[arrays.leg_start[:-1][has_goal]]
    crowd = Crowd(
        now=arrays.start.copy(),
        after=np.full(count, UNDECIDED, dtype=np.int32),
        agent_at=np.full(cell_count, NOBODY, dtype=np.int32),
        holder_now=np.full(arrays.resource_count, NOBODY, dtype=np.int32),
        holder_after=np.full(arrays.resource_count, NOBODY, dtype=np.int32),
        row=row,
        rank=np.zeros(count),
        options=np.empty((count, width), dtype=np.int32),
        keys=np.empty((count, width), dtype=np.int64),
    )
    place_crowd(arrays, crowd, arrays.start)
    return crowd


@kernel
def place_crowd(arrays: Arrays, crowd: Crowd, cells: Ints) -> None:
    """Put everybody where `cells` says, with the next step open."""
    for agent in range(len(crowd.now)):
        cell = crowd.now[agent]
        crowd.agent_at[cell] = NOBODY
        for k in range(arrays.resource_start[cell], arrays.resource_start[cell + 1]):
            crowd.holder_now[arrays.resource[k]] = NOBODY
    for agent in range(len(crowd.now)):
        clear_after(arrays, crowd, agent)
    for agent in range(len(crowd.now)):
        cell = cells[agent]
        crowd.now[agent] = cell
        crowd.agent_at[cell] = agent
        for k in range(arrays.resource_start[cell], arrays.resource_start[cell + 1]):
            crowd.holder_now[arrays.resource[k]] = agent


@kernel
def clear_after(arrays: Arrays, crowd: Crowd, agent: int) -> None:
    """Open the agent's next step."""
    cell = crowd.after[agent]
    if cell != UNDECIDED:
        for k in range(arrays.resource_start[cell], arrays.resource_start[cell + 1]):
            if crowd.holder_after[arrays.resource[k]] == agent:
                crowd.holder_after[arrays.resource[k]] = NOBODY
        crowd.after[agent] = UNDECIDED


@kernel
def settle(arrays: Arrays, crowd: Crowd, agent: int, cell: int) -> None:
    """Decide the agent's next step."""
    crowd.after[agent] = cell
    for k in range(arrays.resource_start[cell], arrays.resource_start[cell + 1]):
        crowd.holder_after[arrays.resource[k]] = agent


@leaf
def is_another(holder: int, agent: int) -> bool:
    """Whether a holder is somebody else than the agent."""
    return holder >= 0 and holder != agent


@kernel
def can_settle(arrays: Arrays, crowd: Crowd, agent: int, cell: int) -> bool:
    """Whether going there conflicts with nobody who has decided, nor with anybody's present place if that matters."""
    origin = crowd.now[agent]
    for k in range(arrays.resource_start[cell], arrays.resource_start[cell + 1]):
        resource = arrays.resource[k]
        taker = crowd.holder_after[resource]
        if is_another(taker, agent):
            return False
        other = crowd.holder_now[resource]
        if not is_another(other, agent) or cell == origin:
            continue
        if arrays.is_strict:
            return False
        if crowd.after[other] != UNDECIDED:
            for m in range(arrays.resource_start[origin], arrays.resource_start[origin + 1]):
                if crowd.holder_after[arrays.resource[m]] == other:
                    return False
    return True


@kernel
def sort_options(
    arrays: Arrays, crowd: Crowd, steps: npt.NDArray[np.int16], agent: int, pusher: int, chance: Chance
) -> int:
    """
    Order the cells that an agent may be in after this step by its steps to go.

    Args:
        pusher: Who wants it away, NOBODY if nobody does; among equals it goes out of that one's way.

    Returns:
        Their number.
    """
    cell, row = crowd.now[agent], crowd.row[agent]
    pusher_row = IDLE if pusher == NOBODY else crowd.row[pusher]
    count = 0
    for k in range(arrays.move_start[cell], arrays.move_start[cell + 1] + 1):
        option = arrays.move_end[k] if k < arrays.move_start[cell + 1] else cell
        if option != cell and not arrays.is_allowed[arrays.kind[agent], option]:
            continue
        to_go = int(option != cell) if row == IDLE else int(steps[row, option])
        is_taken = crowd.agent_at[option] != NOBODY and option != cell
        is_in_the_way = pusher_row != IDLE and steps[pusher_row, option] < steps[pusher_row, cell]
        key = to_go * 4096 + 2048 * is_taken + 1024 * is_in_the_way + draw(chance, 1024)
        at = count
        while at > 0 and crowd.keys[agent, at - 1] > key:
            crowd.keys[agent, at] = crowd.keys[agent, at - 1]
            crowd.options[agent, at] = crowd.options[agent, at - 1]
            at -= 1
        crowd.keys[agent, at] = key
        crowd.options[agent, at] = option
        count += 1
    return count


@recursive
def decide_following(arrays: Arrays, crowd: Crowd, steps: npt.NDArray[np.int16], agent: int, chance: Chance) -> bool:
    """Decide for an agent, and for all it has to push; False if it can only stay where it is wanted away."""
    count = sort_options(arrays, crowd, steps, agent, NOBODY, chance)
    options = crowd.options[agent]
    partner = swap_partner(arrays, crowd.now, crowd.after, crowd.agent_at, crowd.row, steps, agent, options[0])
    if partner != NOBODY:
        for k in range(count // 2):
            options[k], options[count - 1 - k] = options[count - 1 - k], options[k]
    for k in range(count):
        option = options[k]
        if not can_settle(arrays, crowd, agent, option):
            continue
        settle(arrays, crowd, agent, option)
        is_open = True
        for m in range(arrays.resource_start[option], arrays.resource_start[option + 1]):
            other = crowd.holder_now[arrays.resource[m]]
            if is_another(other, agent) and crowd.after[other] == UNDECIDED:
                is_open = decide_following(arrays, crowd, steps, other, chance)
                if not is_open:
                    break
        if not is_open:
            clear_after(arrays, crowd, agent)
            continue
        if k == 0 and partner != NOBODY and crowd.after[partner] == UNDECIDED:
            origin = crowd.now[agent]
            if option != origin and can_settle(arrays, crowd, partner, origin):
                settle(arrays, crowd, partner, origin)
        return True
    settle(arrays, crowd, agent, crowd.now[agent])
    return False


@recursive
def decide_strict(
    arrays: Arrays, crowd: Crowd, steps: npt.NDArray[np.int16], agent: int, pusher: int, chance: Chance
) -> bool:
    """
    Decide for an agent, and for all it has to push.

    Args:
        pusher: For whom it has to make way, NOBODY if it decides for itself.

    Returns:
        Whether its place becomes free, now or when those it pushes have gone.
    """
    count = sort_options(arrays, crowd, steps, agent, pusher, chance)
    origin = crowd.now[agent]
    settle(arrays, crowd, agent, origin)
    pushes_for = agent if pusher == NOBODY else pusher
    has_pushed_in_vain = False
    for k in range(count):
        option = crowd.options[agent, k]
        if option == origin:
            if has_pushed_in_vain or pusher != NOBODY:
                continue
            return False
        if can_settle(arrays, crowd, agent, option):
            clear_after(arrays, crowd, agent)
            settle(arrays, crowd, agent, option)
            return True
        is_open, blocker = True, NOBODY
        for m in range(arrays.resource_start[option], arrays.resource_start[option + 1]):
            resource = arrays.resource[m]
            taker, other = crowd.holder_after[resource], crowd.holder_now[resource]
            if is_another(taker, agent) and taker != other:
                is_open = False
            elif is_another(other, agent):
                if crowd.after[other] == UNDECIDED:
                    blocker = other
                    is_open = is_open and decide_strict(arrays, crowd, steps, other, pushes_for, chance)
                elif crowd.after[other] == crowd.now[other]:
                    is_open = False
        if is_open:
            return True
        if blocker != NOBODY and crowd.row[blocker] != IDLE and crowd.rank[blocker] < crowd.rank[agent]:
            crowd.rank[agent], crowd.rank[blocker] = crowd.rank[blocker], crowd.rank[agent]
            has_pushed_in_vain = True
    return False


@recursive
def decide_all(arrays: Arrays, crowd: Crowd, steps: npt.NDArray[np.int16], order: Ints, chance: Chance) -> bool:
    """
    Decide for everybody who hasn't, in order.

    Returns:
        Whether the step is free of conflicts.
    """
    for k in range(len(order)):
        agent = order[k]
        if crowd.after[agent] == UNDECIDED:
            if arrays.is_strict:
                decide_strict(arrays, crowd, steps, agent, NOBODY, chance)
            elif not decide_following(arrays, crowd, steps, agent, chance):
                return False
    for agent in range(len(crowd.now)):
        cell = crowd.after[agent]
        for k in range(arrays.resource_start[cell], arrays.resource_start[cell + 1]):
            if crowd.holder_after[arrays.resource[k]] != agent:
                return False
    return True
