"""A simulated fleet in real time: bodies of the simulator, production agents, real sockets."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_path

from agent.body import BodyListener
from agent.client import AgentConfig, run_agent
from coordinator.model.ids import EdgeId, RobotId
from coordinator.plant.map import NodeRole, PlantMap
from coordinator.plant.parse import parse_plant
from coordinator.plants import find_plant
from sim.device_link import run_devices
from sim.floor import build_floor
from sim.people import People
from sim.radio_field import RadioField
from sim.realtime import RealtimeWorld
from sim.robot import BodySettings, SimBody
from sim.sensors import PlantCondition
from sim.simulation import hear_with
from sim.witness import Witness

if TYPE_CHECKING:
    from coordinator.plant.map import RobotType

ANOMALY_RATIO = 0.03


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """
    What `roundsman sim fleet` is told.

    Attributes:
        observations: None: the coordinator's host with the next port.
        state: Folder of the spools; None: the user's state folder.
        robot_prefix: Begins every robot's id.
        truth: File to which is written what the bodies really did (sim/witness.py); None: nowhere.
    """

    coordinator: str
    observations: str | None
    robot_count: int
    plant: str
    seed: int
    state: Path | None = None
    robot_prefix: str = "sim"
    truth: Path | None = None


class RealtimeFleet:
    """Bodies and devices on one real-time world."""

    def __init__(self, plant: PlantMap, options: FleetOptions) -> None:
        self.plant = plant
        self.options = options
        anchor_s = time.time() - time.monotonic()
        self.world = RealtimeWorld(lambda: anchor_s + time.monotonic())
        self.floor = build_floor(plant)
        self.people = People(self.world, self.floor, on_change=self._people_moved)
        self.radio = RadioField(self.floor)
        self.condition = PlantCondition(
            plant, seed=options.seed, start_s=self.world.now_s, hours=8.0, anomaly_ratio=ANOMALY_RATIO
        )
        self.bodies = [self._make_body(i) for i in range(options.robot_count)]

    def _people_moved(self, edge_id: EdgeId) -> None:
        for body in self.bodies:
            body.chassis.look_again(edge_id)

    def _make_body(self, i: int) -> SimBody:
        options = self.options
        types: list[RobotType] = list(self.plant.robot_types.values())
        parking = self.plant.nodes_with(NodeRole.PARKING)
        if options.robot_count > len(parking):
            raise ValueError(
                f"plant {self.plant.plant_id} has {len(parking)} parking nodes for {options.robot_count} robots"
            )
        chance = random.Random(f"{options.seed}:fleet:{i}")
        body = SimBody(
            self.world,
            self.floor,
            RobotId(f"{options.robot_prefix}-{i + 1:02d}"),
            types[i % len(types)],
            parking[int(i * len(parking) / options.robot_count)],
            people=self.people,
            condition=self.condition,
            settings=BodySettings(),
            seed=options.seed,
            charge_ratio=chance.uniform(0.6, 1.0),
        )
        body.hear = hear_with(self.radio, body.chassis)
        return body


class TouchedBody:
    """A body whose world is brought up to the clock before every command."""

    def __init__(self, world: RealtimeWorld, body: SimBody, witness: Witness | None = None) -> None:
        self._world = world
        self._body = body
        self._witness = witness

    def start(self, listener: BodyListener) -> None:
        """Start it; a witness hears what it reports."""
        self._world.touch()
        self._body.start(listener if self._witness is None else self._witness.overhear(self._body, listener))

    def __getattr__(self, name: str) -> object:
        self._world.touch()
        return getattr(self._body, name)


async def run_fleet(options: FleetOptions, *, stop: asyncio.Event | None = None) -> None:
    """
    Run robots and devices until interrupted, or until `stop` is set.

    Raises:
        UnknownPlantError, MapError: The plant can't be read.
        ValueError: It has too few parking nodes, or an address is not allowed.
        AgentRefusedError: The coordinator will never take a robot as it is.
    """
    path = find_plant(options.plant)
    plant = parse_plant(path.read_text(encoding="utf-8"), source=str(path))
    fleet = RealtimeFleet(plant, options)
    stop = asyncio.Event() if stop is None else stop
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, stop.set)
    folder = options.state or user_state_path("roundsman") / "sim"
    witness = None if options.truth is None else Witness(options.truth, fleet.world, fleet.bodies)
    async with asyncio.TaskGroup() as group:
        world = group.create_task(fleet.world.run())
        watching = None if witness is None else group.create_task(witness.run())
        devices = (
            group.create_task(run_devices(fleet.world, plant, options.coordinator, seed=options.seed))
            if plant.devices
            else None
        )
        agents = [
            group.create_task(
                run_agent(
                    TouchedBody(fleet.world, body, witness),  # type: ignore[arg-type]
                    _config(options, body, folder),
                    rng=random.Random(f"{options.seed}:agent:{body.robot_id}"),
                    stop=stop,
                )
            )
            for body in fleet.bodies
        ]
        await asyncio.gather(*agents)
        world.cancel()
        for task in (devices, watching):
            if task is not None:
                task.cancel()
    if witness is not None:
        witness.close()


def _config(options: FleetOptions, body: SimBody, folder: Path) -> AgentConfig:
    directory = folder / body.robot_id
    directory.mkdir(parents=True, exist_ok=True)
    return AgentConfig(
        robot_id=body.robot_id,
        robot_type_id=body.robot_type.robot_type_id,
        control_address=options.coordinator,
        observation_address=options.observations or _next_port(options.coordinator),
        directory=directory,
        model="simulated",
    )


def _next_port(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        raise ValueError(f"address {address!r} must be host:port")
    return f"{host}:{int(port) + 1}"
