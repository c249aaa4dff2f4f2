"""The node's parameters: declared, checked, documented from this one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | bool | int | float | list[str] | list[float]


@dataclass(frozen=True, slots=True)
class Parameter:
    """
    One parameter.

    Attributes:
        default: Also says the type.
        text: For people, one sentence.
        low, high: Range of a number, both included.
        choices: All values of a text; empty: any.
        is_required: An empty text isn't a value.
    """

    name: str
    default: Value
    text: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    is_required: bool = False

    @property
    def rule(self) -> str:
        """What values may be, for people; empty: anything of its type."""
        if self.choices:
            return " | ".join(self.choices)
        if self.low is not None:
            return f"{self.low:g} to {self.high:g}"
        return "required" if self.is_required else ""


def _text(name: str, default: str, text: str, *, required: bool = False, choices: tuple[str, ...] = ()) -> Parameter:
    return Parameter(name, default, text, choices=choices, is_required=required)


def _number(name: str, default: float, text: str, low: float, high: float) -> Parameter:
    return Parameter(name, default, text, low, high)


def _switch(name: str, default: bool, text: str) -> Parameter:
    return Parameter(name, default, text)


PARAMETERS: tuple[Parameter, ...] = (
    _text("robot_id", "", "Name of the robot in the fleet: 1 to 64 of A-Z a-z 0-9 . _ -", required=True),
    _text("robot_type", "", "Robot type of the plant map", required=True),
    _text("coordinator", "127.0.0.1:7400", "Coordinator's control address, host:port"),
    _text("observations", "", "Address for results, host:port; empty: the coordinator's next port"),
    _text("state_folder", "", "Folder of memory and spool, on a disk; empty: ~/.local/state/roundsman/ROBOT"),
    _text("tls_ca", "", "File of the certificate authority; empty: no TLS, then only to this machine"),
    _text("tls_cert", "", "File of the robot's certificate"),
    _text("tls_key", "", "File of the robot's key"),
    _switch("insecure_lab", False, "Allow a coordinator on another machine without TLS"),
    _number("spool_limit_bytes", 4 << 30, "Size of the spool; the oldest results go first", 1 << 20, 1 << 50),
    _text("on_link_loss", "finish_base", "Without heartbeats: finish the base, or wait on the next node",
          choices=("finish_base", "hold_now")),
    _text("level", "ground", "Level of the plant that the robot's map shows"),
    Parameter("level_maps", [""], "Maps of levels it can go to by lift: LEVEL=URL as map_server/load_map takes it"),
    Parameter("site_transform", [0.0, 0.0, 0.0], "Origin of the robot's map in the plant's: x, y (m), yaw (rad)"),
    _text("initial_node", "", "Node where `initialpose` puts the robot at the start; empty: it knows"),
    _number("initial_yaw", 0.0, "Heading on the initial node, plant's map, rad", -3.1416, 3.1416),
    _text("global_frame", "map", "Frame of the robot's map"),
    _text("robot_base_frame", "base_link", "Frame of the robot's body"),
    _text("pose_source", "tf", "Where the pose comes from", choices=("tf", "amcl", "odom", "topic")),
    _number("pose_timeout", 2.0, "An older pose is no pose, s", 0.1, 60.0),
    _number("localization_xy_std_max", 0.5, "Standard deviation of a good position, m", 0.01, 100.0),
    _number("localization_yaw_std_max", 0.35, "Standard deviation of a good heading, rad", 0.01, 3.2),
    _number("localization_jump_max", 1.0, "A larger step between two looks is a jump, m", 0.1, 100.0),
    _number("telemetry_hz", 2.0, "Reports a second while nothing changes", 0.2, 20.0),
    _number("robot_radius", 0.5, "Radius of the smallest circle round the robot, m", 0.05, 10.0),
    _number("node_tolerance", 0.3, "The robot is on a node within this distance, m", 0.02, 5.0),
    _number("placement_tolerance", 0.5, "At the start it stands on a node within this distance, m", 0.02, 10.0),
    _number("pass_distance", 1.5, "So far before a node it heads for the next if the way on is straight, m", 0.0, 20.0),
    _number("route_tolerance", 1.0, "Further beside an edge's clear width it is off its route, m", 0.05, 50.0),
    _text("nav_driver", "auto", "How goals are given; auto: nav2 where nav2_msgs is installed, else pose_topic",
          choices=("auto", "nav2", "pose_topic")),
    _text("nav_action", "navigate_to_pose", "Name of the NavigateToPose action"),
    _text("nav_lifecycle_node", "bt_navigator", "Lifecycle node that must be active to navigate; empty: not asked"),
    _text("behavior_tree", "", "Behaviour tree given with each goal; empty: navigation's own"),
    _text("dock_action", "", "Name of the DockRobot action; empty: the robot charges where it stands"),
    _text("undock_action", "undock_robot", "Name of the UndockRobot action"),
    _text("dock_type", "", "Type of dock given with each UndockRobot goal; empty: the dock server knows"),
    _number("goal_response_timeout", 5.0, "Navigation takes or refuses a goal within this, s", 0.1, 60.0),
    _number("goal_timeout", 0.0, "A goal ends within this, s; 0: no limit", 0.0, 86400.0),
    _number("cancel_timeout", 5.0, "A cancelled goal ends within this, else all goals are cancelled, s", 0.1, 60.0),
    Parameter("max_nav_retries", 2, "Failed goals tried again before the robot is reported as blocked", 0, 100),
    _number("blocked_retry_period", 10.0, "A blocked robot tries again so often, s", 0.5, 3600.0),
    _switch("clear_costmaps_on_retry", True, "Clear both costmaps before a goal is tried again"),
    _text("battery_percentage_scale", "auto", "What percentage runs to: 1 (ratio), 100 (percent), or found out",
          choices=("auto", "ratio", "percent")),
    _number("battery_timeout", 10.0, "An older battery message is none, s", 0.5, 600.0),
    _number("battery_unknown_ratio", 0.5, "Charge reported while the battery never said any", 0.0, 1.0),
    _number("charge_start_timeout", 60.0, "A charger gives current within this, s", 1.0, 3600.0),
    Parameter("diagnostics_filter", ["*"], "Names of diagnostics whose errors are reported, with * and ?"),
    Parameter("sensors", [""], "Names of sensors as the plant's tasks name them; each has parameters of its own"),
    _number("capture_settle", 0.5, "The robot stands so long before a capture, s", 0.0, 60.0),
    _number("capture_timeout", 10.0, "A sensor gives something within this, s", 0.1, 600.0),
    _switch("autostart", True, "Configure and activate at the start, without a lifecycle manager"),
)  # fmt: skip

SENSOR_PARAMETERS: tuple[Parameter, ...] = (
    _text("topic", "", "Topic of the sensor", required=True),
    _text("type", "", "Message type, such as sensor_msgs/msg/CompressedImage", required=True),
    _text("unit", "", "Unit of the value; as in the plant map"),
    _number("scale", 1.0, "Value = scale * raw + offset", -1e12, 1e12),
    _number("offset", 0.0, "Value = scale * raw + offset", -1e12, 1e12),
    _text("image_value", "none", "What is the value of a grey image", choices=("none", "max", "mean", "min")),
)  # fmt: skip


class ParameterError(ValueError):
    """A parameter's value breaks a rule; the message names the parameter, the value and the rule."""

    def __init__(self, name: str, value: object, rule: str) -> None:
        super().__init__(f"parameter {name} is {value!r}: {rule}")
        self.name = name


def check(parameter: Parameter, value: Value, *, prefix: str = "") -> None:
    """
    See whether a value keeps its parameter's rule.

    Raises:
        ParameterError: It doesn't.
    """
    name = prefix + parameter.name
    if parameter.choices and value not in parameter.choices:
        raise ParameterError(name, value, f"must be one of {', '.join(parameter.choices)}")
    if parameter.is_required and not value:
        raise ParameterError(name, value, "must be given")
    if parameter.low is None or parameter.high is None or not isinstance(value, int | float):
        return
    if not parameter.low <= value <= parameter.high:
        raise ParameterError(name, value, f"must be from {parameter.low:g} to {parameter.high:g}")


def check_all(values: Mapping[str, Value]) -> None:
    """
    See whether all values of PARAMETERS keep their rules.

    Raises:
        ParameterError: The first that doesn't.
    """
    for parameter in PARAMETERS:
        check(parameter, values[parameter.name])
    transform = values["site_transform"]
    if not isinstance(transform, list) or len(transform) != 3:
        raise ParameterError("site_transform", transform, "must be x, y and yaw")
