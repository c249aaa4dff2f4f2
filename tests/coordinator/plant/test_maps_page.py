"""The page that explains maps."""

from __future__ import annotations

import re

from coordinator.plant.lint import Severity, lint
from coordinator.plant.parse import parse_plant
from tests.coordinator.plant.small_plant import MAPS


def test_the_example_of_the_page_is_a_good_plant():
    """Whoever copies the example begins with a map that works."""
    page = (MAPS / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)

    assert {item.severity for item in lint(parse_plant(example))} <= {Severity.INFO}


def test_the_page_tells_the_sizes_as_they_are():
    """Figures on the page are those of the files."""
    page = (MAPS / "README.md").read_text(encoding="utf-8")
    for name in ("complex", "demo", "refinery"):
        plant = parse_plant((MAPS / f"{name}.yaml").read_text(encoding="utf-8"))

        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}.yaml`"))
        assert f"{len(plant.nodes):,} nodes, {len(plant.points):,} points" in row
