"""Robots on a small floor that plan and drive by a timetable alone."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np

from coordinator.model.ids import RobotId, RobotTypeId
from coordinator.traffic.finishing import FinishingOrder
from coordinator.traffic.resources import Resources
from coordinator.traffic.routing import NODE_S, Router
from coordinator.traffic.safe_intervals import IntervalSearch, Vehicle
from coordinator.traffic.timetable import STAY, Hold, Timetable
from tests.coordinator.fleet.tiny_plants import yard

RED = RobotTypeId("red")
STAY_S = 30.0


class Floor:
    """Robots that stand in dead ends of a plant, and their timetable."""

    def __init__(self, plant, robot_count: int) -> None:
        self.resources = Resources(plant)
        self.router = Router(self.resources)
        self.timetable = Timetable(self.resources)
        ends = sorted(FinishingOrder(self.resources).refuges)
        self.refuges = frozenset(ends)
        self.homes = {RobotId(f"r{number}"): end for number, end in enumerate(ends[:robot_count])}
        for robot_id, home in self.homes.items():
            self.timetable.place(robot_id, home, 0)

    def plan(self, robot_id: RobotId, goal: int, now_s: float) -> bool:
        """Search a robot's way to a node, and on to its home, and enter it."""
        drive_s = self.router.ways_s(RED)
        nodes = np.arange(len(self.resources.node_ids))
        clear_s = np.full(len(drive_s), NODE_S + 1.0)
        vehicle = Vehicle(robot_id, drive_s, clear_s, nodes == self.homes[robot_id], nodes < 0)
        start = self.timetable.end_node(robot_id)
        search = IntervalSearch(self.resources, self.timetable, vehicle)
        found = search.visit(start, now_s, goal, STAY_S, self.router.to_goal_s(RED, goal))
        if found is None:
            return False
        self.timetable.plan(robot_id, found[0], goal, found[1])
        return True

    def check_apart(self) -> None:
        """No two robots have a resource for one at the same time."""
        for bit, capacity in enumerate(self.timetable.board.capacity):
            if capacity == 1:
                for before, after in pairwise(self.timetable.queue(bit)):
                    assert before.robot_id == after.robot_id or before.end_s <= after.start_s

    def queues(self) -> list[list[Hold]]:
        """All resources' holds."""
        return [self.timetable.queue(bit) for bit in range(len(self.resources.bit_names))]

    def drive(self, robot_id: RobotId) -> bool:
        """Let a robot drive its next leg and leave the last, if it's its turn and nobody is there."""
        if not self.timetable.rows[robot_id].is_planned:
            return False
        number, leg = self.timetable.rows[robot_id].granted + 1, self.timetable.planned_legs(robot_id)[0]
        if leg.way != STAY:
            others = [self.held(other) for other in self.homes if other != robot_id]
            claim = self.resources.step_claim[leg.way]
            if self.timetable.ahead(robot_id, [leg.way]) or any(claim & held for held in others):
                return False
        self.timetable.extend(robot_id, [leg])
        self.timetable.release(robot_id, number - 1, self.held(robot_id))
        return True

    def held(self, robot_id: RobotId) -> int:
        """What a robot has where it stands."""
        return self.resources.node_claim[self.timetable.end_node(robot_id)]


def history(seed: int, *, turns: int) -> str:
    """All plans, turns and delays of four robots that ask for ways by chance, to the last digit."""
    chance, floor = random.Random(seed), Floor(yard(), 4)
    robot_ids, nodes = sorted(floor.homes), range(len(floor.resources.node_ids))
    told: list[object] = []
    for turn in range(turns):
        robot_id, now_s = chance.choice(robot_ids), 7.0 * turn
        told.append(floor.plan(robot_id, chance.choice(nodes), now_s))
        told += [floor.drive(other) for other in robot_ids if chance.random() < 0.5]
        told.append(floor.timetable.refresh({other: now_s + chance.choice((0.0, 12.5)) for other in robot_ids}))
        told += [floor.timetable.plan_of(robot_id), floor.timetable.waits_for(robot_id), floor.queues()]
    return repr(told)
