"""
Run all benchmarks, one after the other, and write benchmarks/RESULTS.md: `python -m benchmarks [--quick]`.

The exit status is 0 also when goals are missed, for figures depend on the machine; it is 1 if a benchmark fails.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.options import Options, parse_options
from benchmarks.report import ROOT, Sense, commit, last_line, number

NAMES = ("simspeed", "ingest", "journal", "arrivals", "traffic", "patrol", "mapf")
RESULTS = Path(__file__).resolve().parent / "RESULTS.md"


def main() -> int:
    """Run all, write the page."""
    options = parse_options("benchmarks", __doc__)
    begun_at = datetime.now(UTC)
    measured_commit = commit()
    sections: list[str] = []
    failed: list[str] = []
    for name in NAMES:
        print(f"== {name}", flush=True)
        output = run_benchmark(name, options)
        if output is None:
            failed.append(name)
        sections.append(section(name, output))
    mode = "quick" if options.is_quick else "full"
    RESULTS.write_text("\n".join([*_head(mode, options.seed, begun_at, measured_commit), *sections]), encoding="utf-8")
    print(f"written: {RESULTS.relative_to(ROOT)}" + (f"; FAILED: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def run_benchmark(name: str, options: Options) -> str | None:
    """Run one in a process of its own and show what it prints; None if it failed."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--seed", str(options.seed)]
    if options.is_quick:
        command.append("--quick")
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, flush=True)
    return done.stdout if done.returncode == 0 else None


def section(name: str, output: str | None) -> str:
    """A benchmark's part of the page."""
    title = f"## {name}\n\n`python -m benchmarks.{name}`\n"
    if output is None:
        return f"{title}\nFailed.\n"
    told = last_line(output)
    rows = ["| figure | value | goal | | peers in the same run |", "| --- | --- | --- | --- | --- |"]
    rows += [_row(figure) for figure in told["figures"]]
    table = "\n".join(output.strip().splitlines()[:-1])
    return f"{title}\n" + "\n".join(rows) + f"\n\n```text\n{table}\n```\n"


def _row(figure: dict[str, Any]) -> str:
    is_max, goal, unit = figure["sense"] == Sense.MAX, figure["goal"], figure["unit"]
    peers = ", ".join(f"{name} {number(value)}" for name, value in figure["peer"].items())
    value = f"{number(figure['value'])} {unit}"
    if goal is None:
        return f"| {figure['name']} | {value} | | | {peers} |"
    is_met = figure["value"] >= goal if is_max else figure["value"] <= goal
    bound = f"{'≥' if is_max else '≤'} {number(goal)} {unit}"
    return f"| {figure['name']} | {value} | {bound} | {'met' if is_met else '**missed**'} | {peers} |"


def _head(mode: str, seed: int, begun_at: datetime, measured_commit: str) -> list[str]:
    where = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return [
        "# Benchmark results\n",
        "Written by `python -m benchmarks` (`make bench`); don't edit. Each figure is the median of its rounds,",
        "measured in turns with its peers in one run; ratios travel better than absolute numbers. Missed goals stay.\n",
        f"{begun_at:%Y-%m-%d}, commit {measured_commit}, {mode} mode, seed {seed}, {where}.\n",
    ]


if __name__ == "__main__":
    sys.exit(main())
