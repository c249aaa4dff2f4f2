"""The release rule: is there an order in which every robot can drive out of everybody's way?"""

from __future__ import annotations

from coordinator.model.ids import RobotId, RobotTypeId
from coordinator.traffic.finishing import FinishingOrder, Mover
from coordinator.traffic.resources import Resources
from tests.coordinator.fleet.tiny_plants import alley, build


class Bench:
    """A plant and its rule; robots are written as (id, node where the base ends, home, other nodes held)."""

    def __init__(self, plant) -> None:
        self.resources = Resources(plant)
        self.rule = FinishingOrder(self.resources)

    def mover(self, name: str, end: str, home: str, *held: str) -> Mover:
        """A robot."""
        index = self.resources.node_index
        mask = 0
        for node in (end, *held):
            mask |= self.resources.node_claim[index[node]]
        return Mover(RobotId(name), RobotTypeId("red"), index[end], index[home], mask)

    def way(self, name: str) -> int:
        """Number of a way."""
        return self.resources.way_index[name]


def test_one_robot_alone_can_always_finish():
    """A robot on an empty floor can drive home from anywhere."""
    bench = Bench(alley())
    for node in bench.resources.node_ids:
        assert bench.rule.unfinished([bench.mover("a", node, "hw1")]) == ()


def test_two_robots_head_on_in_an_alley_can_not_finish():
    """Robots that face each other in one lane, each with its home behind the other, are stuck for ever."""
    bench = Bench(build({"x": (0, 0, "p"), "m": (1, 0, ""), "n": (2, 0, ""), "y": (3, 0, "p")}, "x-m m-n n-y"))
    assert bench.rule.unfinished([bench.mover("a", "m", "y"), bench.mover("b", "n", "x")]) == ("a", "b")
    assert bench.rule.unfinished([bench.mover("c", "m", "x"), bench.mover("d", "n", "y")]) == ()


def test_a_robot_may_back_out_into_a_leaf_that_is_nobodys_home():
    """A refuge needn't be one's own: any dead end that isn't somebody's home will do."""
    bench = Bench(alley())
    assert bench.rule.unfinished([bench.mover("a", "a1", "he1"), bench.mover("b", "a3", "hw1")]) == ()


def test_another_robots_home_is_no_refuge():
    """Nobody counts on a parking node that belongs to another robot."""
    bench = Bench(build({"x": (0, 0, "p"), "m": (1, 0, ""), "y": (2, 0, "p"), "k": (1, 1, "i")}, "x-m m-y m-k"))
    movers = [bench.mover("a", "m", "x"), bench.mover("b", "x", "y"), bench.mover("c", "k", "k")]
    assert bench.rule.unfinished(movers) == ("a", "b")


def test_who_finishes_first_frees_the_way_for_the_next():
    """Order matters: a robot behind another can finish once that one has."""
    bench = Bench(alley())
    movers = [bench.mover("b", "a2", "he2"), bench.mover("a", "a3", "he1")]
    assert bench.rule.unfinished(movers) == ()


def test_a_closed_way_is_not_counted_on():
    """A way an operator closed leads nobody home, until it is opened."""
    bench = Bench(alley())
    robot = bench.mover("a", "a2", "he1")
    ways = [bench.way(name) for name in ("a1-a2.r", "a2-a3")]
    bench.rule.close(frozenset(ways))
    assert bench.rule.unfinished([robot]) == ("a",)
    bench.rule.close(frozenset(ways[:1]))
    assert bench.rule.unfinished([robot]) == ()


def test_ways_only_other_types_may_use_are_not_counted_on():
    """A robot is led home only over ways of its own type."""
    plant = build(
        {"x": (0, 0, ""), "m": (1, 0, ""), "y": (2, 0, "p"), "k": (0, 1, ""), "l": (1, 1, "")},
        "x-m m-y x-k k-l l-m",
        edges={"x-m": {"robot_types": ["blue"]}, "l-m": {"robot_types": ["blue"]}},
    )
    bench = Bench(plant)
    assert bench.rule.unfinished([bench.mover("a", "x", "y")]) == ("a",)


def test_what_a_broken_robot_holds_is_passed_by_nobody():
    """A robot that stands still frees nothing: who has it between himself and home isn't led past it."""
    bench = Bench(alley())
    robot = bench.mover("a", "a1", "he1")
    closed = frozenset({bench.way("west-a1.r")})
    bench.rule.close(closed)
    assert bench.rule.unfinished([robot]) == ()
    immovable = bench.resources.node_claim[bench.resources.node_index["a3"]]
    assert bench.rule.unfinished([robot], immovable) == ("a",)


def _roomed(capacity: int):
    """Draw two robots' homes in one zone that holds `capacity` robots, and a yard outside it."""
    return Bench(
        build(
            {"m": (0, 0, ""), "n": (1, 0, ""), "x": (0, 5, "p"), "y": (1, 5, "p"), "z": (2, 5, "p"), "k": (-3, 0, "")},
            "m-n m-x n-y n-z k-m",
            zones={
                "room": {
                    "kind": "capacity",
                    "capacity_count": capacity,
                    "polygon": [[-5, 45], [25, 45], [25, 55], [-5, 55]],
                }
            },
        )
    )


def test_a_room_holds_no_more_robots_than_it_may():
    """Robots that finish inside a room with limited places count there: the last one has no place to finish."""
    movers = (("a", "m", "x"), ("b", "n", "y"), ("c", "k", "z"))
    roomy, tight = _roomed(3), _roomed(2)

    # The dead end k is c's way out of the tight room, so it is taken away.
    for bench in (roomy, tight):
        bench.rule.refuges -= frozenset({bench.resources.node_index["k"]})
    assert roomy.rule.unfinished([roomy.mover(*mover) for mover in movers]) == ()
    assert len(tight.rule.unfinished([tight.mover(*mover) for mover in movers])) == 1


def test_a_broken_robot_in_a_room_takes_one_of_its_places():
    """A robot that stands still in a room of two leaves one place."""
    bench = _roomed(2)
    bench.rule.refuges -= frozenset({bench.resources.node_index["k"]})
    broken = bench.mover("z", "z", "z").held
    movers = [bench.mover("a", "m", "x"), bench.mover("b", "n", "y")]
    assert len(bench.rule.unfinished(movers, broken)) == 1


def test_what_is_remembered_is_what_would_be_found():
    """The rule remembers ways and failures; a fresh rule says the same at every step of a changing floor."""
    import random

    plant = alley()
    bench = Bench(plant)
    rng = random.Random(7)
    nodes = list(bench.resources.node_ids)
    homes = ["hw1", "hw2", "he1", "he2"]
    for _ in range(300):
        ends = rng.sample(nodes, 3)
        movers = [bench.mover(name, end, home) for name, end, home in zip("abc", ends, homes, strict=False)]
        assert bench.rule.unfinished(movers) == FinishingOrder(bench.resources).unfinished(movers)
