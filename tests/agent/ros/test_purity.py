"""ROS stays where it belongs: what decides runs without it."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROS = {"rclpy", "launch", "launch_ros"}
OF_ROS = {
    "agent/ros/captures.py",
    "agent/ros/nav2.py",
    "agent/ros/node.py",
    "agent/ros/pose_goals.py",
    "agent/ros/process.py",
    "agent/ros/senses.py",
    "agent/ros/thread.py",
    "sim/ros/node.py",
}
# A process's first words: without ROS they say that it is missing.
STARTERS = {"agent/ros/agent.py", "sim/ros/fleet.py"}


def imports_ros(path: Path) -> bool:
    """Whether a file imports rclpy, launch or a package of messages."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            names.add(node.module)
    tops = {name.split(".")[0] for name in names}
    return bool(tops & ROS) or any(top.endswith(("_msgs", "_srvs", "_interfaces")) for top in tops)


def test_only_the_ros_side_of_agent_and_simulator_imports_ros():
    """The coordinator, the simulator and the robot's decisions run on a machine without ROS."""
    found = {
        str(path.relative_to(ROOT))
        for folder in ("agent", "coordinator", "sim")
        for path in (ROOT / folder).rglob("*.py")
        if imports_ros(path)
    }

    assert found == OF_ROS | STARTERS
