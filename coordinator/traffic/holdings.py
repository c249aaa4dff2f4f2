"""Who holds which resources: changed bit by bit, so that asking costs the same however many robots there are."""

from __future__ import annotations

from coordinator.model.ids import RobotId
from coordinator.traffic.resources import Resources, bits_of


class Holdings:
    """Holders of each resource, and the masks of what anybody and what more than one robot holds."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._holders: list[list[RobotId]] = [[] for _ in resources.bit_names]
        self._any = 0
        self._several = 0

    def change(self, robot_id: RobotId, old: int, new: int) -> None:
        """A robot held one mask and holds another now."""
        for number in bits_of(old & ~new):
            self._holders[number].remove(robot_id)
            self._note(number)
        for number in bits_of(new & ~old):
            self._holders[number].append(robot_id)
            self._note(number)

    def barred(self, own: int) -> int:
        """Mask of what a robot that holds `own` can't have: exclusive resources of others, and zones others fill."""
        mask = (self._several | self._any & ~own) & self._resources.exclusive
        for bit, capacity in self._resources.counted:
            if len(self._holders[bit.bit_length() - 1]) - bool(own & bit) >= capacity:
                mask |= bit
        return mask

    def holders(self, mask: int, but: RobotId | None) -> tuple[RobotId, ...]:
        """All robots, or all but one, that hold something of a mask, sorted by id."""
        found = {robot_id for number in bits_of(mask) for robot_id in self._holders[number]}
        return tuple(sorted(robot_id for robot_id in found if robot_id != but))

    def _note(self, number: int) -> None:
        bit, count = 1 << number, len(self._holders[number])
        self._any = self._any | bit if count else self._any & ~bit
        self._several = self._several | bit if count > 1 else self._several & ~bit
