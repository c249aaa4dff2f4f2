"""`roundsman sim`: run scenarios in simulated time, or a fleet of simulated robots in real time."""

from __future__ import annotations

import typer

sim = typer.Typer(help="Simulated plants, robots and networks.", no_args_is_help=True)


@sim.command("list")
def list_scenarios() -> None:
    """List the scenarios that come with Roundsman."""
