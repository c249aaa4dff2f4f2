"""
The release rule: there is always an order in which every robot can drive out of everybody's way.

Banker's rule on a graph. A *refuge* is a node with one neighbour: nobody ever drives through it. Each robot owns one
(its home) and may use any other that is nobody's home. A robot *can finish* if it can drive from the end of its base
to a refuge over resources that nobody else holds; then all it held but the refuge counts as free, and the next robot
is tried. A base may grow only if afterwards no more robots are left over than before.

As long as nobody is left over, the robots can be led into refuges one by one, however late each of them is; once they
are there, all through ways are free and any of them can be led to its goal: no deadlock. The trial is greedy: it may
miss an order that needs a particular choice of refuges, which costs time, never safety.

Sources:
    Dijkstra, "Een algorithme ter voorkoming van de dodelijke omarming", EWD 108; Reveliotis, "Conflict resolution in
    AGV systems", IIE Transactions 32, 2000 (banker's rule for guided vehicles).
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
    """Tries the robots' ways to refuges; remembers the last way of each, which mostly is still free."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._closed: frozenset[int] = frozenset()
        neighbours: list[set[int]] = [set() for _ in resources.node_ids]
        for way in resources.ways:
            neighbours[way.start].add(way.end)
            neighbours[way.end].add(way.start)
        self.refuges = frozenset(node for node, others in enumerate(neighbours) if len(others) == 1)
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
        node_claim, rooms = self._resources.node_claim, _Rooms(self._resources.counted, immovable)
        homes = {mover.home for mover in movers}
        total = immovable
        for mover in movers:
            total |= mover.held
        pending = list(movers)
        is_progress = True
        while pending and is_progress:
            is_progress = False
            left = []
            rooms.begin_round(pending)
            for mover in pending:
                others = rooms.with_full(total & ~mover.held | immovable, mover.held)
                refuge = self._refuge(mover, others, homes)
                if refuge is None:
                    left.append(mover)
                else:
                    total = others | node_claim[refuge]
                    rooms.settle(node_claim[refuge])
                    is_progress = True
            pending = left
        return tuple(mover.robot_id for mover in pending)

    def _refuge(self, mover: Mover, others: int, homes: set[int]) -> int | None:
        """A refuge the robot can reach while the others hold `others`."""
        known = self._ways.get(mover.robot_id)
        is_clear = known is not None and known[0] == mover.end and not known[2] & others
        if known is not None and is_clear and (known[1] == mover.home or known[1] not in homes):
            return known[1]
        failed = self._failures.get(mover.robot_id)
        if failed is not None and failed[0] == mover.end and failed[1] & others == failed[1]:
            return None
        found = self._find(mover, others, homes)
        if found is None:
            self._failures[mover.robot_id] = (mover.end, others)
            return None
        self._ways[mover.robot_id] = (mover.end, *found)
        return found[0]

    def _find(self, mover: Mover, others: int, homes: set[int]) -> tuple[int, int] | None:
        """Nearest refuge over resources outside `others`, by breadth-first search, and the mask of the way there."""
        if mover.end == mover.home or (mover.end in self.refuges and mover.end not in homes):
            return mover.end, 0
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
                if way.end == mover.home or (way.end in self.refuges and way.end not in homes):
                    return way.end, self._mask(came, way.end)
                queue.append(way.end)
        return None

    def _mask(self, came: dict[int, int], node: int) -> int:
        mask = 0
        while came[node] >= 0:
            way = self._resources.ways[came[node]]
            mask |= self._resources.step_claim[way.index]
            node = way.start
        return mask


class _Rooms:
    """Resources that several robots may have at once: how many are in each, by those not settled and those that are."""

    def __init__(self, counted: Sequence[tuple[int, int]], immovable: int) -> None:
        self._counted = counted
        self._moving = [0] * len(counted)
        self._settled = [int(bool(immovable & bit)) for bit, _ in counted]

    def begin_round(self, pending: Sequence[Mover]) -> None:
        """All of these count for what they hold until the round is over."""
        self._moving = [sum(1 for mover in pending if mover.held & bit) for bit, _ in self._counted]

    def settle(self, claim: int) -> None:
        """A robot stays for good."""
        for place, (bit, _) in enumerate(self._counted):
            self._settled[place] += bool(claim & bit)

    def with_full(self, others: int, held: int) -> int:
        """A mask with those, and only those, that are full for a robot that holds something itself."""
        for place, (bit, capacity) in enumerate(self._counted):
            there = self._moving[place] - bool(held & bit) + self._settled[place]
            others = others | bit if there >= capacity else others & ~bit
        return others
