"""What robots have to do: the same endless row of stops for a robot under every policy."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

SHORTEST_S, LONGEST_S = 10.0, 120.0
DELAYED_SHARE = 0.01
LONGEST_DELAY_S = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """
    A stop.

    Attributes:
        node: Where.
        turn: How many stops the robot had there before.
        dwell_s: How long the work takes.
        delay_s: How long the robot just stands there beyond it.
    """

    node: int
    turn: int
    dwell_s: float
    delay_s: float


@dataclass(slots=True)
class Jobs:
    """One robot's row of stops, made as far as it is asked for."""

    seed: str
    places: tuple[int, ...]
    _made: list[Job] = field(default_factory=list)
    _random: random.Random | None = None

    def __getitem__(self, number: int) -> Job:
        if self._random is None:
            self._random = random.Random(self.seed)
        while len(self._made) <= number:
            self._made.append(self._next(self._random))
        return self._made[number]

    def _next(self, chance: random.Random) -> Job:
        before = self._made[-1].node if self._made else -1
        node = chance.choice(self.places)
        while node == before:
            node = chance.choice(self.places)
        dwell_s = chance.uniform(SHORTEST_S, LONGEST_S)
        is_delayed = chance.random() < DELAYED_SHARE
        delay_s = chance.uniform(0.0, LONGEST_DELAY_S)
        turn = sum(1 for job in self._made if job.node == node)
        return Job(node, turn, dwell_s, delay_s if is_delayed else 0.0)
