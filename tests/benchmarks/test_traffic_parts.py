"""The traffic benchmark's world is fair: the same work for all, an umpire of its own, and peers that do deliver."""

from __future__ import annotations

import pytest
import shapely

from benchmarks.traffic.__main__ import Row, figures_of, parse
from benchmarks.traffic.fcfs import FirstCome, Rerouting
from benchmarks.traffic.measure import Outcome, run_policy, vehicles_of
from benchmarks.traffic.ours import Ours
from benchmarks.traffic.plants import traffic_plant
from benchmarks.traffic.windows import Windows
from benchmarks.traffic.world import Leg, World
from coordinator.plant.map import NodeRole
from coordinator.traffic.resources import Resources

POLICIES = (Ours, FirstCome, Rerouting, Windows)


@pytest.fixture(scope="module")
def demo() -> Resources:
    """The small plant."""
    return Resources(traffic_plant("demo", 6))


@pytest.mark.parametrize("make", POLICIES)
def test_a_robot_alone_does_the_same_under_every_policy(demo, make):
    """Nobody in the way: what a policy reaches is what the robot can do, within a task or two."""
    alone, _ = run_policy(demo, FirstCome, robot_count=1, hours=1.0, seed=2)

    outcome, _ = run_policy(demo, make, robot_count=1, hours=1.0, seed=2)

    assert alone.tasks_per_h >= 20.0
    assert abs(outcome.tasks_per_h - alone.tasks_per_h) <= 2.0
    assert outcome.worst_wait_s <= 2.0


@pytest.mark.parametrize("make", POLICIES)
def test_robots_share_no_place_under_any_policy(demo, make):
    """The umpire sees nobody in another's place, whether a policy gets stuck or not."""
    outcome, _ = run_policy(demo, make, robot_count=6, hours=0.5, seed=2)

    assert outcome.shared == ()
    assert outcome.tasks_per_h > 0.0 or outcome.stuck_count > 0


@pytest.mark.parametrize("make", [Ours, Windows])
def test_policies_that_plan_ahead_keep_a_crowd_going(demo, make):
    """Six robots on the small plant still work in the last third of the run, each of them."""
    world = World(demo, vehicles_of(demo, 6, 3))
    world.run(make(world), 3600.0)

    assert not world.shared
    assert all(vehicle.done_count and vehicle.done_at_s[-1] > 2400.0 for vehicle in world.vehicles)


@pytest.mark.parametrize("make", POLICIES)
def test_a_run_can_be_repeated(demo, make):
    """The same seed gives the same tasks at the same seconds."""
    finished = []
    for _ in range(2):
        world = World(demo, vehicles_of(demo, 4, 5))
        world.run(make(world), 900.0)
        finished.append([vehicle.done_at_s for vehicle in world.vehicles])

    assert finished[0] == finished[1]


def test_a_robot_has_the_same_stops_under_every_policy(demo):
    """Work depends on the seed and the robot alone, however many others there are."""
    few, many = vehicles_of(demo, 2, 7), vehicles_of(demo, 5, 7)

    assert [few[1].jobs[k] for k in range(30)] == [many[1].jobs[k] for k in range(30)]
    assert few[1].jobs[0] != many[2].jobs[0]
    assert all(10.0 <= many[0].jobs[k].dwell_s <= 120.0 for k in range(200))
    delayed = sum(many[0].jobs[k].delay_s > 0.0 for k in range(2000))
    assert 5 <= delayed <= 40


def test_the_umpire_sees_two_robots_in_one_place(demo):
    """A policy that sends a robot where another stands is found out."""
    vehicles = vehicles_of(demo, 2, 1)
    world = World(demo, vehicles)
    way = next(way for way in demo.ways if way.end == vehicles[1].node)
    vehicles[0].node, vehicles[0].held = way.start, demo.node_claim[way.start]

    assert not world.is_free(vehicles[0], demo.step_claim[way.index])
    world.grant(vehicles[0], (Leg(way.index, False),))

    assert len(world.shared) == 1
    assert vehicles[0].robot_id in world.shared[0]


def test_every_robot_of_a_big_fleet_has_a_parking_spur_where_nobody_touches_it():
    """Spurs that are added lie clear of all other ways and of each other."""
    plant = traffic_plant("complex", 200)
    resources = Resources(plant)
    spurs = [node for node_id, node in plant.nodes.items() if node_id.startswith("spur-")]

    assert len(plant.nodes_with(NodeRole.PARKING)) == 200
    assert not any("spur-" in name for name in resources.bit_names if name.startswith("crossing"))
    ends = shapely.STRtree([shapely.Point(node.x_m, node.y_m) for node in plant.nodes.values()])
    for spur in spurs:
        assert len(ends.query(shapely.Point(spur.x_m, spur.y_m), predicate="dwithin", distance=1.2)) == 1


def test_ours_leaves_a_closed_way_at_once(demo):
    """After a closure nobody means to drive there any more."""
    _, policy = run_policy(demo, Ours, robot_count=6, hours=0.1, seed=4)
    assert isinstance(policy, Ours)

    closures_s = policy.close_edges(5)

    assert len(closures_s) == 5
    assert max(closures_s) < 60.0
    assert not policy.fleet.state.closures


def test_ours_alone_is_measured_against_no_peer():
    """A fleet too large for the peers still has its tasks, its cycles and its closures told."""
    row = Row("demo", 6, {"roundsman": Outcome(50.0, 0, 10.0, ())}, [0.001, 0.002], [0.1, 0.3])

    names = {figure.name for figure in figures_of(row, [row])}

    assert {"demo_6_tasks", "demo_6_cycle_p50", "demo_6_cycle_p99", "demo_6_closure_p99"} <= names
    assert "demo_6_over_best_peer" not in names


def test_a_complex_of_another_size_is_drawn_for_the_benchmark():
    """Four units and their share of parking, with spurs for the rest of the robots."""
    plant = traffic_plant("complex-2", 40)

    assert plant.plant_id == "complex-2"
    assert len(plant.nodes_with(NodeRole.PARKING)) == 40
    assert len({node_id[:3] for node_id in plant.nodes if node_id.startswith("u")}) == 4
    with pytest.raises(ValueError, match=r"complex-1: .*invalid choice"):
        traffic_plant("complex-1", 40)


def test_where_the_best_peer_jams_a_quarter_more_is_asked_for():
    """The goal is to be ahead of the best peer, and by 25 % where that one does less a robot than on an empty floor."""

    def row(count: int, ours: float, peer: float) -> Row:
        made = {name: Outcome(tasks, 0, 10.0, ()) for name, tasks in (("roundsman", ours), ("windows", peer))}
        return Row("demo", count, made, [0.001, 0.002], [])

    rows = [row(10, 110.0, 100.0), row(40, 300.0, 200.0)]
    goals = {figure.name: figure.goal for each in rows for figure in figures_of(each, rows)}

    assert goals["demo_10_over_best_peer"] == 1.0
    assert goals["demo_40_over_best_peer"] == 1.25


def test_a_plant_and_densities_can_be_chosen():
    """Whoever looks into one plant doesn't wait for the others."""
    options = parse(["--plant", "refinery", "--robots", "10,40", "--hours", "0.1", "--seed", "9"])

    assert options.densities == {"refinery": (10, 40)}
    assert (options.hours, options.seed) == (0.1, 9)
    assert not options.is_large
    assert parse([]).is_large
    assert (parse(["--alone", "--closures", "7"]).closure_count, parse(["--alone"]).is_alone) == (7, True)
