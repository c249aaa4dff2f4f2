from __future__ import annotations

from dataclasses import replace

import pytest

from coordinator.assignment.assign import plan
from coordinator.assignment.check import check_plan
from coordinator.model.assignment import Plan, Problem, Stop
from coordinator.model.ids import NodeId, PointId, RobotId
from tests.coordinator.assignment.problems import NOW_S, dock, line_problem, point, robot


def small() -> tuple[Problem, Plan]:
    """Two robots, one of them low, and two points: a plan with visits and charges."""
    problem = line_problem(
        (robot("r1"), robot("r2", charge_ratio=0.3)), (point("p1"), point("p2", "n4")), (dock("n5"),)
    )
    return problem, plan(problem)


def with_stops(answer: Plan, name: str, stops: tuple[Stop, ...]) -> Plan:
    """The plan with other stops for one robot."""
    return replace(answer, itineraries=tuple((r, stops if r == name else old) for r, old in answer.itineraries))


def stop(node: str, name: str | None, arrive_s: float, leave_s: float, until: float | None = None) -> Stop:
    """A stop so many seconds from now."""
    return Stop(NodeId(node), PointId(name) if name else None, None, NOW_S + arrive_s, NOW_S + leave_s, until, "test")


@pytest.mark.parametrize(
    ("stops", "word"),
    [
        ((stop("n3", "p1", 10.0, 40.0),), "earliest"),
        ((stop("n3", "p1", 90.0, 91.0),), "too short"),
        ((stop("n3", "p1", 90.0, 120.0), stop("n3", "p1", 120.0, 150.0)), "twice"),
        ((stop("n3", "p9", 90.0, 120.0),), "isn't asked for"),
        ((stop("n2", "p1", 90.0, 120.0),), "isn't at"),
        ((stop("n3", "p1", 6000.0, 9000.0),), "reserve"),
        ((stop("n5", None, 150.0, 300.0, 1.0),), "isn't booked"),
        ((stop("n3", "p1", float("nan"), 120.0),), "isn't a number"),
        ((stop("elsewhere", "p1", 90.0, 120.0),), "no way"),
    ],
)
def test_broken_itinerary_is_named(stops, word):
    """The checker names what is wrong with an itinerary."""
    problem, answer = small()

    assert check_plan(problem, answer) == ()
    assert any(word in line for line in check_plan(problem, with_stops(answer, "r1", stops)))


@pytest.mark.parametrize(
    ("change", "word"),
    [({"sensors": frozenset({"gas"})}, "needs"), ({"barred": frozenset({RobotId("r1")})}, "barred")],
)
def test_robot_that_may_not_is_named(change, word):
    """A visit by a robot without the sensors, or one that is barred, is found."""
    problem = line_problem((robot("r1"),), (point("p1"),), (dock("n5"),))
    answer = plan(problem)
    changed = replace(problem, points=(replace(problem.points[0], **change),))

    assert any(word in line for line in check_plan(changed, answer))


def test_two_robots_on_one_charger_are_found():
    """Overlapping bookings of two robots are found."""
    problem, answer = small()
    (node, from_s, to_s, _), *_ = answer.bookings
    clash = replace(answer, bookings=(*answer.bookings, (node, from_s + 1.0, to_s, RobotId("r1"))))

    assert any("overlap" in line for line in check_plan(problem, clash))


def test_dropped_frozen_stop_is_found():
    """A plan that forgets what a robot was told for good is found."""
    problem, answer = small()
    frozen = replace(
        problem, robots=(replace(problem.robots[0], frozen=(stop("n9", None, 0.0, 9.0),)), problem.robots[1])
    )

    assert any("frozen" in line for line in check_plan(frozen, answer))
