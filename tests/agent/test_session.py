"""What a robot does with its base, its tasks and a link that comes and goes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from agent.body import Activity, Fault, Outcome
from agent.facts import SessionSettings, SilencePolicy
from agent.held_route import BodyError
from agent.spool import MemorySpool
from agent.states import LATCHES, LINKS, Latch, LatchSignal, LinkSignal, LinkState
from roundsman.v1 import robot_pb2, route_pb2, session_pb2
from tests.agent.harness import READING, Robot

PURE = [
    "body",
    "facts",
    "outputs",
    "states",
    "coordinator_clock",
    "handshake",
    "held_route",
    "task_log",
    "reports",
    "session",
    "driver",
    "spool",
    "uploader_core",
]


def test_nothing_but_hello_is_sent_before_the_welcome():
    """A robot the coordinator hasn't taken says who it is and nothing else."""
    robot = Robot()
    robot.driver.connected()
    robot.tell(Activity.BLOCKED)
    robot.wait(5.0)

    assert [message.WhichOneof("payload") for message in robot.sent] == ["hello"]
    assert robot.sent[0].hello.robot_id == "spot-1"
    assert robot.sent[0].hello.charge_ratio == 0.8
    assert robot.sent[0].hello.placement.node_id == "n0"


def test_coordinator_that_never_welcomes_is_left():
    """A stream without an answer isn't waited on for ever."""
    robot = Robot()
    robot.driver.connected()
    robot.wait(11.0)

    assert [close.reason for close in robot.closed] == ["no Welcome within 10 s"]


def test_robot_drives_to_the_first_task_and_goes_on_when_it_is_done():
    """Tasks are done at their node, in order, before the robot drives on; also without a link."""
    robot = Robot()
    robot.connect()
    robot.route(0, 1, (2, ["a", "b"]), 3, (4, ["c"]), 5)
    assert robot.body.given == [1, 2]
    robot.driver.disconnected()

    robot.driver.reached(1)
    assert robot.body.performed == []
    robot.driver.reached(2)
    assert robot.body.performed == ["a"]
    robot.done("a")
    assert robot.body.performed == ["a", "b"]
    assert robot.body.given == [1, 2]
    robot.done("b")
    assert robot.body.given == [1, 2, 3, 4]


def test_steps_held_already_are_ignored_and_a_gap_is_refused():
    """A base only grows, and never with a hole in it."""
    robot = Robot()
    robot.connect()
    robot.route(0, 1, 2)
    robot.route(1, 2, 3, revision=2)
    assert robot.body.given == [1, 2, 3]
    assert robot.last("route_reply").status == route_pb2.ROUTE_REPLY_STATUS_ACCEPTED
    assert robot.last("route_reply").base_end_seq == 3

    robot.route(5, 6, revision=3)
    assert robot.last("route_reply").status == route_pb2.ROUTE_REPLY_STATUS_DISCONTINUOUS
    assert robot.last("route_reply").base_end_seq == 3

    robot.route(4, revision=1)
    assert robot.last("route_reply").status == route_pb2.ROUTE_REPLY_STATUS_STALE
    assert robot.body.given == [1, 2, 3]


def test_step_that_breaks_a_rule_is_refused_with_its_name():
    """A base the robot can't drive is answered with the reason, and nothing of it is driven."""
    robot = Robot()
    robot.connect()
    update = route_pb2.RouteUpdate(
        route_id="r1",
        revision=1,
        base=[
            route_pb2.RouteStep(seq=0, node_id="n0"),
            route_pb2.RouteStep(seq=1, node_id="n1", edge_id="e1", max_speed_mps=1.0),
            route_pb2.RouteStep(seq=2, node_id="n2", edge_id="e2"),
        ],
    )
    robot.say(route=update)

    assert robot.last("route_reply").status == route_pb2.ROUTE_REPLY_STATUS_REFUSED
    assert robot.last("route_reply").text == "step 2 has max_speed_mps 0.0: it must be above 0"
    assert robot.body.given == []


