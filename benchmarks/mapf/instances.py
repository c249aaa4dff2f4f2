"""
Instances of the multi-agent path finding benchmark, from files of MovingAI.

Source:
    Stern et al., "Multi-agent pathfinding: definitions, variants, and benchmarks", SoCS 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.mapf.joint.problem import Problem, near_cells

OPEN = ".G"
SIDES = ((0, 1), (1, 0), (0, -1), (-1, 0))


class InstanceError(ValueError):
    """A file isn't what the benchmark's format says; the message names the file, the value and the rule."""


@dataclass(frozen=True, slots=True)
class Instance:
    """
    A map with the first agents of a scenario.

    Attributes:
        neighbours: Cells next to each cell.
        starts: Cell of each agent.
        goals: Where each has to end.
    """

    name: str
    neighbours: tuple[tuple[int, ...], ...]
    starts: tuple[int, ...]
    goals: tuple[int, ...]

    def problem(self) -> Problem:
        """As the planner takes it."""
        starts, goals = (np.array(cells, dtype=np.int32) for cells in (self.starts, self.goals))
        return Problem(near_cells(self.neighbours), starts, goals)


def read_instance(folder: Path, name: str, agent_count: int) -> Instance:
    """
    Read a map and the first agents of its scenario random-1.

    Raises:
        InstanceError: If a file isn't as its format says, or has too few agents.
    """
    number_of = _read_map(folder / f"{name}.map")
    neighbours = [
        tuple(
            number_of[row + down, column + right] for down, right in SIDES if (row + down, column + right) in number_of
        )
        for row, column in number_of
    ]
    path = folder / f"{name}-random-1.scen"
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()[1:] if line.strip()]
    if len(lines) < agent_count:
        raise InstanceError(f"{path.name} has {len(lines)} agents: must have {agent_count}")
    try:
        starts = tuple(number_of[int(line[5]), int(line[4])] for line in lines[:agent_count])
        goals = tuple(number_of[int(line[7]), int(line[6])] for line in lines[:agent_count])
    except KeyError as error:
        raise InstanceError(f"{path.name} names row and column {error}: must be open in the map") from error
    return Instance(f"{name}_{agent_count}", tuple(neighbours), starts, goals)


def _read_map(path: Path) -> dict[tuple[int, int], int]:
    """Number of each open cell by row and column, in reading order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) < 5 or lines[3] != "map":
        raise InstanceError(f"{path.name}: line 4 must be 'map'")
    places = [(row, column) for row, line in enumerate(lines[4:]) for column, mark in enumerate(line) if mark in OPEN]
    return {place: number for number, place in enumerate(places)}
