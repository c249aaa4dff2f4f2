"""
Whether a joint plan is one: written from the rules alone, with no code of the planner.

Rules: everybody begins at its start, in each step goes to a cell next to it or stays, and ends at its goal. No two are
in one cell after the same step, and no two swap cells in one step.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise


def faults(
    neighbours: Sequence[Collection[int]], starts: Sequence[int], goals: Sequence[int], paths: Sequence[Sequence[int]]
) -> list[str]:
    """What is wrong with the paths; [] if nothing is."""
    found = [] if len(paths) == len(starts) else [f"{len(paths)} paths: must be {len(starts)}"]
    for agent, (start, goal, path) in enumerate(zip(starts, goals, paths, strict=False)):
        found += _faults_alone(neighbours, agent, path, (start, goal, len(paths[0])))
    for step in range(min(map(len, paths), default=0)):
        found += _faults_together(paths, step)
    return found


def resting_cost(path: Sequence[int]) -> int:
    """Step from which on a path stays where it ends."""
    step = len(path) - 1
    while step > 0 and path[step - 1] == path[-1]:
        step -= 1
    return step


def _faults_alone(
    neighbours: Sequence[Collection[int]], agent: int, path: Sequence[int], told: tuple[int, int, int]
) -> list[str]:
    start, goal, length = told
    found = []
    if len(path) != length:
        found.append(f"agent {agent} has {len(path)} places: must be {length}, as for agent 0")
    if path[0] != start:
        found.append(f"agent {agent} begins in {path[0]}: must be {start}")
    if path[-1] != goal:
        found.append(f"agent {agent} ends in {path[-1]}: must be {goal}")
    found += [
        f"agent {agent} jumps from {origin} to {target} in step {step}"
        for step, (origin, target) in enumerate(pairwise(path), start=1)
        if target != origin and target not in neighbours[origin]
    ]
    return found


def _faults_together(paths: Sequence[Sequence[int]], step: int) -> list[str]:
    """Who shares a cell after a step, and who swaps in it."""
    holder: dict[int, int] = {}
    found = []
    for agent, path in enumerate(paths):
        other = holder.setdefault(path[step], agent)
        if other != agent:
            found.append(f"agents {other} and {agent} share cell {path[step]} after step {step}")
    if step == 0:
        return found
    for agent, path in enumerate(paths):
        came, went = path[step - 1], path[step]
        other = holder.get(came, agent)
        if other > agent and paths[other][step - 1] == went:
            found.append(f"agents {agent} and {other} swap in step {step}")
    return found