def test_steps_that_stay_are_reached_when_the_tasks_before_them_are_done():
    """More tasks at the node where a robot stands need no driving."""
    robot = Robot()
    robot.connect()
    robot.route(0, (1, ["a"]))
    robot.driver.cleared(0)
    robot.driver.reached(1)
    robot.route((2, ["b"]), 3, revision=2, stays=[2])
    assert robot.session.route.reached_seq == 1

    robot.done("a")
    assert robot.session.route.reached_seq == 2
    assert robot.body.performed == ["a", "b"]
    assert robot.body.given == [1]
    robot.done("b")
    assert robot.body.given == [1, 3]
    robot.driver.cleared(1)
    assert robot.session.route.cleared_seq == 2
    robot.driver.reached(3)
    assert robot.session.route.reached_seq == 3


@pytest.mark.parametrize(
    "fence", [{"epoch": 0}, {"session": 9}, {"sequence": 1}], ids=["old coordinator", "other session", "repeated"]
)
def test_words_that_are_not_for_this_session_move_nothing(fence):
    """A robot obeys only its own session, no older coordinator, and nothing twice."""
    robot = Robot()
    robot.connect()
    robot.route(0, 1)
    update = route_pb2.RouteUpdate(
        route_id="r1",
        revision=2,
        base=[route_pb2.RouteStep(seq=2, node_id="n2", edge_id="e2", max_speed_mps=1.0)],
    )
    robot.say(route=update, **fence)

    assert robot.body.given == [1]
    assert robot.session.dropped_count == 1


def test_coordinator_with_a_lower_epoch_is_refused():
    """A coordinator restored from an old backup doesn't move the robot."""
    robot = Robot()
    robot.epoch = 5
    robot.connect()
    robot.driver.disconnected()
    robot.epoch, robot.number = 4, 100
    robot.connect()

    assert "lower than 5" in robot.closed[-1].reason
    assert robot.session.link is LinkState.OFFLINE


def test_stop_brakes_at_once_and_holds_until_resume():
    """A stopped robot gets neither legs nor tasks, whatever else arrives."""
    robot = Robot()
    robot.connect()
    robot.route(0, 1)
    robot.command(1, "STOP")
    assert robot.body.names()[-1] == "stop"
    robot.route((2, ["a"]), revision=2)
    robot.driver.reached(1)
    assert robot.body.given == [1]
    assert robot.last("state").activity == robot_pb2.ROBOT_ACTIVITY_STOPPED

    robot.command(2, "RESUME")
    assert robot.body.names()[-2:] == ["resume", "follow"]
    assert robot.body.given == [1, 2]


def test_stop_survives_a_restart_of_the_agent():
    """Switching a stopped robot off and on doesn't free it."""
    before = Robot()
    before.connect()
    before.command(3, "STOP")

    after = Robot(boot_id=2, memory=before.persisted[-1])
    after.connect()
    assert after.sent[0].hello.is_stopped
    assert after.body.names() == ["start", "stop"]
    after.route(0, 1)
    assert after.body.given == []
    after.command(3, "STOP")
    assert after.last("command_reply").status == session_pb2.COMMAND_STATUS_DONE


def test_command_sent_again_is_answered_again_and_done_once():
    """A lost answer doesn't make a robot obey twice."""
    robot = Robot()
    robot.connect()
    robot.command(1, "PAUSE")
    robot.command(2, "RESUME")
    robot.command(1, "PAUSE")

    assert robot.body.names().count("hold") == 1
    assert robot.session.latch is Latch.FREE
    assert [reply.command_id for reply in robot.all("command_reply")] == [1, 2, 1]


def test_resume_older_than_the_stop_does_not_free_the_robot():
    """A late RESUME from before a STOP is refused."""
    robot = Robot()
    robot.connect()
    robot.command(8, "STOP")
    robot.command(7, "RESUME")

    assert robot.session.latch is Latch.STOPPED
    assert robot.last("command_reply").status == session_pb2.COMMAND_STATUS_REFUSED
    assert "newer command, 8" in robot.last("command_reply").text


