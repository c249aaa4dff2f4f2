"""What the joint planner is asked: cells, and the agents that are to move through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class JointProblemError(ValueError):
    """The arrays don't describe a problem; the message names the agent or cell, the value and the rule."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """
    Places that take about one step to drive through, and what they exclude.

    Waiting in a cell is always possible. Lists of lists come as compressed rows: those of row `i` are
    `values[start[i]:start[i + 1]]`.

    Attributes:
        move_start: (cells + 1,) rows of `move_end`.
        move_end: Cells that are reached from a cell in one step, itself left out.
        resource_start: (cells + 1,) rows of `resource`.
        resource: Exclusive resources that an agent in the cell holds, at least one a cell. Two agents never hold
            a common one in the same step.
        is_allowed: (kinds, cells) whether an agent of that kind may enter the cell.
        is_following_strict: True: who moves from u to v holds the resources of both until it has arrived, so nobody
            follows into what is left in the same step (plants). False: the multi-agent path finding benchmark's
            rule, only being in the same cell and swapping cells are forbidden; following and rotations are allowed.
    """

    move_start: Ints
    move_end: Ints
    resource_start: Ints
    resource: Ints
    is_allowed: Bools
    is_following_strict: bool

    def __post_init__(self) -> None:
        _check_rows("moves", self.move_start, self.move_end, limit=self.count)
        _check_rows("resources", self.resource_start, self.resource, limit=None)
        if len(self.resource_start) != len(self.move_start):
            raise JointProblemError(f"resources of {len(self.resource_start) - 1} cells: must be {self.count}")
        holds_none = np.flatnonzero(np.diff(self.resource_start) == 0)
        if holds_none.size:
            raise JointProblemError(f"cell {holds_none[0]} holds no resource: must hold at least one")
        if self.is_allowed.ndim != 2 or self.is_allowed.shape[1] != self.count:
            raise JointProblemError(f"is_allowed has shape {self.is_allowed.shape}: must be (kinds, {self.count})")

    @property
    def count(self) -> int:
        """Number of cells."""
        return len(self.move_start) - 1

    @property
    def resource_count(self) -> int:
        """Number of resources."""
        return int(self.resource.max()) + 1 if self.resource.size else 0


@dataclass(frozen=True, slots=True, eq=False)
class Agents:
    """
    Who moves, from where, through which stops.

    Attributes:
        start: (agents,) cell of each at step 0.
        goal_start: (agents + 1,) rows of `goal` and `dwell`. An agent without a goal is idle: it only gives way.
        goal: Cells to stop at, in order.
        dwell: Steps to stay there without interruption.
        priority: (agents,) above 0: the weight of the agent's time in the cost, and who goes first in the first plan.
            Raise it with overdue time and with waiting age, and nobody starves.
        ready: (agents,) first step in which the agent may leave its start.
        kind: (agents,) row of `Cells.is_allowed`.
    """

    start: Ints
    goal_start: Ints
    goal: Ints
    dwell: Ints
    priority: Floats
    ready: Ints
    kind: Ints

    def __post_init__(self) -> None:
        _check_rows("goals", self.goal_start, self.goal, limit=None)
        for name, values in (("priority", self.priority), ("ready", self.ready), ("kind", self.kind)):
            if values.shape != self.start.shape:
                raise JointProblemError(f"{name} has shape {values.shape}: must be {self.start.shape}")
        if len(self.goal_start) != self.count + 1:
            raise JointProblemError(f"goals of {len(self.goal_start) - 1} agents: must be {self.count}")
        if self.dwell.shape != self.goal.shape or np.any(self.dwell < 0):
            raise JointProblemError("dwell: must be one number of steps, at least 0, per goal")
        if not np.all(self.priority > 0.0):
            raise JointProblemError(f"priority of agent {np.argmin(self.priority)}: must be above 0")
        if np.any(self.ready < 0):
            raise JointProblemError(f"ready of agent {np.argmin(self.ready)}: must be at least 0")

    @property
    def count(self) -> int:
        """Number of agents."""
        return len(self.start)


def one_shot_agents(start: Ints, goal: Ints) -> Agents:
    """Agents of equal priority with one goal each, as in the multi-agent path finding benchmark."""
    count = len(start)
    zeros = np.zeros(count, dtype=np.int32)
    return Agents(
        start=start,
        goal_start=np.arange(count + 1, dtype=np.int32),
        goal=goal,
        dwell=zeros,
        priority=np.ones(count),
        ready=zeros,
        kind=zeros,
    )


def check_together(cells: Cells, agents: Agents) -> None:
    """
    Check what neither can check alone.

    Raises:
        JointProblemError: If a cell or kind doesn't exist, or two agents hold a common resource at step 0.
    """
    for name, values in (("start", agents.start), ("goal", agents.goal)):
        if values.size and not 0 <= values.min() <= values.max() < cells.count:
            raise JointProblemError(f"{name} cells {values.min()} to {values.max()}: must be in [0, {cells.count})")
    kinds = len(cells.is_allowed)
    if agents.count and not 0 <= agents.kind.min() <= agents.kind.max() < kinds:
        raise JointProblemError(f"kinds {agents.kind.min()} to {agents.kind.max()}: must be in [0, {kinds})")
    holder: dict[int, int] = {}
    for agent, cell in enumerate(agents.start.tolist()):
        for resource in cells.resource[cells.resource_start[cell] : cells.resource_start[cell + 1]].tolist():
            other = holder.setdefault(resource, agent)
            if other != agent:
                raise JointProblemError(f"agents {other} and {agent} both hold resource {resource} at the start")


def _check_rows(name: str, start: Ints, values: npt.NDArray[np.int32], *, limit: int | None) -> None:
    if len(start) == 0 or start[0] != 0 or start[-1] != len(values) or np.any(np.diff(start) < 0):
        raise JointProblemError(f"rows of {name}: must begin with 0, never fall and end with {len(values)}")
    if values.size and (values.min() < 0 or (limit is not None and values.max() >= limit)):
        raise JointProblemError(f"{name} {values.min()} to {values.max()}: must be in [0, {limit})")
