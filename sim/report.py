"""A run's result for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from sim.metrics import Result


def print_result(result: Result, console: Console) -> None:
    """Tables of what was done, what went wrong, and why robots waited."""
    console.print(_done(result))
    if result.wait_s_by_cause:
        console.print(_pairs("Waits", "cause", "minutes", _minutes(result)))
    if result.replans_by_reason:
        rows = [(k, str(v)) for k, v in result.replans_by_reason.items()]
        console.print(_pairs("Re-plans", "reason", "count", rows))
    if result.faults:
        rows = [(k, str(v)) for k, v in result.faults.items()]
        console.print(_pairs("Faults", "kind", "count", rows))
    for violation in result.violations[:10]:
        console.print(f"[red]{violation.rule}[/red] at {violation.time_s:.3f}: {violation.text}")
    if result.is_good:
        console.print("[green]No collision, no deadlock, nothing lost, all invariants hold.[/green]")


def _done(result: Result) -> Table:
    table = Table(title=f"{result.scenario}, seed {result.seed}, {result.robots} robots", show_header=False)
    seen = result.observations
    hours = result.simulated_s / 3600.0
    rows = (
        ("simulated", f"{hours:.2f} h in {result.wall_s:.1f} s, {result.speedup:.0f} x real time"),
        ("inspections", f"{result.inspections_done}, {result.late_ratio:.1%} late"),
        ("worst age", f"{result.max_age_ratio:.2f} periods, {result.mean_age_ratio:.2f} on average at the end"),
        (
            "observations",
            (
                f"{seen.captured} captured, {seen.stored} stored, {seen.lost} lost, "
                f"{seen.missing} missing, {seen.duplicates} duplicates"
            ),
        ),
        ("network", f"{result.messages} messages, {result.stream_breaks} broken streams"),
        ("journal", f"{result.journal_records} records, {result.coordinator_crashes} crashes"),
        ("collisions, deadlocks", f"{result.collisions}, {result.deadlocks}"),
        ("broken invariants", str(result.invariant_violations)),
        ("trace", result.trace_hash[:16]),
    )
    for name, value in rows:
        table.add_row(name, value)
    return table


def _minutes(result: Result) -> list[tuple[str, str]]:
    return [(cause, f"{wait_s / 60.0:.1f}") for cause, wait_s in result.wait_s_by_cause.items()]


def _pairs(title: str, first: str, second: str, rows: list[tuple[str, str]]) -> Table:
    table = Table(title=title)
    table.add_column(first)
    table.add_column(second, justify="right")
    for row in rows:
        table.add_row(*row)
    return table