def test_resume_that_was_stuck_in_the_network_has_expired():
    """A RESUME delivered a minute late moves nothing; a STOP as late still stops."""
    robot = Robot()
    robot.connect(coordinator_s=5000.0)
    robot.command(1, "PAUSE")
    robot.now_s += 60.0
    robot.command(2, "RESUME", valid_for_s=5.0)
    assert robot.last("command_reply").status == session_pb2.COMMAND_STATUS_EXPIRED
    assert robot.session.latch is Latch.PAUSED

    robot.command(3, "STOP", valid_for_s=5.0)
    assert robot.session.latch is Latch.STOPPED


def test_person_at_the_robot_stops_it_until_resume():
    """A stop button on the robot has the same effect as one in the control room."""
    robot = Robot()
    robot.connect()
    robot.driver.local_stop("button")
    assert robot.last("state").activity == robot_pb2.ROBOT_ACTIVITY_STOPPED
    assert robot.persisted[-1].latch is Latch.STOPPED

    robot.command(1, "RESUME")
    assert robot.body.names()[-1] == "resume"


def test_robot_finishes_its_base_when_the_link_is_lost():
    """Inspections go on in a radio hole; nothing tells the body to hold."""
    robot = Robot()
    robot.connect()
    robot.route(0, 1, (2, ["a"]))
    robot.wait(60.0)
    robot.driver.disconnected()
    robot.driver.reached(1)
    robot.driver.reached(2)

    assert robot.body.performed == ["a"]
    assert "hold" not in robot.body.names()
    assert robot.closed[0].reason == "no heartbeat for 10 s"


def test_robot_told_to_hold_on_silence_holds_and_goes_on_with_the_next_heartbeat():
    """With `hold_now` a robot waits on the next node while it hears nothing."""
    robot = Robot(settings=SessionSettings(on_silence=SilencePolicy.HOLD_NOW))
    robot.connect()
    robot.route(0, (1, ["a"]), 2)
    robot.wait(9.9)
    assert "hold" not in robot.body.names()
    robot.wait(0.2)
    assert robot.body.names()[-1] == "hold"
    robot.driver.reached(1)
    assert robot.body.performed == []

    robot.driver.disconnected()
    robot.connect(base_is_valid=True)
    assert robot.body.names()[-2:] == ["resume", "perform"]


def test_base_stays_over_a_reconnect_and_events_are_sent_again():
    """A hand-over of the radio costs nothing: same base, no task forgotten, none twice."""
    robot = Robot()
    robot.connect()
    robot.route(0, (1, ["a"]), 2)
    robot.driver.reached(1)
    robot.driver.disconnected()
    robot.done("a")
    robot.sent.clear()
    robot.connect(base_is_valid=True, events_through=1)

    assert robot.all("hello")[0].progress.route_id == "r1"
    assert robot.events() == [(2, "a", "done")]
    robot.route(0, (1, ["a"]), 2, 3, revision=2)
    assert robot.body.given == [1, 2, 3]
    assert robot.body.performed == ["a"]
    robot.say(acknowledge=session_pb2.Acknowledge(task_events_through=2))
    robot.driver.disconnected()
    robot.sent.clear()
    robot.connect(base_is_valid=True, events_through=2)
    assert robot.events() == []


def test_void_base_is_forgotten_and_a_new_route_begins():
    """A base the coordinator no longer knows isn't driven, and tasks done aren't done again."""
    robot = Robot()
    robot.connect()
    robot.route(0, (1, ["a"]), 2)
    robot.driver.reached(1)
    robot.done("a")
    robot.driver.disconnected()
    robot.connect(base_is_valid=False)
    assert robot.body.names()[-1] == "void_base"
    assert robot.session.route is None

    robot.route(0, (1, ["a"]), 2, route_id="r2")
    assert robot.body.commands[-1] == ("follow", [1, 2])
    robot.driver.reached(1)
    assert robot.body.performed == ["a"]


