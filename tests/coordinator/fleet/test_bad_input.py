"""Plants and robots that can't be right: each is refused or named in an alarm, and the others go on."""

from __future__ import annotations

from coordinator.model.ids import NodeId
from coordinator.model.mission import MissionState
from coordinator.model.operator import CreateMission, RefusalCode, Refused
from tests.coordinator.fleet.tiny_plants import alley, build, yard


def test_a_plant_where_robots_can_not_pass_each_other_is_named(make_floor):
    """One lane from home to home and no fork: an operator reads it at the start, and robots serve their own side."""
    plant = build(
        {"x": (0, 0, "p"), "m": (1, 0, "i"), "n": (2, 0, "i"), "y": (3, 0, "p")},
        "x-m m-n n-y",
        points={"M-red": ("m", "red"), "N-blue": ("n", "blue")},
    )
    floor = make_floor(plant)

    assert "tiny.no_passing" in floor.alarms()
    assert "pass each other" in floor.fleet.state.alarms["tiny.no_passing"].text
    floor.join("a", "x", "red")
    floor.join("b", "y", "blue")
    floor.ask(CreateMission(("M-red", "N-blue")))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_a_plant_with_a_fork_raises_no_such_alarm(make_floor):
    """Where one robot can stand aside, nothing is said."""
    assert make_floor(alley()).alarms() == []


def test_a_robot_that_starts_in_a_blocked_zone_is_named_and_the_others_go_on(make_floor):
    """Nobody may drive in a blocked zone, also not out of it: a person is told which robot, which zone."""
    zones = {"pit": {"kind": "blocked", "polygon": [[-22, -12], [-18, -12], [-18, 2], [-22, 2]]}}
    floor = make_floor(yard(zones=zones))
    caught = floor.join("a", "lw", "red")
    free = floor.join("b", "he", "red")

    alarm = floor.fleet.state.alarms["a.no_way_out"]
    assert "robot a" in alarm.text
    assert "lw in blocked zone pit" in alarm.text
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)
    assert free.counter == 1
    assert floor.robot(caught).base_end.node_id == "lw"


def test_more_robots_than_parking_leaves_the_others_at_work(make_floor):
    """The robot that finds no home is refused by name; those that have one go on."""
    floor = make_floor(alley())
    for name, node in (("a", "hw1"), ("b", "hw2"), ("c", "he1"), ("d", "he2"), ("e", "lw")):
        floor.join(name, node, "red")

    alarm = floor.fleet.state.alarms["e.no_parking"]
    assert "robot e can't join: all 4 parking nodes have an owner" in alarm.text
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def _trap():
    """A yard with a point at the end of a one-way road."""
    return build(
        {"hub": (0, 0, ""), "h1": (0, 1, "p"), "h2": (-1, 0, "p"), "ok": (0, -1, "i"), "trap": (1, 0, "i")},
        "hub-h1 hub-h2 hub-ok",
        one_way="hub-trap",
        points={"OK-red": ("ok", "red"), "T-red": ("trap", "red")},
        period_s=60.0,
    )


def test_a_goal_nobody_can_leave_again_is_named_and_never_driven_to(make_floor):
    """A point at the end of a one-way road isn't visited: a robot there would be lost; the others are."""
    floor = make_floor(_trap())
    floor.join("a", "h1", "red")
    alarm = floor.fleet.state.alarms["T-red.no_way_back"]
    outcome = floor.ask(CreateMission(("T-red",)))
    floor.run(300)

    assert "point T-red isn't visited: no robot that drives to node trap can leave it again" in alarm.text
    assert isinstance(outcome, Refused)
    assert outcome.code is RefusalCode.INVALID
    assert "node trap" in outcome.text
    assert floor.fleet.state.points["OK-red"].visit_count >= 2
    assert "T-red" not in floor.fleet.state.points


def test_a_goal_that_only_some_types_can_leave_goes_to_those(make_floor):
    """A way back for red robots alone: the point is theirs."""
    plant = build(
        {"hub": (0, 0, ""), "h1": (0, 1, "p"), "h2": (-1, 0, "p"), "trap": (1, 0, "i")},
        "hub-h1 hub-h2",
        one_way="hub-trap trap-hub",
        points={"T": ("trap", "camera")},
        edges={"trap-hub": {"robot_types": ["red"]}},
    )
    floor = make_floor(plant)
    blue, red = floor.join("a", "h1", "blue"), floor.join("b", "h2", "red")
    floor.ask(CreateMission(("T",)))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)

    assert (blue.counter, red.counter) == (0, 1)


def test_a_robot_that_reports_itself_in_what_another_has_reserved_is_named_with_that_one(make_floor):
    """It gets no release until its pose is right again; the other robot isn't held up by it."""
    floor = make_floor(yard())
    lost, other = floor.join("a", "hw", "red"), floor.join("b", "he", "blue")
    floor.run(3)
    lost.node_id = NodeId("he")
    floor.report(lost)

    alarm = floor.fleet.state.alarms["a.pose"]
    assert alarm.text == "robot a: pose off the reserved way, in what robot b has reserved"
    end = floor.robot(lost).base_end
    floor.ask(CreateMission(("N-red",)))
    floor.ask(CreateMission(("E-blue",)))
    lost.is_idle = True
    floor.until(lambda: floor.mission("m2").state is MissionState.SUCCEEDED)
    assert other.counter == 1
    assert floor.robot(lost).base_end == end
