from pathlib import Path

import pytest

from coordinator.plants import UnknownPlantError, find_plant, known_plants, plant_folders


def _write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("plant_id: x\n")
    return path


def test_a_path_is_taken_as_it_is(tmp_path: Path):
    """An operator may point at any file, wherever it lies."""
    path = _write(tmp_path / "refinery.yml")

    assert find_plant(path, folders=[]) == path


def test_a_bare_name_is_looked_up_nearest_folder_first(tmp_path: Path):
    """`demo` means the map beside the program before any other of that name."""
    near = _write(tmp_path / "near" / "demo.yaml")
    _write(tmp_path / "far" / "demo.yaml")
    far = _write(tmp_path / "far" / "tank_farm.yaml")
    folders = [tmp_path / "near", tmp_path / "far"]

    assert known_plants(folders) == {"demo": near, "tank_farm": far}
    assert find_plant("demo", folders) == near


def test_an_unknown_name_lists_the_plants_there_are(tmp_path: Path):
    """A mistyped name is answered with the names that would work."""
    _write(tmp_path / "demo.yaml")

    with pytest.raises(UnknownPlantError, match=r"plant 'dmeo' is neither .* \(known: demo\)"):
        find_plant("dmeo", [tmp_path])


@pytest.mark.parametrize("site", ["lib/python3.11/site-packages", "local/lib/python3.12/dist-packages", "."], ids=str)
def test_an_installed_roundsman_finds_its_maps(tmp_path: Path, site: str):
    """Maps are found in an environment, on Debian, and in a folder that pip was told to fill."""
    module = _write(tmp_path / site / "coordinator" / "plants.py")
    demo = _write(tmp_path / "share" / "roundsman" / "maps" / "demo.yaml")

    assert known_plants(plant_folders(module)) == {"demo": demo}


def test_the_source_tree_finds_its_maps(tmp_path: Path):
    """A developer's checkout uses the maps it holds."""
    module = _write(tmp_path / "coordinator" / "plants.py")
    _write(tmp_path / "pyproject.toml")
    demo = _write(tmp_path / "maps" / "demo.yaml")

    assert known_plants(plant_folders(module)) == {"demo": demo}
