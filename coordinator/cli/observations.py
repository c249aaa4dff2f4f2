"""`roundsman observations list`: what robots saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from coordinator.cli.connection import DEFAULT_TIMEOUT_S, connected
from coordinator.cli.exits import NotConnectedError
from coordinator.cli.listing import WATCH_PERIOD_S
from coordinator.cli.options import DEFAULT_ADDRESS, Coordinator, Json, Timeout, Watch
from coordinator.cli.output import console, instant, percent, print_json, print_table, table

if TYPE_CHECKING:
    from coordinator.client import FleetClient
    from roundsman.v1.fleet_pb2 import StoredObservation

observations = typer.Typer(help="See what robots saw.", no_args_is_help=True)

COLUMNS = ("TAKEN", "ROBOT", "#NUMBER", "POINT", "TASK", "#VALUE", "UNIT", "#QUALITY", "BLOB")
MAX_COUNT = 1000


def observation_row(item: StoredObservation) -> tuple[str, ...]:
    """The cells of one observation."""
    return (
        instant(item.taken_s),
        item.robot_id,
        str(item.counter),
        item.point_id,
        item.task_id.removeprefix(f"{item.point_id}."),
        f"{item.value:.4g}" if item.HasField("value") else "-",
        item.unit or "-",
        percent(item.quality_ratio),
        item.blob_sha256[:12] or "-",
    )


@observations.command("list")
def list_observations(
    *,
    point_id: Annotated[str, typer.Option("--point", help="Only of this point.")] = "",
    robot_id: Annotated[str, typer.Option("--robot", help="Only of this robot.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=MAX_COUNT, help="At most so many.")] = 20,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    as_json: Json = False,
    watch: Watch = False,
) -> None:
    """List observations, newest first; with --watch, new ones as they come."""
    from coordinator.client import as_data

    with connected(coordinator, timeout_s) as client:
        if watch:
            _follow(client, point_id, robot_id, as_json=as_json)
        found = client.observations(point_id=point_id, robot_id=robot_id, limit=limit)
        if as_json:
            print_json([as_data(item) for item in found])
        else:
            print_table(COLUMNS, [observation_row(item) for item in found], empty="no observations")


def _follow(client: FleetClient, point_id: str, robot_id: str, *, as_json: bool) -> None:
    """Print each new observation once, oldest first, until interrupted."""
    from coordinator.client import as_data

    seen: dict[str, int] = {}
    stored_count = -1
    for fleet in client.watch(period_s=WATCH_PERIOD_S):
        if fleet.totals.observations_stored_count == stored_count:
            continue
        is_first, stored_count = stored_count < 0, fleet.totals.observations_stored_count
        found = client.observations(point_id=point_id, robot_id=robot_id, limit=MAX_COUNT)
        fresh = _unseen(found, seen)
        if is_first:
            continue
        if as_json:
            for item in fresh:
                print_json(as_data(item), one_line=True)
        elif fresh:
            made = table(COLUMNS, [observation_row(item) for item in fresh])
            made.show_header = False
            console().print(made)
    raise NotConnectedError(f"the coordinator at {client.address} ended the watch")


def _unseen(found: Sequence[StoredObservation], seen: dict[str, int]) -> list[StoredObservation]:
    """Those beyond the highest counter seen of their robot, oldest first; notes them as seen."""
    fresh = [item for item in reversed(found) if item.counter > seen.get(item.robot_id, 0)]
    for item in fresh:
        seen[item.robot_id] = max(item.counter, seen.get(item.robot_id, 0))
    return fresh
