"""What `roundsman demo` shows: robots, rounds, latest observations and alarms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from coordinator.cli.alarms import listing as alarm_listing
from coordinator.cli.observations import COLUMNS, observation_row
from coordinator.cli.output import instant, table
from coordinator.cli.points import is_due
from coordinator.cli.robots import ROBOTS

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from roundsman.v1.fleet_pb2 import AlarmSummary, FleetState, StoredObservation

BAR_WIDTH = 30
SHOWN_COUNT = 6


def screen(fleet: FleetState, observations: Sequence[StoredObservation], hint: str) -> RenderableType:
    """One picture of the demo."""
    from rich.console import Group
    from rich.rule import Rule
    from rich.text import Text

    title = f"[bold]Roundsman[/] · plant {fleet.plant_id} · {instant(fleet.now_s)} · simulated robots"
    rows = [observation_row(item) for item in observations[:SHOWN_COUNT]]
    return Group(
        Text.from_markup(title),
        Rule("robots", style="dim"),
        ROBOTS.render(fleet),
        Rule("rounds", style="dim"),
        rounds(fleet),
        Rule("latest observations", style="dim"),
        table(COLUMNS, rows) if rows else Text("none yet", style="dim"),
        Rule("alarms", style="dim"),
        _alarms(fleet),
        Text(hint, style="dim"),
    )


def rounds(fleet: FleetState) -> Table:
    """How the rounds go: a bar of points visited, and how late the latest is."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    visited_count = sum(point.visit_count > 0 for point in fleet.points)
    due_count = sum(is_due(point, fleet.now_s) for point in fleet.points)
    overdue_count = sum(point.is_overdue for point in fleet.points)
    ratios = [(point.age_ratio, point.point_id) for point in fleet.points if point.HasField("age_ratio")]
    worst_ratio, worst_id = max(ratios, default=(0.0, "-"))
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_row(
        ProgressBar(total=max(1, len(fleet.points)), completed=visited_count, width=BAR_WIDTH),
        f"{visited_count} of {len(fleet.points)} points visited, {fleet.totals.visits_count} visits",
        f"{due_count} due",
        f"[red]{overdue_count} overdue[/]" if overdue_count else "none overdue",
        f"worst age ratio {worst_ratio:.2f} at {worst_id}",
    )
    return made


def _alarms(fleet: FleetState) -> RenderableType:
    alarms: list[AlarmSummary] = list(alarm_listing(with_shelved=False).pick(fleet))  # type: ignore[arg-type]
    if not alarms:
        return "[green]none[/]"
    shown = alarm_listing(with_shelved=False)
    made = table(shown.columns, [shown.row(item, fleet) for item in alarms[:SHOWN_COUNT]])
    if len(alarms) > SHOWN_COUNT:
        made.caption = f"and {len(alarms) - SHOWN_COUNT} more"
    return made
