"""Goals are met or missed by the median, and a miss is printed as one."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import section
from benchmarks.report import Figure, Sense, last_line, print_report


@pytest.mark.parametrize(
    ("values", "sense", "goal", "is_missed"),
    [
        ([290.0, 310.0, 900.0], Sense.MAX, 300.0, False),
        ([290.0, 291.0, 900.0], Sense.MAX, 300.0, True),
        ([4.5], Sense.MIN, 4.5, False),
        ([4.0, 4.6, 4.7], Sense.MIN, 4.5, True),
        ([1.0], Sense.MIN, None, False),
    ],
)
def test_the_median_decides_whether_a_goal_is_missed(values, sense, goal, is_missed):
    """One lucky round doesn't reach a goal, and one bad one doesn't miss it."""
    assert Figure("a", values, "x", sense, goal).is_missed is is_missed


def test_a_missed_goal_is_said_in_the_table_and_on_the_page(capsys):
    """Nobody has to compare numbers to see that a goal is missed."""
    print_report("ingest", [Figure("cost", [9.0, 7.0, 8.0], "x", Sense.MIN, 4.5, {"raw": 1.0})], seed=1)
    output = capsys.readouterr().out

    assert "8" in output
    assert "7..9" in output
    assert "MISSED" in output
    assert last_line(output)["figures"][0] == {
        "name": "cost",
        "value": 8.0,
        "goal": 4.5,
        "sense": "min",
        "unit": "x",
        "peer": {"raw": 1.0},
    }
    assert "**missed**" in section("ingest", output)


def test_a_benchmark_that_failed_is_said_to_have_failed():
    """A page without figures isn't taken for a good one."""
    assert "Failed." in section("ingest", None)


def test_output_without_a_last_json_line_is_refused():
    """Half an output isn't read as figures."""
    with pytest.raises(ValueError, match=r"must be a JSON object|Expecting value"):
        last_line("[1]")
