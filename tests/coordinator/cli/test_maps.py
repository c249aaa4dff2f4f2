"""Maps from the command line."""

import json

import pytest

from coordinator.plants import find_plant


def test_maps_that_come_along_are_listed(type_command):
    """The demo plant is there to begin with."""
    assert "demo" in type_command("map", "list").stdout
    assert "demo" in [item["name"] for item in json.loads(type_command("map", "list", "--json").stdout)]


def test_the_demo_map_is_good(type_command):
    """A good map passes, whatever is worth knowing about it."""
    result = type_command("map", "lint", "demo")

    assert result.exit_code == 0
    assert "good: demo" in result.stdout


def test_a_broken_map_is_refused_with_every_line(type_command, tmp_path):
    """All problems are listed with file and line, and the check fails."""
    broken = tmp_path / "broken.yaml"
    broken.write_text(find_plant("demo").read_text().replace("plant_id:", "plant_idd:", 1))

    result = type_command("map", "lint", str(broken))
    used = type_command("map", "show", str(broken))

    assert result.exit_code == 5
    assert f"{broken}:" in result.stdout
    assert "plant_idd" in result.stdout
    assert (used.exit_code, len(used.stderr.splitlines())) == (2, 1)


def test_a_plant_is_summed_up(type_command):
    """How many nodes, points, chargers and parking places a plant has."""
    data = json.loads(type_command("map", "show", "demo", "--json").stdout)

    assert data["plant_id"] == "demo"
    assert min(data["nodes_count"], data["points_count"], data["parking_count"]) > 0


@pytest.mark.parametrize("radio", [[], ["--radio"]])
def test_a_plant_is_drawn(type_command, tmp_path, radio):
    """A map becomes a picture, with the coverage if asked for."""
    out = tmp_path / "demo.svg"

    assert type_command("map", "show", "demo", "--out", str(out), *radio).exit_code == 0
    assert out.read_text().lstrip().startswith("<svg")


def test_the_schema_is_json(type_command):
    """Editors get a JSON Schema of map files."""
    schema = json.loads(type_command("map", "schema").stdout)

    assert "nodes" in schema["properties"]
