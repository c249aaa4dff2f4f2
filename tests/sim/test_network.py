"""The simulated network."""

from __future__ import annotations

import random
import statistics

from sim.network import End, Link, LinkProfile, Stream
from sim.radio_field import Heard
from sim.world import World

GOOD = Heard(-75.0, 20.0, "a")
NONE = Heard(-130.0, -20.0, "a")
STEADY = LinkProfile(fading_db=0.0)


class Ear:
    """Writes down what a side of a stream hears, and when."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.heard: list[tuple[float, bytes]] = []
        self.ends: list[str] = []

    def received(self, stream: Stream, data: bytes) -> None:
        self.heard.append((self.world.now_s, data))

    def closed(self, stream: Stream, reason: str) -> None:
        self.ends.append(reason)


class Net:
    """One link with one stream, and a robot that can be moved into a hole."""

    def __init__(self, *, seed: int = 1, profile: LinkProfile = STEADY) -> None:
        self.world = World(0.0)
        self.heard = GOOD
        self.link = Link(
            self.world,
            profile,
            random.Random(seed),
            hear=lambda: self.heard,
            trace=lambda to, number, data: None,
        )
        self.robot, self.coordinator = Ear(self.world), Ear(self.world)
        self.stream = self.link.open_stream(1, self.robot, self.coordinator)


def test_a_stream_keeps_the_order_and_loses_nothing_while_it_lasts():
    """Messages arrive once and in order, however long each is delayed."""
    net = Net()
    for i in range(2000):
        net.world.at(i * 0.05, lambda i=i: net.stream.send(End.COORDINATOR, str(i).encode()))
    net.world.run_until(200.0)

    assert [int(data) for _, data in net.coordinator.heard] == list(range(2000))


def test_delays_in_good_cover_look_like_those_of_a_private_network():
    """Round trips are near 18 ms, rarely above 100 ms, and never above half a second."""
    net = Net(seed=3)
    sent = [i * 0.05 for i in range(40_000)]
    for time_s in sent:
        net.world.at(time_s, lambda: net.stream.send(End.COORDINATOR, b"x"))
    net.world.run_until(2100.0)
    trips = sorted(2.0 * (at - s) for (at, _), s in zip(net.coordinator.heard, sent, strict=True))

    assert 0.015 < statistics.median(trips) < 0.022
    assert trips[int(0.99 * len(trips))] < 0.06
    assert sum(trip > 0.1 for trip in trips) / len(trips) < 0.01
    assert trips[-1] < 1.0


def test_a_short_stall_delays_and_a_long_hole_breaks_the_stream():
    """The robot's stream survives seconds without radio, and breaks after that on both sides."""
    net = Net()
    net.link.cut(3.0)
    net.stream.send(End.COORDINATOR, b"late")
    net.world.run_until(10.0)
    assert [data for _, data in net.coordinator.heard] == [b"late"]
    assert net.robot.ends == []

    net.heard = NONE
    net.stream.send(End.COORDINATOR, b"lost")
    net.world.run_until(60.0)
    assert net.robot.ends == ["link lost"]
    assert net.coordinator.ends == ["link lost"]


def test_what_comes_late_after_a_break_is_a_prefix_of_what_was_sent():
    """After a break the coordinator may still read what the robot had sent, in order, never a gap."""
    for seed in range(30):
        net = Net(seed=seed, profile=LinkProfile(fading_db=0.0, late_ratio=0.8))
        net.heard = NONE
        for i in range(10):
            net.stream.send(End.COORDINATOR, str(i).encode())
        net.world.run_until(60.0)
        got = [int(data) for _, data in net.coordinator.heard]

        assert got == list(range(len(got)))


def test_a_side_that_closes_is_told_nothing_more():
    """After closing, a side hears nothing; the other hears of the end after all that was sent before."""
    net = Net()
    net.stream.send(End.COORDINATOR, b"last")
    net.stream.close(End.ROBOT, "bye")
    net.stream.send(End.ROBOT, b"too late")
    net.world.run_until(5.0)

    assert [data for _, data in net.coordinator.heard] == [b"last"]
    assert net.coordinator.ends == ["bye"]
    assert net.robot.heard == []
    assert net.robot.ends == []
