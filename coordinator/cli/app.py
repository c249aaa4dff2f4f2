"""All commands of `roundsman` under one roof. Whatever costs time is imported inside the commands."""

from __future__ import annotations

from typing import Annotated

import typer

from coordinator.cli.alarms import alarms
from coordinator.cli.demo import demo
from coordinator.cli.edges import edges
from coordinator.cli.exits import EXIT_HELP
from coordinator.cli.explain import explain
from coordinator.cli.group import RootGroup
from coordinator.cli.journal import journal
from coordinator.cli.maps import maps
from coordinator.cli.missions import missions
from coordinator.cli.observations import observations
from coordinator.cli.plan import plan
from coordinator.cli.points import points
from coordinator.cli.robots import resume_all, robots, stop_all
from coordinator.cli.ros import ros
from coordinator.cli.serve import serve
from coordinator.cli.simulate import sim
from coordinator.cli.status import fleet
from coordinator.cli.top import top
from coordinator.cli.traffic import traffic

app = typer.Typer(
    name="roundsman",
    cls=RootGroup,
    help="Coordinates a fleet of patrol robots in an industrial plant. Not a safety function.",
    epilog=EXIT_HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"roundsman {version('roundsman')}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command("demo")(demo)
app.command("serve")(serve)
app.add_typer(fleet, name="fleet")
app.command("top")(top)
app.command("traffic")(traffic)
app.command("explain")(explain)
app.add_typer(robots, name="robots")
app.command("stop-all")(stop_all)
app.command("resume-all")(resume_all)
app.add_typer(missions, name="missions")
app.add_typer(points, name="points")
app.add_typer(observations, name="observations")
app.add_typer(alarms, name="alarms")
app.add_typer(edges, name="edges")
app.add_typer(maps, name="map")
app.command("plan")(plan)
app.add_typer(journal, name="journal")
app.add_typer(sim, name="sim")
app.add_typer(ros, name="ros")
