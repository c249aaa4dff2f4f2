"""What becomes base: only what is free, open and safe, and only for a robot that can be counted on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coordinator.model.events import DeviceReported, DeviceState
from coordinator.model.ids import DeviceId, EdgeId, NodeId, RobotId
from coordinator.model.mission import MissionState
from coordinator.model.operator import CreateMission, ResumeRobots, StopRobots
from coordinator.model.robot import Activity, Fault
from coordinator.traffic.coverage import Coverage
from tests.coordinator.fleet.puppet import Puppet
from tests.coordinator.fleet.puppets import Floor
from tests.coordinator.fleet.tiny_plants import alley, gated, gated_hole, hole, roof_in_a_hole, yard


def _held(floor: Floor, puppet: Puppet) -> set[str]:
    return set(floor.fleet.reserved_names(puppet.robot_id))


def test_a_robot_stops_at_its_decision_node(make_floor):
    """A robot drives to the end of its base and no further while nothing more is released."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: robot.reached >= 1)
    robot.is_deaf = True
    end = robot.end
    for _ in range(60):
        floor.move(robot)

    assert robot.reached == end
    assert robot.node_id == robot.steps[end].node_id


def test_a_resource_is_released_to_one_robot_at_a_time(make_floor):
    """A robot that wants what another holds waits, and an operator sees for what, behind whom and since when."""
    floor = make_floor(yard())
    first, second = floor.join("a", "hw", "red"), floor.join("b", "hn", "blue")
    floor.run(2)
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: "node hub" in _held(floor, first))
    first.is_idle = True
    floor.ask(CreateMission(("S-blue",)))
    floor.until(lambda: floor.view(second).wait is not None, within_s=60)
    since_s = floor.now_s
    floor.run(20)

    assert "node hub" not in _held(floor, second)
    wait = floor.view(second).wait
    assert wait is not None
    assert (wait.cause, wait.behind) == ("resource", "a")
    assert wait.since_s == pytest.approx(since_s, abs=1.0)
    first.is_idle = False
    floor.until(lambda: all(floor.mission(name).state is MissionState.SUCCEEDED for name in ("m1", "m2")))


def test_an_alley_is_never_entered_head_on(make_floor):
    """Two robots never are in a one-lane alley in opposite directions."""
    floor = make_floor(alley(period_s=60.0))
    robots = [floor.join("a", "hw1", "red"), floor.join("b", "he1", "blue")]
    inside = {"node a1", "node a2", "node a3", "edge a1-a2", "edge a2-a3"}
    both = 0
    for _ in range(400):
        floor.run(1.0, laziness=0.3)
        in_it = [robot for robot in robots if _held(floor, robot) & inside]
        ways = {
            step.edge_id.endswith(".r")
            for robot in in_it
            for step in floor.robot(robot).steps
            if step.seq > robot.reached and step.edge_id in ("a1-a2", "a2-a3", "a1-a2.r", "a2-a3.r")
        }
        both += len(in_it) > 1
        assert len(ways) <= 1, "head-on"
    assert floor.fleet.totals().visits_count >= 8


