"""Every benchmark says in its last line what a machine can read; how fast this machine is, is no test."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from benchmarks.__main__ import NAMES, section
from benchmarks.report import ROOT, last_line

FIGURES = {
    "simspeed": {"rush_speedup", "faults_speedup"},
    "ingest": {"transport_over_raw", "coordinator_over_raw"},
    "journal": {"durable_events", "ack_p50", "ack_p99"},
    "arrivals": {"quiet_all_before_p50", "quiet_all_before_p90", "rush_all_before_p90"},
    # Its graphs aren't part of the source tree; without them it says so and has no figures.
    "patrol": set(),
    "traffic": {"refinery_40_tasks", "refinery_40_over_best_peer", "refinery_40_stuck", "refinery_40_cycle_p99"},
    # Its instances are no part of the project: without them it says that it skips.
    "mapf": set(),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_quick_run_ends_with_its_figures_as_json(name):
    """Whoever collects figures finds name, value, goal, sense, unit and peers of each in the last line."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--quick", "--seed", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240.0, check=False)

    assert done.returncode == 0, done.stderr
    told = last_line(done.stdout)
    assert (told["benchmark"], told["seed"]) == (name, 3)
    assert set(told) == {"benchmark", "figures", "seed", "cores", "commit"}
    assert {figure["name"] for figure in told["figures"]} >= FIGURES[name]
    for figure in told["figures"]:
        assert set(figure) == {"name", "value", "goal", "sense", "unit", "peer"}
        assert math.isfinite(figure["value"])
        assert figure["sense"] in ("max", "min")
        assert all(math.isfinite(value) for value in figure["peer"].values())
    assert f"`python -m benchmarks.{name}`" in section(name, done.stdout)
