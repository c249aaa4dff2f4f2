"""What the robot publishes about itself, gathered into looks. Runs on the ROS thread."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped, PoseWithCovarianceStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from rclpy.time import Time
from sensor_msgs.msg import BatteryState
from std_msgs.msg import Bool

from agent.ros.battery import BatteryReader, Charge
from agent.ros.diagnosis import Diagnosis
from agent.ros.frames import Pose2, Transform, look_up, yaw_of
from agent.ros.look import Look
from agent.ros.settings import RosSettings

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL, reliability=ReliabilityPolicy.RELIABLE)
STATIC_TF = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL, reliability=ReliabilityPolicy.RELIABLE)
NEWEST = QoSProfile(depth=1, durability=DurabilityPolicy.VOLATILE, reliability=ReliabilityPolicy.BEST_EFFORT)
# Odometry older than this says nothing of the speed.
ODOM_TIMEOUT_S = 1.0
STANDS_MPS = 0.02
# nav2_msgs/CollisionMonitorState.action_type.
COLLISION_STOP = 1
COLLISION_TIMEOUT_S = 2.0


class Senses:
    """Keeps the newest of everything; old news are dropped unread by a queue of one."""

    def __init__(self, node: Node, settings: RosSettings) -> None:
        self._node = node
        self._settings = settings
        self._transforms: dict[str, Transform] = {}
        self._pose: tuple[Pose2, float] | None = None
        self._stds: tuple[float, float] | None = None
        self._speed_mps = 0.0
        self._odom_s = -math.inf
        self._last: tuple[Pose2, float] | None = None
        self._battery = BatteryReader(settings.battery_scale)
        self._charge = Charge()
        self._charge_s = -math.inf
        self._diagnosis = Diagnosis(settings.diagnostics_filter)
        self._is_emergency_stopped = False
        self._is_manual = False
        self._blocker = ""
        self._blocked_s = -math.inf
        self._subscriptions = [
            self._hear(PoseWithCovarianceStamped, "amcl_pose", self._amcl, LATCHED),
            self._hear(Odometry, "odom", self._odom, NEWEST),
            self._hear(BatteryState, "battery_state", self._hear_battery, qos_profile_sensor_data),
            self._hear(DiagnosticArray, "diagnostics", self._hear_diagnostics, 10),
            self._hear(Bool, "emergency_stop", self._hear_emergency_stop, LATCHED),
            self._hear(Bool, "manual_mode", self._hear_manual_mode, LATCHED),
        ]
        if settings.pose_source == "topic":
            self._subscriptions.append(self._hear(PoseStamped, "pose", self._hear_pose, NEWEST))
        if settings.pose_source == "tf":
            self._follow_tf()
        if find_spec("nav2_msgs") is not None:
            self._follow_collision_monitor()

    @property
    def pose(self) -> Pose2 | None:
        """Of the newest look."""
        return None if self._last is None else self._last[0]

    @property
    def speed_mps(self) -> float:
        """Of the newest look."""
        return self._speed_mps

    def look(self, nav_trouble: str, *, is_taken: bool) -> Look:
        """
        How the robot is now.

        Args:
            nav_trouble: Why navigation can't be used.
            is_taken: Somebody else's goal is under way.
        """
        now_s = self._now_s()
        pose, age_s = self._newest_pose(now_s)
        self._judge_speed(pose, now_s)
        is_charge_fresh = now_s - self._charge_s <= self._settings.battery_timeout_s
        stds = self._stds if self._settings.pose_source in ("tf", "amcl") else None
        return Look(
            at_s=now_s,
            pose=pose,
            pose_age_s=age_s,
            position_std_m=None if stds is None else stds[0],
            yaw_std_rad=None if stds is None else stds[1],
            speed_mps=self._speed_mps,
            charge=self._charge if is_charge_fresh else Charge(),
            is_emergency_stopped=self._is_emergency_stopped,
            is_manual=self._is_manual or is_taken,
            nav_trouble=nav_trouble,
            blocker=self._blocker if now_s - self._blocked_s <= COLLISION_TIMEOUT_S else "",
            faults=self._diagnosis.faults(now_s),
        )

    def destroy(self) -> None:
        """Leave nothing behind on the node."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def _hear(self, kind: Any, topic: str, callback: Callable[[Any], None], qos: QoSProfile | int) -> Any:
        return self._node.create_subscription(kind, topic, callback, qos)

    def _follow_tf(self) -> None:
        """Raises ImportError where tf2_msgs isn't installed."""
        from tf2_msgs.msg import TFMessage

        self._subscriptions.append(self._hear(TFMessage, "tf", self._tf, QoSProfile(depth=100)))
        self._subscriptions.append(self._hear(TFMessage, "tf_static", self._tf_static, STATIC_TF))

    def _follow_collision_monitor(self) -> None:
        from nav2_msgs.msg import CollisionMonitorState

        self._subscriptions.append(
            self._hear(CollisionMonitorState, "collision_monitor_state", self._hear_collision_monitor, 1)
        )

    def _now_s(self) -> float:
        return float(self._node.get_clock().now().nanoseconds) * 1e-9

    def _newest_pose(self, now_s: float) -> tuple[Pose2 | None, float]:
        found = self._pose
        if self._settings.pose_source == "tf":
            found = look_up(self._transforms, self._settings.global_frame, self._settings.base_frame)
        if found is None:
            return None, math.inf
        pose, stamp_s = found
        age_s = max(0.0, now_s - stamp_s)
        odom_age_s = now_s - self._odom_s
        stands = odom_age_s <= ODOM_TIMEOUT_S and abs(self._speed_mps) < STANDS_MPS
        if self._settings.pose_source == "amcl" and stands:
            # AMCL publishes while the robot moves; a pose of a robot that stands doesn't age.
            age_s = min(age_s, odom_age_s)
        return (pose if age_s <= self._settings.pose_timeout_s else None), age_s

    def _judge_speed(self, pose: Pose2 | None, now_s: float) -> None:
        """Without odometry the speed is that of the poses."""
        last, self._last = self._last, None if pose is None else (pose, now_s)
        if now_s - self._odom_s <= ODOM_TIMEOUT_S:
            return
        self._speed_mps = 0.0
        if pose is not None and last is not None and now_s > last[1]:
            self._speed_mps = pose.distance_m(last[0]) / (now_s - last[1])

    def _tf(self, message: Any) -> None:
        for stamped in message.transforms:
            self._keep_transform(stamped, Time.from_msg(stamped.header.stamp).nanoseconds * 1e-9)

    def _tf_static(self, message: Any) -> None:
        for stamped in message.transforms:
            self._keep_transform(stamped, math.inf)

    def _keep_transform(self, stamped: Any, stamp_s: float) -> None:
        t, q = stamped.transform.translation, stamped.transform.rotation
        self._transforms[stamped.child_frame_id.lstrip("/")] = Transform(
            stamped.header.frame_id.lstrip("/"), (t.x, t.y, t.z), (q.x, q.y, q.z, q.w), stamp_s
        )

    def _amcl(self, message: Any) -> None:
        covariance = message.pose.covariance
        self._stds = (
            math.sqrt(max(covariance[0], covariance[7], 0.0)),
            math.sqrt(max(covariance[35], 0.0)),
        )
        if self._settings.pose_source == "amcl":
            self._keep_pose(message.pose.pose, message.header.stamp)

    def _odom(self, message: Any) -> None:
        self._speed_mps = message.twist.twist.linear.x
        self._odom_s = self._now_s()
        if self._settings.pose_source == "odom":
            self._keep_pose(message.pose.pose, message.header.stamp)

    def _hear_pose(self, message: Any) -> None:
        self._keep_pose(message.pose, message.header.stamp)

    def _keep_pose(self, pose: Any, stamp: Any) -> None:
        q = pose.orientation
        place = Pose2(pose.position.x, pose.position.y, yaw_of((q.x, q.y, q.z, q.w)))
        self._pose = (place, Time.from_msg(stamp).nanoseconds * 1e-9)

    def _hear_battery(self, message: Any) -> None:
        self._charge = self._battery.read(message.percentage, message.power_supply_status, message.current)
        self._charge_s = self._now_s()

    def _hear_diagnostics(self, message: Any) -> None:
        now_s = self._now_s()
        own = self._node.get_name()
        for status in message.status:
            if not status.name.startswith(own):
                level = status.level
                self._diagnosis.hear(
                    status.name, level[0] if isinstance(level, bytes) else level, status.message, now_s
                )

    def _hear_emergency_stop(self, message: Any) -> None:
        self._is_emergency_stopped = message.data

    def _hear_manual_mode(self, message: Any) -> None:
        self._is_manual = message.data

    def _hear_collision_monitor(self, message: Any) -> None:
        if message.action_type == COLLISION_STOP:
            self._blocker, self._blocked_s = message.polygon_name or "collision monitor", self._now_s()
        else:
            self._blocker = ""
