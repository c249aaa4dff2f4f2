"""Robots join, come back, start anew, and are refused where something is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coordinator.model.effects import Send
from coordinator.model.events import RobotConnected, RobotDisconnected, StateReported
from coordinator.model.geometry import Pose2
from coordinator.model.ids import EdgeId, NodeId, RobotId, RobotTypeId
from coordinator.model.messages import RouteUpdate, Welcome
from coordinator.model.mission import MissionState, TaskOutcome
from coordinator.model.operator import Accepted, ConfirmationNeeded, CreateMission, RemoveRobot, StopRobots
from coordinator.model.records import RobotJoined, RobotPlaced, SessionOpened, TaskEnded
from coordinator.model.robot import Activity, Factsheet, Placement, Progress, StateReport
from tests.coordinator.fleet.tiny_plants import alley, yard


def _last_welcome(floor) -> Welcome:
    return [effect.message for effect in floor.effects if isinstance(effect, Send)
            and isinstance(effect.message, Welcome)][-1]  # fmt: skip


def _on_edge(floor, puppet) -> bool:
    return puppet.cleared == puppet.reached and puppet.reached < puppet.end


def test_a_new_robot_gets_the_nearest_home_a_session_and_a_place(make_floor):
    """A robot that says Hello is welcomed, owns the parking node it stands on, and holds its node."""
    floor = make_floor(alley())
    robot = floor.join("a", "he1", "red")

    assert [type(record) for record in floor.journal[1:4]] == [RobotJoined, SessionOpened, RobotPlaced]
    assert floor.robot(robot).home == "he1"
    assert robot.session == 1
    assert "node he1" in floor.fleet.reserved_names(robot.robot_id)
    assert _last_welcome(floor).base_is_valid is False


def test_homes_are_never_shared(make_floor):
    """Two robots never own one parking node, even when both stand near it."""
    floor = make_floor(alley())
    first, second = floor.join("a", "hw1", "red"), floor.join("b", "lw", "red")

    assert floor.robot(first).home == "hw1"
    assert floor.robot(second).home == "hw2"


def test_a_robot_without_a_free_home_is_refused_with_an_alarm(make_floor):
    """When all parking nodes have an owner, one more robot can't join, and somebody is told."""
    floor = make_floor(alley())
    for name, node in (("a", "hw1"), ("b", "hw2"), ("c", "he1"), ("d", "he2")):
        floor.join(name, node, "red")
    fifth = floor.join("e", "lw", "red")

    assert floor.closed(fifth)[-1].code == "RESOURCE_EXHAUSTED"
    assert "e.no_parking" in floor.listed()
    assert fifth.robot_id not in floor.fleet.state.robots


def test_a_robot_of_an_unknown_type_is_refused_by_name(make_floor):
    """A robot whose type isn't in the plant's map is told so, and which types are."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "green")

    assert floor.closed(robot)[-1].code == "NOT_FOUND"
    assert "blue, red" in floor.closed(robot)[-1].reason
    assert floor.fleet.state.robots == {}


def test_a_second_robot_with_the_same_name_is_refused_while_the_first_is_heard(make_floor):
    """Two machines with one identity: the newcomer is turned away, an alarm is raised, the first keeps its session."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    effects = floor.feed(
        RobotConnected(
            RobotId("a"), 99, 2, Factsheet(RobotTypeId("red")), Placement(NodeId("he1")), 1, None, 1.0, False
        )
    )

    closes = [effect for effect in effects if getattr(effect, "code", "")]
    assert [(close.connection, close.code) for close in closes] == [(99, "ALREADY_EXISTS")]
    assert "a.duplicate_identity" in floor.alarms()
    assert floor.robot(robot).session == 1
    floor.run(5)
    assert floor.view(robot).link.value == "live"


