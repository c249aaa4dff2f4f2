"""Whole shifts, shortened: everything is checked at each step."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sim.run import run
from sim.scenario import BadScenarioError, UnknownScenarioError, known_scenarios, load_scenario

SCRIPT = "from sim.run import run; print(run('quiet', seed=3, hours=0.05).trace_hash)"


@pytest.mark.parametrize(("name", "hours"), [("quiet", 0.3), ("rush", 0.08), ("faults", 0.1), ("bad-radio", 0.08)])
def test_a_short_shift_goes_well(name, hours):
    """Nobody collides, nobody waits for ever, nothing is lost, whatever breaks."""
    result = run(name, seed=1, hours=hours)

    assert result.violations == ()
    assert result.collisions == 0
    assert result.deadlocks == 0
    assert result.observations.lost == 0
    assert result.observations.captured > 0


def test_a_quiet_shift_inspects():
    """On a calm day robots visit points, and nearly all of them in time."""
    result = run("quiet", seed=7, hours=0.3)

    assert result.inspections_done > 25
    assert result.late_ratio < 0.2


def test_the_same_seed_gives_the_same_shift_to_the_last_byte():
    """A run can be repeated exactly, in any process."""
    hashes = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }

    assert hashes == {run("quiet", seed=3, hours=0.05).trace_hash + "\n"}


def test_another_seed_gives_another_shift():
    """Chance comes from the seed."""
    assert run("quiet", seed=4, hours=0.02).trace_hash != run("quiet", seed=5, hours=0.02).trace_hash


@pytest.mark.parametrize("name", known_scenarios())
def test_scenarios_can_be_read(name):
    """Every scenario that comes along is well formed."""
    assert load_scenario(name).name == name


def test_a_scenario_with_an_unknown_key_is_refused(tmp_path):
    """A typing error in a scenario is named, not ignored."""
    path = tmp_path / "odd.yaml"
    path.write_text("plant: demo\nrobots: {count: 2, colour: red}\n")

    with pytest.raises(BadScenarioError, match="colour"):
        load_scenario(str(path))


def test_an_unknown_scenario_is_answered_with_the_known_ones():
    """Who mistypes a name is told the names there are."""
    with pytest.raises(UnknownScenarioError, match="quiet"):
        load_scenario("quite")
