"""The maps that come with Roundsman keep the rules that robots rely on."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import cache

import networkx as nx
import pytest

from coordinator.plant.lint import Severity, lint
from coordinator.plant.map import NodeRole, PlantMap
from coordinator.plant.parse import parse_plant
from tests.coordinator.plant.small_plant import MAPS

NAMES = ("complex", "demo", "refinery")
# Nodes, points, parking nodes and chargers, at least.
SIZES = {"demo": (40, 25, 8, 3), "refinery": (250, 200, 90, 6), "complex": (1_900, 1_000, 110, 12)}


@cache
def _plant(name: str) -> PlantMap:
    path = MAPS / f"{name}.yaml"
    return parse_plant(path.read_text(encoding="utf-8"), source=str(path))


@pytest.mark.parametrize("name", NAMES)
def test_maps_have_no_errors_and_no_warnings(name: str):
    """What we ship passes what we ask of others."""
    assert [item for item in lint(_plant(name)) if item.severity is not Severity.INFO] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_place_can_be_reached_from_every_other(name: str):
    """No robot drives into a part of the plant that it can't leave."""
    assert nx.is_strongly_connected(_plant(name).graph)


@pytest.mark.parametrize("name", NAMES)
def test_maps_have_the_size_they_are_made_for(name: str):
    """Fleets of the size that the scenarios use find room."""
    plant = _plant(name)

    parking, chargers = plant.nodes_with(NodeRole.PARKING), plant.nodes_with(NodeRole.CHARGER)
    sizes = (len(plant.nodes), len(plant.points), len(parking), len(chargers))
    assert all(size >= least for size, least in zip(sizes, SIZES[name], strict=True)), sizes
    assert len(plant.robot_types) == 3
    assert all(4.0 <= edge.length_m <= 25.0 for edge in plant.edges.values())


def test_the_large_map_is_read_quickly():
    """A start-up or a reload of a map doesn't keep anybody waiting."""
    text = (MAPS / "complex.yaml").read_text(encoding="utf-8")

    start_s = time.process_time()
    parse_plant(text)
    assert time.process_time() - start_s < 2.0


def test_refinery_works_without_its_main_corridor():
    """When the bottleneck is closed the ring road still joins both halves, by a longer way."""
    graph = _plant("refinery").graph.copy()
    west, east = "west-02", "east-02"
    open_m = nx.shortest_path_length(graph, "main-01", "main-03", weight=_length_m)
    corridor = [name for name in graph if name.startswith("main")]
    graph.remove_nodes_from(corridor)

    assert nx.is_strongly_connected(graph)
    assert nx.has_path(graph, west, east)
    around_m = nx.shortest_path_length(graph, *_corridor_ends(), weight=_length_m)
    assert around_m > 3 * open_m


def _length_m(_start: str, _end: str, data: dict[str, object]) -> float:
    return data["edge"].length_m  # type: ignore[attr-defined]


def _corridor_ends() -> tuple[str, str]:
    """Ring nodes at the west and the east end of the main corridor."""
    plant = _plant("refinery")
    places = {(node.x_m, node.y_m, node.level_id): name for name, node in plant.nodes.items()}
    return places[96.0, 60.0, "ground"], places[144.0, 60.0, "ground"]


def test_most_points_of_the_refinery_lie_behind_the_corridor():
    """Robots from the west have to go east: about three in five points are there."""
    plant = _plant("refinery")
    east = [point for point in plant.points.values() if plant.nodes[point.node_id].x_m > 120.0]

    assert 0.55 <= len(east) / len(plant.points) <= 0.65


@pytest.mark.parametrize(("name", "robot_count"), [("demo", 4), ("refinery", 12)])
def test_the_work_of_a_map_fits_its_fleet(name: str, robot_count: int):
    """Service plus one drive to the nearest other point for each visit leaves the fleet slack."""
    plant = _plant(name)
    drive_s = {}
    nodes = sorted({point.node_id for point in plant.points.values()})
    for node_id in nodes:
        lengths_s = nx.single_source_dijkstra_path_length(plant.graph, node_id, weight=_drive_s)
        drive_s[node_id] = sorted(lengths_s[other] for other in nodes if other != node_id)[:5]
    busy = sum(
        (point.duration_s + sum(drive_s[point.node_id]) / 5) / point.period_s
        for point in plant.points.values()
        if point.period_s is not None
    )

    assert 0.2 <= busy / robot_count <= 0.65


def _drive_s(_start: str, _end: str, data: dict[str, object]) -> float:
    edge = data["edge"]
    return edge.length_m / min(edge.max_speed_mps, 1.2) + 1.0  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["refinery", "complex"])
def test_generated_maps_are_what_their_generator_writes(name: str):
    """The file and the program that wrote it never part."""
    command = [sys.executable, str(MAPS / f"generate_{name}.py"), "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout == (MAPS / f"{name}.yaml").read_text(encoding="utf-8")


def test_another_seed_gives_another_plant_that_is_as_good():
    """Measurements can be repeated on plants nobody has tuned for."""
    command = [sys.executable, str(MAPS / "generate_refinery.py"), "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    plant = parse_plant(done.stdout)

    assert plant.digest != _plant("refinery").digest
    assert [item for item in lint(plant) if item.severity is not Severity.INFO] == []
