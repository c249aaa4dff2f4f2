"""Who is on the floor, as planning asks for it all the time: kept in step with the durable state."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coordinator.traffic.finishing import Mover
from coordinator.traffic.timetable_arrays import Bools

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from coordinator.fleet.state import RobotState
    from coordinator.model.ids import RobotId
    from coordinator.traffic.resources import Resources


class Refuges(NamedTuple):
    """
    Where robots may stay, on a plant of n nodes.

    Attributes:
        of_nobody: Dead ends that are nobody's home and where nobody works: anybody may stay for good. Shape (n,).
        dead_ends: Nodes that nobody drives through. Shape (n,).
    """

    of_nobody: Bools
    dead_ends: Bools


class Roll:
    """
    Robots with a place, as the release rule sees them, and the refuges that are left to them.

    Args:
        robots: Of the durable state.
        idle_ends: Dead ends within radio cover where nobody inspects or charges.
        dead_ends: All of them.
    """

    def __init__(
        self,
        resources: Resources,
        robots: Mapping[RobotId, RobotState],
        idle_ends: frozenset[int],
        dead_ends: frozenset[int],
    ) -> None:
        self._resources = resources
        self._robots = robots
        self._idle_ends = idle_ends
        self._dead_ends = _flags(dead_ends, len(resources.node_ids))
        self._movers: dict[RobotId, Mover] = {}
        self._placed: tuple[RobotId, ...] | None = None
        self._refuges: Refuges | None = None

    def change(self) -> None:
        """A robot came to the fleet, left it or was given a place."""
        self._placed = self._refuges = None
        self._movers = {robot_id: mover for robot_id, mover in self._movers.items() if robot_id in self._robots}

    def stand(self, robot: RobotState, held: int) -> None:
        """A robot's base, or how far it has come in it, has changed; `held` is the mask of all it has reserved."""
        if robot.steps:
            index, type_id = self._resources.node_index, robot.factsheet.robot_type_id
            end, home = index[robot.base_end.node_id], index[robot.home]
            self._movers[robot.robot_id] = Mover(robot.robot_id, type_id, end, home, held)

    def placed(self) -> tuple[RobotId, ...]:
        """Robots that have a place, sorted by id."""
        if self._placed is None:
            self._placed = tuple(sorted(robot_id for robot_id, robot in self._robots.items() if robot.steps))
        return self._placed

    def movers(self) -> list[Mover]:
        """The same robots for the release rule."""
        return [self._movers[robot_id] for robot_id in self.placed()]

    def refuges(self) -> Refuges:
        """Where robots may stay for good, but for each one's own home."""
        if self._refuges is None:
            index = self._resources.node_index
            homes = {index[robot.home] for robot in self._robots.values()}
            self._refuges = Refuges(_flags(self._idle_ends - homes, len(index)), self._dead_ends)
        return self._refuges


def _flags(nodes: Iterable[int], count: int) -> Bools:
    flags = np.zeros(count, dtype=np.bool_)
    flags[sorted(nodes)] = True
    return flags
