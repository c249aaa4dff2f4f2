"""Each second a robot waits has a cause, and the causes add up."""

from __future__ import annotations

import pytest

from coordinator.model.operator import ResumeRobots, StopRobots
from tests.coordinator.fleet.tiny_plants import alley, gated, yard


def _watch(floor, seconds: int) -> dict[str, float]:
    """Let time pass; for each cause the seconds robots were seen waiting."""
    seen: dict[str, float] = {}
    for _ in range(seconds):
        before = {robot_id: wait.cause for robot_id, wait in floor.fleet.waits().items()}
        floor.run(1.0, laziness=0.2)
        for cause in before.values():
            seen[cause] = seen.get(cause, 0.0) + 1.0
    return seen


@pytest.mark.parametrize("plant", [alley, yard], ids=["alley", "yard"])
def test_causes_add_up_to_all_waiting(make_floor, plant):
    """The totals by cause are the time robots were seen waiting, to within the look each second."""
    floor = make_floor(plant(period_s=60.0))
    homes = ("hw1", "he1", "hw2") if plant is alley else ("hn", "he", "hs", "hw")
    for name, home, kind in zip("abcd", homes, ("red", "blue", "red", "blue"), strict=False):
        floor.join(name, home, kind)
    seen = _watch(floor, 600)
    totals = dict(floor.fleet.totals().wait_s_by_cause)

    assert sum(seen.values()) > 30.0
    assert sum(totals.values()) == pytest.approx(sum(seen.values()), rel=0.1, abs=10.0)
    assert set(totals) >= set(seen)


def test_a_wait_says_what_for_behind_whom_and_since_when(make_floor):
    """A robot that is stopped waits for the stop; the time is booked to it and ends with it."""
    floor = make_floor(yard())
    robot = floor.join("a", "hn", "red")
    floor.run(20)
    floor.ask(StopRobots((), "look"))
    floor.run(10)
    began_s = floor.now_s - 10
    floor.run(90)
    wait = floor.view(robot).wait
    assert wait is not None
    assert (wait.cause, wait.subject, wait.behind) == ("stop", "robot a", None)
    assert wait.since_s == pytest.approx(began_s, abs=15.0)

    floor.ask(ResumeRobots((), "seen"))
    floor.run(2)
    booked_s = dict(floor.fleet.totals().wait_s_by_cause)["stop"]
    assert 80.0 <= booked_s <= 103.0
    floor.run(20)
    assert dict(floor.fleet.totals().wait_s_by_cause)["stop"] == booked_s


def test_time_before_a_door_is_booked_to_the_door(make_floor):
    """Waiting for a door is told apart from waiting for a robot."""
    from coordinator.model.operator import CreateMission

    floor = make_floor(gated("door"))
    floor.devices_obey = False
    floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red",)))
    floor.run(60)
    assert list(dict(floor.fleet.totals().wait_s_by_cause)) == ["door"]
