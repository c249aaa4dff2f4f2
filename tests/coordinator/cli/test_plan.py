"""`roundsman plan`: the answer an operator, or whoever buys robots, is after."""

from __future__ import annotations

import json

import pytest

from tests.coordinator.plant.small_plant import SMALL, changed

BUSY = changed(("  FAN-1:\n    node: fan\n", "  FAN-1:\n    node: fan\n    revisit: {period_s: 30}\n"))


@pytest.fixture
def plant(tmp_path):
    """A file with a map, whose name is returned."""

    def write(text: str) -> str:
        path = tmp_path / "plant.yaml"
        path.write_text(text)
        return str(path)

    return write


def test_a_plant_that_can_be_kept_on_time_is_said_to(type_command, plant):
    """One robot is enough for one point every ten minutes."""
    result = type_command("plan", plant(SMALL), "--robots", "1")

    assert result.exit_code == 0
    assert "all revisit periods can be kept" in result.stdout
    assert "1 robots (scout 1)" in result.stdout


def test_an_overloaded_plant_is_told_so_with_the_number(type_command, plant):
    """One robot can't be on the roof every 30 s and see to the pump as well; two can."""
    told = json.loads(type_command("plan", plant(BUSY), "--robots", "1", "--json").stdout)

    assert told["is_overloaded"]
    assert told["binding_point_id"] == "FAN-1"
    assert told["late_points"][0] == {"point_id": "FAN-1", "age_ratio": told["expected_worst_age_ratio"]}
    assert 0.0 < told["lower_bound"]["age_ratio"] <= told["expected_worst_age_ratio"]
    assert told["enough"]["robots_count"] >= told["proven_robots_count"]
    assert told["enough"]["robots_count"] > 1
    assert told["enough"]["expected_worst_age_ratio"] <= 1.0
    assert "overloaded" in type_command("plan", plant(BUSY), "--robots", "1").stdout


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        (SMALL, ("--types", "mole=1"), ("mole", "scout")),
        (SMALL, ("--types", "scout=0"), ("scout=0", "1 to 1000")),
        (SMALL, ("--types", "scout=1,scout=2"), ("scout=2", "once")),
        (changed(("sensor: camera, duration_s: 20", "sensor: nose, duration_s: 20")), (), ("P-101", "nose")),
        (changed(("period_s: 600", "period_s: 19")), (), ("P-101", "19 s")),
    ],
)
def test_what_no_fleet_can_mend_is_refused_by_name(type_command, plant, text, more, words):
    """One line names the thing, the value and the rule."""
    result = type_command("plan", plant(text), "--robots", "2", *more)

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    for word in words:
        assert word in result.stderr


def test_a_fleet_without_the_sensor_is_refused_by_the_points_name(type_command, plant):
    """The plant has a type with the sensor, but this fleet has none of it."""
    two_types = SMALL.replace(
        "nodes:\n",
        SMALL[SMALL.index("  scout:") : SMALL.index("nodes:")].replace("scout", "mole").replace("[camera]", "[gas]")
        + "nodes:\n",
        1,
    )
    result = type_command("plan", plant(two_types), "--robots", "1", "--types", "mole=1")

    assert result.exit_code == 2
    assert "P-101" in result.stderr
    assert "mole 1" in result.stderr


def test_an_unknown_plant_is_refused_with_those_there_are(type_command):
    """The names to choose from are in the line."""
    result = type_command("plan", "atlantis", "--robots", "2")

    assert result.exit_code == 2
    assert "demo" in result.stderr
