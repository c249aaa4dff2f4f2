"""
Two agents that have to pass each other in a passage of one cell's width go back to where it widens.

Priority inheritance alone pushes the lower one in front of the higher one into a dead end. The rule looks along the
passage: if pushing on never lets them pass, and going back does, the higher one backs off and pulls the other along.

Source:
    Okumura, "Improving LaCAM for scalable eventually optimal multi-agent pathfinding", IJCAI 2023, section 4 (swap).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coordinator.traffic.joint.arrays import Arrays
from coordinator.traffic.joint.compiled import kernel
from coordinator.traffic.joint.problem import Ints

NOBODY = -1


@kernel
def swap_partner(
    arrays: Arrays,
    now: Ints,
    after: Ints,
    agent_at: Ints,
    row: Ints,
    steps: npt.NDArray[np.int16],
    agent: int,
    best: int,
) -> int:
    """Whom the agent has to pull behind itself instead of going to its best cell; NOBODY if it may go there."""
    here = now[agent]
    if best == here or row[agent] < 0:
        return NOBODY
    ahead = agent_at[best]
    if (
        ahead != NOBODY
        and after[ahead] < 0
        and _is_needed(arrays, agent_at, row, steps, agent, ahead, here, best)
        and _is_possible(arrays, agent_at, row, steps, best, here)
    ):
        return int(ahead)
    for k in range(arrays.move_start[here], arrays.move_start[here + 1]):
        beside = agent_at[arrays.move_end[k]]
        if (
            beside != NOBODY
            and arrays.move_end[k] != best
            and row[beside] >= 0
            and _is_needed(arrays, agent_at, row, steps, beside, agent, here, best)
            and _is_possible(arrays, agent_at, row, steps, best, here)
        ):
            return int(beside)
    return NOBODY


@kernel
def _ways_on(
    arrays: Arrays, agent_at: Ints, row: Ints, steps: npt.NDArray[np.int16], cell: int, back: int
) -> tuple[int, int]:
    """How many ways lead on from a cell without turning back or into an agent at home in a dead end; one of them."""
    count, way = 0, cell
    for k in range(arrays.move_start[cell], arrays.move_start[cell + 1]):
        target = arrays.move_end[k]
        if target == back:
            continue
        other = agent_at[target]
        is_dead_end = arrays.move_start[target + 1] - arrays.move_start[target] == 1
        if is_dead_end and other != NOBODY and row[other] >= 0 and steps[row[other], target] == 0:
            continue
        count += 1
        way = target
    return count, way


@kernel
def _is_needed(
    arrays: Arrays,
    agent_at: Ints,
    row: Ints,
    steps: npt.NDArray[np.int16],
    pusher: int,
    pulled: int,
    pusher_cell: int,
    pulled_cell: int,
) -> bool:
    """Whether the pusher, going on, stays in the other's way until the passage ends."""
    if row[pulled] < 0 or row[pusher] < 0:
        return False
    for _ in range(len(arrays.move_start)):
        if steps[row[pusher], pulled_cell] >= steps[row[pusher], pusher_cell]:
            break
        count, way = _ways_on(arrays, agent_at, row, steps, pulled_cell, pusher_cell)
        if count >= 2:
            return False
        if count == 0:
            break
        pusher_cell, pulled_cell = pulled_cell, way
    wants_past = steps[row[pulled], pusher_cell] < steps[row[pulled], pulled_cell]
    is_home = steps[row[pusher], pusher_cell] == 0
    return bool(wants_past and (is_home or steps[row[pusher], pulled_cell] < steps[row[pusher], pusher_cell]))


@kernel
def _is_possible(
    arrays: Arrays, agent_at: Ints, row: Ints, steps: npt.NDArray[np.int16], pusher_cell: int, pulled_cell: int
) -> bool:
    """Whether the passage widens behind, so that the two can change places there."""
    first = pusher_cell
    for _ in range(len(arrays.move_start)):
        if pulled_cell == first:
            return False
        count, way = _ways_on(arrays, agent_at, row, steps, pulled_cell, pusher_cell)
        if count >= 2:
            return True
        if count == 0:
            return False
        pusher_cell, pulled_cell = pulled_cell, way
    return False
