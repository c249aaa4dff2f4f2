"""
The first plan when all must stand on their goals at once: a search over configurations.

A configuration says where everybody is. Depth first; each configuration's successors are what priority inheritance
makes of ever more constraints "agent a goes to cell c next", taken breadth first, so the search is complete: it finds
a plan or shows that there is none, given the effort.

Source:
    Okumura, "LaCAM: search-based algorithm for quick multi-agent pathfinding", AAAI 2023, algorithm 1. A configuration
    met again is taken up again from there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.mapf.joint.chance import Chance, shuffle
from benchmarks.mapf.joint.distances import UNKNOWN, Distances, reach
from benchmarks.mapf.joint.pibt import Crowd, can_take, decide_all, place_crowd
from benchmarks.mapf.joint.problem import Ints
from coordinator.compiled import compiled

NONE = -1


class Configurations(NamedTuple):
    """
    All configurations met, and the constraints tried on them.

    Attributes:
        cells: (room, agents) where everybody is.
        order: (room, agents) in which agents decide.
        rank: (room, agents) their priorities.
        before: (room,) the configuration this one was first made from.
        queue_head: (room,) the constraint to try next, NONE when all have been.
        queue_tail: (room,) the last one waiting.
        slot: (slots,) hash table of configurations.
        constraint_*: (constraint room,) agent and cell of each, the constraint it adds to, its depth, and the next
            one in the queue.
        counters: (3,) configurations, constraints, configurations in the stack.
        stack: (stack room,) depth first.
    """

    cells: Ints
    order: Ints
    rank: npt.NDArray[np.float64]
    before: Ints
    queue_head: Ints
    queue_tail: Ints
    slot: Ints
    constraint_agent: Ints
    constraint_cell: Ints
    constraint_parent: Ints
    constraint_depth: Ints
    constraint_next: Ints
    counters: npt.NDArray[np.int64]
    stack: Ints


def make_configurations(agent_count: int, room: int) -> Configurations:
    """Room for that many configurations."""
    slot_count = 1 << (4 * room - 1).bit_length()
    constraint_room = 16 * room

    def ints(*shape: int) -> Ints:
        return np.empty(shape, dtype=np.int32)

    return Configurations(
        cells=ints(room, agent_count),
        order=ints(room, agent_count),
        rank=np.empty((room, agent_count)),
        before=ints(room),
        queue_head=ints(room),
        queue_tail=ints(room),
        slot=np.full(slot_count, NONE, dtype=np.int32),
        constraint_agent=ints(constraint_room),
        constraint_cell=ints(constraint_room),
        constraint_parent=ints(constraint_room),
        constraint_depth=ints(constraint_room),
        constraint_next=ints(constraint_room),
        counters=np.zeros(3, dtype=np.int64),
        stack=ints(8 * room),
    )


@compiled
def search(distances: Distances, crowd: Crowd, known: Configurations, effort: int, chance: Chance) -> int:
    """
    Look for a configuration with everybody at the goal, from where the crowd is.

    Args:
        distances: With the steps from all starts; searched on for those who are pushed beyond what is known.
        effort: Steps of everybody that may be decided.

    Returns:
        The last configuration; NONE if there is no plan, or room or effort are spent.
    """
    near, goal, steps = distances.near, distances.goal, distances.steps
    _add(distances, known, crowd.now, NONE)
    for _ in range(effort):
        if known.counters[2] == 0:
            return NONE
        if (
            known.counters[0] + 1 >= len(known.before)
            or known.counters[1] + crowd.options.shape[1] >= len(known.constraint_agent)
            or known.counters[2] + 1 >= len(known.stack)
        ):
            return NONE
        node = known.stack[known.counters[2] - 1]
        if np.array_equal(known.cells[node], goal):
            return int(node)
        constraint = known.queue_head[node]
        if constraint == NONE:
            known.counters[2] -= 1
            continue
        known.queue_head[node] = known.constraint_next[constraint]
        _add_constraints(distances, crowd, known, node, constraint, chance)
        place_crowd(crowd, known.cells[node])
        if not _constrain(crowd, known, constraint):
            continue
        if not decide_all(near, steps, crowd, known.order[node], chance):
            continue
        met = _find(known, crowd.after)
        if met == NONE:
            _add(distances, known, crowd.after, node)
        elif met != node:
            known.stack[known.counters[2]] = met
            known.counters[2] += 1
    return NONE


@compiled
def trace(known: Configurations, node: int) -> Ints:
    """(agents, steps + 1) paths to a configuration."""
    length = 0
    at = node
    while at != NONE:
        length += 1
        at = known.before[at]
    paths = np.empty((known.cells.shape[1], length), dtype=np.int32)
    at = node
    while at != NONE:
        length -= 1
        paths[:, length] = known.cells[at]
        at = known.before[at]
    return paths


@compiled
def _slot_of(known: Configurations, cells: Ints) -> int:
    """Where the configuration is in the hash table, or would be (FNV-1a, kept to 31 bits)."""
    code = 1166136261
    for agent in range(len(cells)):
        code = ((code ^ int(cells[agent])) * 16777619) & 0x7FFFFFFF
    mask = len(known.slot) - 1
    at = (code ^ (code >> 15)) & mask
    while known.slot[at] != NONE and not np.array_equal(known.cells[known.slot[at]], cells):
        at = (at + 1) & mask
    return int(at)


@compiled
def _find(known: Configurations, cells: Ints) -> int:
    return int(known.slot[_slot_of(known, cells)])


@compiled
def _add(distances: Distances, known: Configurations, cells: Ints, before: int) -> None:
    """Enter a new configuration on top of the stack; who isn't at its goal gains rank, as in PIBT."""
    steps, node = distances.steps, known.counters[0]
    known.cells[node] = cells
    known.before[node] = before
    known.slot[_slot_of(known, known.cells[node])] = node
    rank, order, longest = known.rank[node], known.order[node], float(len(distances.near))
    for agent in range(len(cells)):
        if steps[agent, cells[agent]] == UNKNOWN:
            reach(distances, agent, cells[agent])
        to_go = steps[agent, cells[agent]]
        order[agent] = agent if before == NONE else known.order[before, agent]
        if before == NONE:
            rank[agent] = min(0.999, to_go / longest)
        elif to_go == 0:
            rank[agent] = known.rank[before, agent] - np.floor(known.rank[before, agent])
        else:
            rank[agent] = known.rank[before, agent] + 1.0
    # Hardly anybody changes place in the order from one configuration to the next.
    for k in range(len(order)):
        agent, at = order[k], k
        while at > 0 and rank[order[at - 1]] < rank[agent]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = agent
    known.queue_head[node] = known.counters[1]
    known.queue_tail[node] = known.counters[1]
    _append_constraint(known, NONE, NONE, NONE, 0)
    known.counters[0] += 1
    known.stack[known.counters[2]] = node
    known.counters[2] += 1


