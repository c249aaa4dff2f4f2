"""A simulated robot as a ROS 2 node: what Nav2, a battery and sensors publish and serve, under their usual names."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Any

from action_msgs.msg import GoalStatus
from builtin_interfaces.msg import Time as TimeMessage
from geometry_msgs.msg import PoseStamped, PoseWithCovarianceStamped, TransformStamped
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from nav2_msgs.action import NavigateToPose
from nav2_msgs.msg import SpeedLimit
from nav2_msgs.srv import ClearEntireCostmap, LoadMap
from nav_msgs.msg import Odometry
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from rclpy.task import Future
from sensor_msgs.msg import BatteryState, CompressedImage, Image
from std_msgs.msg import Bool, Float32
from tf2_msgs.msg import TFMessage

from agent.ros.frames import quaternion_of, yaw_of
from agent.ros.readings import png
from coordinator.model.ids import LevelId, NodeId
from coordinator.plant.map import NodeRole, PlantMap, RobotType
from sim.battery import Battery
from sim.ros.scene import Scene
from sim.ros.vehicle import Vehicle, Wheels

STEP_S = 0.05
POSE_EVERY = 2
SECOND_EVERY = 20
AT_CHARGER_M = 0.6
# nav2_msgs/LoadMap.RESULT_SUCCESS and RESULT_MAP_DOES_NOT_EXIST.
MAP_LOADED, MAP_MISSING = 0, 1
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL, reliability=ReliabilityPolicy.RELIABLE)


class Fate(Enum):
    """What becomes of a goal instead of being driven."""

    REJECT = "reject"
    ABORT = "abort"
    SUCCEED_FAR_AWAY = "succeed_far_away"


@dataclass(frozen=True, slots=True)
class Start:
    """What a robot is, where it begins, and how full its battery is."""

    robot_type: RobotType
    node_id: NodeId
    charge_ratio: float


class SimRobotNode(Node):
    """
    One robot. Its name gives no topics: they are relative, so a namespace is a robot.

    Attributes:
        vehicle: For looking and for moving it by hand.
        fates: Of the next goals, the first first; a goal without one is driven.
        is_localised: Without it no transform is published.
        has_battery: Without it the battery says nothing.
        goal_count: Goals accepted so far.
        spoilt_percentage: Published instead of the battery's; None: the battery's.
    """

    def __init__(
        self,
        context: Context,
        namespace: str,
        plant: PlantMap,
        start: Start,
        scene: Scene,
    ) -> None:
        super().__init__("simulated_robot", namespace=namespace, context=context)
        robot_type = start.robot_type
        node = plant.nodes[start.node_id]
        wheels = Wheels(robot_type.max_speed_mps, robot_type.acceleration_mps2, robot_type.turn_radps)
        self.vehicle = Vehicle(wheels, node.x_m, node.y_m)
        self.level_id: LevelId = node.level_id
        self.fates: deque[Fate] = deque()
        self.is_localised = True
        self.has_battery = True
        self.spoilt_percentage: float | None = None
        self.goal_count = 0
        self.cleared_count = 0
        self._plant = plant
        self._type = robot_type
        self._scene = scene
        self._battery = Battery(robot_type.battery, charge_ratio=start.charge_ratio, now_s=self.now_s())
        self._goal: tuple[Any, Future] | None = None
        self._steps = 0
        self._last_s = self.now_s()
        self._publish_all()
        self._serve_navigation()
        self.create_subscription(SpeedLimit, "speed_limit", self._hear_limit, 1)
        self.create_subscription(PoseStamped, "goal_pose", self._hear_goal_pose, 1)
        self.create_subscription(PoseWithCovarianceStamped, "initialpose", self._hear_initial_pose, 1)
        self.create_timer(STEP_S, self._step)

    def now_s(self) -> float:
        """The node's clock, seconds."""
        return float(self.get_clock().now().nanoseconds) * 1e-9

    def press_emergency_stop(self, *, is_pressed: bool) -> None:
        """The red button: the wheels stop, whatever is asked for."""
        if is_pressed:
            self.vehicle.brake()
            self._finish(GoalStatus.STATUS_ABORTED)
        self._emergency_stop.publish(Bool(data=is_pressed))

    def switch_manual(self, *, is_manual: bool) -> None:
        """The key switch: a person drives."""
        if is_manual:
            self.vehicle.brake()
        self._manual_mode.publish(Bool(data=is_manual))

    def kill_navigation(self) -> None:
        """Nav2's process dies without a word."""
        self.vehicle.brake()
        self._goal = None
        self._server.destroy()
        self.destroy_service(self._state)

    def start_navigation(self) -> None:
        """It is back."""
        self._serve_navigation_action()

    def _publish_all(self) -> None:
        self._tf = self.create_publisher(TFMessage, "tf", 10)
        self._odom = self.create_publisher(Odometry, "odom", qos_profile_sensor_data)
        self._amcl = self.create_publisher(PoseWithCovarianceStamped, "amcl_pose", LATCHED)
        self._battery_state = self.create_publisher(BatteryState, "battery_state", qos_profile_sensor_data)
        self._emergency_stop = self.create_publisher(Bool, "emergency_stop", LATCHED)
        self._manual_mode = self.create_publisher(Bool, "manual_mode", LATCHED)
        self._camera = self.create_publisher(CompressedImage, "camera/image_raw/compressed", qos_profile_sensor_data)
        self._thermal = self.create_publisher(Image, "thermal/image_raw", qos_profile_sensor_data)
        self._numbers = {
            sensor: self.create_publisher(Float32, topic, qos_profile_sensor_data)
            for sensor, topic in (("gas", "gas/concentration"), ("acoustic", "acoustic/level"))
        }

    def _serve_navigation(self) -> None:
        self._serve_navigation_action()
        for name in ("local", "global"):
            self.create_service(
                ClearEntireCostmap, f"{name}_costmap/clear_entirely_{name}_costmap", self._clear_costmap
            )

        self.create_service(LoadMap, "map_server/load_map", self._load_map)

    def _serve_navigation_action(self) -> None:
        self._server = ActionServer(
            self,
            NavigateToPose,
            "navigate_to_pose",
            self._execute,
            goal_callback=self._judge_goal,
            handle_accepted_callback=self._accept,
            cancel_callback=lambda handle: CancelResponse.ACCEPT,
        )
        self._state = self.create_service(GetState, "bt_navigator/get_state", self._tell_state)

    def _tell_state(self, request: Any, response: Any) -> Any:
        del request
        response.current_state = State(id=State.PRIMARY_STATE_ACTIVE, label="active")
        return response

    def _load_map(self, request: Any, response: Any) -> Any:
        """A level's map has the level's name: the lift has brought the robot there."""
        level_id = LevelId(request.map_url)
        if level_id in self._plant.levels:
            self.level_id = level_id
            response.result = MAP_LOADED
        else:
            response.result = MAP_MISSING
        return response

    def _clear_costmap(self, request: Any, response: Any) -> Any:
        del request
        self.cleared_count += 1
        return response

    def _judge_goal(self, request: Any) -> GoalResponse:
        del request
        if self.fates and self.fates[0] is Fate.REJECT:
            self.fates.popleft()
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _accept(self, handle: Any) -> None:
        """A new goal takes the place of the one before, as in Nav2."""
        self.goal_count += 1
        self._finish(GoalStatus.STATUS_ABORTED)
        pose = handle.request.pose.pose
        q = pose.orientation
        if not self.fates:
            self.vehicle.head_for(pose.position.x, pose.position.y, yaw_of((q.x, q.y, q.z, q.w)))
        self._goal = (handle, Future(executor=self.executor))
        handle.execute()

    async def _execute(self, handle: Any) -> Any:
        """Waits for the goal's end, then tells it."""
        goal = self._goal
        if goal is None or goal[0] is not handle:
            handle.abort()
            return NavigateToPose.Result()
        status = await goal[1]
        result = NavigateToPose.Result()
        if status == GoalStatus.STATUS_SUCCEEDED:
            handle.succeed()
        elif status == GoalStatus.STATUS_CANCELED:
            handle.canceled()
        else:
            handle.abort()
            result.error_code = 103
            result.error_msg = "no path to the goal"
        return result

    def _finish(self, status: int) -> None:
        goal, self._goal = self._goal, None
        if goal is not None:
            goal[1].set_result(status)

    def _hear_limit(self, message: Any) -> None:
        if not message.percentage:
            self.vehicle.limit_mps = message.speed_limit or math.inf

    def _hear_goal_pose(self, message: Any) -> None:
        """A goal without an action: nobody is told how it ends."""
        self._finish(GoalStatus.STATUS_ABORTED)
        pose = message.pose
        q = pose.orientation
        self.vehicle.head_for(pose.position.x, pose.position.y, yaw_of((q.x, q.y, q.z, q.w)))

    def _hear_initial_pose(self, message: Any) -> None:
        """Localisation is told where it is; the simulated one knows better, and is found by it."""
        del message
        self.is_localised = True

    def _step(self) -> None:
        now_s = self.now_s()
        step_s, self._last_s = min(0.5, max(0.0, now_s - self._last_s)), now_s
        self._steps += 1
        if step_s > 0.0:
            self._drive(step_s)
        stamp = self.get_clock().now().to_msg()
        self._publish_odom(stamp)
        if self._steps % POSE_EVERY == 0 and self.is_localised:
            self._publish_pose(stamp)
        if self._steps % SECOND_EVERY == 0:
            self._publish_battery(stamp, now_s)
            self._publish_sensors(stamp, now_s)

    def _drive(self, step_s: float) -> None:
        is_there = self.vehicle.step(step_s)
        if self._goal is None:
            return
        handle = self._goal[0]
        if handle.is_cancel_requested:
            self.vehicle.brake()
            if self.vehicle.speed_mps == 0.0:
                self._finish(GoalStatus.STATUS_CANCELED)
        elif self.fates:
            fate = self.fates.popleft()
            is_success = fate is Fate.SUCCEED_FAR_AWAY
            self._finish(GoalStatus.STATUS_SUCCEEDED if is_success else GoalStatus.STATUS_ABORTED)
        elif is_there:
            self._finish(GoalStatus.STATUS_SUCCEEDED)

    def _publish_odom(self, stamp: TimeMessage) -> None:
        odom = Odometry()
        odom.header.stamp = stamp
        odom.header.frame_id, odom.child_frame_id = "odom", "base_link"
        odom.pose.pose.position.x, odom.pose.pose.position.y = self.vehicle.x_m, self.vehicle.y_m
        q = odom.pose.pose.orientation
        q.x, q.y, q.z, q.w = quaternion_of(self.vehicle.yaw_rad)
        odom.twist.twist.linear.x = self.vehicle.speed_mps
        odom.twist.twist.angular.z = self.vehicle.turn_radps
        self._odom.publish(odom)

    def _publish_pose(self, stamp: TimeMessage) -> None:
        """The simulated odometry doesn't drift: map and odom are one."""
        drift, body = TransformStamped(), TransformStamped()
        drift.header.stamp = body.header.stamp = stamp
        drift.header.frame_id, drift.child_frame_id = "map", "odom"
        body.header.frame_id, body.child_frame_id = "odom", "base_link"
        drift.transform.rotation.w = 1.0
        body.transform.translation.x, body.transform.translation.y = self.vehicle.x_m, self.vehicle.y_m
        q = body.transform.rotation
        q.x, q.y, q.z, q.w = quaternion_of(self.vehicle.yaw_rad)
        self._tf.publish(TFMessage(transforms=[drift, body]))
        if self._steps % SECOND_EVERY == 0:
            amcl = PoseWithCovarianceStamped()
            amcl.header.stamp, amcl.header.frame_id = stamp, "map"
            amcl.pose.pose.position.x, amcl.pose.pose.position.y = self.vehicle.x_m, self.vehicle.y_m
            r = amcl.pose.pose.orientation
            r.x, r.y, r.z, r.w = quaternion_of(self.vehicle.yaw_rad)
            amcl.pose.covariance[0] = amcl.pose.covariance[7] = 0.01
            amcl.pose.covariance[35] = 0.01
            self._amcl.publish(amcl)

    def _is_at_charger(self) -> bool:
        return any(
            math.hypot(node.x_m - self.vehicle.x_m, node.y_m - self.vehicle.y_m) <= AT_CHARGER_M
            for node in self._plant.nodes.values()
            if NodeRole.CHARGER in node.roles and node.level_id == self.level_id
        )

    def _publish_battery(self, stamp: TimeMessage, now_s: float) -> None:
        model = self._type.battery
        is_charging = self.vehicle.speed_mps == 0.0 and self._is_at_charger()
        power_w = model.travel_w if self.vehicle.speed_mps > 0.0 else model.idle_w
        self._battery.load(now_s, -model.charge_w if is_charging else power_w)
        if not self.has_battery:
            return
        state = BatteryState()
        state.header.stamp = stamp
        state.present = True
        ratio = self._battery.ratio_at(now_s)
        state.percentage = ratio if self.spoilt_percentage is None else self.spoilt_percentage
        charging, discharging = BatteryState.POWER_SUPPLY_STATUS_CHARGING, BatteryState.POWER_SUPPLY_STATUS_DISCHARGING
        state.power_supply_status = charging if is_charging else discharging
        self._battery_state.publish(state)

    def _publish_sensors(self, stamp: TimeMessage, now_s: float) -> None:
        """Only what somebody listens to is made."""
        place = (self.vehicle.x_m, self.vehicle.y_m, self.vehicle.yaw_rad, self.level_id)
        if self._camera.get_subscription_count():
            picture = CompressedImage(format="png", data=png(self._scene.gauge(*place, now_s=now_s)))
            picture.header.stamp, picture.header.frame_id = stamp, "camera"
            self._camera.publish(picture)
        if self._thermal.get_subscription_count():
            frame = self._scene.thermal(*place, now_s=now_s)
            height, width = frame.shape
            image = Image(height=height, width=width, encoding="16UC1", step=2 * width, data=frame.tobytes())
            image.header.stamp, image.header.frame_id = stamp, "thermal"
            self._thermal.publish(image)
        for sensor, publisher in self._numbers.items():
            if publisher.get_subscription_count():
                publisher.publish(Float32(data=self._scene.value(sensor, *place, now_s=now_s)))
