"""A robot that can't join is still a body on the floor: nobody is led to it, and a person is told where it stands."""

from __future__ import annotations

from coordinator.model.ids import EdgeId, NodeId, RobotId
from coordinator.model.mission import MissionState
from coordinator.model.operator import CloseEdge, ConfirmationNeeded, CreateMission, RefusalCode, Refused, RemoveRobot
from coordinator.model.robot import Placement
from tests.coordinator.fleet.tiny_plants import yard


def _crowded(make_floor, node_id: str):
    """All four parking nodes of the yard have an owner, and a fifth robot says Hello at a node."""
    floor = make_floor(yard())
    for name, home in (("a", "hn"), ("b", "hs"), ("c", "hw"), ("d", "he")):
        floor.join(name, home, "red")
    return floor, floor.join("e", node_id, "red")


def _remove(floor, robot_id: str) -> None:
    first = floor.ask(RemoveRobot(RobotId(robot_id)))
    assert isinstance(first, ConfirmationNeeded)
    floor.ask(RemoveRobot(RobotId(robot_id), first.token))


def test_nobody_is_led_to_where_a_robot_without_parking_stands(make_floor):
    """It stands in the eastern arm: the alarm says so, work in the other arms is done, and who is behind it stays."""
    floor, _ = _crowded(make_floor, "e")
    floor.ask(CreateMission(("N-red", "S-red", "W-red")))
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)
    floor.run(60)

    alarm = floor.fleet.state.alarms["e.no_parking"]
    assert alarm.is_active
    assert "robot e can't join: all 4 parking nodes have an owner; it stands at e" in alarm.text
    assert sorted(floor.fleet.state.closures) == ["e-he.r", "e-le.r", "hub-e"]
    assert floor.mission("m2").state is not MissionState.SUCCEEDED
    assert floor.puppets[RobotId("d")].node_id == "he"


def test_work_where_it_stands_waits_until_it_belongs_to_the_fleet(make_floor):
    """Another robot is taken off the floor: the refused one joins at its next Hello, and the ways to it are open."""
    floor, fifth = _crowded(make_floor, "le")
    floor.ask(CreateMission(("E-red",)))
    floor.run(120)
    assert floor.mission("m1").state is not MissionState.SUCCEEDED
    del floor.puppets[RobotId("d")]
    _remove(floor, "d")
    floor.connect(fifth)
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)

    assert floor.robot(fifth).home == "he"
    assert floor.fleet.state.closures == {}
    assert "e.no_parking" not in floor.alarms()


def test_a_refused_robot_that_was_pushed_elsewhere_is_kept_off_there(make_floor):
    """Its next Hello names another place: that one is closed, the first one open, what an operator closed stays so."""
    floor, fifth = _crowded(make_floor, "le")
    floor.ask(CloseEdge(EdgeId("w-lw"), "works"))
    fifth.node_id = NodeId("lw")
    floor.connect(fifth)
    floor.connect(fifth)

    assert sorted(floor.fleet.state.closures) == ["w-lw", "w-lw.r"]
    assert {closure.reason for closure in floor.fleet.state.closures.values()} == {"works"}
    assert "it stands at lw" in floor.fleet.state.alarms["e.no_parking"].text
    assert floor.alarms().count("e.no_parking") == 1


def test_a_refused_robot_is_said_to_be_off_the_floor(make_floor):
    """A person carries it away and says so, in two steps, as of any robot: the ways are open, the alarm is over."""
    floor, fifth = _crowded(make_floor, "le")
    del floor.puppets[fifth.robot_id]
    _remove(floor, "e")

    assert floor.fleet.state.closures == {}
    assert "e.no_parking" not in floor.alarms()
    again = floor.ask(RemoveRobot(fifth.robot_id))
    assert isinstance(again, Refused)
    assert again.code is RefusalCode.NOT_FOUND


def test_a_refused_robot_that_knows_no_place_has_to_be_found(make_floor):
    """Nobody can be kept off an unknown place: the alarm says just that."""
    floor, fifth = _crowded(make_floor, "le")
    del floor.puppets[fifth.robot_id]
    floor.connect(fifth, Placement(None))

    assert "where it stands isn't known" in floor.fleet.state.alarms["e.no_parking"].text
    assert "e-le" in floor.fleet.state.closures


def test_a_refused_robot_in_what_another_has_reserved_is_named_with_that_one(make_floor):
    """Robot a's base leads there already and isn't taken back: a person reads which two may meet."""
    floor, _ = _crowded(make_floor, "hn")

    assert "robot a has that reserved already" in floor.fleet.state.alarms["e.no_parking"].text
    del floor.puppets[RobotId("e")]
