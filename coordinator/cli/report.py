"""`roundsman journal report`: a shift for the log book, from the journal alone."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from coordinator.cli.exits import CheckFailedError, NotDoneError, UsageError
from coordinator.cli.options import Json, Plant, duration_s
from coordinator.cli.output import instant, percent, print_json, show, table
from coordinator.cli.plant_file import load_plant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from coordinator.plant.map import PlantMap
    from coordinator.runtime.shift import ShiftReport

LATE_COUNT = 12
_STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #18242e; }
table { border-collapse: collapse; width: 100%; margin-bottom: 1.5rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d3dbe1; vertical-align: top; }
th { color: #566673; font-size: .85em; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.bad { color: #b3261e; font-weight: 600; } .sums { display: flex; flex-wrap: wrap; gap: 1rem 2rem; padding: 0; }
.sums li { list-style: none; } .sums b { display: block; font-size: 1.6em; } h2 { font-size: 1.1em; margin-top: 2rem; }
"""
Cells = tuple[str, ...]


def report(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A coordinator's data folder, or its journal file.")],
    *,
    plant: Plant = "",
    last: Annotated[str, typer.Option("--last", metavar="DURATION", help="Length of the shift.")] = "8h",
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="Its end, such as 2026-03-02T14:00Z; else now.")
    ] = "",
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Also as a page to print.")] = None,
    points_csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Also the points, for a spreadsheet.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Report a shift: rounds done and missed, results, alarms, missions, distance, and who did what."""
    from coordinator.cli.journal import journal_path, read_entries
    from coordinator.runtime.recovery import UnknownRecordError
    from coordinator.runtime.shift import shift_report
    from coordinator.store.errors import StoreError

    if not plant:
        raise UsageError("journal report needs --plant: lengths and periods stand in the map")
    drawn, end_s = load_plant(plant), _end_s(until)
    path = journal_path(data)
    try:
        made = shift_report(read_entries(path), drawn, from_s=end_s - duration_s(last, option="--last"), to_s=end_s)
    except (StoreError, UnknownRecordError) as error:
        raise CheckFailedError(f"journal {path}: {error}") from error
    if html is not None:
        _write(html, page(made, drawn))
    if points_csv is not None:
        _write(points_csv, points_table(made))
    if as_json:
        print_json({**report_data(made), "totals": made.totals})
    else:
        show(_screen(made))


def report_data(made: ShiftReport) -> dict[str, Any]:
    """What scripts read of a shift."""
    import msgspec

    data: dict[str, Any] = msgspec.to_builtins(made)
    return data


def _end_s(text: str) -> float:
    if not text:
        return datetime.now(UTC).timestamp()
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--until {text!r} must be a time such as 2026-03-02T14:00Z") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise NotDoneError(f"{path} can't be written: {error.strerror}") from error
    typer.echo(str(path), err=True)


def sums(made: ShiftReport) -> tuple[Cells, ...]:
    """The figures of the head, with their names."""
    totals = made.totals
    late = totals["late_count"] / totals["visits_count"] if totals["visits_count"] else 0.0
    return (
        ("visits", f"{totals['visits_count']:.0f}"),
        ("late", percent(late)),
        ("points visited", f"{totals['visited_points_count']:.0f} of {totals['points_count']:.0f}"),
        ("overdue at the end", f"{totals['overdue_points_count']:.0f}"),
        ("results", f"{totals['observations_count']:.0f}"),
        ("results missing", f"{totals['missing_count']:.0f}"),
        ("driven", f"{totals['distance_m'] / 1000:.2f} km"),
        ("alarms", f"{totals['alarms_count']:.0f}"),
    )


def _worst(made: ShiftReport) -> list[Cells]:
    """Points that weren't well served: overdue, then late, then old."""
    ordered = sorted(made.points, key=lambda point: (-point.is_overdue, -point.late_count, -point.max_age_ratio))
    wanted = [point for point in ordered if point.is_overdue or point.late_count]
    return [
        (
            point.point_id,
            point.tag,
            str(point.visits_count),
            str(point.late_count),
            percent(point.max_age_ratio),
            "overdue" if point.is_overdue else "-",
        )
        for point in wanted
    ]


