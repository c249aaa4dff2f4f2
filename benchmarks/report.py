"""Figures beside their goals and peers: a table for people, one JSON line for machines."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HEADINGS = ("FIGURE", "MEDIAN", "MIN..MAX", "UNIT", "GOAL", "", "PEERS")


class Sense(StrEnum):
    """Which way is better."""

    MAX = "max"
    MIN = "min"


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One measured number.

    Attributes:
        values: One a round; the median counts.
        goal: At least (MAX) or at most (MIN) this; None for a figure that only explains others.
        peer: What others, or bounds, reach in the same run, in the same unit.
    """

    name: str
    values: Sequence[float]
    unit: str
    sense: Sense
    goal: float | None = None
    peer: Mapping[str, float] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def is_missed(self) -> bool:
        """Whether there is a goal and the median doesn't reach it."""
        if self.goal is None:
            return False
        return self.value < self.goal if self.sense is Sense.MAX else self.value > self.goal

    def as_json(self) -> dict[str, object]:
        """For machines."""
        return {
            "name": self.name,
            "value": _short(self.value),
            "goal": self.goal,
            "sense": self.sense.value,
            "unit": self.unit,
            "peer": {name: _short(value) for name, value in self.peer.items()},
        }


def print_report(benchmark: str, figures: Sequence[Figure], *, seed: int, notes: Sequence[str] = ()) -> None:
    """Print the table, what a reader must know, and the JSON line as the last one."""
    for line in _table([HEADINGS, *map(_row, figures)]):
        print(line)
    for note in notes:
        print(f"- {note}")
    print(
        json.dumps(
            {
                "benchmark": benchmark,
                "figures": [figure.as_json() for figure in figures],
                "seed": seed,
                "cores": os.cpu_count(),
                "commit": commit(),
            }
        ),
        flush=True,
    )


def last_line(output: str) -> dict[str, Any]:
    """
    The JSON of a benchmark's output.

    Raises:
        ValueError: If the last line isn't a JSON object.
    """
    lines = output.strip().splitlines()
    parsed = json.loads(lines[-1]) if lines else None
    if not isinstance(parsed, dict):
        raise ValueError(f"last line of the output is {lines[-1:]}: must be a JSON object")
    return parsed


def commit() -> str:
    """Of the tree that was measured; `-dirty` if it was changed since."""
    if shutil.which("git") is None:
        return "unknown"
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


def number(value: float) -> str:
    """Three digits that mean something."""
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.3g}"


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def _row(figure: Figure) -> tuple[str, ...]:
    goal = "" if figure.goal is None else f"{'>=' if figure.sense is Sense.MAX else '<='} {number(figure.goal)}"
    verdict = "" if figure.goal is None else "MISSED" if figure.is_missed else "met"
    spread = f"{number(min(figure.values))}..{number(max(figure.values))}" if len(figure.values) > 1 else ""
    peers = ", ".join(f"{name} {number(value)}" for name, value in figure.peer.items())
    return (figure.name, number(figure.value), spread, figure.unit, goal, verdict, peers)


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
