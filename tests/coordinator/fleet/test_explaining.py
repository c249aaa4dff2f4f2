"""An operator asks why a robot has a task."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coordinator.fleet.decisions import KEPT_COUNT, Decisions
from coordinator.model.assignment import Plan
from tests.coordinator.assignment.problems import line_problem
from tests.coordinator.fleet.tiny_plants import yard


def test_each_point_says_who_has_it_and_what_the_others_lack(make_floor):
    """Red points are for robots with the red sensor; the explanation names them and what removed the others."""
    floor = make_floor(yard(period_s=120.0))
    sensors = {"a": "red", "b": "blue", "c": "red", "d": "blue"}
    for (name, sensor), home in zip(sensors.items(), ("hn", "he", "hs", "hw"), strict=True):
        floor.join(name, home, sensor)
    floor.run(90)
    told = [floor.fleet.explain(point_id) for point_id in floor.plant.points]

    held = [one for one in told if one.robot_id is not None and one.version]
    assert held
    for one in held:
        wanted = {task.sensor for task in floor.plant.points[one.point_id].tasks}
        assert one.why.startswith("age ")
        assert one.candidates[0].robot_id == one.robot_id
        assert one.candidates[0].rule == ""
        for candidate in one.candidates:
            lacks = sensors[candidate.robot_id] not in wanted
            assert candidate.rule.startswith("sensors") is lacks
    assert sorted(c.robot_id for c in held[0].candidates) == sorted(sensors)


def test_a_task_is_explained_as_its_point_and_nonsense_is_not(make_floor):
    """Whoever has a task's id from an alarm or a result may ask with it."""
    floor = make_floor(yard(period_s=120.0))
    floor.join("a", "hn", "red")
    floor.run(60)
    point_id, point = next(iter(floor.plant.points.items()))

    assert floor.fleet.explain(point.tasks[0].task_id) == floor.fleet.explain(point_id)
    assert floor.fleet.explain(f"{point_id}.nonsense") is None
    assert floor.fleet.explain("") is None


def test_before_any_plan_an_explanation_says_so(make_floor):
    """Without a robot nothing was decided, and that is the answer."""
    floor = make_floor(yard(period_s=120.0))
    point_id = next(iter(floor.plant.points))
    told = floor.fleet.explain(point_id)

    assert (told.robot_id, told.version, told.candidates) == (None, 0, ())
    assert "no plan has been made" in told.why


def test_only_so_many_decisions_are_kept():
    """Memory stays bounded, by count and by the size of what is kept; the newest is always there."""
    small, large = Decisions(), Decisions()
    problem = line_problem((), ())
    for version in range(100):
        for decisions, travel_s in ((small, problem.travel_s), (large, np.broadcast_to(np.zeros(()), (3000, 3000)))):
            decisions.asked(replace(problem, version=version, travel_s=travel_s))
            decisions.answered(Plan(version - 1, ()))
            decisions.answered(Plan(version, ()))

    assert [p.version for p, _ in small.newest_first()] == list(range(99, 99 - KEPT_COUNT, -1))
    assert [p.version for p, _ in large.newest_first()] == [99]
