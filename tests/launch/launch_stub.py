"""Stands for ROS 2's launch and launch_ros, which aren't on PyPI: records what a launch file describes."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "launch"


@dataclass(frozen=True)
class Configuration:
    """launch.substitutions.LaunchConfiguration."""

    name: str

    def perform(self, context: Mapping[str, str]) -> str:
        """Its value in a launch."""
        return context[self.name]


@dataclass
class Recorded:
    """Any other class: keeps what it was made of, and its name."""

    kind: str
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


CLASSES = {
    "launch": ("LaunchDescription",),
    "launch.actions": ("DeclareLaunchArgument", "ExecuteProcess", "OpaqueFunction"),
    "launch.substitutions": ("PathJoinSubstitution",),
    "launch_ros": (),
    "launch_ros.actions": ("Node",),
    "launch_ros.parameter_descriptions": ("ParameterFile", "ParameterValue"),
    "launch_ros.substitutions": ("FindPackageShare",),
}


def _recorder(kind: str) -> Any:
    return lambda *args, **options: Recorded(kind, args, options)


def install(monkeypatch: Any) -> None:
    """Put the stand-ins where launch files import from."""
    for name, kinds in CLASSES.items():
        module = ModuleType(name)
        vars(module).update({kind: _recorder(kind) for kind in kinds})
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(sys.modules["launch"], "LaunchDescription", list)
    monkeypatch.setattr(sys.modules["launch.substitutions"], "LaunchConfiguration", Configuration, raising=False)


def describe(name: str, **given: str) -> tuple[dict[str, Any], list[Recorded]]:
    """
    Run a launch file.

    Returns:
        Declared arguments with their defaults, and what is started with the given values.
    """
    entities = runpy.run_path(str(FOLDER / name))["generate_launch_description"]()
    arguments = {e.args[0]: e.options["default_value"] for e in entities if e.kind == "DeclareLaunchArgument"}
    assert all(e.options["description"] for e in entities if e.kind == "DeclareLaunchArgument")
    context = {name: default if isinstance(default, str) else "" for name, default in arguments.items()} | given
    started = [e for e in entities if e.kind in ("Node", "ExecuteProcess")]
    for entity in entities:
        if entity.kind == "OpaqueFunction":
            started.extend(entity.options["function"](context))
    return arguments, started
