"""The plant's graph on the robot: where it stands, and asking the coordinator for it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from agent.body import Placement, Pose
from agent.graph import graph_of
from agent.graph_client import obtain_graph
from coordinator.plant.parse import parse_plant
from coordinator.plants import find_plant
from coordinator.transport.codec import encode_graph
from roundsman.v1.graph_pb2 import GetGraphResponse, GraphEdge, GraphNode
from tests.coordinator.transport.rig import running


@pytest.fixture(scope="module")
def graph():
    """The demo plant as a robot gets it."""
    path = find_plant("demo")
    return graph_of(encode_graph(parse_plant(path.read_text(encoding="utf-8"), source=str(path))))


def test_the_graph_has_every_node_and_both_directions_of_an_edge(graph):
    """What the coordinator releases is found on the robot."""
    there = next(edge for edge in graph.edges.values() if edge.end.node_id == "park-1")

    assert graph.nodes["gate"].level_id == "ground"
    assert there.start.node_id == "south-1"
    assert any(edge.start.node_id == "park-1" for edge in graph.edges.values())


@pytest.mark.parametrize(
    ("pose", "place"),
    [
        (Pose(12.1, -5.2, 0.0, "ground"), "park-1"),
        (Pose(12.0, -2.5, -math.pi / 2, "ground"), "south-1"),
        (Pose(12.0, -2.5, math.pi / 2, "ground"), "park-1"),
        (Pose(200.0, 200.0, 0.0, "ground"), ""),
        (Pose(12.1, -5.2, 0.0, "deck"), ""),
    ],
)
def test_a_robot_finds_its_place_by_its_pose(graph, pose: Pose, place: str):
    """On a node, or on the edge it looks along; nowhere when nothing is near or the level is another."""
    assert graph.place_of(pose, node_m=0.5, beside_m=0.5).node_id == place


def test_an_edge_to_nowhere_is_refused():
    """A graph that can't be right isn't driven on."""
    broken = GetGraphResponse(
        plant_id="x", nodes=[GraphNode(node_id="a")], edges=[GraphEdge(edge_id="e", start_node_id="a", end_node_id="b")]
    )

    with pytest.raises(ValueError, match="edge at 'b'"):
        graph_of(broken)


async def test_the_graph_is_asked_for_and_kept_for_a_start_without_a_link(tmp_path: Path):
    """A robot that starts in a radio hole uses the graph it had."""
    kept = tmp_path / "graph.bin"
    async with running() as rig:
        address = f"127.0.0.1:{rig.addresses.control_port}"
        asked = await obtain_graph(address, None, kept)
    alone = await obtain_graph(address, None, kept)

    assert asked == alone
    assert alone.place_of(Pose(0.0, 0.0, 0.0, "ground"), node_m=0.5, beside_m=0.5) == Placement("n1")
