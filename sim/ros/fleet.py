"""
Simulated robots of a plant in one process, one ROS namespace each. Agents of their own bring them into the fleet.

    python -m sim.ros.fleet --ros-args -p plant:=demo -p robots:=2
"""

from __future__ import annotations

import asyncio
import math
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from coordinator.model.ids import NodeId
from coordinator.plant.map import NodeRole, PlantMap, RobotType
from coordinator.plant.parse import parse_plant
from coordinator.plants import find_plant
from sim.sensors import PlantCondition

HOURS = 24.0
ANOMALY_RATIO = 0.03


@dataclass(frozen=True, slots=True)
class Robot:
    """One robot of a simulated fleet: what its agent must be told, and where it begins."""

    robot_id: str
    namespace: str
    robot_type: RobotType
    node_id: NodeId
    charge_ratio: float


def robots_of(plant: PlantMap, count: int, seed: int) -> list[Robot]:
    """
    The robots of a fleet: types in turn, on parking nodes spread over the plant.

    Raises:
        ValueError: There are fewer parking nodes than robots.
    """
    parking = plant.nodes_with(NodeRole.PARKING)
    types = list(plant.robot_types.values())
    if not 1 <= count <= len(parking):
        raise ValueError(f"robots is {count}: plant {plant.plant_id} has {len(parking)} parking nodes")
    chance = random.Random(f"{seed}:ros")
    return [
        Robot(
            f"sim-{number + 1:02d}",
            f"sim_{number + 1:02d}",
            types[number % len(types)],
            parking[number * len(parking) // count],
            chance.uniform(0.6, 1.0),
        )
        for number in range(count)
    ]


def load_plant(name: str) -> PlantMap:
    """
    A plant by name or file.

    Raises:
        UnknownPlantError, MapError: It can't be read.
    """
    path = find_plant(name)
    return parse_plant(path.read_text(encoding="utf-8"), source=str(path))


def main() -> None:
    """Run until interrupted."""
    try:
        import rclpy  # noqa: F401
    except ImportError as error:
        sys.exit(f"simulated ROS robots need ROS 2: source its setup.bash first ({error})")
    sys.exit(asyncio.run(run(sys.argv)))


async def run(arguments: Sequence[str]) -> int:
    """Make the robots and let time pass; returns the exit status."""
    from rclpy.context import Context
    from rclpy.node import Node

    from agent.ros.thread import RosThread
    from sim.device_link import run_devices
    from sim.realtime import RealtimeWorld
    from sim.ros.node import SimRobotNode, Start
    from sim.ros.scene import Scene

    loop = asyncio.get_running_loop()
    beside: list[asyncio.Task[None]] = []

    def begin_devices(plant: PlantMap, coordinator: str, seed: int) -> None:
        anchor_s = time.time() - time.monotonic()
        world = RealtimeWorld(lambda: anchor_s + time.monotonic())
        beside.append(asyncio.create_task(world.run()))
        beside.append(asyncio.create_task(run_devices(world, plant, coordinator, seed=seed)))

    def make(context: Context) -> list[Node]:
        world = Node("simulated_fleet", context=context)
        plant = load_plant(world.declare_parameter("plant", "demo").value)
        seed = world.declare_parameter("seed", 1).value
        coordinator = world.declare_parameter("coordinator", "").value
        if coordinator and plant.devices:
            loop.call_soon_threadsafe(begin_devices, plant, coordinator, seed)
        chosen = robots_of(plant, world.declare_parameter("robots", 2).value, seed)
        condition = PlantCondition(plant, seed=seed, start_s=time.time(), hours=HOURS, anomaly_ratio=ANOMALY_RATIO)
        nodes = [
            SimRobotNode(
                context,
                robot.namespace,
                plant,
                Start(robot.robot_type, robot.node_id, robot.charge_ratio),
                Scene(plant, condition, random.Random(f"{seed}:{robot.robot_id}")),
            )
            for robot in chosen
        ]
        touching: set[tuple[str, str]] = set()

        def look() -> None:
            for (a, first), (b, second) in combinations(zip(chosen, nodes, strict=True), 2):
                pair = (a.robot_id, b.robot_id)
                gap_m = math.hypot(first.vehicle.x_m - second.vehicle.x_m, first.vehicle.y_m - second.vehicle.y_m)
                gap_m -= a.robot_type.radius_m + b.robot_type.radius_m
                if gap_m >= 0.0 or first.level_id != second.level_id:
                    touching.discard(pair)
                elif pair not in touching:
                    touching.add(pair)
                    world.get_logger().error(f"{pair[0]} and {pair[1]} touch: {-gap_m:.2f} m")

        world.create_timer(0.1, look)
        return [world, *nodes]

    ros = RosThread(make, arguments)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    ros.start()
    ros.ended.add_done_callback(lambda ended: stop.set())
    await stop.wait()
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    await ros.stop()
    error = ros.ended.exception()
    if error is not None:
        print(error, file=sys.stderr)  # noqa: T201  (a process's last word)
        return 1
    return 0


if __name__ == "__main__":
    main()
