"""The traffic as an operator sees it: who waits for what, behind whom, since when, and who is to blame."""

from __future__ import annotations

import pytest

from coordinator.model.assignment import Plan, Problem, Stop
from coordinator.model.events import StoreFailed, StoreRecovered
from coordinator.model.ids import EdgeId, PointId
from coordinator.model.mission import MissionState
from coordinator.model.operator import CloseEdge, ConfirmationNeeded, CreateMission, OpenEdge, RemoveRobot, StopRobots
from coordinator.model.robot import Placement
from coordinator.model.traffic import TrafficSnapshot, WaitingRobot
from tests.coordinator.fleet.puppet import Puppet
from tests.coordinator.fleet.puppets import Floor
from tests.coordinator.fleet.tiny_plants import alley, fork, gated, yard


def _send(floor: Floor, **points: str) -> None:
    """Let each robot named visit a point, and nobody else."""

    def plan(problem: Problem) -> Plan:
        demands = {demand.point_id: demand for demand in problem.points}
        rows = []
        for robot in problem.robots:
            demand = demands.get(PointId(points.get(robot.robot_id, "")))
            stops = () if demand is None else (Stop(demand.node_id, demand.point_id, demand.mission_id, 0.0, 0.0),)
            rows.append((robot.robot_id, robot.frozen or stops))
        return Plan(problem.version, tuple(rows))

    floor.planner = plan
    for point_id in points.values():
        floor.ask(CreateMission((PointId(point_id),)))


def _traffic(floor: Floor, robot: str | None = None) -> TrafficSnapshot:
    return floor.fleet.traffic(floor.now_s, robot_id=robot)


def _waiting(floor: Floor) -> dict[str, WaitingRobot]:
    return {row.robot_id: row for row in _traffic(floor).waiting}


def _jam(make_floor) -> tuple[Floor, Puppet]:
    """A robot stands in the alley and says nothing is wrong; others want through from both sides."""
    floor = make_floor(alley())
    first = floor.join("a", "hw1", "red")
    floor.run(2)
    _send(floor, a="E-red")
    floor.until(lambda: first.node_id == "a1")
    first.is_idle = True
    for name, home, kind in (("b", "hw2", "blue"), ("c", "he1", "blue"), ("d", "dock", "red")):
        floor.join(name, home, kind)
    _send(floor, a="E-red", b="E-blue", c="W-blue", d="W-red")
    floor.run(20)
    return floor, first


def test_who_waits_behind_a_robot_that_waits_is_told_the_one_at_the_end(make_floor):
    """Of a column of robots the first is to blame, and what it does is said."""
    floor, _ = _jam(make_floor)
    waiting = _waiting(floor)

    assert {name: row.behind[0] for name, row in waiting.items()} == {"b": "a", "c": "a", "d": "b"}
    assert {row.root for row in waiting.values()} == {"a"}
    assert {row.root_state for row in waiting.values()} == {"idle"}
    assert waiting["d"].subject == "node west"
    assert all(row.circle == () for row in waiting.values())


def test_who_blocks_whom_since_when(make_floor):
    """The robot that holds up most stands first, with those behind it and how long already."""
    floor, _ = _jam(make_floor)
    first, second = _traffic(floor).blockers

    assert (first.robot_id, set(first.blocked), first.held_up_count, first.state) == ("a", {"b", "c"}, 3, "idle")
    assert (second.robot_id, second.blocked, second.held_up_count) == ("b", ("d",), 1)
    assert second.state == "waits: resource node a1"
    assert 5.0 < floor.now_s - first.since_s < 25.0


def test_robots_queue_in_the_order_they_stand(make_floor):
    """A queue names its place, who is in it, and its robots: first the one before it, then those behind that one."""
    floor, _ = _jam(make_floor)
    corridor, other_end = _traffic(floor).queues

    assert (corridor.name, corridor.holders) == ("corridor at east, west", ("a",))
    assert [(each.robot_id, each.edge_id) for each in corridor.robots] == [("b", "west-a1"), ("d", "west-dock.r")]
    assert (other_end.name, [each.robot_id for each in other_end.robots]) == ("edge east-he1", ["c"])


def test_a_robot_shut_in_by_closures_waits_for_the_nearest(make_floor):
    """Who can't even drive home is shown waiting for the closed edge before it, until that opens."""
    floor = make_floor(fork())
    robot = floor.join("a", "hw", "red")
    _send(floor, a="M-red")
    floor.until(lambda: robot.node_id == "mid")
    for edge_id in ("west-mid", "mid-east"):
        floor.ask(CloseEdge(EdgeId(edge_id), "scaffold"))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)
    floor.run(50)
    (row,) = _traffic(floor).waiting
    assert (row.cause, row.subject, row.behind) == ("closure", "edge mid-east", ())

    floor.ask(OpenEdge(EdgeId("west-mid")))
    assert _traffic(floor).waiting == ()
    assert dict(_traffic(floor).wait_s_by_cause)["closure"] == pytest.approx(50.0, abs=5.0)


def test_a_full_zone_is_told_apart_from_a_place(make_floor):
    """Who waits because a zone is full is told the zone and a robot in it."""
    zones = {"deck": {"kind": "single_vehicle", "polygon": [[-2, -2], [12, -2], [12, 2], [-2, 2]]}}
    floor = make_floor(yard(zones=zones))
    holder = floor.join("a", "e", "red")
    holder.is_idle = True
    floor.join("b", "hn", "blue")
    _send(floor, b="S-blue")
    floor.run(20)

    row = _waiting(floor)["b"]
    assert (row.cause, row.subject, row.behind) == ("zone", "zone deck", ("a",))


