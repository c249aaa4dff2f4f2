"""`roundsman sim`: scenarios in simulated time, and fleets of simulated robots in real time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coordinator.cli.children import end_with_stdin
from coordinator.cli.connection import parse_address
from coordinator.cli.exits import CheckFailedError, NotDoneError, UsageError
from coordinator.cli.options import DEFAULT_ADDRESS, Coordinator, Json, Plant, Seed
from coordinator.cli.output import percent, print_json, print_table, span
from coordinator.cli.plant_file import check_parking, load_plant, plant_path
from coordinator.cli.serve import UntilStdinCloses

if TYPE_CHECKING:
    from sim.metrics import Result

sim = typer.Typer(help="Simulated plants, robots and networks.", no_args_is_help=True)


@sim.command("list")
def list_scenarios(*, as_json: Json = False) -> None:
    """List the scenarios that come with Roundsman."""
    from sim.scenario import known_scenarios, load_scenario

    scenarios = [load_scenario(name) for name in known_scenarios()]
    if as_json:
        print_json([scenario.model_dump(mode="json") for scenario in scenarios])
        return
    rows = [(item.name, item.plant, str(item.robots.count), f"{item.hours:g}", item.title) for item in scenarios]
    print_table(("SCENARIO", "PLANT", "#ROBOTS", "#HOURS", "TITLE"), rows, empty="no scenario is installed")


@sim.command("run")
def run_scenario(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario file, or a name from `sim list`.")],
    *,
    seed: Seed = 1,
    robots: Annotated[
        int | None, typer.Option("--robots", min=1, max=200, help="Instead of the scenario's number.")
    ] = None,
    hours: Annotated[
        float | None, typer.Option("--hours", min=0.01, max=168, help="Instead of the scenario's length.")
    ] = None,
    plant: Annotated[str, typer.Option("--plant", metavar="NAME|FILE", help="Instead of the scenario's plant.")] = "",
    congestion_replanning: Annotated[
        bool,
        typer.Option(
            "--congestion-replanning/--no-congestion-replanning",
            help="Whether congestion may change routes; without it, to compare.",
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Run a scenario in simulated time, checking every step. Exit status 5 if an invariant broke."""
    from sim.run import run

    with _translated():
        result = run(
            scenario,
            seed=seed,
            robots=robots,
            hours=hours,
            plant=str(plant_path(plant)) if plant else None,
            congestion_replanning=congestion_replanning,
        )
    _report(result, as_json=as_json)


@sim.command("fleet")
def run_fleet(
    *,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    bulk_port: Annotated[
        int | None, typer.Option("--bulk-port", min=1, max=65535, help="Its port for results, else the next one.")
    ] = None,
    robots: Annotated[int, typer.Option("--robots", min=1, max=200, help="How many robots.")] = 6,
    plant: Plant = "demo",
    seed: Seed = 1,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="DIR", help="Where robots keep what isn't acknowledged.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="FILE", help="Write what the bodies really did, JSON lines.")
    ] = None,
    until_stdin_closes: UntilStdinCloses = False,
) -> None:
    """Run simulated robots in real time against a coordinator, over gRPC, until interrupted."""
    from sim.fleet_realtime import FleetOptions
    from sim.fleet_realtime import run_fleet as run

    check_parking(load_plant(plant), robots)
    address = parse_address(coordinator, option="--coordinator")
    results = type(address)(address.host, address.port + 1 if bulk_port is None else bulk_port)
    options = FleetOptions(
        coordinator=str(address),
        observations=str(results),
        robot_count=robots,
        plant=str(plant_path(plant)),
        seed=seed,
        state=state,
        truth=truth,
    )
    if until_stdin_closes:
        end_with_stdin()
    with _translated():
        asyncio.run(run(options))


@contextmanager
def _translated() -> Iterator[None]:
    """What scenarios, plants and robots refuse, in one line."""
    from agent.client import AgentRefusedError
    from coordinator.plant.parse import MapError
    from coordinator.plants import UnknownPlantError
    from sim.scenario import BadScenarioError, UnknownScenarioError

    try:
        yield
    except (UnknownScenarioError, UnknownPlantError) as error:
        raise UsageError(str(error)) from error
    except (BadScenarioError, MapError) as error:
        raise UsageError(" ".join(line.strip() for line in str(error).splitlines())) from error
    except ExceptionGroup as group:
        # Robots run side by side, so they fail in groups.
        refused, others = group.split(AgentRefusedError)
        if refused is None or others is not None:
            raise
        raise NotDoneError(f"refused: {_first(refused)}") from group


def _first(group: BaseExceptionGroup[Exception]) -> str:
    """The text of the first error of a group."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error)


def _report(result: Result, *, as_json: bool) -> None:
    """
    Print a result.

    Raises:
        CheckFailedError: If anything happened that must never happen.
    """
    if as_json:
        print_json(result.as_json())
    else:
        print_table(("SCENARIO", result.scenario), list(_rows(result)), empty="")
    if not result.is_good:
        first = f"; first: {result.violations[0].rule}: {result.violations[0].text}" if result.violations else ""
        raise CheckFailedError(
            f"{result.collisions} collisions, {result.deadlocks} deadlocks, {result.observations.lost} lost"
            f" observations, {result.invariant_violations} broken invariants{first}"
        )


def _rows(result: Result) -> Iterator[tuple[str, str]]:
    yield "robots", f"{result.robots}, seed {result.seed}"
    yield "simulated", f"{span(result.simulated_s)} in {span(result.wall_s)}, {result.speedup:.0f} times real time"
    yield "inspections", f"{result.inspections_done}, {percent(result.late_ratio)} late"
    yield "age ratio", f"largest {result.max_age_ratio:.2f}, mean {result.mean_age_ratio:.2f}"
    yield "waited for", _pairs({cause: span(wait_s) for cause, wait_s in result.wait_s_by_cause.items()})
    yield "re-planned", _pairs(result.replans_by_reason)
    yield "missions", _pairs(result.missions)
    observations = result.observations
    yield (
        "observations",
        (
            f"{observations.captured} captured, {observations.stored} stored, {observations.missing} declared missing,"
            f" {observations.spooled} on the way, {observations.lost} lost"
        ),
    )
    yield "faults", _pairs(result.faults)
    yield "streams", f"{result.stream_breaks} broken, coordinator crashed {result.coordinator_crashes} times"
    yield (
        "never",
        (
            f"{result.collisions} collisions, {result.deadlocks} deadlocks,"
            f" {result.invariant_violations} broken invariants"
        ),
    )
    yield "trace", result.trace_hash


def _pairs(counts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
