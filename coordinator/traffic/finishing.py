"""
The release rule: there is always an order in which every robot can drive home.

Banker's rule on a graph. A robot *can finish* if it can drive from the end of its base to its home over resources that nobody
else holds; then all it held but its home counts as free, and the next robot is tried. A base may grow only if afterwards
no more robots are left over than before. As long as nobody is left over, the robots can always be led home one by one, however late each of them is:
no deadlock. Nobody else ever enters a home, so an early finisher is never in the way, and greedy trial finds an order if there is one.

Sources:
    Dijkstra, "Een algorithme ter voorkoming van de dodelijke omarming", EWD 108; Reveliotis, "Conflict resolution in AGV
    systems", IIE Transactions 32, 2000 (banker's rule for guided vehicles).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from coordinator.model.ids import RobotId, RobotTypeId
from coordinator.traffic.resources import Resources


@dataclass(frozen=True, slots=True)
class Mover:
    """A robot as the rule sees it: `end` and `home` are node numbers, `held` the mask of all it has reserved."""

    robot_id: RobotId
    robot_type_id: RobotTypeId
    end: int
    home: int
    held: int


class FinishingOrder:
    """Tries the robots' ways home; remembers the last way of each, which mostly is still free."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._closed: frozenset[int] = frozenset()
        self._ways: dict[RobotId, tuple[int, int, int]] = {}
        self._failures: dict[RobotId, tuple[int, int]] = {}

    def close(self, ways: frozenset[int]) -> None:
        """Ways that nobody may count on."""
        if ways != self._closed:
            self._closed = ways
            self._ways.clear()
            self._failures.clear()

    def forget(self, robot_id: RobotId) -> None:
        """Drop what is remembered of a robot."""
        self._ways.pop(robot_id, None)
        self._failures.pop(robot_id, None)

    def unfinished(self, movers: Sequence[Mover], immovable: int = 0) -> tuple[RobotId, ...]:
        """Robots that can't finish, in the order given. `immovable` is a mask that nobody frees or passes."""
        resources = self._resources
        total = immovable
        for mover in movers:
            total |= mover.held
        pending = list(movers)
        is_progress = True
        while pending and is_progress:
            is_progress = False
            left = []
            for mover in pending:
                others = total & ~(mover.held & ~immovable)
                if resources.counted:
                    others = self._with_full_zones(others, pending, mover)
                if self._has_way_home(mover, others):
                    total = others | resources.node_claim[mover.home]
                    is_progress = True
                else:
                    left.append(mover)
            pending = left
        return tuple(mover.robot_id for mover in pending)

    def _with_full_zones(self, others: int, pending: Sequence[Mover], mover: Mover) -> int:
        for bit, capacity in self._resources.counted:
            holders = sum(1 for other in pending if other is not mover and other.held & bit)
            others = others | bit if holders >= capacity else others & ~bit
        return others

    def _has_way_home(self, mover: Mover, others: int) -> bool:
        known = self._ways.get(mover.robot_id)
        if known is not None and known[0] == mover.end and known[1] == mover.home and not known[2] & others:
            return True
        failed = self._failures.get(mover.robot_id)
        if failed is not None and failed[0] == mover.end and failed[1] & others == failed[1]:
            return False
        mask = self._find(mover, others)
        if mask is None:
            self._failures[mover.robot_id] = (mover.end, others)
            return False
        self._ways[mover.robot_id] = (mover.end, mover.home, mask)
        return True

    def _find(self, mover: Mover, others: int) -> int | None:
        """Mask of a way home over resources outside `others`, by breadth-first search; None if there is none."""
        if mover.end == mover.home:
            return 0
        resources = self._resources
        allowed = resources.allowed[mover.robot_type_id]
        came: dict[int, int] = {mover.end: -1}
        queue = deque((mover.end,))
        while queue:
            node = queue.popleft()
            for way in resources.out[node]:
                index = way.index
                if way.end in came or resources.step_claim[index] & others:
                    continue
                if index in self._closed or not allowed[index]:
                    continue
                came[way.end] = index
                if way.end == mover.home:
                    return self._mask(came, way.end)
                queue.append(way.end)
        return None

    def _mask(self, came: dict[int, int], node: int) -> int:
        mask = 0
        while came[node] >= 0:
            way = self._resources.ways[came[node]]
            mask |= self._resources.step_claim[way.index]
            node = way.start
        return mask
