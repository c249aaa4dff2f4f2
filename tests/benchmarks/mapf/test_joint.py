"""Joint plans of small places, by hand and by chance."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.mapf.joint.distances import EVERYWHERE, UNKNOWN, make_distances, reach, reach_all
from benchmarks.mapf.joint.planner import CROWDINGS, JointPlanner, NoJointPlanError
from benchmarks.mapf.joint.problem import JointProblemError, Problem, near_cells
from benchmarks.mapf.validator import faults, resting_cost


def place(*lines: Sequence[int]) -> list[tuple[int, ...]]:
    """The cells next to each cell, given lines of cells that can be driven both ways."""
    graph = nx.Graph()
    for line in lines:
        graph.add_edges_from(pairwise(line))
    return [tuple(graph[cell]) for cell in range(len(graph))]


# A corridor 0 to 6 with a bay, 7, beside its middle; and one where robots can turn round at both ends.
CORRIDOR = place([0, 1, 2, 3, 4, 5, 6], [3, 7])
LOOPS = place([0, 1, 2, 3, 4, 5, 6, 7, 5], [2, 8, 0], [3, 9])


def problem(neighbours: Sequence[tuple[int, ...]], trips: Sequence[tuple[int, int]]) -> Problem:
    """Robots by start and goal."""
    starts, goals = (np.array([trip[end] for trip in trips], dtype=np.int32) for end in (0, 1))
    return Problem(near_cells(neighbours), starts, goals)


def plans(neighbours: Sequence[tuple[int, ...]], trips: Sequence[tuple[int, int]], seed: int = 1) -> list[list[int]]:
    """The last plan, after every way to better it; none of them broke a rule, or made it worse."""
    planner = JointPlanner(problem(neighbours, trips), seed=seed)
    planner.find_first()
    steps = [*(lambda crowding=crowding: planner.guide(crowding) for crowding in CROWDINGS), planner.plan_in_turn]
    costs = []
    for better in (lambda: None, *steps, lambda: planner.improve(1_000)):
        better()
        paths = planner.paths.tolist()
        assert faults(neighbours, [start for start, _ in trips], [goal for _, goal in trips], paths) == []
        assert sum(map(resting_cost, paths)) == planner.cost
        costs.append(planner.cost)
    assert costs == sorted(costs, reverse=True)
    assert planner.bound <= costs[-1]
    return paths


def test_two_robots_pass_each_other_in_the_bay():
    """Two robots that meet in a one-lane corridor both arrive: one of them waits in the bay."""
    paths = plans(CORRIDOR, [(0, 6), (6, 0)])

    assert any(7 in path for path in paths)


def test_the_robot_in_a_dead_end_comes_out_first():
    """A robot that wants into a dead end lets the one inside out."""
    paths = plans(place([0, 1, 2, 3, 4], [1, 5]), [(2, 4), (4, 0)])

    assert paths[0][-1] == 4


def test_a_ring_turns_as_one():
    """Robots on every cell of a ring all move on in the same step, to the best plan there is."""
    paths = plans(place([0, 1, 2, 3, 0]), [(cell, (cell + 1) % 4) for cell in range(4)])

    assert all(resting_cost(path) == 1 for path in paths)


def test_robots_make_way_at_their_goals():
    """A robot that is where it should be leaves for another that has to get past, and comes back."""
    paths = plans(CORRIDOR, [(0, 6), (3, 3)])

    assert resting_cost(paths[0]) == 6
    assert 7 in paths[1]


def test_no_joint_plan_is_said():
    """Two robots that have to pass in a corridor without a bay: the search ends and says there is no plan."""
    planner = JointPlanner(problem(place([0, 1, 2, 3]), [(0, 3), (3, 0)]), seed=1)

    with pytest.raises(NoJointPlanError):
        planner.find_first()


def test_goals_out_of_reach_are_named():
    """A robot whose goal no way leads to is named."""
    planner = JointPlanner(problem(place([0, 1], [2, 3]), [(0, 1), (2, 0)]), seed=1)

    with pytest.raises(NoJointPlanError, match=r"agents \[1\]"):
        planner.find_first()


@pytest.mark.parametrize(
    ("trips", "message"),
    [
        ([(2, 0), (2, 1)], "agents 0 and 1 both have start 2: must differ"),
        ([(1, 5), (0, 3), (2, 5)], "agents 0 and 2 both have goal 5: must differ"),
        ([], r"0 agents: must be in \[1, 32000\]"),
        ([(0, 8)], r"goal cells 8 to 8: must be in \[0, 8\)"),
    ],
)
def test_what_is_no_problem_is_refused(trips, message):
    """Two robots in one cell, or a cell that doesn't exist, are refused by number."""
    with pytest.raises(JointProblemError, match=message):
        problem(CORRIDOR, trips)


def test_one_way_moves_are_refused():
    """Searches run from the goal, so who can go must be able to come back."""
    with pytest.raises(JointProblemError, match="cell 0 is next to 1, which isn't next to it"):
        near_cells([(1,), ()])


def sample() -> str:
    """Paths of a crowded place, as JSON."""
    return json.dumps(plans(LOOPS, [(0, 7), (7, 0), (4, 9), (8, 6), (9, 1)], seed=3))


def test_compiled_or_not_plans_are_the_same():
    """Without compilation the planner answers the same, cell by cell, and so it does in another process."""
    program = "from tests.benchmarks.mapf.test_joint import sample; print(sample())"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    assert told.stdout.strip() == sample()


@st.composite
def crowded(draw):
    """A connected place with some robots in it, on their way to anywhere."""
    count = draw(st.integers(2, 12))
    lines = [[cell, draw(st.integers(0, cell - 1))] for cell in range(1, count)]
    lines += draw(st.lists(st.permutations(range(count)).map(lambda cells: cells[:2]), max_size=8))
    agents = draw(st.integers(1, max(1, count // 2)))
    starts, goals = draw(st.permutations(range(count))), draw(st.permutations(range(count)))
    return place(*lines), list(zip(starts, goals, strict=True))[:agents]


@settings(max_examples=60, deadline=None)
@given(asked=crowded(), seed=st.integers(0, 9))
def test_plans_break_no_rule(asked, seed):
    """Whatever the place and the trips, no two robots ever conflict, or the planner says that it found no plan."""
    try:
        plans(*asked, seed=seed)
    except NoJointPlanError:
        return


@settings(max_examples=60, deadline=None)
@given(asked=crowded(), cells=st.lists(st.integers(0, 11), max_size=3))
def test_steps_to_go_are_those_of_the_shortest_way(asked, cells):
    """However often the search for steps to go stops and goes on, what is known is right, and what was asked is."""
    neighbours, trips = asked
    graph = nx.Graph((cell, other) for cell, others in enumerate(neighbours) for other in others)
    distances = make_distances(problem(neighbours, trips))
    expected = [nx.single_source_shortest_path_length(graph, goal) for _, goal in trips]
    for cell in [cell % len(neighbours) for cell in cells]:
        reach(distances, 0, cell)
        known = np.flatnonzero(distances.steps[0] != UNKNOWN)

        assert cell in known
        assert all(distances.steps[0, other] == expected[0][other] for other in known)
    reach_all(distances, np.full(len(trips), EVERYWHERE, dtype=np.int32))
    assert [dict(enumerate(row)) for row in distances.steps.tolist()] == expected
