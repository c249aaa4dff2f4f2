"""Whatever a network does to messages, a robot stays inside its base and does every task once."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from agent.body import Outcome
from roundsman.v1 import session_pb2
from tests.agent.harness import Robot, order, update

# The coordinator releases, stops and frees; the network loses, repeats and swaps; the robot acts; streams break.
NAMES = [
    "release",
    "release_task",
    "deliver",
    "deliver",
    "lose",
    "repeat",
    "swap",
    "drive",
    "drive",
    "finish",
    "fail",
    "stop",
    "resume",
    "reconnect",
    "reconnect_void",
    "tick",
]
ACTIONS = st.lists(st.sampled_from(NAMES), max_size=120)


class World:
    """A coordinator that only knows what it released, a bad network, and a robot that obeys its session."""

    def __init__(self) -> None:
        self.robot = Robot()
        self.route_number, self.revision, self.command_id, self.orders = 0, 0, 0, 0
        self.air: list[session_pb2.SessionResponse] = []
        self.heard: list[session_pb2.SessionResponse] = []
        self.connect(is_valid=False)

    def connect(self, *, is_valid: bool) -> None:
        self.robot.driver.disconnected()
        if not is_valid:
            self.route_number += 1
            self.steps = [(0, ())]
            self.robot.body.given.clear()
        self.robot.connect(base_is_valid=is_valid)

    def send(self, **payload: object) -> None:
        self.robot.sequence += 1
        self.air.append(
            session_pb2.SessionResponse(epoch=1, session=self.robot.number, sequence=self.robot.sequence, **payload)
        )

    def act(self, action: str) -> None:
        match action:
            case "release" | "release_task":
                self.release(has_task=action == "release_task")
            case "deliver" if self.air:
                self.deliver(self.air.pop(0))
            case "lose" if self.air:
                self.air.pop(0)
            case "repeat" if self.heard:
                self.deliver(self.heard[len(self.heard) // 2])
            case "swap" if len(self.air) > 1:
                self.air[0], self.air[1] = self.air[1], self.air[0]
            case "drive":
                self.drive()
            case "finish" | "fail" if self.robot.body.performed:
                outcome = Outcome.DONE if action == "finish" else Outcome.FAILED
                self.robot.driver.task_ended(self.robot.body.performed[-1], outcome, "", None)
            case "stop" | "resume":
                self.command_id += 1
                kind = session_pb2.CommandKind.Value(f"COMMAND_KIND_{action.upper()}")
                self.send(command=session_pb2.Command(command_id=self.command_id, kind=kind))
            case "reconnect" | "reconnect_void":
                self.connect(is_valid=action == "reconnect")
            case "tick":
                self.robot.wait(3.0)

    def release(self, *, has_task: bool) -> None:
        orders: tuple[str, ...] = ()
        if has_task:
            self.orders += 1
            orders = (f"o{self.orders}",)
        self.steps.append((self.steps[-1][0] + 1, orders))
        self.revision += 1
        self.send(route=update(*self.steps, route_id=f"r{self.route_number}", revision=self.revision))

    def deliver(self, message: session_pb2.SessionResponse) -> None:
        self.heard.append(message)
        self.robot.driver.received(message)

    def drive(self) -> None:
        route = self.robot.session.route
        if route is not None and self.robot.body.given and self.robot.body.given[-1] > route.reached_seq:
            self.robot.driver.reached(route.reached_seq + 1)

    def check(self) -> None:
        given = self.robot.body.given
        released = dict(self.steps)
        assert given == list(range(1, len(given) + 1)), "legs come once, in order"
        assert len(given) < len(self.steps), f"given {given}, released up to {len(self.steps) - 1}"
        twice = [name for name, count in Counter(self.robot.body.performed).items() if count > 1]
        assert not twice, f"orders {twice} were performed twice"
        route = self.robot.session.route
        if route is not None:
            open_before = [seq for seq in released if seq < route.reached_seq and self.is_open(released[seq])]
            assert not open_before, f"drove past open tasks at {open_before}"

    def is_open(self, orders: tuple[str, ...]) -> bool:
        ended = {name for _, name, outcome in self.robot.events() if outcome != "begun"}
        # Events made without a link aren't sent; such an order is known as performed.
        return any(name not in ended and name not in self.robot.body.performed for name in orders)


@given(ACTIONS)
def test_loss_repetition_and_disorder_never_move_a_robot_beyond_its_base(actions):
    """Bad radio delays a robot, and never sends it where it may not be."""
    world = World()
    for action in actions:
        world.act(action)
        world.check()


@given(ACTIONS)
def test_stopped_robot_is_given_nothing(actions):
    """Between a STOP it heard and a RESUME nothing new reaches the body."""
    world = World()
    for action in actions:
        was_stopped = world.robot.session.latch.value == "stopped"
        before = len(world.robot.body.commands)
        world.act(action)
        new = [name for name, _ in world.robot.body.commands[before:]]
        if was_stopped and world.robot.session.latch.value == "stopped":
            assert not {"follow", "perform", "resume"} & set(new)


def test_orders_of_the_property_are_real_ones():
    """The property would say nothing if its tasks were malformed."""
    world = World()
    for action in ("release_task", "deliver", "drive", "finish", "release", "deliver", "drive"):
        world.act(action)

    assert order("o1").order_id == world.robot.body.performed[0]
    assert world.robot.session.route.reached_seq == 2
