"""From where a robot can get back home, by the map alone: places it must never be sent to, or never leaves."""

from __future__ import annotations

from coordinator.model.ids import RobotTypeId
from coordinator.traffic.resources import Resources


class Returns:
    """Nodes from which a home can be reached; closures and other robots don't count. Found once a type and home."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._into: list[list[int]] = [[] for _ in resources.node_ids]
        for way in resources.ways:
            self._into[way.end].append(way.index)
        self._known: dict[tuple[RobotTypeId, int], frozenset[int]] = {}

    def can_return(self, robot_type_id: RobotTypeId, node: int, home: int) -> bool:
        """Whether a robot of a type finds a way from a node to its home."""
        return node in self.sources(robot_type_id, home)

    def sources(self, robot_type_id: RobotTypeId, home: int) -> frozenset[int]:
        """All nodes from which a robot of a type finds a way to its home."""
        known = self._known.get((robot_type_id, home))
        if known is None:
            known = self._known[robot_type_id, home] = self._sources(robot_type_id, home)
        return known

    def _sources(self, robot_type_id: RobotTypeId, home: int) -> frozenset[int]:
        resources = self._resources
        allowed = resources.allowed[robot_type_id]
        found = {home}
        rest = [home]
        while rest:
            for index in self._into[rest.pop()]:
                start = resources.ways[index].start
                if allowed[index] and start not in found:
                    found.add(start)
                    rest.append(start)
        return frozenset(found)
