"""What the agent says of itself to the robot's own screens. Pure."""

from __future__ import annotations

from typing import NamedTuple

from agent.body import Fault

OK, WARN, ERROR = 0, 1, 2


class Status(NamedTuple):
    """
    The agent's state, as a DiagnosticStatus carries it.

    Attributes:
        level: OK, WARN or ERROR.
        summary: One line for people.
        values: Keys and values.
    """

    level: int
    summary: str
    values: tuple[tuple[str, str], ...]


def status_of(
    *, link: str, activity: str, place: str, task: str, localisation: str, latch: str, faults: tuple[Fault, ...]
) -> Status:
    """Sum up: a fault that keeps the robot from driving is an error, any other and a lost link a warning."""
    level = OK
    summary = f"{activity}, link {link}"
    if link != "open" or faults:
        level = WARN
    if any(fault.stops_driving for fault in faults):
        level = ERROR
    if faults:
        summary = f"{summary}: {'; '.join(f'{fault.code} ({fault.text})' for fault in faults)}"
    values = (
        ("link", link),
        ("activity", activity),
        ("place", place),
        ("task", task),
        ("localisation", localisation),
        ("latch", latch),
        ("faults", " ".join(fault.code for fault in faults)),
    )
    return Status(level, summary, values)
