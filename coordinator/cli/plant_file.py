"""Plants as a person names them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coordinator.cli.exits import UsageError

if TYPE_CHECKING:
    from coordinator.plant.map import PlantMap


def plant_path(name: str) -> Path:
    """
    The file of a plant.

    Raises:
        UsageError: If there is neither such a file nor such a plant.
    """
    from coordinator.plants import UnknownPlantError, find_plant

    try:
        return find_plant(name)
    except UnknownPlantError as error:
        raise UsageError(str(error)) from error


def read_plant_text(path: Path) -> str:
    """
    A map's text.

    Raises:
        UsageError: If it can't be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"map {path} can't be read: {error}") from error


def load_plant(name: str) -> PlantMap:
    """
    A plant by file or name, whole.

    Raises:
        UsageError: If it isn't there or isn't right; names the first problem and where to see the others.
    """
    from coordinator.plant.parse import MapError, parse_plant

    path = plant_path(name)
    try:
        return parse_plant(read_plant_text(path), source=str(path))
    except MapError as error:
        first = str(error).splitlines()[0]
        more = f" (and {len(error.problems) - 1} more: `roundsman map lint {name}`)"
        raise UsageError(first + (more if len(error.problems) > 1 else "")) from error


def check_parking(plant: PlantMap, robots_count: int) -> None:
    """
    Make sure that each robot can have a home.

    Raises:
        UsageError: If the plant has fewer parking nodes than there are robots.
    """
    from coordinator.plant.map import NodeRole

    parking_count = len(plant.nodes_with(NodeRole.PARKING))
    if robots_count > parking_count:
        raise UsageError(
            f"--robots {robots_count}: plant {plant.plant_id} has parking for {parking_count}, one node a robot"
        )
