"""What every test shares: properties are tried in the same order each time, without a stop-watch; long tests begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("roundsman", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("roundsman")

TESTS = Path(__file__).parent
LONG = ("e2e", "benchmarks", "campaign", "planted")
"""Folders whose tests take seconds to minutes each, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long tests first: a worker with nothing left takes from the end of another's list, so the end is light."""
    rank = {folder: number for number, folder in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path.relative_to(TESTS).parts[0], len(LONG)))
