from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given

from coordinator.assignment.assign import plan
from coordinator.assignment.check import check_plan
from coordinator.model.assignment import Plan, Problem, Stop
from coordinator.model.ids import MissionId, NodeId, PointId, RobotId
from tests.coordinator.assignment.closed_loop import (
    World,
    make_bodies,
    make_plant,
    make_problem,
    run_greedy,
    run_planner,
)
from tests.coordinator.assignment.problems import NOW_S, dock, line_problem, point, problems, robot


def names(answer: Plan, name: str = "r1") -> list[str]:
    """What a robot does in turn: points by name, charging as 'charge'."""
    return [str(s.point_id or "charge") for s in dict(answer.itineraries)[RobotId(name)]]


def sound(problem: Problem) -> Plan:
    """Plan, and have the plan checked."""
    answer = plan(problem)
    assert check_plan(problem, answer) == ()
    return answer


@given(problems())
def test_any_plan_keeps_every_rule(problem):
    """Whatever the plant looks like, no plan breaks a rule that an independent checker knows."""
    sound(problem)


@given(problems(odd=True))
def test_odd_numbers_never_stop_the_planner(problem):
    """Broken numbers in reports lead to a plan with proper times, never to a crash."""
    answer = plan(problem)

    assert [r for r, _ in answer.itineraries] == sorted(r.robot_id for r in problem.robots)
    for _, stops in answer.itineraries:
        assert all(math.isfinite(s.arrive_s) and math.isfinite(s.leave_s) for s in stops)


@given(problems())
def test_same_problem_same_plan(problem):
    """Asking twice, or listing robots and points in another order, changes nothing."""
    turned = replace(problem, robots=problem.robots[::-1], points=problem.points[::-1], docks=problem.docks[::-1])

    assert plan(problem) == plan(problem) == plan(turned)


def test_plan_is_the_same_whatever_the_hash_seed():
    """A coordinator started again plans the same."""
    code = (
        "from coordinator.assignment.assign import plan\n"
        "from tests.coordinator.assignment.closed_loop import *\n"
        "plant = make_plant(3, point_count=60, width=6, height=5)\n"
        "print(plan(make_problem(World(plant, make_bodies(plant, 3, 4), True), [], 900.0, 1)))\n"
    )
    path = os.pathsep.join(sys.path)
    answers = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip

    assert len(answers) == 1


def test_nothing_to_do_and_nobody_to_do_it():
    """An empty plant has an empty plan; points without robots are named."""
    assert plan(line_problem((), ())).itineraries == ()
    assert names(sound(line_problem((robot(),), ()))) == []
    assert plan(line_problem((), (point(),))).refused[0].rule == "no robot is offered"


def test_due_point_goes_to_the_near_robot():
    """A point that is due is visited by the robot that is closer, and the stop says why."""
    answer = sound(line_problem((robot("r1", "n0"), robot("r2", "n9")), (point(node="n8"),), (dock(),)))

    assert names(answer, "r1") == []
    assert names(answer, "r2") == ["p1"]
    assert dict(answer.itineraries)[RobotId("r2")][0].reason.startswith("age 0.95 at visit; next best robot r1 +")


def test_fresh_points_are_left_alone():
    """Robots don't run in circles: a point just visited gets no visit."""
    assert names(sound(line_problem((robot(),), (point(age_ratio=0.05),), (dock(),)))) == []


def test_fresh_mission_is_served_at_once():
    """A mission's point doesn't wait until it is nearly late when a robot is free."""
    asked = point(age_ratio=0.0, period_s=7200.0, mission_id=MissionId("m1"))

    assert names(sound(line_problem((robot(),), (asked,), (dock(),)))) == ["p1"]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"sensors": frozenset({"gas"})}, "sensors"),
        ({"barred": frozenset({RobotId("r1")})}, "barred"),
        ({"node_id": NodeId("nowhere")}, "reach"),
        ({"duration_s": 9000.0}, "energy"),
    ],
)
def test_point_nobody_can_serve_is_refused_by_name(change, rule):
    """A point without any able robot is refused, and the rule that removed the last one is named."""
    asked = replace(point(), **change)
    answer = sound(line_problem((robot(),), (asked, point("p2")), (dock(),)))

    assert [(r.point_id, r.rule.split(":")[0]) for r in answer.refused] == [("p1", rule)]
    assert names(answer) == ["p2"]


