"""What ROS 2 is told of an installation."""

from __future__ import annotations

from pathlib import Path

import pytest

from coordinator.cli.exits import CheckFailedError
from coordinator.cli.ros import MARKER, environment_of


def test_a_shell_learns_where_ros_2_finds_an_installation(tmp_path: Path):
    """`eval "$(roundsman ros env)"` makes `ros2 launch roundsman ...` work; what was exported before stays."""
    marker = tmp_path / MARKER
    marker.parent.mkdir(parents=True)
    marker.touch()

    assert (
        environment_of(tmp_path)[0]
        == f'export AMENT_PREFIX_PATH="{tmp_path}${{AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}}"'
    )


def test_an_installation_ros_2_cannot_find_is_told(tmp_path: Path):
    """An editable installation has no data where ROS 2 looks, and the error says what to do."""
    with pytest.raises(CheckFailedError, match="colcon build"):
        environment_of(tmp_path)
