"""A coordinator that comes back waits for its robots, and for nobody else's sake."""

from __future__ import annotations

from coordinator.model.mission import MissionState
from coordinator.model.operator import Accepted, CreateMission
from coordinator.model.robot import LinkState
from tests.coordinator.fleet.tiny_plants import alley


def test_a_robot_that_comes_back_late_bars_no_way_to_the_others(make_floor):
    """After a restart work goes on at once: a robot not heard yet isn't taken for one that broke down on its node."""
    floor = make_floor(alley())
    first, second = floor.join("a", "hw1", "red"), floor.join("b", "he1", "red")
    floor.run(10)
    floor.crash()

    assert floor.view(first).link is LinkState.SUSPECT
    assert floor.fleet.snapshot(floor.now_s).robots
    assert "a.robot_lost" not in floor.alarms()
    floor.connect(second)
    floor.run(1)
    floor.connect(first)
    order = floor.ask(CreateMission(("E-red",)))
    assert isinstance(order, Accepted)
    floor.until(lambda: floor.mission(order.subject).state is MissionState.RUNNING, within_s=5.0)


def test_a_robot_that_never_comes_back_is_reported_lost(make_floor):
    """Silence counts from the restart on: who stays away is shown to the operator as soon as on any other day."""
    floor = make_floor(alley())
    first = floor.join("a", "hw1", "red")
    floor.run(3)
    floor.crash()
    floor.run(floor.settings.lost_after_s - 2.0, laziness=1.0)
    assert "a.robot_lost" not in floor.alarms()

    floor.run(4.0, laziness=1.0)
    assert floor.view(first).link is LinkState.LOST
    assert "a.robot_lost" in floor.alarms()