def test_a_silent_robots_name_may_be_taken_by_its_next_start(make_floor):
    """When the old stream has been silent, a newer start of the robot is believed."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    robot.is_deaf = True
    floor.now_s += floor.settings.suspect_after_s + 1
    robot.boot_id, robot.is_deaf = 2, False
    floor.connect(robot)

    assert floor.robot(robot).session == 2
    assert floor.robot(robot).boot_id == 2


def test_words_over_an_older_stream_are_dropped(make_floor):
    """After a robot opened a newer stream, nothing that still arrives over the old one counts."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    old = robot.connection
    floor.connect(robot)
    assert floor.closed(robot)[-1].connection == old
    assert floor.closed(robot)[-1].code == "ABORTED"
    before = len(floor.journal)

    report = StateReport(900, 0.0, Pose2(0.0, 10.0, 0.0, "ground"), 0.0, 0.1, Activity.FAULTED, None)
    floor.feed(StateReported(robot.robot_id, old, report))
    floor.feed(RobotDisconnected(robot.robot_id, old, "late"))

    assert len(floor.journal) == before
    assert floor.view(robot).activity is not Activity.FAULTED
    floor.run(3)
    assert floor.view(robot).link.value == "live"


def test_a_reconnect_of_the_same_start_keeps_the_base(make_floor):
    """A robot that only lost its link keeps what it was released, and goes on with it."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: robot.reached >= 2)
    before = floor.robot(robot).route_id, tuple(floor.robot(robot).steps)
    floor.cut(robot)
    floor.connect(robot)

    assert _last_welcome(floor).base_is_valid is True
    assert floor.robot(robot).route_id == before[0]
    assert tuple(floor.robot(robot).steps)[: len(before[1])] == before[1]
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_a_restarted_robot_holds_only_where_it_stands_and_its_orders_are_given_anew(make_floor):
    """After a restart of the robot its old base is void, its orders are skipped, and the points are visited later."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("W-red",)))
    floor.until(lambda: bool(robot.pending))
    orders = list(floor.robot(robot).open_orders)
    assert orders
    old_route = floor.robot(robot).route_id
    floor.reboot(robot)

    skipped = [record for record in floor.journal if isinstance(record, TaskEnded) and record.order_id in orders]
    assert [record.outcome for record in skipped] == [TaskOutcome.SKIPPED]
    assert floor.robot(robot).route_id != old_route
    assert floor.robot(robot).steps[0].node_id == robot.node_id
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_a_robot_restarted_between_two_nodes_keeps_its_edge_and_drives_on_to_its_end(make_floor):
    """A robot that restarts in the middle of a way keeps that way and its end, and leaves by it."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: robot.reached >= 2 and _on_edge(floor, robot))
    edge_id = robot.steps[robot.reached + 1].edge_id
    end = robot.steps[robot.reached + 1].node_id
    floor.reboot(robot)

    assert {f"node {end}", "edge " + edge_id.removesuffix(".r")} <= set(floor.fleet.reserved_names(robot.robot_id))
    assert floor.robot(robot).base_end.edge_id == edge_id or len(floor.robot(robot).steps) > 2
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_an_older_start_of_a_robot_is_refused(make_floor):
    """A message stream of an earlier start can't take over."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.reboot(robot)
    floor.cut(robot)
    robot.boot_id = 1
    floor.connect(robot)

    assert floor.closed(robot)[-1].code == "FAILED_PRECONDITION"
    assert "boot 1 is older than boot 2" in floor.closed(robot)[-1].reason


def test_a_robot_that_has_seen_a_later_coordinator_is_refused_with_an_alarm(make_floor):
    """A coordinator restored from an old backup notices it, moves nobody, and calls a person."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.cut(robot)
    robot.epoch = 7
    floor.connect(robot)

    assert floor.closed(robot)[-1].code == "FAILED_PRECONDITION"
    assert "a.epoch_behind" in floor.listed()
    assert floor.robot(robot).session == 1


def test_a_robot_that_says_it_stands_where_another_is_waits_for_a_person(make_floor):
    """Two robots can't be in one place: the newcomer isn't believed, holds nothing, and an alarm asks for help."""
    floor = make_floor(alley())
    floor.join("a", "hw1", "red")
    second = floor.join("b", "hw1", "red")

    assert "b.robot_unplaced" in floor.alarms()
    assert floor.robot(second).steps == []
    assert floor.fleet.reserved_names(second.robot_id) == ()
    assert second.route_id is None
    del floor.puppets[second.robot_id]


def test_a_robot_that_does_not_know_where_it_is_waits_for_a_person(make_floor):
    """A robot without a place gets no route until it has one."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.cut(robot)
    robot.boot_id += 1
    robot.route_id, robot.steps = None, {}
    floor.connect(robot, Placement(None))

    assert "a.robot_unplaced" in floor.alarms()
    assert "node hw1" in floor.fleet.reserved_names(robot.robot_id), "silence and doubt free nothing"


