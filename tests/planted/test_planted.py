"""The tests are tested: each planted bug must make the test named for it fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from tests.planted.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("coordinator", "agent", "sim", "gen", "maps", "tests", "pyproject.toml")
# Says from where the product came, then runs pytest: an editable install must not be what is tested.
RUN = """
import sys, coordinator, agent, pytest
for package in (coordinator, agent):
    assert package.__file__.startswith(sys.argv[1]), f"{package.__file__} isn't of the copy"
sys.exit(pytest.main(["-q", "-x", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist", *sys.argv[2:]]))
"""
TESTS_FAILED = 1


def _copy(to: Path) -> Path:
    """Copy what numba has compiled, too, but no bytecode nor what another test's process is just writing."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, to / part, ignore=shutil.ignore_patterns("*.pyc*", "*.tmp.*"))
        else:
            shutil.copy(source, to / part)
    return to


def _run(copy: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(copy), str(copy / "gen")))}
    environment.pop("PYTEST_ADDOPTS", None)
    # The copy is ours to write to, and its bytecode saves half of each start.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", RUN, str(copy), *tests]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=120, check=False)


@contextmanager
def planted(copy: Path, mutation: Mutation) -> Iterator[None]:
    """
    A bug in a copy, until the block ends.

    Raises:
        AssertionError: The text isn't there exactly once: the mutation must follow the code.
    """
    path = copy / mutation.path
    text = path.read_text(encoding="utf-8")
    count = text.count(mutation.old)
    assert count == 1, (
        f"planted bug {mutation.name}: its old text is {count} times in {mutation.path}, must be once; "
        "the code has changed, so change tests/planted/mutations.py with it"
    )
    _write(path, text.replace(mutation.old, mutation.new))
    try:
        yield
    finally:
        _write(path, text)


def _write(path: Path, text: str) -> None:
    """Change a source file. Python tells by size and second whether bytecode is of another text: too coarse here."""
    path.write_text(text, encoding="utf-8")
    Path(cache_from_source(path)).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product and its tests, elsewhere; shared, because there numba, too, would have to compile anew."""
    return _copy(tmp_path_factory.mktemp("copy"))


def test_without_a_bug_all_named_tests_pass(copy: Path):
    """What is to catch the bugs passes when there is none."""
    done = _run(copy, *sorted({mutation.caught_by for mutation in MUTATIONS}))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_planted_bug_is_caught(copy: Path, mutation: Mutation):
    """Each bug that would hurt in a plant is noticed by the test named for it."""
    with planted(copy, mutation):
        done = _run(copy, mutation.caught_by)
    assert done.returncode == TESTS_FAILED, (
        f"{mutation.caught_by} doesn't notice: {mutation.danger}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    )


def test_names_of_planted_bugs_are_unique():
    """One name, one bug."""
    names = [mutation.name for mutation in MUTATIONS]
    assert len(names) == len(set(names)) >= 14
