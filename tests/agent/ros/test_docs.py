"""docs/ros2.md lists what the node has. `python -m tests.agent.ros.test_docs` writes its tables anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.ros.interfaces import INTERFACES
from agent.ros.parameters import PARAMETERS, SENSOR_PARAMETERS, Parameter

PAGE = Path(__file__).parents[3] / "docs" / "ros2.md"


def parameter_rows(parameters: tuple[Parameter, ...]) -> str:
    """The table of parameters."""
    rows = ["| parameter | default | values | meaning |", "| --- | --- | --- | --- |"]
    for parameter in parameters:
        default = f"`{parameter.default}`" if parameter.default not in ("", [""]) else ""
        rule = parameter.rule.replace(" | ", ", ")
        rows.append(f"| `{parameter.name}` | {default} | {rule} | {parameter.text} |")
    return "\n".join(rows)


def interface_rows() -> str:
    """The table of topics, services and actions."""
    rows = ["| the agent | name | type | quality | |", "| --- | --- | --- | --- | --- |"]
    rows.extend(f"| {i.kind.value} | `{i.name}` | {i.type_name} | {i.quality} | {i.text} |" for i in INTERFACES)
    return "\n".join(rows)


def tables() -> dict[str, str]:
    """Each table by the name of its mark in the page."""
    return {
        "parameters": parameter_rows(PARAMETERS),
        "sensor parameters": parameter_rows(SENSOR_PARAMETERS),
        "interfaces": interface_rows(),
    }


def written(text: str) -> str:
    """The page with its tables as they should be."""
    for name, table in tables().items():
        mark = f"<!-- {name} -->\n"
        before, found, rest = text.partition(mark)
        _, end, after = rest.partition("<!-- end -->")
        assert found, f"docs/ros2.md has no place for {name}"
        assert end, f"the place for {name} has no end"
        text = before + mark + table + "\n" + end + after
    return text


@pytest.mark.parametrize("name", tables())
def test_the_page_shows_the_nodes_own_table(name: str):
    """Who reads the page sees what the node has, by name, default and rule."""
    assert tables()[name] in PAGE.read_text("utf-8")


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
