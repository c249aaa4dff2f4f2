"""
Start a coordinator under ROS 2 launch, and simulated robots beside it when asked for.

    ros2 launch launch/coordinator.launch.py plant:=refinery data:=/var/lib/roundsman
    ros2 launch launch/coordinator.launch.py plant:=demo simulated_robots:=6

Both are plain processes (`roundsman serve`, `roundsman sim fleet`): they need no ROS and end with the launch.
"""

from launch.actions import DeclareLaunchArgument, ExecuteProcess
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PythonExpression

from launch import LaunchDescription

ARGUMENTS = (
    ("plant", "demo", "Name of a plant that comes with Roundsman, or a map file"),
    ("listen", "127.0.0.1:7400", "Where robots and operators connect"),
    ("http", "127.0.0.1:7402", "Where the control room is served"),
    ("data", "roundsman-data", "Folder of the journal and the pictures"),
    ("simulated_robots", "0", "Simulated robots to start as well; 0 for none"),
    ("seed", "1", "Seed of the simulated robots"),
)


def generate_launch_description() -> LaunchDescription:
    """What `ros2 launch` asks for."""
    plant, listen = LaunchConfiguration("plant"), LaunchConfiguration("listen")
    robots = LaunchConfiguration("simulated_robots")
    coordinator = ExecuteProcess(
        cmd=[
            "roundsman",
            "serve",
            "--plant",
            plant,
            "--listen",
            listen,
            "--http",
            LaunchConfiguration("http"),
            "--data",
            LaunchConfiguration("data"),
        ],
        name="coordinator",
        output="screen",
        sigterm_timeout="15",
    )
    fleet = ExecuteProcess(
        cmd=[
            "roundsman", "sim", "fleet", "--coordinator", listen, "--robots", robots, "--plant", plant,
            "--seed", LaunchConfiguration("seed"),
        ],
        name="simulated_fleet",
        output="screen",
        condition=IfCondition(PythonExpression([robots, " > 0"])),
    )  # fmt: skip
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*arguments, coordinator, fleet])
