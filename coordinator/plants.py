"""Where plant maps lie: beside the source tree, or in the data folder of an installed Roundsman."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SHARE = Path("share", "roundsman", "maps")


class UnknownPlantError(LookupError):
    """No file and no known plant has the name; the caller may choose one of `known`."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(known)
        choice = ", ".join(self.known) or "none"
        super().__init__(f"plant {name!r} is neither a file nor a known plant (known: {choice})")


def plant_folders(module: Path = Path(__file__)) -> tuple[Path, ...]:
    """
    Folders that hold maps, the nearest to the module first.

    An installation keeps them below its prefix, which is above `site-packages` for an environment, a user or
    ROS 2, and the folder itself for `pip install --target`: so every folder above the module is looked into.
    """
    above = module.resolve().parents[1:]
    source = [above[0] / "maps"] if (above[0] / "pyproject.toml").is_file() else []
    return tuple(folder for folder in [*source, *(parent / SHARE for parent in above)] if folder.is_dir())


def known_plants(folders: Iterable[Path] | None = None) -> dict[str, Path]:
    """Bare name to map file, sorted by name; the first folder that has a name wins."""
    found: dict[str, Path] = {}
    for folder in plant_folders() if folders is None else folders:
        for path in folder.glob("*.yaml"):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def find_plant(name_or_path: str | Path, folders: Iterable[Path] | None = None) -> Path:
    """
    Path of a plant's map.

    Args:
        name_or_path: An existing file, or a bare name like `demo`.
        folders: Where bare names are looked up; those of the installation if not given.

    Raises:
        UnknownPlantError: If there is neither such a file nor such a plant.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    known = known_plants(folders)
    if str(name_or_path) not in known:
        raise UnknownPlantError(str(name_or_path), known)
    return known[str(name_or_path)]
