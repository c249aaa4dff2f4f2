"""The benchmark's validator finds what is wrong, and nothing else."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.mapf.validator import World, faults

LINE = World(
    {0: [1], 1: [0, 2], 2: [1, 3], 3: [2]}, {0: [0], 1: [1], 2: [2], 3: [3]}, [[True] * 4, [True] * 3 + [False]], False
)
STRICT = dataclasses.replace(LINE, is_following_strict=True)
CROSSING = dataclasses.replace(LINE, resources={0: [0], 1: [1], 2: [2], 3: [3, 0]})


@pytest.mark.parametrize(
    ("world", "paths", "fault"),
    [
        (LINE, [[0, 1], [2, 1]], "share resource 1 in step 1"),
        (LINE, [[0, 1], [1, 0]], "swap in step 1"),
        (LINE, [[0, 2]], "jumps from 0 to 2"),
        (LINE, [[1, 1]], "begins in 1"),
        (STRICT, [[0, 1], [1, 2]], "share resource 1 in step 0"),
        (CROSSING, [[0, 0], [2, 3]], "share resource 0 in step 1"),
    ],
)
def test_broken_rules_are_found(world, paths, fault):
    """Each way of breaking a rule is named."""
    starts = [0, paths[-1][0]][: len(paths)]

    assert any(fault in found for found in faults(world, starts, [0, 0], [0, 0], paths))


def test_closed_cells_and_early_starts_are_found():
    """A robot may not enter what is closed to its type, nor leave before it is ready."""
    found = faults(LINE, [2], [1], [1], [[2, 3, 3]])

    assert len(found) == 2


def test_following_is_allowed_where_the_rule_allows_it():
    """Robots that move on one behind the other break no rule of the benchmark."""
    assert faults(LINE, [0, 1], [0, 0], [0, 0], [[0, 1, 2], [1, 2, 3]]) == []
