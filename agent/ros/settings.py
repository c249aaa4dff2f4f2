"""What the node's parameters mean to the agent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from platformdirs import user_state_path

from agent.client import AgentConfig
from agent.facts import SessionSettings, SilencePolicy
from agent.ros.battery import Scale
from agent.ros.body import BodyLimits
from agent.ros.drive import DriveLimits
from agent.ros.frames import Pose2
from agent.ros.localisation import LocalisationLimits
from agent.ros.navigation import NavLimits
from agent.ros.parameters import ParameterError, Value, check_all
from agent.ros.readings import SensorSpec
from agent.ros.work import WorkLimits

ROBOT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class RosSettings:
    """
    What the ROS side needs; see agent/ros/parameters.py for each.

    Attributes:
        sensors: By the name that tasks use.
    """

    global_frame: str
    base_frame: str
    level_maps: Mapping[str, str]
    pose_source: str
    pose_timeout_s: float
    nav_driver: str
    nav_action: str
    nav_lifecycle_node: str
    behavior_tree: str
    dock_action: str
    undock_action: str
    dock_type: str
    clears_costmaps: bool
    node_tolerance_m: float
    battery_scale: Scale
    battery_timeout_s: float
    diagnostics_filter: tuple[str, ...]
    sensors: Mapping[str, SensorSpec]


@dataclass(frozen=True, slots=True)
class Settings:
    """
    All of it.

    Attributes:
        initial: Node and heading for `initialpose`; None: the robot knows by itself.
    """

    agent: AgentConfig
    body: BodyLimits
    ros: RosSettings
    initial: tuple[str, float] | None


def settings_of(values: Mapping[str, Value], sensors: Mapping[str, SensorSpec]) -> Settings:
    """
    Read the parameters.

    Args:
        values: Of all PARAMETERS, by name.
        sensors: From the parameters of the sensors, by their names.

    Raises:
        ParameterError: A value breaks a rule.
    """
    check_all(values)
    v: Mapping[str, Any] = values
    robot_id = v["robot_id"]
    if not ROBOT_ID.fullmatch(robot_id):
        raise ParameterError("robot_id", robot_id, "must be 1 to 64 of A-Z a-z 0-9 . _ -")
    initial = (v["initial_node"], v["initial_yaw"]) if v["initial_node"] else None
    return Settings(_agent_config(v), _body_limits(v), _ros_settings(v, sensors), initial)


def level_maps_of(entries: Sequence[str]) -> dict[str, str]:
    """
    URL of each level's map.

    Raises:
        ParameterError: An entry isn't LEVEL=URL.
    """
    maps = {}
    for entry in entries:
        level_id, sign, url = entry.partition("=")
        if entry and not (level_id and sign and url):
            raise ParameterError("level_maps", entry, "must be LEVEL=URL")
        if entry:
            maps[level_id] = url
    return maps


def _agent_config(v: Mapping[str, Any]) -> AgentConfig:
    folder = Path(v["state_folder"]) if v["state_folder"] else user_state_path("roundsman") / v["robot_id"]
    return AgentConfig(
        robot_id=v["robot_id"],
        robot_type_id=v["robot_type"],
        control_address=v["coordinator"],
        observation_address=v["observations"] or _next_port(v["coordinator"]),
        directory=folder,
        model="ROS 2",
        credentials=_credentials(v),
        is_insecure_allowed=v["insecure_lab"],
        quota_bytes=int(v["spool_limit_bytes"]),
        settings=SessionSettings(on_silence=SilencePolicy(v["on_link_loss"])),
    )


def _next_port(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65535:
        raise ParameterError("coordinator", address, "must be host:port")
    return f"{host}:{int(port) + 1}"


def _credentials(v: Mapping[str, Any]) -> grpc.ChannelCredentials | None:
    if not v["tls_ca"]:
        return None
    try:
        authority = Path(v["tls_ca"]).read_bytes()
        key = Path(v["tls_key"]).read_bytes() if v["tls_key"] else None
        certificate = Path(v["tls_cert"]).read_bytes() if v["tls_cert"] else None
    except OSError as error:
        raise ParameterError("tls_ca, tls_cert, tls_key", error.filename, f"can't be read: {error.strerror}") from error
    return grpc.ssl_channel_credentials(authority, key, certificate)


def _body_limits(v: Mapping[str, Any]) -> BodyLimits:
    return BodyLimits(
        level_id=v["level"],
        site_pose_map=Pose2(*v["site_transform"]),
        telemetry_s=1.0 / v["telemetry_hz"],
        unknown_charge_ratio=v["battery_unknown_ratio"],
        drive=DriveLimits(
            node_m=v["node_tolerance"],
            place_m=v["placement_tolerance"],
            pass_m=v["pass_distance"],
            beside_m=v["route_tolerance"],
            radius_m=v["robot_radius"],
            levels=frozenset({v["level"], *level_maps_of(v["level_maps"])}),
        ),
        navigation=NavLimits(
            goal_response_s=v["goal_response_timeout"],
            goal_timeout_s=v["goal_timeout"],
            cancel_s=v["cancel_timeout"],
            max_retries=v["max_nav_retries"],
            blocked_retry_s=v["blocked_retry_period"],
        ),
        work=WorkLimits(
            settle_s=v["capture_settle"],
            capture_s=v["capture_timeout"],
            charge_start_s=v["charge_start_timeout"],
            docks=bool(v["dock_action"]),
        ),
        localisation=LocalisationLimits(
            position_std_m=v["localization_xy_std_max"],
            yaw_std_rad=v["localization_yaw_std_max"],
            jump_m=v["localization_jump_max"],
        ),
    )


def _ros_settings(v: Mapping[str, Any], sensors: Mapping[str, SensorSpec]) -> RosSettings:
    return RosSettings(
        global_frame=v["global_frame"],
        base_frame=v["robot_base_frame"],
        level_maps=level_maps_of(v["level_maps"]),
        pose_source=v["pose_source"],
        pose_timeout_s=v["pose_timeout"],
        nav_driver=v["nav_driver"],
        nav_action=v["nav_action"],
        nav_lifecycle_node=v["nav_lifecycle_node"],
        behavior_tree=v["behavior_tree"],
        dock_action=v["dock_action"],
        undock_action=v["undock_action"],
        dock_type=v["dock_type"],
        clears_costmaps=v["clear_costmaps_on_retry"],
        node_tolerance_m=v["node_tolerance"],
        battery_scale=Scale(v["battery_percentage_scale"]),
        battery_timeout_s=v["battery_timeout"],
        diagnostics_filter=tuple(v["diagnostics_filter"]),
        sensors=dict(sensors),
    )