def test_an_alley_is_released_whole_with_its_exit(make_floor):
    """A base that leads into a one-lane alley leads out of it again."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red",)))
    for _ in range(40):
        floor.run(1.0)
        assert floor.robot(robot).base_end.node_id not in ("a1", "a2", "a3")
    assert floor.mission("m1").state is MissionState.SUCCEEDED


@pytest.mark.parametrize("kind", ["door", "lift"])
def test_a_gate_is_passed_only_while_it_is_open_for_that_robot(make_floor, kind):
    """A door or lift is asked; nobody is sent through until it says it is open, for this robot, at this side."""
    floor = make_floor(gated(kind))
    floor.devices_obey = False
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red",)))
    gate, here, there = DeviceId("gate-1"), EdgeId("in-out"), EdgeId("in-out.r")
    name = f"{kind} gate-1"

    def says(state: DeviceState, held_for: str | None, at: EdgeId | None) -> None:
        floor.feed(DeviceReported(gate, state, None if held_for is None else RobotId(held_for), at))
        floor.run(10)
        assert name not in _held(floor, robot)
        assert robot.node_id in ("hw1", "west", "in")

    floor.run(20)
    assert (floor.asked_devices[0].robot_id, floor.asked_devices[0].edge_id) == ("a", here)
    wait = floor.view(robot).wait
    assert wait is not None
    assert (wait.cause, wait.subject) == (kind, name)
    says(DeviceState.MOVING, None, None)
    says(DeviceState.OPEN, None, None)
    says(DeviceState.OPEN, "b", here)
    says(DeviceState.OPEN, "a", there)
    says(DeviceState.CLOSED, None, None)
    says(DeviceState.FAILED, None, None)
    assert "gate-1.device_failed" in floor.alarms()

    floor.feed(DeviceReported(gate, DeviceState.OPEN, RobotId("a"), here))
    assert name in _held(floor, robot)
    assert "gate-1.device_failed" not in floor.alarms()
    floor.devices_obey = True
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_a_gate_is_let_go_when_its_robot_has_passed(make_floor):
    """A door doesn't stay open behind a robot."""
    floor = make_floor(gated("door"))
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: robot.node_id == "le")

    assert [ask.robot_id for ask in floor.asked_devices] == ["a", None]


def test_a_gate_behind_work_in_a_radio_hole_stays_wanted(make_floor):
    """The way out of a hole is released with the way in: its door isn't let go, though it isn't on the way to work."""
    floor = make_floor(gated_hole())
    floor.devices_obey = False
    robot = floor.join("a", "hw", "red")
    floor.ask(CreateMission(("D-red",)))
    floor.run(30)
    assert {ask.robot_id for ask in floor.asked_devices} == {"a"}
    assert len(floor.asked_devices) < 10

    floor.feed(DeviceReported(DeviceId("gate-1"), DeviceState.OPEN, RobotId("a"), EdgeId("d3-east")))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)
    floor.until(lambda: robot.node_id == "hw")


def test_a_door_to_a_room_without_radio_is_asked_for_once(make_floor):
    """The way into the room is released with the way out: open at one side, the door lets the robot in and out."""
    floor = make_floor(hole(devices={"gate-1": {"kind": "door", "open_s": 5}}, edges={"d2-ld": {"door": "gate-1"}}))
    floor.devices_obey = False
    robot = floor.join("a", "hw", "red")
    floor.ask(CreateMission(("D-red",)))
    floor.run(30)
    floor.feed(DeviceReported(DeviceId("gate-1"), DeviceState.OPEN, RobotId("a"), EdgeId("d2-ld")))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED, within_s=120)
    floor.until(lambda: robot.node_id == "hw", within_s=120)

    assert {ask.edge_id for ask in floor.asked_devices} == {"d2-ld", None}
    assert floor.asked_devices[-1].robot_id is None


def test_a_lift_to_a_roof_without_radio_stays_with_its_robot(make_floor):
    """The way up is released with the way down: asked for once, the lift waits on the roof, and nobody else has it."""
    floor = make_floor(roof_in_a_hole())
    floor.devices_obey = False
    robot = floor.join("a", "hw", "red")
    floor.ask(CreateMission(("R-red",)))
    floor.run(30)
    assert {ask.edge_id for ask in floor.asked_devices} == {"foot-top"}
    floor.feed(DeviceReported(DeviceId("lift-1"), DeviceState.OPEN, RobotId("a"), EdgeId("foot-top")))
    floor.until(lambda: robot.node_id == "lr", within_s=120)
    assert "lift lift-1" in _held(floor, robot)
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED, within_s=120)
    floor.until(lambda: robot.node_id == "hw", within_s=120)

    assert {ask.edge_id for ask in floor.asked_devices} == {"foot-top", None}
    assert floor.asked_devices[-1].robot_id is None
    assert "lift lift-1" not in _held(floor, robot)


def _stop(floor: Floor, puppet: Puppet) -> None:
    floor.ask(StopRobots((puppet.robot_id,), "test"))


