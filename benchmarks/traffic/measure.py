"""One run of one policy, and what came of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.traffic.work import Jobs
from benchmarks.traffic.world import Policy, Vehicle, World
from coordinator.model.ids import RobotId
from coordinator.plant.map import NodeRole, PlantMap
from coordinator.traffic.resources import Resources

WARM_UP_RATIO = 0.2
STUCK_S = 600.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What a policy reached.

    Attributes:
        tasks_per_h: After the warm-up.
        stuck_count: Robots that stand still at the end and have done so for STUCK_S, or half the run if shorter.
        worst_wait_s: Longest time any robot stood without working.
        shared: What the umpire wrote down.
    """

    tasks_per_h: float
    stuck_count: int
    worst_wait_s: float
    shared: tuple[str, ...]


def vehicles_of(resources: Resources, robot_count: int, seed: int) -> list[Vehicle]:
    """Robots at home, types in turn, each with its own stops."""
    plant: PlantMap = resources.plant
    homes = [resources.node_index[node_id] for node_id in plant.nodes_with(NodeRole.PARKING)]
    random.Random(f"{seed}:homes").shuffle(homes)
    if robot_count > len(homes):
        raise ValueError(f"plant {plant.plant_id}: {len(homes)} parking nodes for {robot_count} robots")
    places = tuple(sorted({resources.node_index[point.node_id] for point in plant.points.values()}))
    types = list(plant.robot_types.values())
    vehicles = []
    for number in range(robot_count):
        robot_type = types[number % len(types)]
        vehicles.append(
            Vehicle(
                number=number,
                robot_id=RobotId(f"r{number:03d}"),
                type_id=robot_type.robot_type_id,
                speed_mps=robot_type.max_speed_mps,
                home=homes[number],
                jobs=Jobs(f"{seed}:{number}", places),
                node=homes[number],
            )
        )
    return vehicles


def run_policy(
    resources: Resources, make: Callable[[World], Policy], *, robot_count: int, hours: float, seed: int
) -> tuple[Outcome, Policy]:
    """Run a policy from the start, and count."""
    world = World(resources, vehicles_of(resources, robot_count, seed))
    policy = make(world)
    until_s = hours * 3600.0
    world.run(policy, until_s)
    begin_s = until_s * WARM_UP_RATIO
    done = sum(1 for vehicle in world.vehicles for time_s in vehicle.done_at_s if time_s >= begin_s)
    waits_s = [wait_s for vehicle in world.vehicles for wait_s in vehicle.waits_s]
    standing_s = [until_s - vehicle.since_s for vehicle in world.vehicles if vehicle.is_standing]
    stuck_s = min(STUCK_S, until_s / 2)
    outcome = Outcome(
        tasks_per_h=done / (until_s - begin_s) * 3600.0,
        stuck_count=sum(1 for wait_s in standing_s if wait_s >= stuck_s),
        worst_wait_s=max([*waits_s, *standing_s], default=0.0),
        shared=tuple(world.shared),
    )
    return outcome, policy
