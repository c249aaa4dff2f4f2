"""The roll of who is on the floor follows the robots: planning asks it instead of looking at all of them each time."""

from __future__ import annotations

from coordinator.fleet.roll import Roll
from coordinator.fleet.state import RobotState
from coordinator.model.ids import EdgeId, NodeId, RobotId, RobotTypeId
from coordinator.model.robot import Factsheet
from coordinator.model.route import Step
from coordinator.traffic.resources import Resources
from tests.coordinator.fleet.tiny_plants import alley


def _robot(name: str, home: str) -> RobotState:
    return RobotState(RobotId(name), Factsheet(RobotTypeId("red")), NodeId(home))


def test_the_roll_follows_robots_as_they_come_drive_and_go():
    """A robot counts from its first place on, by where its base ends now, until it is off the floor."""
    resources = Resources(alley())
    index, robots = resources.node_index, {}
    roll = Roll(resources, robots, frozenset(), frozenset())
    for name, home in (("b", "he1"), ("a", "hw1")):
        robots[RobotId(name)] = _robot(name, home)
        roll.change()
    assert roll.placed() == ()

    for robot in robots.values():
        robot.steps = [Step(0, robot.home, None)]
        roll.change()
        roll.stand(robot, resources.node_claim[index[robot.home]])
    assert roll.placed() == ("a", "b")
    first = robots[RobotId("a")]
    first.steps.append(Step(1, NodeId("west"), EdgeId("west-hw1.r")))
    roll.stand(first, 7)

    assert [(mover.robot_id, mover.end, mover.held) for mover in roll.movers()] == [
        ("a", index[NodeId("west")], 7),
        ("b", index[NodeId("he1")], resources.node_claim[index[NodeId("he1")]]),
    ]
    del robots[RobotId("b")]
    roll.change()
    assert [mover.robot_id for mover in roll.movers()] == ["a"]


def test_a_dead_end_is_nobodys_refuge_once_it_is_a_home():
    """Who joins takes its home from the places where anybody may stay; who is removed gives it back."""
    resources = Resources(alley())
    home = resources.node_index[NodeId("hw1")]
    robots = {}
    roll = Roll(resources, robots, frozenset({home}), frozenset({home}))
    assert roll.refuges().of_nobody[home]

    robots[RobotId("a")] = _robot("a", "hw1")
    roll.change()
    assert not roll.refuges().of_nobody[home]
    assert roll.refuges().dead_ends[home]
    robots.clear()
    roll.change()
    assert roll.refuges().of_nobody[home]
