"""Ways through the plant: the quickest open one, the same each time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coordinator.model.ids import EdgeId, RobotTypeId
from coordinator.traffic.resources import Resources
from coordinator.traffic.routing import NODE_S, Router
from tests.coordinator.fleet.tiny_plants import build, fork

RED = RobotTypeId("red")


class Bench:
    """A router on the fork."""

    def __init__(self, plant=None) -> None:
        self.resources = Resources(plant or fork())
        self.router = Router(self.resources)

    def way(self, start: str, goal: str, kind: RobotTypeId = RED) -> list[str] | None:
        """Edge ids from node to node."""
        index = self.resources.node_index
        ways = self.router.way(kind, index[start], index[goal])
        return None if ways is None else [self.resources.ways[way].edge_id for way in ways]

    def close(self, *edges: str, delays_s: dict[str, float] | None = None) -> bool:
        """Set closures and delays."""
        ways = self.resources.way_index
        delays = {ways[EdgeId(edge)]: seconds for edge, seconds in (delays_s or {}).items()}
        return self.router.update(frozenset(ways[EdgeId(edge)] for edge in edges), delays)


def test_the_quickest_way_is_taken():
    """From west to east the short road is taken, at its speed and with time for each node."""
    bench = Bench()
    assert bench.way("west", "east") == ["west-mid", "mid-east"]
    assert bench.way("west", "west") == []
    index = bench.resources.node_index
    assert bench.router.to_goal_s(RED, index["east"])[index["west"]] == pytest.approx(40.0 + 2 * NODE_S)
    assert bench.router.matrix_s([index["west"], index["east"]])[0, 1] == pytest.approx(40.0 + 2 * NODE_S)


def test_travel_times_between_some_nodes_are_those_between_all():
    """Whichever nodes are asked for, in whichever order, and whatever was asked before, the times are the same."""
    bench = Bench()
    every = list(range(len(bench.resources.node_ids)))
    some, more = every[1::3], every[::-2]
    got = bench.router.matrix_s(some), bench.router.matrix_s(more)
    whole_s = Bench().router.matrix_s(every)

    assert whole_s.shape == (len(every), len(every))
    for nodes, part_s in zip((some, more), got, strict=True):
        assert part_s.tolist() == whole_s[np.ix_(nodes, nodes)].tolist()
    assert bench.router.matrix_s([]).shape == (0, 0)


def test_a_closed_way_is_driven_round_until_it_opens():
    """A closure leads over the long road, two lead nowhere, and open is as before."""
    bench = Bench()
    version = bench.router.version
    assert bench.close("mid-east") is True
    assert bench.router.version > version
    assert bench.way("west", "east") == ["west-up1", "up1-up2", "up2-east"]
    bench.close("mid-east", "up1-up2")
    assert bench.way("west", "east") is None
    index = bench.resources.node_index
    assert math.isinf(bench.router.to_goal_s(RED, index["east"])[index["west"]])
    bench.close()
    assert bench.way("west", "east") == ["west-mid", "mid-east"]


def test_a_delay_is_weighed_against_the_detour():
    """A delay shorter than the detour changes nothing, a longer one does."""
    bench = Bench()
    bench.close(delays_s={"mid-east": 5.0})
    assert bench.way("west", "east") == ["west-mid", "mid-east"]
    bench.close(delays_s={"mid-east": 200.0})
    assert bench.way("west", "east") == ["west-up1", "up1-up2", "up2-east"]


def test_nothing_new_is_no_new_version():
    """The same closures and delays again change nothing."""
    bench = Bench()
    bench.close("mid-east", delays_s={"west-mid": 3.0})
    version = bench.router.version
    assert bench.close("mid-east", delays_s={"west-mid": 3.0}) is False
    assert bench.router.version == version


def test_types_keep_to_the_ways_they_may_use():
    """A way for one type only isn't taken by the other, nor is a locked one by anybody."""
    plant = build(
        {"x": (0, 0, ""), "y": (2, 0, ""), "k": (1, 1, ""), "l": (1, 3, "")},
        "x-y x-k k-y x-l l-y",
        edges={"x-y": {"locked": True}, "x-k": {"robot_types": ["blue"]}},
    )
    bench = Bench(plant)
    assert bench.way("x", "y") == ["x-l", "l-y"]
    assert bench.way("x", "y", RobotTypeId("blue")) == ["x-k", "k-y"]


def test_zones_slow_down():
    """Speed limits and penalties of zones count in the travel time."""
    ring = [[-1, -5], [11, -5], [11, 5], [-1, 5]]
    free = Bench(build({"x": (0, 0, ""), "y": (1, 0, "")}, "x-y")).resources.ways[0].free_s
    slow = build(
        {"x": (0, 0, ""), "y": (1, 0, "")},
        "x-y",
        zones={"z": {"kind": "speed_limit", "speed_mps": 0.5, "polygon": ring}},
    )
    dear = build(
        {"x": (0, 0, ""), "y": (1, 0, "")},
        "x-y",
        zones={"z": {"kind": "penalty", "penalty_ratio": 3.0, "polygon": ring}},
    )
    assert Bench(slow).resources.ways[0].free_s == pytest.approx(2 * free)
    assert Bench(dear).resources.ways[0].free_s == pytest.approx(3 * free)
