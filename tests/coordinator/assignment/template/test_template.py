"""The template: groups, laps, even spacing, charging in turn."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from coordinator.assignment.template.bound import lower_bound
from coordinator.assignment.template.rounds import RobotKind, RoundPoint, Rounds
from coordinator.assignment.template.template import make_template
from coordinator.model.ids import PointId, RobotTypeId
from tests.coordinator.assignment.template.small_rounds import closed, rounds_of


def ring(count: int, step_s: float = 10.0) -> np.ndarray:
    """Points on a one-way ring, so many seconds from one to the next."""
    place = np.arange(count)
    return ((place - place[:, None]) % count) * step_s


def served_by_charger(rounds: Rounds, *, use: float, gain: float, chargers: int) -> Rounds:
    """The same rounds by robots with a battery; a charger is at every point."""
    kind = rounds.kinds[0]
    charged = RobotKind(
        kind.name, kind.count, kind.travel_s, kind.over_charger_s, kind.can_serve, use, use, gain, usable_ratio=0.8
    )
    return Rounds(rounds.points, (charged,), chargers)


def test_robots_on_a_ring_share_it_evenly():
    """Four robots on a ring of 120 s see each point every 30 s, and one robot every 120 s."""
    four = make_template(rounds_of(ring(12), 4, periods_s=(60.0,) * 12))
    one = make_template(rounds_of(ring(12), 1, periods_s=(60.0,) * 12))

    assert four.worst_ratio == pytest.approx(0.5)
    assert one.worst_ratio == pytest.approx(2.0)
    assert sorted(p for group in four.groups for p in group.points) == sorted(f"p{i}" for i in range(12))


def test_a_point_that_is_due_less_often_has_its_turn_in_fewer_laps():
    """Nobody drives to a far point each time the near one is due."""
    far = rounds_of([[0.0, 50.0], [50.0, 0.0]], periods_s=(60.0, 960.0), durations_s=(10.0, 10.0))
    template = make_template(far)
    (group,) = template.groups
    laps = dict(zip(group.points, group.lap_of, strict=True))

    assert laps["p1"] > laps["p0"]
    # The way there and back, and the work at both, is the longest wait of the near point.
    assert template.worst_ratio == pytest.approx(120.0 / 60.0)


def test_charging_takes_its_share_of_a_robots_time():
    """A robot that uses in an hour what takes a quarter of an hour to charge sees its points a quarter less often."""
    plain = rounds_of(ring(12), 1, periods_s=(600.0,) * 12)
    template = make_template(served_by_charger(plain, use=1 / 3600, gain=4 / 3600, chargers=1))
    (group,) = template.groups

    assert group.charging_ratio == pytest.approx(0.2)
    assert template.worst_ratio >= 1.25 * 120.0 / 600.0 - 1e-9
    assert lower_bound(served_by_charger(plain, use=1 / 3600, gain=4 / 3600, chargers=1)).ratio <= template.worst_ratio


def test_points_go_to_robots_that_carry_the_sensor():
    """A point is in a group whose robots can serve it, however far that is."""
    ways = closed([[abs(i - j) * 10.0 for j in range(6)] for i in range(6)])
    can_smell = np.array([i in (0, 5) for i in range(6)])
    kinds = (
        RobotKind(RobotTypeId("nose"), 1, ways, ways, can_smell),
        RobotKind(RobotTypeId("eye"), 2, ways, ways, ~can_smell),
    )
    template = make_template(Rounds(tuple(RoundPoint(PointId(f"p{i}"), 5.0, 100.0) for i in range(6)), kinds))

    for group in template.groups:
        assert {point in ("p0", "p5") for point in group.points} == {group.kind == "nose"}


def test_a_point_nobody_can_serve_is_named():
    """No template leaves a point out silently, and no bound is finite for it."""
    rounds = rounds_of(ring(3))
    kind = rounds.kinds[0]
    blind = Rounds(
        rounds.points, (RobotKind(kind.name, 1, kind.travel_s, kind.travel_s, np.array([True, False, True])),)
    )

    with pytest.raises(ValueError, match="p1"):
        make_template(blind)
    assert lower_bound(blind).ratio == np.inf
    assert lower_bound(blind).point_id == "p1"


def test_one_robot_on_a_tree_is_told_that_it_drives_each_way_twice():
    """The bound for one robot is that of a tour, not of the ways alone."""
    star = closed([[0, 10, 10, 10], [10, 0, 99, 99], [10, 99, 0, 99], [10, 99, 99, 0]])

    assert lower_bound(rounds_of(star, periods_s=(60.0,) * 4)).ratio == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("durations_s", [(50.0, 1.0, 1.0), (1.0, 1.0, 1.0)])
def test_the_bound_names_a_point_and_a_reason(durations_s):
    """An operator is told which point says so."""
    bound = lower_bound(rounds_of(ring(3), 2, periods_s=(40.0, 400.0, 400.0), durations_s=durations_s))

    assert bound.point_id == "p0"
    assert bound.because


def test_the_same_question_has_the_same_answer_compiled_or_not():
    """The compiled search gives, to the last bit, what the same file gives uncompiled."""
    text = (
        "from tests.coordinator.assignment.template.test_template import ring\n"
        "from tests.coordinator.assignment.template.small_rounds import rounds_of\n"
        "from coordinator.assignment.template import template\n"
        "template.LEAST_STEPS, template.STEPS_PER_POINT = 0, 60\n"
        "rounds = rounds_of(ring(6), 2, periods_s=(30.0, 60.0) * 3, durations_s=(3.0,) * 6)\n"
        "print(template.make_template(rounds, tries=3))"
    )
    answers = [
        subprocess.run(
            [sys.executable, "-c", text], capture_output=True, text=True, check=True, env={**os.environ, **extra}
        ).stdout
        for extra in ({}, {"NUMBA_DISABLE_JIT": "1"})
    ]

    assert answers[0] == answers[1]
    assert "Template(" in answers[0]
