"""What a robot does with its base, and with a link that comes and goes."""

from __future__ import annotations

import pytest

from agent.body import Activity
from agent.facts import SessionSettings, SilencePolicy
from agent.states import LinkState
from roundsman.v1 import route_pb2, session_pb2
from tests.agent.harness import Robot


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
