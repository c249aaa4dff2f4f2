"""
The launch file says what it means.

ROS 2's launch isn't on PyPI, so a recording stand-in of the few classes used takes its place here: the file is run for
real, and the command lines it makes are tried on the real command line interface.
"""

from __future__ import annotations

import runpy
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

LAUNCH_FILE = Path(__file__).resolve().parents[2] / "launch" / "coordinator.launch.py"


@dataclass(frozen=True)
class Configuration:
    """Stands for launch.substitutions.LaunchConfiguration."""

    name: str


@dataclass
class Action:
    """Stands for any action: keeps what it was made of."""

    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


def _recorder(kind: str) -> type:
    def make(self: Action, *args: Any, **options: Any) -> None:
        Action.__init__(self, args, options)

    return type(kind, (Action,), {"__init__": make})


@pytest.fixture
def actions(monkeypatch: pytest.MonkeyPatch) -> list[Action]:
    """What generate_launch_description() returns."""
    modules = {
        "launch": {"LaunchDescription": list},
        "launch.actions": {"DeclareLaunchArgument": _recorder("Argument"), "ExecuteProcess": _recorder("Process")},
        "launch.conditions": {"IfCondition": _recorder("IfCondition")},
        "launch.substitutions": {
            "LaunchConfiguration": Configuration,
            "PythonExpression": _recorder("PythonExpression"),
        },
    }
    for name, members in modules.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    described: list[Action] = runpy.run_path(str(LAUNCH_FILE))["generate_launch_description"]()
    return described


def _processes(actions: list[Action]) -> list[Action]:
    return [action for action in actions if "cmd" in action.options]


def test_every_value_a_process_uses_is_a_declared_argument(actions):
    """Whoever starts the launch file can set each value it uses, and each has a default."""
    declared = {action.args[0] for action in actions if "default_value" in action.options}
    words = [word for process in _processes(actions) for word in process.options["cmd"]]
    used = {word.name for word in words if isinstance(word, Configuration)}

    assert used == declared


def test_the_command_line_knows_every_option_that_is_launched(actions):
    """The options in the launch file are those of `roundsman` itself."""
    from coordinator.cli.app import app

    for process in _processes(actions):
        words = [part for part in process.options["cmd"] if isinstance(part, str)]
        commands = [word for word in words[1:] if not word.startswith("--")]
        shown = CliRunner().invoke(app, [*commands, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})

        assert shown.exit_code == 0
        for option in (word for word in words if word.startswith("--")):
            assert option in shown.stdout


def test_simulated_robots_start_only_when_asked_for(actions):
    """The coordinator always starts; the simulated fleet needs a number above 0."""
    coordinator, fleet = _processes(actions)

    assert coordinator.options.get("condition") is None
    assert fleet.options["condition"].args[0].args[0] == [Configuration("simulated_robots"), " > 0"]
