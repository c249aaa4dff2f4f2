"""People (and what they leave behind) on the ways of the plant."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from coordinator.model.ids import EdgeId
from sim.floor import Floor
from sim.world import World


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something on an edge, at a distance along it, until a time."""

    edge_id: EdgeId
    at_m: float
    until_s: float


class People:
    """
    Who stands where. `ask` tells whether an edge is barred ahead of a distance along it.

    Args:
        on_change: Called with an edge after something stepped onto it or off it.
    """

    def __init__(self, world: World, floor: Floor, *, on_change: Callable[[EdgeId], None]) -> None:
        self._world = world
        self._floor = floor
        self._on_change = on_change
        self._obstacles: dict[EdgeId, list[Obstacle]] = {}
        self._paces: dict[EdgeId, float] = {}
        self.count = 0

    def pace_ratio(self, edge_id: EdgeId) -> float:
        """Share of the usual speed that can be driven on an edge now."""
        return self._paces.get(edge_id, 1.0)

    def set_pace(self, edge_id: EdgeId, ratio: float) -> None:
        """From now on an edge is driven at a share of the usual speed. Who is on it already goes on as before."""
        self._paces[edge_id] = ratio

    def is_barred(self, edge_id: EdgeId, offset_m: float) -> bool:
        """Whether something stands on the edge further than `offset_m` along it (-1: anywhere)."""
        obstacles = self._obstacles.get(edge_id)
        return obstacles is not None and any(o.at_m > offset_m for o in obstacles)

    def step_onto(self, edge_id: EdgeId, at_m: float, for_s: float) -> None:
        """Somebody steps onto an edge (and so in the way of its other direction) for a time."""
        self.count += 1
        line = self._floor.lines[edge_id]
        obstacles = [Obstacle(edge_id, at_m, self._world.now_s + for_s)]
        reverse_id = self._floor.plant.edges[edge_id].reverse_id
        if reverse_id is not None and line.lane_m == 0.0:
            obstacles.append(Obstacle(reverse_id, line.length_m - at_m, self._world.now_s + for_s))
        for obstacle in obstacles:
            self._obstacles.setdefault(obstacle.edge_id, []).append(obstacle)
            self._on_change(obstacle.edge_id)

        def leave() -> None:
            for obstacle in obstacles:
                left = [o for o in self._obstacles[obstacle.edge_id] if o is not obstacle]
                if left:
                    self._obstacles[obstacle.edge_id] = left
                else:
                    del self._obstacles[obstacle.edge_id]
            for obstacle in obstacles:
                self._on_change(obstacle.edge_id)

        self._world.after(for_s, leave)

    def clear(self) -> None:
        """Everybody leaves the ways."""
        self._paces.clear()
        edge_ids = sorted(self._obstacles)
        for obstacles in self._obstacles.values():
            obstacles.clear()
        for edge_id in edge_ids:
            self._on_change(edge_id)


def walk_times(chance: random.Random, *, per_h: float, start_s: float, end_s: float) -> list[float]:
    """Times of a Poisson process, in order."""
    times: list[float] = []
    if per_h <= 0.0:
        return times
    time_s = start_s + chance.expovariate(per_h / 3600.0)
    while time_s < end_s:
        times.append(time_s)
        time_s += chance.expovariate(per_h / 3600.0)
    return times
