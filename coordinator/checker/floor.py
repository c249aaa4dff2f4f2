"""Who holds which places, and who would be too near to whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from coordinator.checker.finding import Finding
from coordinator.checker.places import Places
from coordinator.model.ids import RobotId


class Floor:
    """
    The places all robots have reserved.

    Attributes:
        radius_m: Of each robot's body.
    """

    def __init__(self, places: Places) -> None:
        self.places = places
        self.radius_m: dict[RobotId, float] = {}
        self._held: dict[RobotId, frozenset[str]] = {}
        self._holders: dict[str, set[RobotId]] = {}
        # How many places of a room each robot holds.
        self._inside: dict[str, dict[RobotId, int]] = {}

    def held(self, robot_id: RobotId) -> frozenset[str]:
        """What a robot holds."""
        return self._held.get(robot_id, frozenset())

    def hold(self, robot_id: RobotId, places: frozenset[str]) -> None:
        """Replace what a robot holds."""
        old = self._held.get(robot_id, frozenset())
        self._held[robot_id] = places
        for place in old - places:
            self._holders[place].discard(robot_id)
            for room in self.places.rooms(place):
                inside = self._inside[room.name]
                inside[robot_id] -= 1
                if not inside[robot_id]:
                    del inside[robot_id]
        for place in places - old:
            self._holders.setdefault(place, set()).add(robot_id)
            for room in self.places.rooms(place):
                inside = self._inside.setdefault(room.name, {})
                inside[robot_id] = inside.get(robot_id, 0) + 1

    def clashes(self, robot_id: RobotId, places: Iterable[str], *, is_this_map: bool) -> Iterator[Finding]:
        """I3: what speaks against a robot's holding some more places; with another map, sameness alone is judged."""
        for place in sorted(places):
            for other in sorted(self._holders.get(place, ())):
                if other != robot_id:
                    yield Finding("I3", place, f"{place} reserved for robot {robot_id} while robot {other} holds it")
            if not is_this_map:
                continue
            for room in self.places.rooms(place):
                inside = {robot_id, *self._inside.get(room.name, ())}
                if len(inside) > room.capacity_count:
                    text = f"{room.name} of {room.capacity_count} reserved for {', '.join(sorted(inside))}"
                    yield Finding("I3", room.name, text)
            for near in self.places.near(place):
                for other in sorted(self._holders.get(near.place, ())):
                    if other != robot_id and self.would_touch(robot_id, other, near.distance_m):
                        text = f"{place} for robot {robot_id} and {near.place} for robot {other} are too near"
                        yield Finding("I3", place, text)

    def is_free(
        self, robot_id: RobotId, place: str, parked: Mapping[RobotId, str], stands: Mapping[str, RobotId]
    ) -> bool:
        """
        Whether a robot may be in a place once some others are parked.

        Args:
            parked: The one place that each of these others still holds.
            stands: The same from the place to the robot.
        """
        if stands.get(place, robot_id) != robot_id:
            return False
        for other in self._holders.get(place, ()):
            if other != robot_id and other not in parked:
                return False
        return self.places.is_plain(place) or self._is_clear(robot_id, place, parked, stands)

    def would_touch(self, one: RobotId, other: RobotId, distance_m: float) -> bool:
        """Whether two bodies with their centres this far apart touch."""
        return distance_m < self.radius_m[one] + self.radius_m[other]

    def _is_clear(
        self, robot_id: RobotId, place: str, parked: Mapping[RobotId, str], stands: Mapping[str, RobotId]
    ) -> bool:
        """The same of places near to it, and of rooms it is part of."""
        for near in self.places.near(place):
            for other in self._holders.get(near.place, ()):
                if other != robot_id and other not in parked and self.would_touch(robot_id, other, near.distance_m):
                    return False
            other_parked = stands.get(near.place, robot_id)
            if other_parked != robot_id and self.would_touch(robot_id, other_parked, near.distance_m):
                return False
        for room in self.places.rooms(place):
            others = {other for other in self._inside.get(room.name, ()) if other not in parked}
            others.update(stands[where] for where in self.places.inside(room) if where in stands)
            if len(others - {robot_id}) >= room.capacity_count:
                return False
        return True
