"""
Robots on ROS 2 for real: `make test-ros`. Elsewhere nothing of this folder is collected.

REQUIRE_ROS=1, as `make test-ros` sets it, makes a missing ROS a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

NEEDED = ("rclpy", "nav2_msgs", "tf2_msgs")
MISSING = [name for name in NEEDED if find_spec(name) is None]
if MISSING and os.environ.get("REQUIRE_ROS") == "1":
    raise pytest.UsageError(f"these tests need {', '.join(MISSING)}: scripts/ros-env makes their environment")
collect_ignore_glob = ["test_*.py"] if MISSING else []

if not MISSING:
    # Nothing leaves this machine; domains above 101 would meet the system's own ports.
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ["FASTDDS_BUILTIN_TRANSPORTS"] = "UDPv4"
    os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 50)


@pytest.fixture(scope="session")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A coordinator of the demo plant, in a process of its own, for all tests."""
    from tests.ros.rig import Plant

    folder: Path = tmp_path_factory.mktemp("plant")
    os.environ["ROS_LOG_DIR"] = str(folder / "ros-logs")
    with Plant(folder).running() as running:
        yield running
