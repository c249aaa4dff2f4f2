"""Every floor a test makes ends with all invariants and a fold that equals the live state."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from coordinator.plant.map import PlantMap
from tests.coordinator.fleet.puppets import Floor

MakeFloor = Callable[..., Floor]


@pytest.fixture
def make_floor() -> Iterator[MakeFloor]:
    """Make floors; when the test is done, nothing may be broken on any of them."""
    floors: list[Floor] = []

    def make(plant: PlantMap, **how) -> Floor:
        floors.append(Floor(plant, **how))
        return floors[-1]

    yield make
    for floor in floors:
        floor.fleet.check_invariants()
        floor.check_truth()
        floor.check_fold()