@compiled
def _append_constraint(known: Configurations, parent: int, agent: int, cell: int, depth: int) -> int:
    at = known.counters[1]
    known.constraint_parent[at] = parent
    known.constraint_agent[at] = agent
    known.constraint_cell[at] = cell
    known.constraint_depth[at] = depth
    known.constraint_next[at] = NONE
    known.counters[1] += 1
    return int(at)


@compiled
def _add_constraints(
    distances: Distances, crowd: Crowd, known: Configurations, node: int, constraint: int, chance: Chance
) -> None:
    """Queue what follows a constraint: the next agent in order, to each cell it may go to."""
    depth = known.constraint_depth[constraint]
    if depth >= known.cells.shape[1]:
        return
    agent = known.order[node, depth]
    cell = known.cells[node, agent]
    options = crowd.options[agent]
    count = 1
    options[0] = cell
    for other in distances.near[cell]:
        if other != cell:
            options[count] = other
            count += 1
    shuffle(chance, options, count)
    for k in range(count):
        at = _append_constraint(known, constraint, agent, options[k], depth + 1)
        if known.queue_head[node] == NONE:
            known.queue_head[node] = at
        else:
            known.constraint_next[known.queue_tail[node]] = at
        known.queue_tail[node] = at


@compiled
def _constrain(crowd: Crowd, known: Configurations, constraint: int) -> bool:
    """Decide what the constraints say; False if they contradict each other."""
    at = constraint
    while known.constraint_parent[at] != NONE:
        agent, cell = known.constraint_agent[at], known.constraint_cell[at]
        if not can_take(crowd.now, crowd.after, crowd.agent_at, crowd.taker, agent, cell):
            return False
        crowd.after[agent], crowd.taker[cell] = cell, agent
        at = known.constraint_parent[at]
    return True
