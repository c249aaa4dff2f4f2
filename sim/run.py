"""Run a scenario in simulated time."""

from __future__ import annotations

import time
from dataclasses import dataclass

from coordinator.assignment import assign
from coordinator.plant.parse import parse_plant
from coordinator.plants import find_plant
from coordinator.traffic import warm_up
from sim.metrics import Result, collect
from sim.scenario import Scenario, load_scenario
from sim.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says instead of the scenario's file; None: what the file says."""

    robot_count: int | None = None
    hours: float | None = None
    plant: str | None = None
    is_replanning_on_congestion: bool = True
    is_checking: bool = True


def prepare(scenario: str | Scenario, *, seed: int, overrides: Overrides = Overrides()) -> Simulation:
    """
    Put a scenario together, ready to run: the planners are compiled or loaded, as `serve` does before it serves.

    Raises:
        UnknownScenarioError, BadScenarioError: The scenario can't be read.
        UnknownPlantError, MapError: Its plant can't be read.
    """
    chosen = load_scenario(scenario) if isinstance(scenario, str) else scenario
    path = find_plant(overrides.plant or chosen.plant)
    plant = parse_plant(path.read_text(encoding="utf-8"), source=str(path))
    assign.warm_up()
    warm_up.warm_up()
    return Simulation(
        plant,
        chosen,
        seed=seed,
        robot_count=overrides.robot_count,
        hours=overrides.hours,
        is_replanning_on_congestion=overrides.is_replanning_on_congestion,
        is_checking=overrides.is_checking,
    )


def run(
    scenario: str | Scenario,
    *,
    seed: int,
    robots: int | None = None,
    hours: float | None = None,
    plant: str | None = None,
    congestion_replanning: bool = True,
) -> Result:
    """
    Run a scenario by name, path or value to its end, with everything checked at each step.

    Args:
        seed: Everything that is left to chance follows from it.
        robots: Instead of the scenario's count.
        hours: Instead of the scenario's length.
        plant: Instead of the scenario's plant.
        congestion_replanning: Whether congestion may change horizons.
    """
    overrides = Overrides(robots, hours, plant, congestion_replanning)
    simulation = prepare(scenario, seed=seed, overrides=overrides)
    begin_s = time.perf_counter()
    simulation.run()
    return collect(simulation, wall_s=time.perf_counter() - begin_s)
