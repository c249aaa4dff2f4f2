"""The robot that planted bugs are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from coordinator.model.ids import RobotId
from tests.coordinator.fleet.puppets import Floor

VICTIM = RobotId("a")
Patch = pytest.MonkeyPatch


def for_victim(patch: Patch, module: Any, name: str, wrong: Callable[..., Any], robot_at: int = 1) -> None:
    """Replace a function where it is about the victim; `wrong` gets the right result first, when it asks for it."""
    right = getattr(module, name)

    def either(*arguments: Any) -> Any:
        robot = arguments[robot_at]
        robot_id = robot if isinstance(robot, str) else robot.robot_id
        return wrong(right, *arguments) if robot_id == VICTIM else right(*arguments)

    patch.setattr(module, name, either)


def spoil_for_victim(module: Any, name: str, wrong: Callable[..., Any]) -> Callable[[Patch, Floor], None]:
    """A bug that replaces a function where it is about the victim."""
    return lambda patch, _: for_victim(patch, module, name, wrong)


def boom(*_: Any) -> Any:
    """A failure of planning, wherever it is put."""
    raise RuntimeError("a bug")


def let_raise(module: Any, name: str) -> Callable[[Patch, Floor], None]:
    """A bug that lets a function fail, whoever it is about."""
    return lambda patch, _: patch.setattr(module, name, boom)