@pytest.mark.parametrize(
    "placement",
    [
        Placement(NodeId("nowhere")),
        Placement(NodeId("west"), EdgeId("nowhere")),
        Placement(NodeId("hw2"), EdgeId("west-a1")),
    ],
    ids=["unknown node", "unknown edge", "node that isn't the start of the edge"],
)
def test_a_place_that_is_not_on_the_map_is_not_believed(make_floor, placement):
    """A robot with another map, or a mistaken one, waits for a person; nothing breaks."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.cut(robot)
    robot.boot_id, robot.route_id, robot.steps = 2, None, {}
    floor.connect(robot, placement)

    assert "a.robot_unplaced" in floor.alarms()
    floor.run(10)


def test_a_robot_that_restarts_outside_what_it_had_reserved_waits_for_a_person(make_floor):
    """A robot carried elsewhere and switched on there isn't believed: its old place stays taken."""
    floor = make_floor(yard())
    robot = floor.join("a", "hw", "red")
    floor.cut(robot)
    robot.boot_id, robot.route_id, robot.steps = 2, None, {}
    floor.connect(robot, Placement(NodeId("le")))

    assert "a.robot_unplaced" in floor.alarms()
    assert "node hw" in floor.fleet.reserved_names(robot.robot_id)


def test_impossible_progress_is_not_forgotten_by_a_reconnect(make_floor):
    """A robot that claims to be beyond its base gets nothing more, also not over a new stream of the same start."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.run(3)
    report = StateReport(
        900, 0.0, Pose2(0.0, 10.0, 0.0, "ground"), 0.0, 1.0, Activity.IDLE, Progress(robot.route_id, 7, 6, 7)
    )
    floor.feed(StateReported(robot.robot_id, robot.connection, report))
    assert "a.impossible_progress" in floor.alarms()
    floor.ask(CreateMission(("E-red",)))
    end = robot.end
    floor.cut(robot)
    floor.connect(robot)
    floor.rest(30)

    assert robot.end == end

    floor.reboot(robot)
    assert "a.impossible_progress" not in floor.alarms()
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_a_robot_that_was_removed_and_joins_again_is_counted_on(make_floor):
    """Sessions, commands, task events and results of one robot never get a number twice, also not after a removal."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("W-red",)))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)
    floor.ask(StopRobots((robot.robot_id,), "test"))
    before = replace_steps(floor.robot(robot))
    needed = floor.ask(RemoveRobot(robot.robot_id))
    assert isinstance(needed, ConfirmationNeeded)
    assert isinstance(floor.ask(RemoveRobot(robot.robot_id, needed.token)), Accepted)
    floor.connect(robot)

    after = floor.robot(robot)
    assert after.session == before.session + 1
    assert after.last_command_id == before.last_command_id
    assert after.task_events_through == before.task_events_through
    assert after.observations_through == before.observations_through == 1


def replace_steps(state):
    """A copy that later changes don't reach."""
    return replace(state, steps=list(state.steps))


def test_routes_go_only_to_the_stream_of_the_session(make_floor):
    """Every message carries the epoch, the session and the stream it belongs to, and a number that grows."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.run(5)
    floor.connect(robot)
    floor.run(5)

    sends = [effect for effect in floor.effects if isinstance(effect, Send) and effect.connection == robot.connection]
    assert {(send.epoch, send.session) for send in sends} == {(1, 2)}
    assert [send.sequence for send in sends] == list(range(1, len(sends) + 1))
    assert any(isinstance(send.message, RouteUpdate) for send in sends)
