"""The body of docs/write-an-agent.md is a real one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "write-an-agent.md"


def example() -> dict[str, Any]:
    """What a reader has after pasting every block of the page."""
    names: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)
    return names


def test_the_body_in_the_documentation_passes_the_suite_that_it_shows():
    """Who copies the page has a robot that follows the rules."""
    example()["test_body"]()


def test_the_body_in_the_documentation_is_short():
    """An engineer reads the whole of it in a minute."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)

    assert len(blocks[0].splitlines()) < 90
