"""Tables for people, JSON for scripts."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

# Nothing is folded where a program reads the output; tables are only as wide as they must be.
PIPE_WIDTH = 1_000_000
_STYLES = {
    "live": "green",
    "suspect": "yellow",
    "lost": "red",
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "failed": "red",
    "partly_done": "yellow",
    "succeeded": "green",
    "overdue": "red",
    "closed": "red",
}


def console(*, stderr: bool = False) -> Console:
    """Where tables go; output that isn't a terminal is never folded."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    wide = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=wide, highlight=False, soft_wrap=False)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None) -> Table:
    """Plain columns; a column whose name begins with `#` holds numbers and stands right."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, title=title, title_justify="left", header_style="bold")
    for name in columns:
        made.add_column(name.removeprefix("#"), justify="right" if name.startswith("#") else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    return made


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print rows, or say that there are none."""
    if rows:
        show(table(columns, rows))
    else:
        typer.echo(empty)


def show(what: RenderableType) -> None:
    """Print something; into a pipe without the blanks that fill up its lines."""
    shown = console()
    if shown.is_terminal:
        shown.print(what)
        return
    with shown.capture() as capture:
        shown.print(what)
    for line in capture.get().splitlines():
        typer.echo(line.rstrip())


def print_json(data: Any, *, one_line: bool = False) -> None:
    """Print data as JSON; non-finite numbers become null, since JSON has none."""
    typer.echo(json.dumps(_finite(data), ensure_ascii=False, indent=None if one_line else 2))


def _finite(data: Any) -> Any:
    match data:
        case dict():
            return {key: _finite(value) for key, value in data.items()}
        case list() | tuple():
            return [_finite(value) for value in data]
        case float() if not math.isfinite(data):
            return None
    return data


def span(seconds: float) -> str:
    """A length of time in two digits or so: 42 s, 12 min, 3.4 h, 2.1 d."""
    for limit_s, unit_s, name in ((100, 1, "s"), (6000, 60, "min"), (172800, 3600, "h")):
        if abs(seconds) < limit_s:
            digits = 1 if unit_s == 3600 else 0
            return f"{seconds / unit_s:.{digits}f} {name}"
    return f"{seconds / 86400:.1f} d"


def ago(at_s: float | None, now_s: float) -> str:
    """How long ago something was."""
    return "-" if at_s is None else span(max(0.0, now_s - at_s))


def until(at_s: float | None, now_s: float) -> str:
    """How far ahead something is; `+` marks what is past."""
    if at_s is None:
        return "-"
    return f"in {span(at_s - now_s)}" if at_s >= now_s else f"+{span(now_s - at_s)}"


def instant(at_s: float) -> str:
    """An instant of the coordinator's timeline, UTC."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def percent(ratio: float) -> str:
    """A ratio as people read it."""
    return f"{ratio:.0%}"
