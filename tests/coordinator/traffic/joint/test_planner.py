"""Joint plans of small places, by hand and by chance."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordinator.traffic.joint.planner import CROWDINGS, JointPlanner, NoJointPlanError
from coordinator.traffic.joint.problem import JointProblemError
from tests.coordinator.traffic.joint import plain_sample
from tests.coordinator.traffic.joint.worlds import Place, Robot, agents, planned, two_way, wrong

# A corridor 0 to 6 with a bay, 7, beside its middle.
CORRIDOR = two_way([0, 1, 2, 3, 4, 5, 6], [3, 7])


def stays(path, cell):
    """Longest uninterrupted stay in a cell, in steps."""
    longest = current = 0
    for here, there in pairwise(path):
        current = current + 1 if here == there == cell else 0
        longest = max(longest, current)
    return longest


@pytest.mark.parametrize("is_strict", [True, False])
def test_two_robots_pass_each_other_in_the_bay(is_strict):
    """Two robots that meet in a one-lane corridor both arrive: one of them waits in the bay."""
    plan = planned(Place(CORRIDOR, is_strict), [Robot(0, [(6, 0)]), Robot(6, [(0, 0)])], horizon=30)

    assert plan.done_goals.tolist() == [1, 1]
    assert 7 in plan.paths


def test_the_robot_in_a_dead_end_comes_out_first():
    """A robot that wants into a dead end lets the one inside out, though it goes first by priority."""
    place = Place(two_way([0, 1, 2, 3, 4], [1, 5]), is_strict=True)
    plan = planned(place, [Robot(2, [(4, 0)], priority=5.0), Robot(4, [(0, 0)])], horizon=30)

    assert plan.done_goals.tolist() == [1, 1]


def test_robots_end_on_their_goals_together():
    """Without a window everybody stands on the goal at the end, and the cost is what the paths take."""
    plan = planned(Place(CORRIDOR, is_strict=False), [Robot(0, [(6, 0)]), Robot(6, [(0, 0)])], horizon=None)

    assert plan.paths[:, -1].tolist() == [6, 0]
    assert plan.cost == plan.finish.sum()


def test_no_joint_plan_is_said():
    """Two robots that have to pass in a corridor without a bay: the search ends and says there is no plan."""
    place = Place(two_way([0, 1, 2, 3]), is_strict=False)
    planner = JointPlanner(place.cells(), agents([Robot(0, [(3, 0)]), Robot(3, [(0, 0)])]), horizon=None, seed=1)

    with pytest.raises(NoJointPlanError):
        planner.find_first()


def test_one_way_rings_are_driven_one_way():
    """On a one-way ring a robot goes round to reach the cell behind it."""
    ring = {cell: [(cell + 1) % 6] for cell in range(6)}
    plan = planned(Place(ring, is_strict=True), [Robot(3, [(2, 0)]), Robot(0, [(5, 0)])], horizon=30)

    assert plan.done_goals.tolist() == [1, 1]
    assert plan.finish[0] >= 5


def test_robots_stay_as_long_as_the_stop_takes():
    """A robot dwells at each stop without interruption, while another wants through."""
    plan = planned(Place(CORRIDOR, is_strict=True), [Robot(1, [(2, 6), (0, 3)]), Robot(6, [(4, 2)])], horizon=40)

    assert plan.done_goals.tolist() == [2, 1]
    assert stays(plan.paths[0], 2) >= 6
    assert stays(plan.paths[0], 0) >= 3
    assert stays(plan.paths[1], 4) >= 2


def test_a_stop_that_outlasts_the_window_is_only_counted_when_over():
    """A dwell longer than the window isn't done in it, and its end is estimated exactly."""
    plan = planned(Place(CORRIDOR, is_strict=True), [Robot(0, [(2, 50)])], horizon=10)

    assert plan.done_goals.tolist() == [0]
    assert plan.finish.tolist() == [52]


@pytest.mark.parametrize("is_strict", [True, False])
def test_idle_robots_give_way(is_strict):
    """A robot without a task goes into the bay when another needs the corridor."""
    plan = planned(Place(CORRIDOR, is_strict), [Robot(0, [(6, 0)]), Robot(3)], horizon=30)

    assert plan.done_goals.tolist() == [1, 0]
    assert 3 in plan.paths[0]


def test_cells_that_exclude_each_other_are_never_both_taken():
    """Two lanes that touch share a resource: robots pass the place one after the other."""
    place = Place(two_way([0, 1, 2], [3, 4, 5]), is_strict=True, resources={1: [1, 9], 4: [4, 9]})
    plan = planned(place, [Robot(0, [(2, 0)]), Robot(3, [(5, 0)])], horizon=20)

    assert plan.done_goals.tolist() == [1, 1]
    assert not any(a == 1 and b == 4 for a, b in plan.paths.T)
    assert plan.cost > plan.bound


def test_nobody_moves_before_it_is_ready():
    """A robot that is still busy stays where it is, and is planned around."""
    plan = planned(Place(CORRIDOR, is_strict=True), [Robot(2, [(6, 0)], ready=5), Robot(0, [(4, 0)])], horizon=30)

    assert plan.paths[0, :6].tolist() == [2] * 6