def _fault(floor: Floor, puppet: Puppet) -> None:
    puppet.activity = Activity.FAULTED
    floor.report(puppet)


def _flat_tyre(floor: Floor, puppet: Puppet) -> None:
    puppet.faults = (Fault("drive", "left wheel blocked", stops_driving=True),)
    floor.report(puppet)


def _manual(floor: Floor, puppet: Puppet) -> None:
    puppet.activity = Activity.MANUAL
    floor.report(puppet)


def _stopped_at_the_robot(floor: Floor, puppet: Puppet) -> None:
    puppet.activity = Activity.STOPPED
    floor.report(puppet)


def _cut(floor: Floor, puppet: Puppet) -> None:
    floor.cut(puppet)


def _lose_itself(floor: Floor, puppet: Puppet) -> None:
    puppet.knows_place = False
    floor.report(puppet)


def _wander(floor: Floor, puppet: Puppet) -> None:
    puppet.node_id = NodeId("le")
    floor.report(puppet)


@pytest.mark.parametrize(
    "trouble", [_stop, _fault, _flat_tyre, _manual, _stopped_at_the_robot, _cut, _lose_itself, _wander]
)
def test_nothing_is_released_to_a_robot_that_can_not_be_counted_on(
    make_floor, trouble: Callable[[Floor, Puppet], None]
):
    """Stopped, faulted, driven by hand, silent, lost or off its way: its base doesn't grow until it is right again."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.run(2)
    trouble(floor, robot)
    end = floor.robot(robot).base_end
    floor.ask(CreateMission(("E-red",)))
    floor.rest(30)

    assert floor.robot(robot).base_end == end
    robot.activity, robot.faults, robot.knows_place, robot.node_id = Activity.IDLE, (), True, NodeId("hw1")
    if robot.connection is None:
        floor.connect(robot)
    floor.ask(ResumeRobots((), "all is well"))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_a_fault_raises_an_alarm_that_clears_with_it(make_floor):
    """Each fault is an alarm of its own and goes when the robot doesn't report it any more."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    _flat_tyre(floor, robot)
    assert "a.fault.drive" in floor.alarms()

    robot.faults = ()
    floor.report(robot)
    assert "a.fault.drive" not in floor.alarms()


def test_a_base_never_ends_in_a_radio_hole(make_floor):
    """A robot is sent through a hole in the radio cover as a whole, or not at all: in it, it could be told nothing."""
    plant = hole()
    floor = make_floor(plant)
    robot = floor.join("a", "hw", "red")
    coverage = Coverage(floor.resources)
    assert coverage.is_dark(floor.resources.node_index["d2"])
    floor.ask(CreateMission(("E-red", "D-red", "W-red")))
    for _ in range(200):
        floor.run(1.0)
        assert not coverage.is_dark(floor.resources.node_index[floor.robot(robot).base_end.node_id])
    assert floor.mission("m1").state is MissionState.SUCCEEDED


def test_work_in_a_radio_hole_goes_on_without_a_link(make_floor):
    """A robot that is cut off in a hole does its work there and comes out by itself."""
    floor = make_floor(hole())
    robot = floor.join("a", "hw", "red")
    floor.ask(CreateMission(("D-red",)))
    floor.until(lambda: robot.node_id == "d1")
    floor.cut(robot)
    floor.run(60)

    assert robot.counter == 1
    assert robot.node_id in ("west", "east")
    floor.connect(robot)
    floor.run(5)
    assert floor.mission("m1").state is MissionState.SUCCEEDED


def test_a_place_where_robots_fall_silent_is_taken_for_a_hole(make_floor):
    """What robots hear corrects the planned cover: a node where one fell silent is passed, not stopped at."""
    floor = make_floor(hole())
    core = floor.fleet._core
    east = core.resources.node_index["east"]
    assert not core.coverage.is_dark(east)
    core.coverage.lost(east)
    assert core.coverage.is_dark(east)
    for _ in range(10):
        core.coverage.heard(east, -70.0)
    assert not core.coverage.is_dark(east)
