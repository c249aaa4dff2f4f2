"""`roundsman edges`: list, close, open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from coordinator.cli.connection import DEFAULT_TIMEOUT_S, call_key, connected, report
from coordinator.cli.listing import Listing
from coordinator.cli.options import (
    DEFAULT_ADDRESS,
    Coordinator,
    Json,
    Key,
    Reason,
    Timeout,
    Watch,
    duration_s,
)
from coordinator.cli.output import until

if TYPE_CHECKING:
    from roundsman.v1.fleet_pb2 import EdgeSummary, FleetState

edges = typer.Typer(help="See, close and open edges.", no_args_is_help=True)

EdgeId = Annotated[str, typer.Argument(metavar="EDGE", help="Edge id, as `roundsman map show` names it.")]


def _state(edge: EdgeSummary) -> str:
    if edge.is_blockage:
        return "blocked"
    if edge.is_closed:
        return "closed"
    if edge.holder_robot_id:
        return "held"
    return "slow" if edge.delay_ratio > 1.0 else "open"


def _row(edge: EdgeSummary, fleet: FleetState) -> tuple[str, ...]:
    return (
        edge.edge_id,
        _state(edge),
        edge.holder_robot_id or "-",
        f"{edge.delay_ratio:.1f}x" if edge.delay_ratio else "-",
        until(edge.until_s if edge.HasField("until_s") else None, fleet.now_s),
        edge.source or "-",
        edge.reason or "-",
    )


def listing(*, only_closed: bool) -> Listing:
    """Edges that are closed, blocked, held or slow."""
    return Listing(
        columns=("EDGE", "STATE", "HELD BY", "#DELAY", "#OPENS", "BY", "REASON"),
        pick=lambda fleet: [item for item in fleet.edges if not only_closed or item.is_closed or item.is_blockage],
        row=_row,
        empty="no edge is closed" if only_closed else "all edges are open and free",
    )


@edges.command("list")
def list_edges(
    *,
    closed: Annotated[bool, typer.Option("--closed", help="Only closed and blocked ones.")] = False,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    as_json: Json = False,
    watch: Watch = False,
) -> None:
    """List edges that are closed, blocked, held or slow."""
    listing(only_closed=closed).show(coordinator, timeout_s, as_json=as_json, watch=watch)


@edges.command("close")
def close_edge(
    *,
    edge_id: EdgeId,
    reason: Reason,
    duration: Annotated[str, typer.Option("--for", metavar="DURATION", help="Opens by itself after it.")] = "",
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Release no robot onto an edge, in both directions; a robot on it drives off first."""
    for_s = duration_s(duration, option="--for") if duration else None
    with connected(coordinator, timeout_s) as client:
        result = client.close_edge(edge_id, reason=reason, for_s=for_s, key=call_key(key))
        report(result, as_json=as_json)


@edges.command("open")
def open_edge(
    *,
    edge_id: EdgeId,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Drop a closure, or a blockage that a robot reported."""
    with connected(coordinator, timeout_s) as client:
        report(client.open_edge(edge_id, key=call_key(key)), as_json=as_json)