def _parts(made: ShiftReport, at: Any) -> tuple[tuple[str, Cells, list[Cells]], ...]:
    """Title, columns (`#` before those of numbers) and rows of each table; `at` shows an instant."""
    return (
        ("Points late or overdue", ("POINT", "TAG", "#VISITS", "#LATE", "#OLDEST", "AT THE END"), _worst(made)),
        (
            "Robots",
            ("ROBOT", "#VISITS", "#RESULTS", "#MISSING", "#DRIVEN"),
            [
                (
                    robot.robot_id,
                    str(robot.visits_count),
                    str(robot.observations_count),
                    str(robot.missing_count),
                    f"{robot.distance_m / 1000:.2f} km",
                )
                for robot in made.robots
            ],
        ),
        (
            "Alarms",
            ("RAISED", "SEVERITY", "SUBJECT", "TEXT", "SEEN BY", "CLEARED"),
            [
                (
                    at(alarm.raised_s),
                    alarm.severity.value,
                    alarm.subject,
                    alarm.text,
                    alarm.acknowledged_by or ("-" if not alarm.is_acknowledged else "?"),
                    "-" if alarm.cleared_s is None else at(alarm.cleared_s),
                )
                for alarm in made.alarms
            ],
        ),
        (
            "Missions",
            ("MISSION", "NAME", "STATE", "#DONE", "REASON"),
            [
                (
                    mission.mission_id,
                    mission.name or "-",
                    mission.state.value,
                    f"{sum(point.state.value == 'done' for point in mission.points)}/{len(mission.points)}",
                    mission.reason or "-",
                )
                for mission in made.missions
            ],
        ),
        (
            "Who did what",
            ("AT", "WHO", "WHAT", "OUTCOME"),
            [(at(act.at_s), act.principal or "-", act.command, act.outcome) for act in made.acts],
        ),
    )


def _screen(made: ShiftReport) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [
        Text.from_markup(f"[bold]Shift of plant {made.plant_id}[/] · {instant(made.from_s)} to {instant(made.to_s)}"),
        Text(", ".join(f"{name} {value}" for name, value in sums(made))),
    ]
    for title, columns, rows in _parts(made, instant):
        parts += [
            Text(f"\n{title}", style="bold"),
            table(columns, rows[:LATE_COUNT]) if rows else Text("none", style="dim"),
        ]
        if len(rows) > LATE_COUNT:
            parts.append(Text(f"and {len(rows) - LATE_COUNT} more: see --html or --json", style="dim"))
    return Group(*parts)


def page(made: ShiftReport, plant: PlantMap) -> str:
    """One HTML file that needs no other, in the plant's time."""
    zone = ZoneInfo(plant.timezone)

    def at(instant_s: float) -> str:
        return datetime.fromtimestamp(instant_s, zone).strftime("%Y-%m-%d %H:%M:%S")

    heads = "".join(f"<li><b>{escape(value)}</b>{escape(name)}</li>" for name, value in sums(made))
    tables = "".join(f"<h2>{escape(title)}</h2>{_table(columns, rows)}" for title, columns, rows in _parts(made, at))
    title = f"Shift of plant {escape(made.plant_id)}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1><p>{at(made.from_s)} to {at(made.to_s)}, {escape(plant.timezone)}</p>"
        f'<ul class="sums">{heads}</ul>{tables}</html>\n'
    )


def _table(columns: Cells, rows: Sequence[Cells]) -> str:
    if not rows:
        return "<p>none</p>"
    kinds = [' class="n"' if column.startswith("#") else "" for column in columns]
    head = "".join(
        f"<th{kind}>{escape(column.removeprefix('#'))}</th>" for kind, column in zip(kinds, columns, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{escape(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def points_table(made: ShiftReport) -> str:
    """All points as CSV; a text that a spreadsheet would take for a formula is quoted as text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("point_id", "tag", "visits", "late", "max_age_ratio", "last_visit", "overdue_at_end"))
    for point in made.points:
        tag = f"'{point.tag}" if point.tag[:1] in ("=", "+", "-", "@") else point.tag
        last = "" if point.last_visit_s is None else instant(point.last_visit_s)
        writer.writerow(
            (
                point.point_id,
                tag,
                point.visits_count,
                point.late_count,
                f"{point.max_age_ratio:.3f}",
                last,
                int(point.is_overdue),
            )
        )
    return out.getvalue()
