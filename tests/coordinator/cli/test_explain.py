"""Asking why a robot has a task."""

import json

from tests.coordinator.cli.conftest import NOT_FOUND


def test_it_says_who_has_a_task_who_else_could_and_what_removed_the_others(operator):
    """The robot chosen first with its price, then who else could, then the rule that removed the rest."""
    text = operator.type("explain", "P-1.pressure").stdout
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("ROBOT"))

    assert operator.desk.requests[-1].task_id == "P-1.pressure"
    assert "rover-1, for good" in text
    assert "age 1.02 at visit; next best robot rover-2 +30 s of way" in text
    assert "plan 17" in text
    assert lines[first + 1].split() == ["rover-1", "1.5", "60", "s", "1.02", "12", "s", "0"]
    assert lines[first + 2].split() == ["rover-2", "6.25", "2", "min", "1.12", "42", "s", "2"]
    assert lines[first + 3].split() == ["rover-3", "-", "-", "-", "-", "-", "sensors:", "it", "lacks", "gas"]


def test_scripts_get_the_explanation_as_json(operator):
    """By the names of the wire; numbers of a robot that was removed are left out."""
    told = json.loads(operator.type("explain", "P-1", "--json").stdout)

    assert (told["point_id"], told["robot_id"], told["plan_version"]) == ("P-1", "rover-1", 17)
    assert [candidate["robot_id"] for candidate in told["candidates"]] == ["rover-1", "rover-2", "rover-3"]
    assert told["candidates"][2]["rule"] == "sensors: it lacks gas"


def test_a_task_that_is_not_there_is_refused_in_one_line(operator):
    """Who mistypes a task is told so."""
    operator.desk.refuse(NOT_FOUND, "the plant has no point or task P-9")
    result = operator.type("explain", "P-9")

    assert result.exit_code == 4
    assert result.stderr == "refused: the plant has no point or task P-9\n"
