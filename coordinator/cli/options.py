"""Options that many commands share, each spelt and explained once."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from coordinator.cli.exits import UsageError

DEFAULT_ADDRESS = "127.0.0.1:7400"
DEFAULT_BULK_PORT = 7401
DEFAULT_HTTP_ADDRESS = "127.0.0.1:7402"
_UNITS_S = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d|)")

Coordinator = Annotated[
    str,
    typer.Option(
        "--coordinator",
        "-c",
        envvar="ROUNDSMAN_COORDINATOR",
        metavar="HOST:PORT",
        help="Where the coordinator listens.",
    ),
]
Timeout = Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="Deadline of each call.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts, not tables.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Go on as it changes; with --json one line each.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask; for scripts.")]
Key = Annotated[
    str,
    typer.Option(
        "--key",
        metavar="KEY",
        help="Idempotency key: the same call with the same key acts once. Else a new one.",
    ),
]
Reason = Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="Why; goes into the audit.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same run.")]
Http = Annotated[
    str,
    typer.Option("--http", metavar="HOST:PORT", help=f"Where to serve the control room, else {DEFAULT_HTTP_ADDRESS}."),
]
NoHttp = Annotated[bool, typer.Option("--no-http", help="No control room: no dashboard, REST or metrics.")]
Plant = Annotated[
    str, typer.Option("--plant", metavar="NAME|FILE", help="A map file, or a name from `roundsman map list`.")
]


def duration_s(text: str, *, option: str) -> float:
    """
    Seconds of a duration such as 90, 90s, 15m, 2h or 1d.

    Raises:
        UsageError: If it isn't one, or isn't above 0.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or float(match[1]) <= 0:
        raise UsageError(f"{option} {text!r} must be a duration above 0, such as 90s, 15m, 2h or 1d")
    return float(match[1]) * _UNITS_S[match[2]]
