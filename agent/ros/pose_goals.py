"""Goals for robots without Nav2's actions: a pose on a topic, arrival judged by the pose. Runs on the ROS thread."""

from __future__ import annotations

import math

from geometry_msgs.msg import PoseStamped, Twist
from rclpy.node import Node

from agent.ros.frames import Pose2, quaternion_of
from agent.ros.navigation import Errand, GoalEnd, GoalListener, Target
from agent.ros.settings import RosSettings

STANDS_MPS = 0.05
ALIGNED_RAD = 0.3


class PoseGoalDriver:
    """Publishes `goal_pose`; a goal of somebody else can't be seen."""

    def __init__(self, node: Node, settings: RosSettings, listener: GoalListener) -> None:
        self._node = node
        self._settings = settings
        self._listener = listener
        self._goals = node.create_publisher(PoseStamped, "goal_pose", 1)
        self._brake = node.create_publisher(Twist, "cmd_vel_stop", 1)
        self._goal: tuple[int, Pose2] | None = None
        self._pose: Pose2 | None = None

    def trouble(self, now_s: float) -> str:
        """Why goals can't be given; empty when they can."""
        del now_s
        return "" if self._goals.get_subscription_count() else "nobody listens to goal_pose"

    def is_taken(self) -> bool:
        """Not known."""
        return False

    def look(self, pose: Pose2 | None, speed_mps: float) -> None:
        """Where the robot is now: it has arrived when it stands within the tolerance."""
        self._pose = pose
        if self._goal is None or pose is None:
            return
        number, target = self._goal
        is_there = pose.distance_m(target) <= self._settings.node_tolerance_m
        is_aligned = abs(math.remainder(target.yaw_rad - pose.yaw_rad, math.tau)) <= ALIGNED_RAD
        if is_there and is_aligned and abs(speed_mps) < STANDS_MPS:
            self._goal = None
            self._listener.ended(number, GoalEnd.SUCCEEDED, "")

    def send(self, number: int, errand: Errand) -> None:
        """See NavPort."""
        if not isinstance(errand, Target):
            self._listener.answered(number, is_accepted=False)
            return
        self._goal = (number, errand.pose)
        self._publish(errand.pose)
        self._listener.answered(number, is_accepted=True)

    def cancel(self, number: int) -> None:
        """See NavPort: heads for where the robot is."""
        self._stand()
        if self._goal is not None and self._goal[0] == number:
            self._goal = None
            self._listener.ended(number, GoalEnd.CANCELED, "")

    def cancel_all(self) -> None:
        """See NavPort."""
        if self._goal is None:
            self._stand()
        else:
            self.cancel(self._goal[0])

    def clear_costmaps(self) -> None:
        """There are none."""

    def destroy(self) -> None:
        """Leave nothing behind on the node."""
        self._node.destroy_publisher(self._goals)
        self._node.destroy_publisher(self._brake)

    def _stand(self) -> None:
        self._brake.publish(Twist())
        if self._pose is not None:
            self._publish(self._pose)

    def _publish(self, pose: Pose2) -> None:
        goal = PoseStamped()
        goal.header.frame_id = self._settings.global_frame
        goal.header.stamp = self._node.get_clock().now().to_msg()
        goal.pose.position.x, goal.pose.position.y = pose.x_m, pose.y_m
        orientation = goal.pose.orientation
        orientation.x, orientation.y, orientation.z, orientation.w = quaternion_of(pose.yaw_rad)
        self._goals.publish(goal)
