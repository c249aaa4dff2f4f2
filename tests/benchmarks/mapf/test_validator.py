"""The validator of the benchmark of joint plans finds what is wrong, and nothing else."""

from __future__ import annotations

import pytest

from benchmarks.mapf.validator import faults, resting_cost

LINE = [(1,), (0, 2), (1, 3), (2,)]


@pytest.mark.parametrize(
    ("paths", "fault"),
    [
        ([[0, 1], [2, 1]], "agents 0 and 1 share cell 1 after step 1"),
        ([[0, 1], [1, 0]], "agents 0 and 1 swap in step 1"),
        ([[1, 0], [0, 1]], "agents 0 and 1 swap in step 1"),
        ([[0, 2]], "agent 0 jumps from 0 to 2 in step 1"),
        ([[0, 1], [3]], "agent 1 has 1 places: must be 2, as for agent 0"),
    ],
)
def test_broken_rules_are_found(paths, fault):
    """Each way of breaking a rule is named, with who, where and when."""
    starts, goals = [path[0] for path in paths], [path[-1] for path in paths]

    assert faults(LINE, starts, goals, paths) == [fault]


def test_a_plan_for_another_problem_is_found():
    """A path that begins or ends elsewhere, or is missing, is named."""
    assert faults(LINE, [0], [3], [[1, 2]]) == ["agent 0 begins in 1: must be 0", "agent 0 ends in 2: must be 3"]
    assert faults(LINE, [0, 1], [0, 1], [[0]]) == ["1 paths: must be 2"]


def test_following_is_allowed():
    """Robots that move on one behind the other break no rule."""
    assert faults(LINE, [0, 1], [2, 3], [[0, 1, 2], [1, 2, 3]]) == []


def test_cost_ends_when_the_last_stay_begins():
    """Who leaves its goal once more pays until it is back."""
    assert resting_cost([0, 1, 2, 1, 2, 2, 2]) == 4
    assert resting_cost([2, 2]) == 0
