"""
Bring one robot into the fleet.

    ros2 launch roundsman robot_agent.launch.py robot_id:=spot-1 robot_type:=ranger coordinator:=10.0.0.5:7400

Give a namespace where several robots share a ROS domain; topics, tf and actions are then looked for in it.
"""

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

PARAMS_FILE = PathJoinSubstitution([FindPackageShare("roundsman"), "launch", "robot_agent.params.yaml"])

# Name, type, default and meaning. What stays empty is taken from the file of parameters.
PARAMETERS = (
    ("robot_id", str, None, "Name of the robot in the fleet"),
    ("robot_type", str, None, "Robot type of the plant map"),
    ("coordinator", str, "", "Coordinator's control address, host:port"),
    ("state_folder", str, "", "Folder of memory and spool, on a disk that survives power loss"),
    ("initial_node", str, "", "Node on which the robot is put by initialpose"),
    ("tls_ca", str, "", "File of the certificate authority"),
    ("tls_cert", str, "", "File of the robot's certificate"),
    ("tls_key", str, "", "File of the robot's key"),
    ("autostart", bool, "true", "Configure and activate at once; false where a lifecycle manager does it"),
    ("use_sim_time", bool, "false", "Whether the clock is /clock"),
)
OTHERS = (
    ("namespace", "", "Namespace of the robot; must not begin with a digit"),
    ("params_file", PARAMS_FILE, "File of parameters"),
    ("log_level", "info", "Level of ROS's log"),
)


def robot(context: object) -> list[Node]:
    """The agent's node, told what isn't left to the file."""
    given = {
        name: ParameterValue(LaunchConfiguration(name), value_type=kind)
        for name, kind, _, _ in PARAMETERS
        if LaunchConfiguration(name).perform(context)
    }
    namespace = LaunchConfiguration("namespace")
    if namespace.perform(context)[:1].isdigit():
        raise ValueError(f"namespace {namespace.perform(context)!r}: a ROS name must not begin with a digit")
    node = Node(
        package="roundsman",
        executable="robot_agent",
        name="robot_agent",
        namespace=namespace,
        parameters=[ParameterFile(LaunchConfiguration("params_file"), allow_substs=True), given],
        arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        output="screen",
        emulate_tty=True,
        respawn=True,
        respawn_delay=2.0,
        sigterm_timeout="15",
    )
    return [node]


def generate_launch_description() -> LaunchDescription:
    """What `ros2 launch` asks for."""
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, _, default, text in PARAMETERS
    ]
    others = [DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in OTHERS]
    return LaunchDescription([*arguments, *others, OpaqueFunction(function=robot)])
