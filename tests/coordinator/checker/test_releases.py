"""The checker refuses what must never be released, whoever asks."""

from __future__ import annotations

import pytest

from coordinator.checker.finding import Finding
from coordinator.checker.releases import Releases
from coordinator.model.ids import DeviceId, EdgeId, NodeId, RobotId, RobotTypeId, RouteId
from coordinator.model.records import (
    BaseExtended,
    EdgeClosed,
    EdgeOpened,
    EpochStarted,
    RobotJoined,
    RobotPlaced,
    StepPassed,
    StopChanged,
)
from coordinator.model.robot import Factsheet
from coordinator.model.route import Step
from coordinator.plant.map import PlantMap
from tests.coordinator.fleet.tiny_plants import alley, build, gated, yard


class Bench:
    """A checker with robots that stand at home."""

    def __init__(self, plant: PlantMap, **homes: str) -> None:
        self.plant = plant
        self.checker = Releases(plant)
        self.checker.take(EpochStarted(1, plant.plant_id, plant.digest, 0.0))
        self.ends: dict[str, tuple[int, NodeId]] = {}
        for name, home in homes.items():
            self.join(name, home, home)

    def join(self, name: str, node: str, home: str, type_id: str = "red") -> list[Finding]:
        """A robot joins and says where it stands."""
        robot_id = RobotId(name)
        self.checker.take(RobotJoined(robot_id, Factsheet(RobotTypeId(type_id)), NodeId(home)))
        self.ends[name] = (0, NodeId(node))
        return self.checker.take(RobotPlaced(robot_id, RouteId(name), NodeId(node), None, None, "start"))

    def release(self, name: str, *nodes: str, edge: str = "") -> list[str]:
        """Ask for a release along nodes; returns the rules it breaks, and who asked is where it was if any."""
        seq, here = self.ends[name]
        steps = []
        for number, node in enumerate(nodes, start=1):
            edge_id = edge or next(e.edge_id for e in self.plant.edges.values() if (e.start, e.end) == (here, node))
            here = NodeId(node)
            steps.append(Step(seq + number, here, EdgeId(edge_id)))
        found = self.checker.admit(BaseExtended(RobotId(name), RouteId(name), tuple(steps)))
        if not found:
            self.ends[name] = (steps[-1].seq, here)
        return [finding.rule for finding in found]

    def drive(self, name: str) -> None:
        """A robot reports from the end of its base, all behind it cleared."""
        seq = self.ends[name][0]
        assert not self.checker.take(StepPassed(RobotId(name), RouteId(name), seq, seq - 1))


def test_a_free_way_is_released():
    """What is free, open and leads back is nothing to refuse."""
    bench = Bench(alley(), a="hw1", b="he1")

    assert bench.release("a", "west", "a1", "a2", "a3", "east", "le") == []


def test_a_place_another_robot_holds_is_refused_until_it_is_cleared():
    """Held bits are the checker's own, too."""
    bench = Bench(yard(), a="hw", b="hn")
    assert bench.release("a", "w", "hub") == []
    assert set(bench.release("b", "n", "hub")) == {"I3"}
    bench.drive("a")
    assert bench.release("a", "e") == []
    bench.drive("a")

    assert bench.release("b", "n", "hub") == []


def test_bodies_that_would_touch_are_refused_though_places_differ():
    """Two nodes half a metre apart can't both be stood on."""
    plant = build(
        {
            "x": (0, 0, "p"),
            "m": (1, 0, ""),
            "k": (1, 1, "p"),
            "n": (1.05, 0, ""),
            "y": (2, 0, "p"),
            "z": (1.05, -1, "p"),
        },
        "x-m m-k n-y n-z",
    )
    bench = Bench(plant, a="x", b="y")
    assert bench.release("a", "m") == []

    assert "I3" in bench.release("b", "n")


def test_ways_that_part_at_a_sharp_angle_are_one_place_for_two_bodies():
    """Beyond a fork two bodies may still touch: who follows waits until the other is away."""
    plant = build(
        {"s": (0, 0, ""), "a": (2, 0.0, "p"), "b": (2, 0.1, "p"), "c": (0, 1, "p"), "d": (-1, 0, "p")},
        "s-a s-b s-c s-d",
    )
    bench = Bench(plant, a="a", b="b", c="c")
    assert "I3" in [*bench.release("a", "s", "d"), *bench.release("b", "s")]


def test_a_zone_takes_as_many_as_it_is_drawn_for():
    """A zone for two takes no third."""
    zones = {"z": {"kind": "capacity", "capacity_count": 2, "polygon": [[-12, -2], [12, -2], [12, 2], [-12, 2]]}}
    bench = Bench(yard(zones=zones), a="hw", b="he", c="hn")
    assert bench.release("a", "w") == []
    assert bench.release("b", "e") == []

    assert bench.release("c", "n", "hub") == ["I3"] * 2


@pytest.mark.parametrize(
    ("nodes", "edge"), [(("hub",), "hub-w"), (("n",), "hub-n.r"), (("w",), "nowhere")], ids=["jump", "far", "unknown"]
)
def test_a_step_that_is_no_way_on_the_map_is_refused(nodes: tuple[str, ...], edge: str):
    """A base goes along edges, from where it ends."""
    bench = Bench(yard(), a="hw")

    assert "I2" in bench.release("a", *nodes, edge=edge)


