"""Small plants and ready-made parts for the simulator's tests."""

from __future__ import annotations

from coordinator.model.ids import NodeId, RobotId
from coordinator.plant.map import PlantMap
from coordinator.plant.parse import parse_plant
from coordinator.plants import find_plant
from sim.floor import Floor, build_floor
from sim.people import People
from sim.robot import BodySettings, SimBody
from sim.sensors import PlantCondition
from sim.world import World


def demo_plant() -> PlantMap:
    """The plant that comes with the project."""
    path = find_plant("demo")
    return parse_plant(path.read_text(encoding="utf-8"), source=str(path))


class Track:
    """One body alone on the demo plant, standing on a charger."""

    def __init__(self, *, seed: int = 1, node_id: str = "dock-1", type_id: str = "ranger") -> None:
        self.plant = demo_plant()
        self.world = World(1000.0)
        self.floor: Floor = build_floor(self.plant)
        self.people = People(self.world, self.floor, on_change=lambda edge_id: self.body.chassis.look_again(edge_id))
        condition = PlantCondition(self.plant, seed=seed, start_s=1000.0, hours=1.0, anomaly_ratio=0.0)
        types = {str(k): v for k, v in self.plant.robot_types.items()}
        self.body = SimBody(
            self.world,
            self.floor,
            RobotId("r1"),
            types[type_id],
            NodeId(node_id),
            people=self.people,
            condition=condition,
            settings=BodySettings(task_failure_ratio=0.0),
            seed=seed,
            charge_ratio=0.5,
        )
        self.chain = self.walk(node_id, 8)

    def walk(self, node_id: str, count: int) -> list[tuple[str, str]]:
        """Edges in a row from a node, without turning back at once where there is another way."""
        chain: list[tuple[str, str]] = []
        here, came = node_id, ""
        for _ in range(count):
            ways = [e for e in self.plant.edges.values() if e.start == here and not e.is_locked]
            onward = [e for e in ways if e.end != came] or ways
            edge = min(onward, key=lambda e: (-len(self.plant.graph.out_edges(e.end)), e.edge_id))
            chain.append((edge.edge_id, edge.end))
            here, came = edge.end, here
        return chain

    def advance(self, duration_s: float) -> None:
        """Let time pass."""
        self.world.run_until(self.world.now_s + duration_s)
