"""`roundsman explain`: why this robot has a task, who else could, and which rule removed the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from coordinator.cli.connection import DEFAULT_TIMEOUT_S, connected
from coordinator.cli.options import DEFAULT_ADDRESS, Coordinator, Json, Timeout
from coordinator.cli.output import instant, print_json, print_table, span

if TYPE_CHECKING:
    from roundsman.v1.fleet_pb2 import TaskCandidate, TaskExplanation


def explain(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A point, or one of its tasks.")],
    *,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    as_json: Json = False,
) -> None:
    """Say why this robot has a task, who else could, what each would cost, and which rule removed the others."""
    from coordinator.client import as_data

    with connected(coordinator, timeout_s) as client:
        explanation = client.explain(task)
    if as_json:
        print_json(as_data(explanation))
        return
    print_table(("POINT", explanation.point_id), _rows(explanation), empty="")
    if explanation.candidates:
        typer.echo("")
        columns = ("ROBOT", "#PRICE", "#THERE IN", "#AGE THEN", "#DETOUR", "#STOPS BEFORE", "RULE")
        print_table(columns, [_candidate(row, explanation.decided_s) for row in explanation.candidates], empty="")


def _rows(explanation: TaskExplanation) -> list[tuple[str, str]]:
    holder = explanation.robot_id or "nobody"
    if explanation.is_released:
        holder += ", for good: it is its next stop or in its base"
    rows = [("robot", holder), ("for", explanation.mission_id or "the standing patrol"), ("why", explanation.why)]
    if explanation.plan_version:
        rows.append(("decided", f"{instant(explanation.decided_s)}, plan {explanation.plan_version}"))
    return rows


def _candidate(row: TaskCandidate, decided_s: float) -> tuple[str, ...]:
    if row.rule:
        return (row.robot_id, "-", "-", "-", "-", "-", row.rule)
    return (
        row.robot_id,
        f"{row.price:.4g}",
        span(row.arrive_s - decided_s),
        f"{row.age_ratio:.2f}",
        span(row.detour_s),
        str(row.place),
        "",
    )