def test_a_step_out_of_number_or_of_another_route_is_refused():
    """A base has no gaps, and is of the route the robot is on."""
    bench = Bench(yard(), a="hw")
    step = Step(2, NodeId("w"), EdgeId("w-hw.r"))

    assert [f.rule for f in bench.checker.admit(BaseExtended(RobotId("a"), RouteId("a"), (step,)))] == ["I2"]
    step = Step(1, NodeId("w"), EdgeId("w-hw.r"))
    assert [f.rule for f in bench.checker.admit(BaseExtended(RobotId("a"), RouteId("old"), (step,)))] == ["I2"]
    assert [f.rule for f in bench.checker.admit(BaseExtended(RobotId("eve"), RouteId("a"), (step,)))] == ["I6"]


def test_a_closed_edge_is_refused_until_it_is_open():
    """Nobody is sent onto a closure, nor onto a blockage."""
    bench = Bench(yard(), a="hw")
    for is_blockage in (False, True):
        bench.checker.take(EdgeClosed(EdgeId("hub-w.r"), "works", "ann", None, is_blockage))
        assert bench.release("a", "w", "hub") == ["closure"]
        bench.checker.take(EdgeOpened(EdgeId("hub-w.r"), "ann"))

    assert bench.release("a", "w", "hub") == []


def test_an_edge_for_another_type_locked_or_in_a_blocked_zone_is_refused():
    """The map says who may drive where."""
    for more, zones in (
        ({"w-hw": {"robot_types": ["blue"]}}, {}),
        ({"w-hw": {"locked": True}}, {}),
        ({}, {"z": {"kind": "blocked", "polygon": [[-16, -1], [-14, -1], [-14, 1], [-16, 1]]}}),
    ):
        bench = Bench(yard(edges=more, zones=zones), a="hw")
        assert bench.release("a", "w") == ["type"]


def test_a_gate_is_refused_unless_it_stands_open_for_the_robot_at_that_side():
    """A door is open for one robot, from one side."""
    gate, side = DeviceId("gate-1"), EdgeId("in-out")
    bench = Bench(gated("door"), a="hw1", b="hw2")
    bench.checker.hear_devices()
    assert bench.release("a", "west", "in") == []
    for held_for, at in ((None, None), ("b", side), ("a", EdgeId("in-out.r"))):
        bench.checker.device_reported(gate, None if held_for is None else RobotId(held_for), at)
        assert bench.release("a", "out", "east") == ["door"]

    bench.checker.device_reported(gate, RobotId("a"), side)
    assert bench.release("a", "out", "east") == []


def test_a_stopped_robot_gets_nothing():
    """A stop holds until a person resumes."""
    bench = Bench(yard(), a="hw")
    bench.checker.take(StopChanged((RobotId("a"),), is_stopped=True, by="ann", reason=""))
    assert bench.release("a", "w") == ["stop"]
    bench.checker.take(StopChanged((RobotId("a"),), is_stopped=False, by="ann", reason=""))

    assert bench.release("a", "w") == []


def test_robots_that_are_stuck_already_may_still_be_moved():
    """Two robots whose homes lie behind each other are stuck; a release that makes nobody worse off isn't refused."""
    plant = build({"x": (0, 0, "p"), "m": (1, 0, ""), "n": (2, 0, ""), "y": (3, 0, "p")}, "x-m m-n n-y")
    bench = Bench(plant)
    bench.join("a", "x", "y")
    bench.join("b", "y", "x")

    assert bench.release("a", "m") == []


def test_a_release_that_takes_the_last_way_home_is_refused():
    """Two robots with their homes behind each other never meet in one lane."""
    plant = build(
        {"x": (0, 0, ""), "m": (1, 0, ""), "n": (2, 0, ""), "y": (3, 0, ""),
         "hx": (0, 1, "p"), "hy": (3, 1, "p"), "sx": (-1, 0, ""), "sy": (4, 0, "")},
        "x-m m-n n-y x-hx y-hy", one_way="sx-x sy-y",
    )  # fmt: skip
    bench = Bench(plant)
    bench.join("a", "sx", "hy")
    bench.join("b", "sy", "hx")
    assert bench.release("a", "x") == []
    bench.drive("a")

    assert bench.release("b", "y") == ["finish"]
    assert bench.release("a", "m", "n", "y", "hy") == []


def test_a_refused_release_changes_nothing():
    """What was refused holds nothing: another robot gets it."""
    bench = Bench(yard(), a="hw", b="hn", c="he")
    assert bench.release("a", "w", "hub", "e", "he")[0] == "I3"

    assert bench.release("b", "n", "hub") == []
    assert "I3" in bench.release("a", "w", "hub")


def test_a_checker_that_starts_from_a_fold_judges_like_one_that_saw_all():
    """After a restart nothing is forgotten: bases, stops and closures count."""
    plant = yard()
    checker = Releases(plant)
    checker.take(EdgeClosed(EdgeId("hub-s"), "works", "ann", None, is_blockage=False))
    steps = [Step(4, NodeId("w"), EdgeId("w-hw.r")), Step(5, NodeId("hub"), EdgeId("hub-w.r"))]
    red = RobotTypeId("red")
    checker.restore(RobotId("a"), (red, NodeId("hw")), (RouteId("a"), steps, 4, 3), is_stopped=False)
    base = RouteId("b"), [Step(0, NodeId("hn"), None)], 0, -1
    checker.restore(RobotId("b"), (red, NodeId("hn")), base, is_stopped=True)

    into_hub = (Step(1, NodeId("n"), EdgeId("n-hn.r")), Step(2, NodeId("hub"), EdgeId("hub-n.r")))
    rules = [finding.rule for finding in checker.admit(BaseExtended(RobotId("b"), RouteId("b"), into_hub))]
    assert rules == ["stop", "I3"]
    south = (Step(6, NodeId("s"), EdgeId("hub-s")),)
    assert [finding.rule for finding in checker.admit(BaseExtended(RobotId("a"), RouteId("a"), south))] == ["closure"]
