"""A ROS 2 robot keeps the contract that every body must keep."""

from __future__ import annotations

from tests.agent.ros.rig import RosRig
from tests.contract.body_suite import check_body


def test_a_ros_robot_passes_the_suite_for_bodies():
    """A robot on ROS 2 obeys the agent exactly as any other."""
    check_body(RosRig)
