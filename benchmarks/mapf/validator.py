"""
Whether a joint plan is one: written from the rules alone, with no code of the planner.

Rules: everybody begins at its start and moves only along moves, into cells open to its kind, not before it is ready.
Nobody shares a resource with another at a step, and nobody swaps with another. With strict following, whoever moves
from u to v holds the resources of both during that step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class World:
    """
    The rules of a place.

    Attributes:
        moves: The cells next to each cell.
        resources: What being in each cell takes.
        is_open: By kind of agent, whether each cell is open to it.
        is_following_strict: Whether a move holds both its ends.
    """

    moves: Mapping[int, Collection[int]]
    resources: Mapping[int, Collection[int]]
    is_open: Sequence[Sequence[bool]]
    is_following_strict: bool


def faults(
    world: World, starts: Sequence[int], kinds: Sequence[int], ready: Sequence[int], paths: Sequence[Sequence[int]]
) -> list[str]:
    """What is wrong with the paths; [] if nothing is."""
    found = []
    for agent, path in enumerate(paths):
        found += _faults_alone(world, agent, path, (starts[agent], kinds[agent], ready[agent]))
    for step in range(len(paths[0]) if paths else 0):
        found += _shared(world, paths, step)
        if step:
            found += _swapped(world, paths, step)
    return found


def resting_cost(path: Sequence[int]) -> int:
    """Step from which on a path stays where it ends."""
    step = len(path) - 1
    while step > 0 and path[step - 1] == path[-1]:
        step -= 1
    return step


def _faults_alone(world: World, agent: int, path: Sequence[int], told: tuple[int, int, int]) -> list[str]:
    start, kind, ready = told
    found = []
    if path[0] != start:
        found.append(f"agent {agent} begins in {path[0]}: must be {start}")
    for step, (origin, target) in enumerate(pairwise(path)):
        if origin == target:
            continue
        if step < ready:
            found.append(f"agent {agent} moves in step {step}: must stay until {ready}")
        if target not in world.moves[origin]:
            found.append(f"agent {agent} jumps from {origin} to {target} in step {step}")
        if not world.is_open[kind][target]:
            found.append(f"agent {agent} enters {target}, closed to kind {kind}, in step {step}")
    return found


def _held(world: World, path: Sequence[int], step: int) -> set[int]:
    held = set(world.resources[path[step]])
    if world.is_following_strict and step + 1 < len(path):
        held |= set(world.resources[path[step + 1]])
    return held


def _shared(world: World, paths: Sequence[Sequence[int]], step: int) -> list[str]:
    holder: dict[int, int] = {}
    found = []
    for agent, path in enumerate(paths):
        for resource in sorted(_held(world, path, step)):
            other = holder.setdefault(resource, agent)
            if other != agent:
                found.append(f"agents {other} and {agent} share resource {resource} in step {step}")
    return found


def _swapped(world: World, paths: Sequence[Sequence[int]], step: int) -> list[str]:
    """Who enters what another leaves, while that one enters what the first leaves."""
    leaver = {resource: agent for agent, path in enumerate(paths) for resource in world.resources[path[step - 1]]}
    entered = [set(world.resources[path[step]]) for path in paths]
    left = [set(world.resources[path[step - 1]]) for path in paths]
    found = []
    for agent in range(len(paths)):
        others = sorted({leaver[resource] for resource in entered[agent] if resource in leaver})
        found += [
            f"agents {agent} and {other} swap in step {step}"
            for other in others
            if other > agent and entered[other] & left[agent]
        ]
    return found
