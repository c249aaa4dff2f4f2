"""What a robot does with a base; the planted bugs of the agent are caught here."""

from __future__ import annotations

from roundsman.v1 import route_pb2
from tests.agent.harness import Robot


def _step(seq: int) -> route_pb2.RouteStep:
    return route_pb2.RouteStep(seq=seq, node_id=f"n{seq}", edge_id=f"e{seq}" if seq else "", max_speed_mps=1.0)


def test_a_horizon_is_never_driven():
    """A horizon is a plan: only the base is given to the body."""
    robot = Robot()
    robot.connect()
    update = route_pb2.RouteUpdate(route_id="r1", revision=1, base=[_step(0), _step(1)], horizon=[_step(2), _step(3)])
    robot.say(route=update)

    assert robot.body.given == [1]
    assert robot.last("route_reply").base_end_seq == 1


def test_an_order_given_again_is_not_performed_again():
    """A base that is given anew after a reconnect, orders and all, makes no robot repeat its work."""
    robot = Robot()
    robot.connect()
    robot.route(0, (1, ["a"]))
    robot.driver.cleared(0)
    robot.driver.reached(1)
    robot.done("a")
    robot.driver.disconnected()
    robot.connect(base_is_valid=False)
    robot.route(0, (1, ["a", "b"]), route_id="r2")
    robot.driver.reached(1)

    assert robot.body.performed == ["a", "b"]
