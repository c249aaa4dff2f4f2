"""Nav2's actions: NavigateToPose, DockRobot, UndockRobot. Everything here runs on the ROS thread."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

from action_msgs.msg import GoalStatus, GoalStatusArray
from action_msgs.srv import CancelGoal
from geometry_msgs.msg import Twist
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from nav2_msgs.action import DockRobot, NavigateToPose, UndockRobot
from nav2_msgs.msg import SpeedLimit
from nav2_msgs.srv import ClearEntireCostmap, LoadMap
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.qos import qos_profile_action_status_default
from unique_identifier_msgs.msg import UUID

from agent.ros.frames import Pose2, quaternion_of
from agent.ros.navigation import Dock, Errand, GoalEnd, GoalListener, Ride, Target, Undock
from agent.ros.settings import RosSettings

_ENDS = {GoalStatus.STATUS_SUCCEEDED: GoalEnd.SUCCEEDED, GoalStatus.STATUS_CANCELED: GoalEnd.CANCELED}
_RUNNING = (GoalStatus.STATUS_ACCEPTED, GoalStatus.STATUS_EXECUTING, GoalStatus.STATUS_CANCELING)
LOAD_MAP = "map_server/load_map"
# nav2_msgs/LoadMap.RESULT_SUCCESS.
LOADED = 0
COSTMAPS = (
    "local_costmap/clear_entirely_local_costmap",
    "global_costmap/clear_entirely_global_costmap",
)
STATE_PERIOD_S = 2.0
# Own goals remembered, so that only others' count as foreign.
OWN_LIMIT_COUNT = 256


class Nav2Driver:
    """Gives goals to Nav2, and hears about those of others."""

    def __init__(
        self, node: Node, settings: RosSettings, listener: GoalListener, *, relocalise: Callable[[Pose2], None]
    ) -> None:
        """Make the clients; `relocalise` tells the localisation where the robot is."""
        self._node = node
        self._relocalise = relocalise
        self._settings = settings
        self._listener = listener
        self._clients: dict[str, ActionClient] = {
            "navigate": ActionClient(node, NavigateToPose, settings.nav_action),
        }
        if settings.dock_action:
            self._clients["dock"] = ActionClient(node, DockRobot, settings.dock_action)
            self._clients["undock"] = ActionClient(node, UndockRobot, settings.undock_action)
        names = [settings.nav_action, *([settings.dock_action, settings.undock_action] if settings.dock_action else [])]
        # The action client can cancel its own goals alone.
        self._cancellers = [node.create_client(CancelGoal, f"{name}/_action/cancel_goal") for name in names]
        self._costmaps = [node.create_client(ClearEntireCostmap, name) for name in COSTMAPS]
        self._maps = node.create_client(LoadMap, LOAD_MAP)
        self._speed = node.create_publisher(SpeedLimit, "speed_limit", 1)
        self._brake = node.create_publisher(Twist, "cmd_vel_stop", 1)
        self._status = node.create_subscription(
            GoalStatusArray,
            f"{settings.nav_action}/_action/status",
            self._hear_status,
            qos_profile_action_status_default,
        )
        self._own: deque[bytes] = deque(maxlen=OWN_LIMIT_COUNT)
        self._is_foreign = False
        self._handles: dict[int, Any] = {}
        self._cancelled: set[int] = set()
        self._state = ""
        self._state_client = None
        if settings.nav_lifecycle_node:
            self._state = f"{settings.nav_lifecycle_node} hasn't said its state"
            self._state_client = node.create_client(GetState, f"{settings.nav_lifecycle_node}/get_state")
        self._state_asked_s = -STATE_PERIOD_S

    def trouble(self, now_s: float) -> str:
        """Why Nav2 can't be used; empty when it can. `now_s` is monotonic."""
        self._ask_state(now_s)
        if not self._clients["navigate"].server_is_ready():
            return f"no action server {self._settings.nav_action}"
        return self._state

    def is_taken(self) -> bool:
        """Whether a goal of somebody else is under way."""
        return self._is_foreign and self._clients["navigate"].server_is_ready()

    def send(self, number: int, errand: Errand) -> None:
        """See NavPort."""
        if isinstance(errand, Ride):
            self._load_map(number, errand)
            return
        goal_id = UUID(uuid=list(uuid.uuid4().bytes))
        self._own.append(bytes(goal_id.uuid))
        kind, goal = self._goal(errand)
        future = self._clients[kind].send_goal_async(goal, goal_uuid=goal_id)
        future.add_done_callback(lambda done: self._answered(number, done))

    def cancel(self, number: int) -> None:
        """See NavPort."""
        handle = self._handles.get(number)
        if handle is None:
            self._cancelled.add(number)
        else:
            handle.cancel_goal_async()

    def cancel_all(self) -> None:
        """See NavPort: a request with no goal id and no time means all goals."""
        self._brake.publish(Twist())
        for client in self._cancellers:
            if client.service_is_ready():
                client.call_async(CancelGoal.Request())

    def clear_costmaps(self) -> None:
        """See NavPort."""
        if not self._settings.clears_costmaps:
            return
        for client in self._costmaps:
            if client.service_is_ready():
                client.call_async(ClearEntireCostmap.Request())

    def destroy(self) -> None:
        """Leave nothing behind on the node."""
        for client in self._clients.values():
            client.destroy()
        for service in (*self._cancellers, *self._costmaps, self._maps):
            self._node.destroy_client(service)
        if self._state_client is not None:
            self._node.destroy_client(self._state_client)
        self._node.destroy_publisher(self._speed)
        self._node.destroy_publisher(self._brake)
        self._node.destroy_subscription(self._status)

    def _load_map(self, number: int, ride: Ride) -> None:
        """The other level's map, then the pose on it. A ride can't be cancelled."""
        url = self._settings.level_maps.get(ride.level_id)
        if url is None or not self._maps.service_is_ready():
            self._listener.answered(number, is_accepted=False)
            return
        self._listener.answered(number, is_accepted=True)

        def loaded(future: Any) -> None:
            response = future.result()
            if response is None or response.result != LOADED:
                text = f"{LOAD_MAP} has no map {url}"
                self._listener.ended(number, GoalEnd.ABORTED, text)
                return
            self._relocalise(ride.pose)
            self._listener.ended(number, GoalEnd.SUCCEEDED, "")

        self._maps.call_async(LoadMap.Request(map_url=url)).add_done_callback(loaded)

    def _goal(self, errand: Dock | Undock | Target) -> tuple[str, Any]:
        if isinstance(errand, Target):
            goal = NavigateToPose.Goal()
            goal.pose.header.frame_id = self._settings.global_frame
            goal.pose.header.stamp = self._node.get_clock().now().to_msg()
            goal.pose.pose.position.x, goal.pose.pose.position.y = errand.pose.x_m, errand.pose.y_m
            orientation = goal.pose.pose.orientation
            orientation.x, orientation.y, orientation.z, orientation.w = quaternion_of(errand.pose.yaw_rad)
            goal.behavior_tree = self._settings.behavior_tree
            self._limit(errand.max_speed_mps)
            return "navigate", goal
        if isinstance(errand, Dock):
            return "dock", DockRobot.Goal(use_dock_id=True, dock_id=errand.dock_id, navigate_to_staging_pose=True)
        return "undock", UndockRobot.Goal(dock_type=self._settings.dock_type)

    def _limit(self, max_speed_mps: float) -> None:
        limit = SpeedLimit(percentage=False, speed_limit=max_speed_mps)
        limit.header.frame_id = self._settings.global_frame
        limit.header.stamp = self._node.get_clock().now().to_msg()
        self._speed.publish(limit)

    def _answered(self, number: int, future: Any) -> None:
        handle = future.result()
        if handle is None or not handle.accepted:
            self._cancelled.discard(number)
            self._listener.answered(number, is_accepted=False)
            return
        self._handles[number] = handle
        handle.get_result_async().add_done_callback(lambda done: self._ended(number, done))
        self._listener.answered(number, is_accepted=True)
        if number in self._cancelled:
            self._cancelled.discard(number)
            handle.cancel_goal_async()

    def _ended(self, number: int, future: Any) -> None:
        self._handles.pop(number, None)
        response = future.result()
        if response is None:
            return
        end = _ENDS.get(response.status, GoalEnd.ABORTED)
        # Before Jazzy the result of NavigateToPose is empty.
        code = getattr(response.result, "error_code", 0)
        text = getattr(response.result, "error_msg", "")
        if end is GoalEnd.SUCCEEDED and not getattr(response.result, "success", True):
            end = GoalEnd.ABORTED
        self._listener.ended(number, end, f"error {code}{': ' if text else ''}{text}" if end is GoalEnd.ABORTED else "")

    def _hear_status(self, message: Any) -> None:
        self._is_foreign = any(
            status.status in _RUNNING and bytes(status.goal_info.goal_id.uuid) not in self._own
            for status in message.status_list
        )

    def _ask_state(self, now_s: float) -> None:
        client = self._state_client
        if client is None or now_s - self._state_asked_s < STATE_PERIOD_S:
            return
        self._state_asked_s = now_s
        name = self._settings.nav_lifecycle_node
        if not client.service_is_ready():
            self._state = f"no lifecycle node {name}"
            return
        client.call_async(GetState.Request()).add_done_callback(lambda done: self._hear_state(name, done))

    def _hear_state(self, name: str, future: Any) -> None:
        response = future.result()
        if response is not None:
            state = response.current_state
            self._state = "" if state.id == State.PRIMARY_STATE_ACTIVE else f"{name} is {state.label}"
