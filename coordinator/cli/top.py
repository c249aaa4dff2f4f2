"""`roundsman top`: what needs a person first, on one screen that stays up to date."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from coordinator.cli.alarms import listing as alarm_listing
from coordinator.cli.connection import DEFAULT_TIMEOUT_S, connected
from coordinator.cli.demo_screen import rounds
from coordinator.cli.exits import NotConnectedError
from coordinator.cli.options import DEFAULT_ADDRESS, Coordinator, Timeout
from coordinator.cli.output import console, instant, show, table
from coordinator.cli.points import listing as point_listing
from coordinator.cli.robots import ROBOTS

if TYPE_CHECKING:
    from rich.console import RenderableType

    from roundsman.v1.fleet_pb2 import FleetState, RobotSummary

# Lines of the screen that aren't rows of robots.
FRAME_LINES = 11
LIST_COUNT = 6
PIPE_COUNT = 1000
FEWEST_ROBOTS = 5


def top(
    *,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    period_s: Annotated[
        float, typer.Option("--period", metavar="SECONDS", min=0.1, max=60, help="Time between pictures.")
    ] = 1.0,
) -> None:
    """Show robots in need first, the oldest points and the alarms, until Ctrl-C; where no terminal is, once."""
    with connected(coordinator, timeout_s) as client:
        if not sys.stdout.isatty():
            show(screen(client.fleet(), PIPE_COUNT))
            return
        from rich.live import Live

        shown = console()
        with Live(console=shown, auto_refresh=False, screen=True) as live:
            for fleet in client.watch(period_s=period_s):
                live.update(screen(fleet, shown.height), refresh=True)
    raise NotConnectedError(f"the coordinator at {coordinator} ended the watch")


def screen(fleet: FleetState, height: int) -> RenderableType:
    """One picture, for a terminal of so many lines."""
    from rich.console import Group
    from rich.rule import Rule
    from rich.text import Text

    alarms, points = alarm_listing(with_shelved=False), point_listing(only_due=False, only_overdue=False)
    alarm_rows, point_rows = alarms.rows(fleet)[:LIST_COUNT], points.rows(fleet)[:LIST_COUNT]
    room = max(FEWEST_ROBOTS, height - FRAME_LINES - len(alarm_rows) - len(point_rows))
    robots = sorted(fleet.robots, key=lambda robot: need(robot, fleet.now_s))
    hidden = f", and {len(robots) - room} more" if len(robots) > room else ""
    journal = "  [bold red]THE JOURNAL CAN'T BE WRITTEN[/]" if fleet.is_degraded else ""
    return Group(
        Text.from_markup(f"[bold]Roundsman[/] · plant {fleet.plant_id} · {instant(fleet.now_s)}{journal}"),
        rounds(fleet),
        Rule(f"robots, those in need first{hidden}", style="dim"),
        table(ROBOTS.columns, [ROBOTS.row(robot, fleet) for robot in robots[:room]]) if robots else Text(ROBOTS.empty),
        Rule("oldest points", style="dim"),
        table(points.columns, point_rows) if point_rows else Text(points.empty, style="dim"),
        Rule("alarms", style="dim"),
        table(alarms.columns, alarm_rows) if alarm_rows else Text("none", style="green"),
    )


def need(robot: RobotSummary, now_s: float) -> tuple[int, float, str]:
    """Sorts robots: faults and silence, then those told to stop, then the longest wait, then by id."""
    from coordinator.client import as_data

    if as_data(robot)["link"] != "live" or any(fault.stops_driving for fault in robot.faults):
        return 0, 0.0, robot.robot_id
    if robot.is_stopped:
        return 1, 0.0, robot.robot_id
    if robot.HasField("wait"):
        return 2, robot.wait.since_s - now_s, robot.robot_id
    return 3, 0.0, robot.robot_id