def test_robots_keep_out_of_cells_closed_to_their_type():
    """A closed cell is driven around by the type it is closed to, and only by that."""
    place = Place(two_way([0, 1, 2], [0, 3, 4, 2]), is_strict=True, closed=[(), (1,)])
    wide = planned(place, [Robot(0, [(2, 0)], kind=1)], horizon=10)
    narrow = planned(place, [Robot(0, [(2, 0)])], horizon=10)

    assert wide.finish.tolist() == [3]
    assert narrow.finish.tolist() == [2]


def test_a_goal_nobody_can_reach_is_named_and_the_others_go_on():
    """An unreachable goal strands its robot by name; the plan of the others stands."""
    place = Place({0: [1], 1: [0, 2], 2: [1], 3: [2]}, is_strict=True)
    robots = [Robot(0, [(3, 0)]), Robot(1, [(2, 0)])]
    plan = planned(place, robots, horizon=10)

    assert plan.stranded == (0,)
    assert plan.done_goals.tolist() == [0, 1]
    with pytest.raises(NoJointPlanError, match=r"\[0\]"):
        JointPlanner(place.cells(), agents(robots), horizon=None, seed=1).find_first()


def test_robots_that_overlap_at_the_start_are_named():
    """Two robots in one resource are refused with both their numbers."""
    place = Place(CORRIDOR, is_strict=True, resources={2: [2, 9], 4: [4, 9]})

    with pytest.raises(JointProblemError, match="agents 0 and 1 both hold resource 9"):
        JointPlanner(place.cells(), agents([Robot(2), Robot(4)]), horizon=5, seed=1)


def test_the_higher_priority_pays_less():
    """Of two robots that want through the same cell, the urgent one goes first, whichever it is."""
    place = Place(two_way([0, 2, 3, 4], [1, 2]), is_strict=True)
    for urgent in (0, 1):
        robots = [Robot(cell, [(4, 0)], priority=9.0 if cell == urgent else 1.0) for cell in (0, 1)]
        plan = planned(place, robots, horizon=30, effort=50_000)

        assert plan.finish[urgent] == 3


def test_the_same_seed_gives_the_same_plan():
    """Planning is repeatable to the step."""
    assert plain_sample.paths() == plain_sample.paths()


def test_compiled_and_plain_kernels_agree():
    """Without compilation the planner answers the same, number by number."""
    script = Path(plain_sample.__file__)
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    told = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=True)

    assert told.stdout.strip() == plain_sample.paths()


@st.composite
def problems(draw, *, is_one_shot):
    """A connected random place with robots that don't overlap."""
    count = draw(st.integers(3, 14))
    moves = two_way(*[[cell, draw(st.integers(0, cell - 1))] for cell in range(1, count)])
    for here, there in draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=8)):
        if here != there and there not in moves[here]:
            moves[here].append(there)
    resources = {cell: sorted({cell, count + 1}) for cell in draw(st.sets(st.integers(0, count - 1), max_size=3))}
    place = Place(moves, False if is_one_shot else draw(st.booleans()), {} if is_one_shot else resources)
    cells, taken = [], set[int]()
    for cell in draw(st.permutations(range(count)))[: max(1, count // 3)]:
        if not taken & set(place.held(cell)):
            cells.append(cell)
            taken |= set(place.held(cell))
    if is_one_shot:
        goals = draw(st.permutations(range(count)))
        return place, [Robot(start, [(goal, 0)]) for start, goal in zip(cells, goals, strict=False)]
    stop = st.tuples(st.integers(0, count - 1), st.integers(0, 6))
    return place, [
        Robot(start, draw(st.lists(stop, max_size=3)), draw(st.sampled_from([0.5, 1.0, 4.0])), draw(st.integers(0, 4)))
        for start in cells
    ]


@settings(max_examples=60, deadline=None)
@given(problem=problems(is_one_shot=False), horizon=st.integers(1, 40), seed=st.integers(0, 9))
def test_plans_for_a_window_break_no_rule(problem, horizon, seed):
    """Whatever the place and the tasks, no two robots ever conflict, however the plan was made."""
    place, robots = problem
    planned(place, robots, horizon=horizon, seed=seed, effort=5_000)
    planner = JointPlanner(place.cells(), agents(robots), horizon=horizon, seed=seed)
    planner.find_first()
    for better in (planner.plan_in_turn, *(lambda c=crowding: planner.guide(c) for crowding in CROWDINGS)):
        before = planner.plan().cost
        assert better() <= before
        assert wrong(place, robots, planner.plan()) == []


@settings(max_examples=40, deadline=None)
@given(problem=problems(is_one_shot=True), seed=st.integers(0, 9))
def test_plans_to_the_end_break_no_rule(problem, seed):
    """Everybody ends on its goal, or the planner says that it found no plan."""
    place, robots = problem
    try:
        plan = planned(place, robots, horizon=None, seed=seed, effort=5_000)
    except NoJointPlanError:
        return

    assert plan.paths[:, -1].tolist() == [robot.stops[0][0] for robot in robots]


def test_nobody_to_plan_for():
    """An empty fleet has an empty plan."""
    plan = planned(Place(CORRIDOR, is_strict=True), [], horizon=5)

    assert plan.paths.shape == (0, 6)
    assert np.isclose(plan.cost, 0.0)
