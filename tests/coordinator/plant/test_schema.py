"""The published schema of map files."""

from __future__ import annotations

import json

from coordinator.plant.schema import map_json_schema


def test_the_schema_names_keys_as_they_stand_in_the_file():
    """An editor offers `from`, `to` and keys with units, and marks every other key."""
    schema = json.loads(json.dumps(map_json_schema()))

    edge = schema["$defs"]["EdgePart"]
    assert {"from", "to", "two_way", "speed_mps", "width_m"} <= set(edge["properties"])
    assert edge["required"] == ["from", "to"]
    assert {part["additionalProperties"] for part in schema["$defs"].values()} == {False}
    assert schema["additionalProperties"] is False
    assert "metres" in json.dumps(schema)
