"""A control room for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.coordinator.web.rig import Room, room


@pytest.fixture(name="room")
def _room(tmp_path: Path) -> Iterator[Room]:
    """The alley with one robot."""
    with room(tmp_path / "blobs") as made:
        yield made
        made.floor.fleet.check_invariants()
