"""
Where everybody goes in the next step: priority inheritance with back-tracking.

Agents choose in order of priority. Who wants a cell that another is in lends it its priority: the other must find a
way out first, and if it can't, the first one looks elsewhere. Who inherits waits on a stack of arrays.

Two agents that have to pass each other in a passage of one cell's width go back to where it widens: priority
inheritance alone pushes the lower one in front of the higher one into a dead end. If pushing on never lets them pass,
and going back does, the higher one backs off and pulls the other along.

Source:
    Okumura, Machida, Defago, Tamura, "Priority inheritance with backtracking for iterative multi-agent path finding",
    Artificial Intelligence 310, 2022; the swap: Okumura, "Improving LaCAM for scalable eventually optimal multi-agent
    pathfinding", IJCAI 2023, section 4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.mapf.joint.chance import Chance, draw
from benchmarks.mapf.joint.distances import Steps
from benchmarks.mapf.joint.problem import CellTable, Ints
from coordinator.compiled import compiled

NOBODY = -1
UNDECIDED = -1
DRAWS = 1024
"""Equal choices are ordered by a number below this."""


Keys = npt.NDArray[np.int64]


class Crowd(NamedTuple):
    """
    One step of everybody.

    Attributes:
        now: (agents,) cells.
        after: (agents,) cells one step later, UNDECIDED while open.
        agent_at: (cells,) who is there now.
        taker: (cells,) who is going to be.
        options: (agents, most neighbours + 1) cells that are tried, best first.
        keys: (most neighbours + 1,) for sorting them.
        tried: (agents,) options tried so far.
        option_count: (agents,).
        partner: (agents,) whom it pulls along, NOBODY mostly.
        stack: (agents,) who waits for the one it pushes, last one on top.
    """

    now: Ints
    after: Ints
    agent_at: Ints
    taker: Ints
    options: Ints
    keys: Keys
    tried: Ints
    option_count: Ints
    partner: Ints
    stack: Ints


def make_crowd(near: CellTable, start: Ints) -> Crowd:
    """Everybody at the start."""
    count, (cell_count, width) = len(start), near.shape
    crowd = Crowd(
        now=start.copy(),
        after=np.full(count, UNDECIDED, dtype=np.int32),
        agent_at=np.full(cell_count, NOBODY, dtype=np.int32),
        taker=np.full(cell_count, NOBODY, dtype=np.int32),
        options=np.empty((count, width + 1), dtype=np.int32),
        keys=np.empty(width + 1, dtype=np.int64),
        tried=np.empty(count, dtype=np.int32),
        option_count=np.empty(count, dtype=np.int32),
        partner=np.empty(count, dtype=np.int32),
        stack=np.empty(count, dtype=np.int32),
    )
    place_crowd(crowd, start)
    return crowd


@compiled
def place_crowd(crowd: Crowd, cells: Ints) -> None:
    """Put everybody where `cells` says, with the next step open."""
    now, after, agent_at, taker = crowd.now, crowd.after, crowd.agent_at, crowd.taker
    for agent in range(len(now)):
        agent_at[now[agent]] = NOBODY
        if after[agent] != UNDECIDED:
            taker[after[agent]] = NOBODY
            after[agent] = UNDECIDED
    for agent in range(len(now)):
        now[agent] = cells[agent]
        agent_at[cells[agent]] = agent


@compiled
def can_take(now: Ints, after: Ints, agent_at: Ints, taker: Ints, agent: int, cell: int) -> bool:
    """Whether nobody who has decided takes the cell, or swaps with the agent."""
    if taker[cell] != NOBODY and taker[cell] != agent:
        return False
    other = agent_at[cell]
    if other == NOBODY:
        return True
    return bool(other == agent or after[other] != now[agent])


@compiled
def decide_all(near: CellTable, steps: Steps, crowd: Crowd, order: Ints, chance: Chance) -> bool:
    """
    Decide for everybody who hasn't, in order.

    Returns:
        Whether the step is free of conflicts: False if somebody couldn't get out of another's way.
    """
    after = crowd.after
    for k in range(len(order)):
        if after[order[k]] == UNDECIDED and not _decide(near, steps, crowd, order[k], chance):
            return False
    return True


@compiled
def _decide(near: CellTable, steps: Steps, crowd: Crowd, first: int, chance: Chance) -> bool:
    """Decide for an agent, and for all it has to push; False if it can only stay where it is wanted away."""
    now, after, agent_at, taker, options, keys, tried, option_count, partner, stack = crowd
    depth, is_new, is_done = 0, True, False
    stack[0] = first
    while depth >= 0:
        agent = stack[depth]
        here = now[agent]
        if is_new:
            option_count[agent] = _sort_options(near[here], steps[agent], agent_at, options[agent], keys, here, chance)
            tried[agent] = 0
            partner[agent] = _partner(near, steps, after, agent_at, agent, here, options[agent, 0])
            if partner[agent] != NOBODY:
                options[agent, : option_count[agent]] = options[agent, : option_count[agent]][::-1].copy()
        elif not is_done:
            if taker[after[agent]] == agent:
                taker[after[agent]] = NOBODY
            after[agent] = UNDECIDED
            tried[agent] += 1
        is_new = False
        while not is_done and tried[agent] < option_count[agent]:
            cell = options[agent, tried[agent]]
            if not can_take(now, after, agent_at, taker, agent, cell):
                tried[agent] += 1
                continue
            after[agent], taker[cell] = cell, agent
            other = agent_at[cell]
            if other != NOBODY and after[other] == UNDECIDED:
                depth += 1
                stack[depth] = other
                is_new = True
                break
            is_done = True
        if is_new:
            continue
        if not is_done:
            after[agent], taker[here] = here, agent
        elif tried[agent] == 0 and partner[agent] != NOBODY and after[agent] != here:
            pulled = partner[agent]
            if after[pulled] == UNDECIDED and can_take(now, after, agent_at, taker, pulled, here):
                after[pulled], taker[here] = here, pulled
        depth -= 1
    return is_done


@compiled
def _sort_options(
    beside: CellTable, to_goal: Steps, agent_at: Ints, options: Ints, keys: Keys, here: int, chance: Chance
) -> int:
    """Order the cells that an agent may be in after this step by its steps to go, free ones first; their number."""
    count = 0
    for k in range(len(beside) + 1):
        cell = here if k == len(beside) else int(beside[k])
        if cell == here and k < len(beside):
            continue
        is_taken = agent_at[cell] != NOBODY and cell != here
        key = (int(to_goal[cell]) * 2 + is_taken) * 2 * DRAWS + draw(chance, DRAWS)
        at = count
        while at > 0 and keys[at - 1] > key:
            keys[at] = keys[at - 1]
            options[at] = options[at - 1]
            at -= 1
        keys[at] = key
        options[at] = cell
        count += 1
    return count


@compiled
def _partner(near: CellTable, steps: Steps, after: Ints, agent_at: Ints, agent: int, here: int, best: int) -> int:
    """Whom the agent has to pull behind itself instead of going to its best cell; NOBODY if it may go there."""
    if best == here:
        return NOBODY
    ahead = agent_at[best]
    if (
        ahead != NOBODY
        and after[ahead] == UNDECIDED
        and _must_swap(near, steps, agent_at, agent, ahead, here, best)
        and _can_swap(near, steps, agent_at, best, here)
    ):
        return int(ahead)
    for k in range(near.shape[1]):
        cell = near[here, k]
        beside = agent_at[cell]
        if cell == here:
            break
        if (
            cell != best
            and beside != NOBODY
            and _must_swap(near, steps, agent_at, beside, agent, here, best)
            and _can_swap(near, steps, agent_at, best, here)
        ):
            return int(beside)
    return NOBODY


@compiled
def _ways_on(near: CellTable, steps: Steps, agent_at: Ints, cell: int, back: int) -> tuple[int, int]:
    """How many ways lead on from a cell without turning back or into an agent at home in a dead end; one of them."""
    count, way = 0, cell
    for k in range(near.shape[1]):
        target = int(near[cell, k])
        if target == cell:
            break
        if target == back:
            continue
        other = agent_at[target]
        if near[target, 1] == target and other != NOBODY and steps[other, target] == 0:
            continue
        count += 1
        way = target
    return count, way


@compiled
def _must_swap(
    near: CellTable, steps: Steps, agent_at: Ints, pusher: int, pulled: int, pusher_cell: int, pulled_cell: int
) -> bool:
    """Whether the pusher, going on, stays in the other's way until the passage ends."""
    for _ in range(len(near)):
        if steps[pusher, pulled_cell] >= steps[pusher, pusher_cell]:
            break
        count, way = _ways_on(near, steps, agent_at, pulled_cell, pusher_cell)
        if count >= 2:
            return False
        if count == 0:
            break
        pusher_cell, pulled_cell = pulled_cell, way
    wants_past = steps[pulled, pusher_cell] < steps[pulled, pulled_cell]
    is_home = steps[pusher, pusher_cell] == 0
    return bool(wants_past and (is_home or steps[pusher, pulled_cell] < steps[pusher, pusher_cell]))


@compiled
def _can_swap(near: CellTable, steps: Steps, agent_at: Ints, pusher_cell: int, pulled_cell: int) -> bool:
    """Whether the passage widens behind, so that the two can change places there."""
    first = pusher_cell
    for _ in range(len(near)):
        if pulled_cell == first:
            return False
        count, way = _ways_on(near, steps, agent_at, pulled_cell, pusher_cell)
        if count >= 2:
            return True
        if count == 0:
            return False
        pusher_cell, pulled_cell = pulled_cell, way
    return False
