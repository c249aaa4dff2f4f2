"""`roundsman points list`: what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from coordinator.cli.connection import DEFAULT_TIMEOUT_S
from coordinator.cli.listing import Listing
from coordinator.cli.options import DEFAULT_ADDRESS, Coordinator, Json, Timeout, Watch
from coordinator.cli.output import ago, until

if TYPE_CHECKING:
    from roundsman.v1.fleet_pb2 import FleetState, PointSummary

points = typer.Typer(help="See which inspection points are due.", no_args_is_help=True)


def is_due(point: PointSummary, now_s: float) -> bool:
    """Whether a point's next visit could be made now."""
    return point.HasField("due_s") and point.due_s <= now_s


def oldest_first(points: list[PointSummary]) -> list[PointSummary]:
    """Largest age ratio first, those without a period last."""
    return sorted(points, key=lambda item: (-item.age_ratio if item.HasField("age_ratio") else 1.0, item.point_id))


def _state(point: PointSummary, now_s: float) -> str:
    if point.is_overdue:
        return "overdue"
    return "due" if is_due(point, now_s) else "fresh" if point.HasField("due_s") else "on demand"


def _row(point: PointSummary, fleet: FleetState) -> tuple[str, ...]:
    return (
        point.point_id,
        _state(point, fleet.now_s),
        f"{point.age_ratio:.2f}" if point.HasField("age_ratio") else "-",
        ago(point.last_visit_s, fleet.now_s) if point.HasField("last_visit_s") else "never",
        until(point.due_s if point.HasField("due_s") else None, fleet.now_s),
        str(point.visit_count),
        point.robot_id or "-",
    )


def listing(*, only_due: bool, only_overdue: bool) -> Listing:
    """Points, oldest first."""

    def pick(fleet: FleetState) -> list[PointSummary]:
        chosen = [
            item
            for item in fleet.points
            if (not only_overdue or item.is_overdue) and (not only_due or is_due(item, fleet.now_s))
        ]
        return oldest_first(chosen)

    kind = "overdue " if only_overdue else "due " if only_due else ""
    return Listing(
        columns=("POINT", "STATE", "#AGE RATIO", "#VISITED", "#DUE", "#VISITS", "ROBOT"),
        pick=pick,
        row=_row,
        empty=f"no {kind}points",
    )


@points.command("list")
def list_points(
    *,
    due: Annotated[bool, typer.Option("--due", help="Only those that are due.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those that are overdue.")] = False,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    as_json: Json = False,
    watch: Watch = False,
) -> None:
    """List inspection points, the oldest against their revisit period first."""
    chosen = listing(only_due=due, only_overdue=overdue)
    chosen.show(coordinator, timeout_s, as_json=as_json, watch=watch)