def test_a_journal_that_can_not_be_written_is_a_cause(make_floor):
    """While nothing can be released, robots at the end of their base wait for the journal."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.run(2)
    _send(floor, a="E-red")
    floor.until(lambda: floor.robot(robot).base_end.seq > 0, laziness=2.0)
    floor.feed(StoreFailed("disk full"))
    floor.run(40)
    assert [(row.cause, row.subject) for row in _traffic(floor).waiting] == [("journal", "coordinator")]
    waited_s = dict(_traffic(floor).wait_s_by_cause)["journal"]
    assert 25.0 < waited_s < 41.0

    floor.feed(StoreRecovered())
    assert _traffic(floor).waiting == ()
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)
    assert dict(_traffic(floor).wait_s_by_cause) == {"journal": waited_s}


def test_a_robot_whose_place_is_unknown_waits_for_a_person(make_floor):
    """Who joins without knowing its place isn't silently idle: the reason is among the waits."""
    floor = make_floor(alley())
    floor.join("a", "hw1", "red")
    lost = floor.puppets["b"] = Puppet("b", "blue", "hw2")
    floor.connect(lost, Placement(None))
    floor.run(10)

    row = _waiting(floor)["b"]
    assert row.cause == "fault"
    assert "doesn't know where it is" in row.subject


def test_hot_edges_are_where_time_is_lost(make_floor):
    """The way to a door that opens late is hot in that direction; standing idle at home makes no edge hot."""
    floor = make_floor(gated("door"))
    robot = floor.join("a", "hw1", "red")
    floor.run(600)
    floor.devices_obey = False
    _send(floor, a="E-red")
    floor.run(40)
    floor.devices_obey = True
    floor.until(lambda: robot.node_id == "le")
    hot = {edge.edge_id: edge for edge in _traffic(floor).hot_edges}

    assert next(iter(hot)) == "west-in"
    assert hot["west-in"].mean_delay_s > 20.0
    assert "west-in.r" not in hot
    assert hot["west-hw1.r"].mean_delay_s < 5.0
    hours = _traffic(floor).window_s / 3600.0
    assert hot["west-in"].passages_per_h == pytest.approx(1.0 / hours)


def test_a_robot_taken_off_the_floor_is_told_as_gone(make_floor):
    """While the journal can't be written nobody is looked at anew; who waits for a robot just removed is told so."""
    floor, first = _jam(make_floor)
    floor.cut(first)
    floor.feed(StoreFailed("disk full"))
    asked = floor.ask(RemoveRobot(first.robot_id))
    assert isinstance(asked, ConfirmationNeeded)
    floor.ask(RemoveRobot(first.robot_id, asked.token))
    del floor.puppets[first.robot_id]

    assert {row.root_state for row in _traffic(floor).waiting if row.root == "a"} == {"gone"}
    assert _traffic(floor).blockers[0].state == "gone"
    floor.feed(StoreRecovered())
    assert "a" not in {row.root for row in _traffic(floor).waiting}


def test_one_robot_can_be_asked_for_alone(make_floor):
    """Asked for one robot, the picture holds what it is part of, and the sums are its own."""
    floor, _ = _jam(make_floor)
    everything, alone = _traffic(floor), _traffic(floor, "d")

    assert [row.robot_id for row in alone.waiting] == ["d"]
    assert [row.robot_id for row in alone.accounts] == ["d"]
    assert {row.behind for row in alone.sums} <= {"b"}
    assert sum(row.wait_s for row in alone.sums) == pytest.approx(alone.accounts[0].total_s)
    assert alone.wait_s_by_cause == everything.wait_s_by_cause
    assert sum(row.total_s for row in everything.accounts) == pytest.approx(sum(row.wait_s for row in everything.sums))
    assert _traffic(floor, "nobody").waiting == ()


def test_the_robot_that_waits_longest_is_shown_to_come_first(make_floor):
    """A claim is shown with what is kept free for it and until when."""
    floor, _ = _jam(make_floor)
    floor.until(lambda: _traffic(floor).claim is not None)
    claim = _traffic(floor).claim

    assert claim is not None
    assert claim.robot_id == _traffic(floor).waiting[0].robot_id
    assert any(name.startswith("node ") for name in claim.resources)
    assert claim.until_s > floor.now_s


def test_the_figures_of_a_robot_add_up_after_a_day_of_traffic(make_floor):
    """Total and causes of each robot agree, whatever it waited for, stops and faults included."""
    floor = make_floor(yard(period_s=60.0), seed=3)
    for name, home, kind in (("a", "hn", "red"), ("b", "he", "blue"), ("c", "hs", "red"), ("d", "hw", "blue")):
        floor.join(name, home, kind)
    floor.run(300, laziness=0.3)
    floor.ask(StopRobots(("a",), "look"))
    floor.cut(floor.puppets["b"])
    floor.run(60, laziness=0.3)

    for account in _traffic(floor).accounts:
        assert sum(seconds for _, seconds in account.wait_s_by_cause) == pytest.approx(account.total_s, abs=0.01)
        assert account.waits_count >= 1
    causes = {cause for account in _traffic(floor).accounts for cause, _ in account.wait_s_by_cause}
    assert {"resource", "stop"} <= causes
