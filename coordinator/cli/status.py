"""`roundsman fleet status`: the whole fleet on one screen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import typer

from coordinator.cli.alarms import SEVERITIES
from coordinator.cli.connection import DEFAULT_TIMEOUT_S
from coordinator.cli.listing import show_fleet
from coordinator.cli.options import DEFAULT_ADDRESS, Coordinator, Json, Timeout, Watch
from coordinator.cli.output import instant, span, until
from coordinator.cli.points import is_due

if TYPE_CHECKING:
    from rich.table import Table

    from roundsman.v1.fleet_pb2 import FleetState, StopEta

ARRIVALS_COUNT = 3
fleet = typer.Typer(help="The fleet as a whole.", no_args_is_help=True)


def status_data(state: FleetState) -> dict[str, Any]:
    """What scripts read of the whole fleet."""
    from coordinator.client import as_data

    robots = [as_data(robot) for robot in state.robots]
    rated = [point for point in state.points if point.HasField("age_ratio")]
    worst = max(rated, key=lambda point: (point.age_ratio, point.point_id), default=None)
    return {
        "plant_id": state.plant_id,
        "now_s": state.now_s,
        "epoch": state.epoch,
        "is_degraded": state.is_degraded,
        "robots": {
            "count": len(robots),
            "by_link": _counted(robot["link"] for robot in robots),
            "by_activity": _counted(robot["activity"] for robot in robots),
            "stopped_count": sum(robot.is_stopped for robot in state.robots),
            "waiting_by_cause": _counted(robot.wait.cause for robot in state.robots if robot.HasField("wait")),
        },
        "points": {
            "count": len(state.points),
            "visited_count": sum(point.visit_count > 0 for point in state.points),
            "due_count": sum(is_due(point, state.now_s) for point in state.points),
            "overdue_count": sum(point.is_overdue for point in state.points),
            "worst_age_ratio": worst.age_ratio if worst else None,
            "worst_point_id": worst.point_id if worst else None,
        },
        "next_arrivals": [
            {
                "robot_id": robot_id,
                "point_id": stop.point_id,
                "node_id": stop.node_id,
                "p50_s": stop.p50_s,
                "p90_s": stop.p90_s,
            }
            for robot_id, stop in _next_arrivals(state)
        ],
        "missions_by_state": _counted(mission.state for mission in state.missions),
        "active_alarms_by_severity": _counted(alarm.severity for alarm in state.alarms if alarm.is_active),
        "closed_edges_count": sum(edge.is_closed or edge.is_blockage for edge in state.edges),
        "totals": as_data(state.totals),
    }


def _next_arrivals(state: FleetState) -> list[tuple[str, StopEta]]:
    """The next stop of each robot that has one and will get there, soonest first."""
    firsts = [(robot.robot_id, robot.stops[0]) for robot in state.robots if robot.stops]
    known = [(robot_id, stop) for robot_id, stop in firsts if stop.HasField("p50_s")]
    return sorted(known, key=lambda first: (first[1].p50_s, first[0]))


def _counted(words: Any) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def _listed(counts: dict[str, int], order: tuple[str, ...] = ()) -> str:
    names = [*(name for name in order if name in counts), *(name for name in counts if name not in order)]
    return ", ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in names) or "none"


def _arrivals_text(arrivals: list[dict[str, Any]], now_s: float) -> str:
    texts = [
        f"{arrival['robot_id']} at {arrival['point_id'] or arrival['node_id']} {until(arrival['p50_s'], now_s)}"
        f" (9 of 10 times {until(arrival['p90_s'], now_s)})"
        for arrival in arrivals[:ARRIVALS_COUNT]
    ]
    more = f", +{len(arrivals) - ARRIVALS_COUNT}" if len(arrivals) > ARRIVALS_COUNT else ""
    return (", ".join(texts) + more) or "none foretold"


def status_table(state: FleetState) -> Table:
    """What people read of the whole fleet."""
    from rich.table import Table

    data = status_data(state)
    robots, points, totals = data["robots"], data["points"], data["totals"]
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="bold")
    made.add_column()
    made.add_row("plant", f"{state.plant_id}, {instant(state.now_s)}, epoch {state.epoch}")
    if state.is_degraded:
        made.add_row("journal", "CAN'T BE WRITTEN: nothing is released until it can")
    made.add_row("robots", f"{robots['count']}: {_listed(robots['by_link'])}; {_listed(robots['by_activity'])}")
    made.add_row("waiting", _listed(robots["waiting_by_cause"]))
    made.add_row("stopped", str(robots["stopped_count"]))
    made.add_row(
        "points",
        f"{points['count']}: {points['visited_count']} visited, {points['due_count']} due,"
        f" {points['overdue_count']} overdue",
    )
    if points["worst_point_id"] is not None:
        made.add_row("oldest", f"{points['worst_point_id']}, age ratio {points['worst_age_ratio']:.2f}")
    made.add_row("arrivals", _arrivals_text(data["next_arrivals"], state.now_s))
    made.add_row("missions", _listed(data["missions_by_state"]))
    made.add_row("alarms", _listed(data["active_alarms_by_severity"], SEVERITIES))
    made.add_row("edges", f"{data['closed_edges_count']} closed")
    made.add_row(
        "visits",
        f"{totals['visits_count']}, {totals['late_visits_count']} late, largest age ratio"
        f" {totals['max_age_ratio']:.2f}",
    )
    made.add_row(
        "observations",
        f"{totals['observations_stored_count']} stored, {totals['observations_missing_count']} missing,"
        f" {totals['observations_duplicate_count']} sent twice",
    )
    waits = ", ".join(f"{cause} {span(wait_s)}" for cause, wait_s in totals["wait_s_by_cause"].items())
    made.add_row("waited for", waits or "nothing")
    made.add_row("re-planned", _listed(totals["replans_by_reason"]))
    return made


@fleet.command("status")
def status(
    *,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    as_json: Json = False,
    watch: Watch = False,
) -> None:
    """Robots, points, missions, alarms and counters in one summary."""
    show_fleet(coordinator, timeout_s, as_json=as_json, watch=watch, data=status_data, view=status_table)


@fleet.callback()
def _fleet() -> None:
    """The fleet as a whole."""
