"""One run of the campaign: random plant, fleet and history; then quiet, in which everybody must be served."""

from __future__ import annotations

import random
from dataclasses import dataclass

from coordinator.model.ids import RobotId
from coordinator.plant.map import NodeRole
from tests.campaign.random_plants import draw_plant
from tests.coordinator.fleet.puppets import Floor
from tests.coordinator.fleet.stories import HAPPENINGS, check_bases, happen, heal

QUIET_S = 420
STARVED_S = 300.0
"""Nobody may wait longer than this while nothing is broken. The roads are at most some 200 m long."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run. A collision or a broken invariant isn't here: it raises."""

    seed: int
    robots: int
    visits: int
    longest_wait_s: float
    starved: tuple[RobotId, ...]
    missions_open: int

    @property
    def is_good(self) -> bool:
        """Whether everybody moved and all missions ended."""
        return not self.starved and not self.missions_open and self.visits > 0


def run(seed: int) -> Outcome:
    """
    Live through a history and the quiet after it.

    Raises:
        AssertionError: Robots collided, an invariant broke, or the journal isn't the state.
    """
    chance = random.Random(seed)
    plant = draw_plant(seed)
    floor = Floor(plant, seed=seed)
    homes, kinds = plant.nodes_with(NodeRole.PARKING), list(plant.robot_types)
    count = chance.randint(2, len(homes)) if len(homes) > 2 else len(homes)
    for number in range(count):
        floor.join(f"r{number}", homes[number], kinds[number % len(kinds)])
    laziness = chance.choice((0.0, 0.2, 0.5, 0.8))
    for _ in range(chance.randint(0, 8)):
        happen(floor, chance.choice(HAPPENINGS), chance.randint(0, 1000))
        floor.run(chance.randint(1, 25), laziness=laziness)
    heal(floor)
    laziness = min(laziness, 0.5)
    begun = floor.fleet.totals().visits_count
    begun_s, longest_s = floor.now_s, 0.0
    starved: set[RobotId] = set()
    while floor.now_s < begun_s + QUIET_S:
        floor.run(1.0, laziness=laziness)
        for robot_id, wait in floor.fleet.waits().items():
            waited_s = floor.now_s - max(wait.since_s, begun_s)
            longest_s = max(longest_s, waited_s)
            if waited_s > STARVED_S:
                starved.add(robot_id)
    floor.check_fold()
    check_bases(floor)
    missions = sum(not mission.state.is_final for mission in floor.fleet.state.missions.values())
    visits = floor.fleet.totals().visits_count - begun
    return Outcome(seed, count, visits, longest_s, tuple(sorted(starved)), missions)
