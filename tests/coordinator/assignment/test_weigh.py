"""Why this robot: what each would have cost, and the rule that removed the others."""

from __future__ import annotations

import pytest

from coordinator.assignment.assign import plan
from coordinator.assignment.weigh import chosen_robot, weigh
from coordinator.model.assignment import Plan
from coordinator.model.ids import PointId, RobotId
from tests.coordinator.assignment.problems import line_problem, point, robot

P1 = PointId("p1")


def test_the_nearer_robot_is_chosen_and_the_other_would_have_cost_more():
    """Both could; the one that drives 60 s less has it, and the price says so."""
    problem = line_problem((robot("r1", "n0"), robot("r2", "n5")), (point("p1", "n3"),))
    first, second = weigh(problem, plan(problem), P1) or ()

    assert (first.robot_id, first.rule, second.robot_id, second.rule) == ("r2", "", "r1", "")
    assert (first.detour_s, second.detour_s) == (60.0, 90.0)
    assert first.arrive_s == problem.now_s + 60.0
    assert first.price < second.price
    assert first.age_ratio == pytest.approx(0.9 + 90.0 / 1200.0)


@pytest.mark.parametrize(
    ("other", "more", "rule"),
    [
        ({"sensors": frozenset({"gas"})}, {}, "sensors: it lacks video"),
        ({}, {"barred": frozenset({RobotId("r2")})}, "barred"),
        ({"node": "far"}, {}, "reach: no open way to node n3"),
        ({"travel_ratio_per_s": 0.03}, {}, "energy: a full charge"),
        ({"charge_ratio": 0.13}, {}, "energy: it would be at 0.0"),
        ({"speed_mps": 0.0}, {}, "reach"),
    ],
)
def test_the_rule_that_removed_a_robot_is_named(other, more, rule):
    """The nearer robot doesn't have the point, and the explanation says which rule is to blame."""
    node = other.pop("node", "n4")
    problem = line_problem((robot("r1", "n0"), robot("r2", node, **other)), (point("p1", "n3", **more),))
    first, second = weigh(problem, plan(problem), P1) or ()

    assert (first.robot_id, first.rule) == ("r1", "")
    assert second.robot_id == "r2"
    assert second.rule.startswith(rule)
    assert (second.price, second.arrive_s, second.place) == (None, None, None)


def test_a_point_that_is_young_is_explained_by_its_age():
    """Nobody goes to what was seen a moment ago, and that is the rule named."""
    problem = line_problem((robot("r1", "n3"),), (point("p1", "n3", age_ratio=0.1),))
    answer = plan(problem)
    (only,) = weigh(problem, answer, P1) or ()

    assert chosen_robot(answer, P1) is None
    assert only.rule.startswith("early: age ratio 0.1")


def test_a_stop_that_delays_others_costs_what_it_delays():
    """A robot with urgent work behind it is dearer than one as far away without."""
    urgent = point("p2", "n0", age_ratio=1.4)
    problem = line_problem((robot("r1", "n1"), robot("r2", "n5")), (point("p1", "n3"), urgent))
    idle, busy = weigh(problem, plan(problem), P1) or ()

    assert (idle.robot_id, busy.robot_id) == ("r2", "r1")
    assert busy.price > idle.price


def test_what_was_not_asked_has_no_candidates():
    """A point that isn't in the problem can't be weighed."""
    assert weigh(line_problem((robot(),), ()), Plan(1, ()), P1) is None