def test_new_route_id_voids_the_old_route():
    """A robot placed anew by a person drops what it held."""
    robot = Robot()
    robot.connect()
    robot.route(0, 1, 2)
    robot.route(0, 1, route_id="r2", revision=1)

    assert robot.body.names()[-2:] == ["void_base", "follow"]
    assert robot.session.route.route_id == "r2"


def test_task_is_reported_done_only_after_its_reading_is_on_disk():
    """A reading the coordinator was told of is never lost with the robot."""
    robot = Robot(spool=MemorySpool(quota_bytes=100))
    robot.connect()
    robot.route(0, (1, ["a"]), 2)
    robot.driver.reached(1)
    robot.done("a")

    assert robot.events() == [(1, "a", "begun"), (2, "a", "failed")]
    assert "finds no room" in robot.last("task_event").reason
    assert robot.body.given == [1, 2]


def test_task_done_without_a_reading_has_failed():
    """An inspection without a result doesn't count as one."""
    robot = Robot()
    robot.connect()
    robot.route(0, (1, ["a"]))
    robot.driver.reached(1)
    robot.done("a", None)

    assert robot.events()[-1] == (2, "a", "failed")


def test_reading_carries_the_coordinators_time():
    """A reading's time is that of the plant, with its uncertainty, whatever the robot's clock shows."""
    robot = Robot()
    robot.driver.connected()
    robot.now_s += 0.2
    robot.number, robot.sequence = 1, 0
    terms = session_pb2.Welcome(
        version=1, heartbeat_period_s=1.0, hold_after_s=10.0, report_period_s=1.0, coordinator_s=9000.1
    )
    robot.say(welcome=terms)
    robot.heartbeat(9000.21, rtt_s=0.0)
    robot.heartbeat(9000.21, rtt_s=0.02)
    robot.route(0, (1, ["a"]))
    robot.driver.reached(1)
    robot.done("a")

    entry = robot.spool.entry_after(0)
    assert entry.observation.taken_s == pytest.approx(9000.22, abs=1e-6)
    assert entry.observation.taken_error_s == pytest.approx(0.01, abs=1e-6)
    assert entry.observation.map_pose_body.level_id == "ground"


def test_ended_early_charge_is_done_and_other_task_skipped():
    """Calling a robot from its charger isn't a failure; a task cut short is not an inspection."""
    robot = Robot()
    robot.connect()
    robot.route((0, ["charge-1"]), (1, ["a"]), (2, ["b"]))
    robot.command(1, "END_TASK", order_id="charge-1")
    robot.driver.task_ended("charge-1", Outcome.SKIPPED)
    assert robot.events()[-1] == (2, "charge-1", "done")

    robot.command(2, "END_TASK", order_id="b")
    assert robot.events()[-1] == (3, "b", "skipped")
    robot.driver.reached(1)
    robot.command(3, "END_TASK", order_id="a")
    robot.driver.task_ended("a", Outcome.FAILED, "arm busy")
    assert robot.events()[-1] == (5, "a", "skipped")
    robot.command(4, "END_TASK", order_id="x")
    assert robot.last("command_reply").status == session_pb2.COMMAND_STATUS_REFUSED


def test_heartbeat_is_echoed_at_once_with_both_clocks():
    """The coordinator measures the link by the robot's answers."""
    robot = Robot()
    robot.connect()
    robot.now_s += 0.5
    robot.heartbeat(5000.5, nonce=42)

    echo = robot.last("heartbeat_echo")
    assert (echo.nonce, echo.coordinator_s, echo.robot_received_s) == (42, 5000.5, robot.now_s)


