"""The `roundsman sim` command."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from coordinator.plant.parse import MapError
from coordinator.plants import UnknownPlantError
from sim.fleet_realtime import FleetOptions, run_fleet
from sim.report import print_result
from sim.run import run as run_scenario
from sim.scenario import BadScenarioError, UnknownScenarioError, known_scenarios, load_scenario

app = typer.Typer(no_args_is_help=True, help="Simulated plant, robots and 5G network.")


@app.command("run")
def run_command(
    *,
    scenario: Annotated[str, typer.Argument(help="Name of a scenario, or a scenario file.")],
    seed: Annotated[int, typer.Option(help="Everything left to chance follows from it.")] = 1,
    robots: Annotated[int | None, typer.Option(min=1, max=200, help="Instead of the scenario's.")] = None,
    hours: Annotated[float | None, typer.Option(min=0.001, help="Instead of the scenario's.")] = None,
    plant: Annotated[str | None, typer.Option(help="Name or file, instead of the scenario's.")] = None,
    congestion_replanning: Annotated[bool, typer.Option(help="Whether congestion may change ways.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
) -> None:
    """Run a scenario in simulated time, checking every invariant; exit 1 if one breaks."""
    try:
        result = run_scenario(
            scenario,
            seed=seed,
            robots=robots,
            hours=hours,
            plant=plant,
            congestion_replanning=congestion_replanning,
        )
    except (UnknownScenarioError, BadScenarioError, UnknownPlantError, MapError, ValueError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(json.dumps(result.as_json()))
    else:
        print_result(result, Console())
    if not result.is_good:
        raise typer.Exit(1)


@app.command("list")
def list_command() -> None:
    """Name the scenarios that come with Roundsman."""
    for name in known_scenarios():
        typer.echo(f"{name:12} {load_scenario(name).title}")


@app.command("fleet")
def fleet_command(
    *,
    coordinator: Annotated[str, typer.Option(help="host:port of the coordinator.")] = "127.0.0.1:50051",
    observations: Annotated[
        str | None, typer.Option(help="host:port for results; the coordinator's port plus 1 if not given.")
    ] = None,
    robots: Annotated[int, typer.Option(min=1, max=200, help="How many robots.")] = 4,
    plant: Annotated[str, typer.Option(help="Name or file of the plant; the coordinator's.")] = "demo",
    seed: Annotated[int, typer.Option(help="Noise, failures and people follow from it.")] = 1,
    state: Annotated[Path | None, typer.Option(help="Folder for the robots' spools.")] = None,
) -> None:
    """Simulated robots with production agents against a real coordinator, in real time."""
    options = FleetOptions(coordinator, observations, robots, plant, seed, state)
    try:
        asyncio.run(run_fleet(options))
    except (UnknownPlantError, MapError, ValueError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        typer.echo("fleet ended")
