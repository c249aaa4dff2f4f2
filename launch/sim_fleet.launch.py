"""
Start a coordinator and simulated robots on ROS 2, each in a namespace with an agent of its own.

    ros2 launch roundsman sim_fleet.launch.py plant:=demo robots:=2

Robots are sim-01, sim-02, ... in /sim_01, /sim_02, ...; RViz sees one with its tf remapped to /sim_01/tf.
"""

from launch.actions import DeclareLaunchArgument, ExecuteProcess, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription
from sim.ros.fleet import load_plant, robots_of

ARGUMENTS = (
    ("plant", "demo", "Name of a plant that comes with Roundsman, or a map file"),
    ("robots", "2", "Number of robots; at most the plant's parking nodes"),
    ("seed", "1", "Seed of the plant's condition and of the robots' batteries"),
    ("listen", "127.0.0.1:7400", "Where the coordinator listens"),
    ("data", "roundsman-data", "Folder of the journal and the pictures"),
    ("state", "roundsman-robots", "Folder of the robots' memories and spools"),
)
PARAMS_FILE = PathJoinSubstitution([FindPackageShare("roundsman"), "launch", "sim_fleet.params.yaml"])


def fleet(context: object) -> list[object]:
    """Coordinator, simulated robots, and their agents."""
    value = {name: LaunchConfiguration(name).perform(context) for name, _, _ in ARGUMENTS}
    plant = load_plant(value["plant"])
    robots = robots_of(plant, int(value["robots"]), int(value["seed"]))
    coordinator = ExecuteProcess(
        cmd=["roundsman", "serve", "--plant", value["plant"], "--listen", value["listen"], "--data", value["data"]],
        name="coordinator",
        output="screen",
        sigterm_timeout="15",
    )
    simulated = Node(
        package="roundsman",
        # Without a name: it would be the name of every robot's node, too.
        executable="simulated_robots",
        parameters=[
            {
                "plant": value["plant"],
                "robots": int(value["robots"]),
                "seed": int(value["seed"]),
                "coordinator": value["listen"],
            }
        ],
        output="screen",
    )
    agents = [
        Node(
            package="roundsman",
            executable="robot_agent",
            name="robot_agent",
            namespace=robot.namespace,
            parameters=[
                ParameterFile(PARAMS_FILE),
                {
                    "robot_id": robot.robot_id,
                    "robot_type": str(robot.robot_type.robot_type_id),
                    "coordinator": value["listen"],
                    "state_folder": f"{value['state']}/{robot.robot_id}",
                    "robot_radius": robot.robot_type.radius_m,
                    "level": str(plant.nodes[robot.node_id].level_id),
                    "level_maps": [f"{level_id}={level_id}" for level_id in plant.levels],
                },
            ],
            output="screen",
            respawn=True,
            respawn_delay=2.0,
            sigterm_timeout="15",
        )
        for robot in robots
    ]
    return [coordinator, simulated, *agents]


def generate_launch_description() -> LaunchDescription:
    """What `ros2 launch` asks for."""
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=fleet)])
