"""What the node hears, says, serves and calls: the table of docs/ros2.md, which a test compares with the node."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How the node is joined to the rest of the robot."""

    HEARS = "hears"
    SAYS = "says"
    SERVES = "serves"
    CALLS = "calls"
    ACTS = "action of"


@dataclass(frozen=True, slots=True)
class Interface:
    """
    One topic, service or action.

    Attributes:
        name: Relative, so that namespaces and remaps work.
        quality: Of a topic, for people; empty for services and actions.
    """

    kind: Kind
    name: str
    type_name: str
    quality: str
    text: str


LATCHED = "reliable, latched"
NEWEST = "best effort, newest"
SENSOR = "sensor data"
RELIABLE = "reliable"
CLEAR = "nav2_msgs/srv/ClearEntireCostmap"

INTERFACES: tuple[Interface, ...] = (
    Interface(Kind.HEARS, "tf", "tf2_msgs/msg/TFMessage", RELIABLE, "Pose, with pose_source tf"),
    Interface(Kind.HEARS, "tf_static", "tf2_msgs/msg/TFMessage", LATCHED, "Fixed frames"),
    Interface(Kind.HEARS, "amcl_pose", "geometry_msgs/msg/PoseWithCovarianceStamped", LATCHED,
              "How sure the localisation is; the pose, with pose_source amcl"),
    Interface(Kind.HEARS, "odom", "nav_msgs/msg/Odometry", NEWEST, "Speed; the pose, with pose_source odom"),
    Interface(Kind.HEARS, "battery_state", "sensor_msgs/msg/BatteryState", SENSOR, "Charge, and whether it charges"),
    Interface(Kind.HEARS, "diagnostics", "diagnostic_msgs/msg/DiagnosticArray", RELIABLE, "Errors become faults"),
    Interface(Kind.HEARS, "emergency_stop", "std_msgs/msg/Bool", LATCHED, "True while it is pressed"),
    Interface(Kind.HEARS, "manual_mode", "std_msgs/msg/Bool", LATCHED, "True while a person drives"),
    Interface(Kind.HEARS, "collision_monitor_state", "nav2_msgs/msg/CollisionMonitorState", RELIABLE, "Why it stands"),
    Interface(Kind.HEARS, "navigate_to_pose/_action/status", "action_msgs/msg/GoalStatusArray", LATCHED,
              "Goals of others: who sends one from RViz drives the robot"),
    Interface(Kind.SAYS, "initialpose", "geometry_msgs/msg/PoseWithCovarianceStamped", LATCHED, "With initial_node"),
    Interface(Kind.SAYS, "speed_limit", "nav2_msgs/msg/SpeedLimit", RELIABLE, "The edge's limit, before each goal"),
    Interface(Kind.SAYS, "cmd_vel_stop", "geometry_msgs/msg/Twist", RELIABLE,
              "Zero when all goals are cancelled; for a twist_mux, never a safety function"),
    Interface(Kind.SAYS, "~/status", "diagnostic_msgs/msg/DiagnosticArray", LATCHED, "For screens at the robot"),
    Interface(Kind.SAYS, "diagnostics", "diagnostic_msgs/msg/DiagnosticArray", RELIABLE, "The same, each second"),
    Interface(Kind.SERVES, "~/stop", "std_srvs/srv/Trigger", "", "Stand until ~/resume and the operator's RESUME"),
    Interface(Kind.SERVES, "~/pause", "std_srvs/srv/Trigger", "", "Wait on the next node until ~/resume"),
    Interface(Kind.SERVES, "~/resume", "std_srvs/srv/Trigger", "", "Nobody at the robot keeps it any more"),
    Interface(Kind.ACTS, "navigate_to_pose", "nav2_msgs/action/NavigateToPose", "", "One goal a released node"),
    Interface(Kind.ACTS, "dock_robot", "nav2_msgs/action/DockRobot", "", "With dock_action: before a charge"),
    Interface(Kind.ACTS, "undock_robot", "nav2_msgs/action/UndockRobot", "", "With dock_action: before the next drive"),
    Interface(Kind.CALLS, "bt_navigator/get_state", "lifecycle_msgs/srv/GetState", "", "Whether navigation is active"),
    Interface(Kind.CALLS, "map_server/load_map", "nav2_msgs/srv/LoadMap", "", "With level_maps: in a lift"),
    Interface(Kind.CALLS, "local_costmap/clear_entirely_local_costmap", CLEAR, "", "Before a retry"),
    Interface(Kind.CALLS, "global_costmap/clear_entirely_global_costmap", CLEAR, "", "Before a retry"),
)  # fmt: skip