def test_reports_come_in_their_period_and_at_once_when_something_changes():
    """Nobody waits a second to hear of a fault."""
    robot = Robot()
    robot.connect()
    robot.sent.clear()
    for _ in range(30):
        robot.now_s += 0.1
        robot.heartbeat(5000.0)
        robot.tell()
    assert len(robot.all("state")) == 3
    assert len(robot.last("state").history) == 9
    robot.sent.clear()

    robot.tell(Activity.BLOCKED, blocked_edge_id="e7")
    robot.tell(Activity.IDLE, faults=(Fault("motor_hot", stops_driving=True),))
    robot.tell(Activity.IDLE, faults=(Fault("motor_hot", stops_driving=True),))
    activities = [report.activity for report in robot.all("state")]
    assert activities == [robot_pb2.ROBOT_ACTIVITY_BLOCKED, robot_pb2.ROBOT_ACTIVITY_FAULTED]
    assert [report.report_seq for report in robot.all("state")] == sorted(
        {report.report_seq for report in robot.all("state")}
    )


def test_robot_driven_by_a_person_forgets_its_base_and_is_placed_anew():
    """After a joystick the robot isn't where its route thinks."""
    robot = Robot()
    robot.connect()
    robot.route(0, 1, 2)
    robot.tell(Activity.MANUAL)
    assert robot.body.names()[-1] == "void_base"
    robot.route(3, revision=2)
    assert robot.last("route_reply").status == route_pb2.ROUTE_REPLY_STATUS_REFUSED

    robot.tell(Activity.IDLE)
    assert "placed anew" in robot.closed[-1].reason


def test_body_that_skips_a_node_is_found_out():
    """A body that breaks the rules never frees a node nobody left."""
    robot = Robot()
    robot.connect()
    robot.route(0, 1, 2)
    with pytest.raises(BodyError, match="leg 2 as reached after 0"):
        robot.driver.reached(2)
    with pytest.raises(BodyError, match="reached only 0"):
        robot.driver.cleared(1)
    robot.driver.reached(1)
    robot.driver.reached(1)
    robot.driver.reached(2)
    robot.driver.cleared(2)

    assert robot.session.route.cleared_seq == -1
    assert robot.session.ignored_count == 2


def test_drain_ends_the_stream_and_names_the_delay():
    """A coordinator that goes down for maintenance isn't stormed."""
    robot = Robot()
    robot.connect()
    robot.say(drain=session_pb2.Drain(reconnect_after_s=12.0))

    assert robot.closed[-1].reconnect_after_s == 12.0
    robot.sent.clear()
    robot.tell(Activity.BLOCKED)
    assert robot.sent == []


def test_agent_that_ends_on_purpose_holds_and_says_goodbye():
    """A shut-down of the agent leaves the robot on a node."""
    robot = Robot()
    robot.connect()
    robot.driver.leave("maintenance")

    assert robot.body.names()[-1] == "hold"
    assert robot.last("goodbye").reason == "maintenance"


def test_every_state_knows_what_may_happen_in_it():
    """The machines have no hole where a robot could fall in."""
    assert set(LATCHES) == set(Latch)
    assert all(set(row) == set(LatchSignal) for row in LATCHES.values())
    assert set(LINKS) == set(LinkState)
    assert all({LinkSignal.CONNECTED, LinkSignal.DISCONNECTED} <= set(row) for row in LINKS.values())
    assert [state for state in LINKS if LinkSignal.WELCOMED in LINKS[state]] == [LinkState.GREETING]


def test_decisions_of_the_agent_need_no_clock_and_no_network():
    """What runs in the simulator is what runs on the robot."""
    forbidden = {"asyncio", "time", "datetime", "random", "logging", "socket", "grpc", "sqlite3", "threading"}
    for name in PURE:
        path = Path(__file__).parents[2] / "agent" / f"{name}.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert not forbidden & {alias.name.split(".")[0] for alias in node.names}, name
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in forbidden, name
                assert not (node.module or "").endswith("_grpc"), name


def test_reading_for_a_task_that_is_not_under_way_is_ignored():
    """A body that ends a task twice gives one result."""
    robot = Robot()
    robot.connect()
    robot.route(0, (1, ["a"]))
    robot.driver.reached(1)
    robot.done("a", READING)
    robot.done("a", READING)

    assert robot.spool.last_counter() == 1
    assert len(robot.events()) == 2
