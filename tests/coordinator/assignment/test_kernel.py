from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from types import ModuleType

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as effort

from coordinator.assignment import kernel
from coordinator.assignment.assign import plan
from coordinator.assignment.calendar import Calendar
from coordinator.assignment.candidates import eligible
from coordinator.assignment.charging import start_routes
from coordinator.assignment.search import Search, begin_search, planned_stops
from coordinator.assignment.settings import PlannerSettings
from coordinator.assignment.tables import compile_tables
from coordinator.compiled import compiled
from coordinator.model.assignment import Problem
from tests.coordinator.assignment.closed_loop import World, make_bodies, make_plant, make_problem
from tests.coordinator.assignment.problems import problems

FEW = PlannerSettings(swap_count=10)


@pytest.fixture(scope="module")
def plain() -> ModuleType:
    """The kernel as it stands in its file, nothing compiled."""
    spec = importlib.util.spec_from_file_location("plain_kernel", kernel.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    was = numba.config.DISABLE_JIT
    numba.config.DISABLE_JIT = 1
    try:
        spec.loader.exec_module(module)
    finally:
        numba.config.DISABLE_JIT = was
    assert not hasattr(module.solve, "signatures")
    return module


def _searched(problem: Problem, swap_count: int) -> Search:
    """What the kernel plans from the present plan."""
    settings = PlannerSettings(swap_count=swap_count)
    with np.errstate(all="ignore"):
        tables = compile_tables(problem)
        starts = start_routes(tables, Calendar({}, 0.0))
        allowed, _ = eligible(tables, [start.start_row for start in starts])
        search = begin_search(tables, settings, starts, allowed)
    kernel.solve(search.board, planned_stops(tables), problem.version)
    return search


def _price(problem: Problem, swap_count: int) -> float:
    """The objective of what the kernel plans from nothing."""
    return float(_searched(problem, swap_count).board.robots["price"].sum())


@effort(max_examples=40)
@given(problem=problems())
def test_compiled_or_not_the_plan_is_the_same(plain, problem):
    """Plans are those of the source as it reads, to the last bit of every time and charge."""
    assert plan(problem, FEW) == plan(problem, FEW, kernel=plain)


@effort(max_examples=40)
@given(problem=problems(odd=True))
def test_compiled_or_not_odd_numbers_give_the_same_plan(plain, problem):
    """Broken numbers in reports make no difference to that."""
    assert plan(problem, FEW) == plan(problem, FEW, kernel=plain)


def test_compiled_or_not_a_fleet_gets_the_same_plan(plain):
    """So it is for a fleet in a plant, charging and all."""
    plant = make_plant(2, point_count=50, width=6, height=5)
    problem = make_problem(World(plant, make_bodies(plant, 2, 5), True), [], 900.0, 3)

    assert plan(problem, FEW) == plan(problem, FEW, kernel=plain)


def test_everything_is_compiled_once_and_before_the_first_plan():
    """After the warm-up no problem waits for the compiler: every function has the one form the warm-up gave it."""
    program = (
        "from coordinator.assignment import kernel\n"
        "from coordinator.assignment.assign import plan, warm_up\n"
        "from tests.coordinator.assignment.closed_loop import *\n"
        "def forms():\n"
        "    return {n: f.signatures for n, f in vars(kernel).items() if hasattr(f, 'signatures')}\n"
        "warm_up()\n"
        "warm = forms()\n"
        "assert warm['solve'] and warm['begin'], warm\n"
        "plant = make_plant(3, point_count=60, width=6, height=5)\n"
        "plan(make_problem(World(plant, make_bodies(plant, 3, 4), True), [], 900.0, 1))\n"
        "assert forms() == warm\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_more_effort_gives_a_better_plan():
    """Taking points out and putting them back is kept only where the whole plan gets cheaper."""
    plant = make_plant(4, point_count=80, width=7, height=5)
    problem = make_problem(World(plant, make_bodies(plant, 4, 4), True), [], 900.0, 1)
    none, some, much = (_price(problem, count) for count in (0, 10, 200))

    assert none >= some >= much
    assert much < none


@effort(max_examples=60)
@given(problem=problems())
def test_times_and_prices_kept_while_searching_are_those_of_the_whole_route(problem):
    """However often stops were put in and taken out, no time, charge or price of a route is out of date."""
    board = _searched(problem, 40).board
    stamps, kept = board.robots["stamp"].copy(), board.robots.copy()
    places = [board.stops[robot, : count + 1].copy() for robot, count in enumerate(kept["count"])]
    for robot in range(len(kept)):
        kernel.refresh(board, robot, 0)
    board.robots["stamp"] = stamps

    assert board.robots.tobytes() == kept.tobytes()
    for robot, before in enumerate(places):
        after = board.stops[robot, : len(before)]
        assert after[["row", "leave_s", "linear", "square"]].tolist() == (
            before[["row", "leave_s", "linear", "square"]].tolist()
        )
        assert after[:-1]["arrive_s"].tolist() == before[:-1]["arrive_s"].tolist()


def test_a_place_without_any_folder_to_write_to_compiles_all_the_same():
    """A read-only machine pays with time at every start, not with a coordinator that doesn't start."""
    source = "def double(x):\n    return 2.0 * x\n"
    room: dict[str, object] = {"__name__": "nowhere"}
    exec(compile(source, "/nowhere/nobody.py", "exec"), room)

    assert compiled(room["double"])(21.0) == 42.0  # type: ignore[arg-type]
