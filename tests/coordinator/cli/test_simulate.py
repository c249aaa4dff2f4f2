"""Scenarios from the command line."""

import json

import pytest


def test_scenarios_that_come_along_are_listed(type_command):
    """Each scenario has a plant, a number of robots and a title."""
    assert "quiet" in type_command("sim", "list").stdout
    assert all(item["title"] for item in json.loads(type_command("sim", "list", "--json").stdout))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sim", "run", "nowhere"], "neither a file nor a known scenario"),
        (["sim", "run", "quiet", "--plant", "nowhere"], "neither a file nor a known plant"),
        (["sim", "run", "quiet", "--hours", "0"], "--hours"),
        (["sim", "fleet", "--robots", "9"], "has parking for"),
        (["demo", "--robots", "9"], "has parking for"),
    ],
)
def test_what_can_not_be_simulated_is_said_in_one_line(type_command, arguments, says):
    """A wrong scenario, plant or number of robots ends before anything starts."""
    result = type_command(*arguments)

    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_broken_scenario_is_refused_in_one_line(type_command, tmp_path):
    """An unknown key of a scenario is named."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("plant: demo\nrobots: {count: 1}\nrobotz: 3\n")

    result = type_command("sim", "run", str(broken))

    assert result.exit_code == 2
    assert "robotz" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_short_run_is_reported(type_command):
    """A few simulated minutes give a summary for people and the same for scripts, run after run."""
    arguments = ("sim", "run", "quiet", "--seed", "3", "--robots", "2", "--hours", "0.02")
    first = json.loads(type_command(*arguments, "--json").stdout)
    second = json.loads(type_command(*arguments, "--json").stdout)

    assert (first["robots"], first["seed"]) == (2, 3)
    assert first["trace_hash"] == second["trace_hash"]
    assert "2, seed 3" in type_command(*arguments).stdout
