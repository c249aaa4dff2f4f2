"""The project itself: its packages, its data and its version."""

import re
import tomllib
from importlib import import_module, metadata
from pathlib import Path

import pytest
from setuptools import find_packages

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FIND = PYPROJECT["tool"]["setuptools"]["packages"]["find"]
PACKAGED = {name for where in FIND["where"] for name in find_packages(str(ROOT / where), include=FIND["include"])}


@pytest.mark.parametrize("folder", ["proto", "maps", "launch"])
def test_folders_of_data_are_not_packages(folder: str):
    """Data never hides a foreign library that has the folder's name."""
    assert list((ROOT / folder).rglob("__init__.py")) == []


@pytest.mark.parametrize(("where", "top"), [(".", "coordinator"), (".", "agent"), (".", "sim"), ("gen", "roundsman")])
def test_every_folder_with_code_is_installed(where: str, top: str):
    """Whoever installs Roundsman gets all of it: no folder of modules lacks its __init__.py."""
    folders = {path.parent.relative_to(ROOT / where) for path in (ROOT / where / top).rglob("*.py")}

    assert {".".join(folder.parts) for folder in folders} - PACKAGED == set()


def test_packages_can_be_imported():
    """The environment that runs these tests holds every package."""
    for name in sorted(PACKAGED):
        if not name.startswith("agent.ros"):
            import_module(name)


def test_generated_code_is_typed_and_imported_by_its_protos_name():
    """A message of proto/roundsman/v1 is found under that very name."""
    for proto in sorted((ROOT / "proto").rglob("*.proto")):
        name = proto.relative_to(ROOT / "proto").with_suffix("")
        module = import_module(".".join(name.parts) + "_pb2")

        assert module.DESCRIPTOR.package == ".".join(name.parent.parts)
        assert (ROOT / "gen" / f"{name}_pb2.pyi").is_file()
    assert (ROOT / "gen" / "roundsman" / "py.typed").is_file()


def test_version_is_the_changelogs_newest_or_ahead_of_it():
    """The version people see is the newest in the changelog, or one not released yet."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", changelog, re.MULTILINE)
    version = PYPROJECT["project"]["version"]

    def numbers(text: str) -> tuple[int, ...]:
        return tuple(int(part) for part in text.split("."))

    assert "## [Unreleased]" in changelog
    assert [numbers(text) for text in released] == sorted(map(numbers, released), reverse=True)
    assert not released or numbers(version) >= numbers(released[0])


def test_installed_package_states_the_python_it_needs():
    """Pip refuses an older Python, though the requirement is written in setup.py."""
    assert metadata.metadata("roundsman")["Requires-Python"] == ">=3.11"