def test_frozen_stop_stays_first():
    """What a robot has been told for good comes first, even where another order would be shorter."""
    frozen = Stop(NodeId("n9"), PointId("p9"), None, NOW_S, NOW_S + 30.0)
    offer = robot(frozen=(frozen,))

    assert names(sound(line_problem((offer,), (point("p1", "n1"), point("p9", "n9")), (dock(),)))) == ["p9", "p1"]


def test_robot_that_is_low_charges_before_it_works():
    """A robot with little charge goes to a charger first, and the charger is booked for it."""
    answer = sound(line_problem((robot(charge_ratio=0.2),), (point(node="n9"),), (dock("n2"),)))

    assert names(answer) == ["charge", "p1"]
    assert [b[0] for b in answer.bookings] == ["n2"]


def test_two_low_robots_take_turns_at_one_charger():
    """Two robots never share a charger: the second arrives when the first has left."""
    answer = sound(line_problem((robot("r1", charge_ratio=0.3), robot("r2", charge_ratio=0.32)), (), (dock("n2"),)))

    (_, _, end_s, first), (_, start_s, _, second) = answer.bookings
    assert (first, second) == ("r1", "r2")
    assert start_s >= end_s


def test_charger_held_by_a_robot_elsewhere_is_respected():
    """A charger booked by a robot that isn't asked for now stays its own."""
    answer = sound(line_problem((robot(charge_ratio=0.3),), (), (dock("n2", (0.0, 500.0, "r7")),)))

    assert answer.bookings[0][1] >= NOW_S + 500.0


def test_robot_without_a_charger_in_reach_starts_nothing_it_cannot_finish():
    """A nearly empty robot is not sent out."""
    assert names(sound(line_problem((robot(charge_ratio=0.12),), (point(),), ()))) == []


def test_idle_robot_tops_up():
    """A robot without work uses the time to charge when a charger is free."""
    assert names(sound(line_problem((robot(charge_ratio=0.65),), (), (dock(),)))) == ["charge"]


def test_plan_is_kept_when_nothing_happens():
    """Robots aren't sent to and fro: planned again, each point keeps its robot."""
    plant = make_plant(1, point_count=60)
    first = make_problem(World(plant, make_bodies(plant, 1, 4), True), [], 0.0, 1)
    answer = sound(first)
    planned = dict(answer.itineraries)
    again = replace(first, robots=tuple(replace(r, planned=planned[r.robot_id]) for r in first.robots))
    old = {s.point_id: r for r, stops in answer.itineraries for s in stops if s.point_id}
    new = {s.point_id: r for r, stops in sound(again).itineraries for s in stops if s.point_id}

    both = old.keys() & new.keys()
    assert len(both) >= 0.8 * len(old)
    assert sum(old[p] == new[p] for p in both) >= 0.8 * len(both)


@pytest.mark.parametrize("battery", [False, True])
def test_hours_of_patrol_beat_the_greedy_rule(battery):
    """Over hours the worst age stays below the greedy rule's, chargers are never shared, nobody runs empty."""
    plant = make_plant(5, point_count=66, width=9, height=5)

    def checked(problem: Problem) -> Plan:
        return sound(problem)

    ours = run_planner(World(plant, make_bodies(plant, 5, 4), battery), checked, hours=2.0, replan_s=30.0)
    greedy = min(
        run_greedy(World(plant, make_bodies(plant, 5, 4), battery), hours=2.0, exponent=a, charge_below=0.3).worst_ratio
        for a in (1.0, 1.5, 2.0)
    )

    assert ours.worst_ratio < greedy
    assert ours.dock_clash_count == 0
    assert ours.stranded_count == 0
