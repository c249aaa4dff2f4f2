"""What robots teach about times: kept over restarts, used by routes and plans, and shown as arrivals."""

from __future__ import annotations

import pytest

from coordinator.fleet import Fleet, FleetSettings
from coordinator.fleet.apply import fold
from coordinator.fleet.codec import decode_record, decode_state, encode_record, encode_state
from coordinator.fleet.travel import LEARNED_PERIOD_S
from coordinator.model.assignment import Problem
from coordinator.model.effects import PlanAssignment
from coordinator.model.ids import EdgeId, RobotTypeId
from coordinator.model.mission import MissionState
from coordinator.model.operator import CreateMission, ResumeRobots, StopRobots
from coordinator.model.records import EdgeClosed, TravelTimesLearned
from coordinator.model.robot import Activity, Fault
from coordinator.model.travel import EdgeTimes, LearnedTimes
from tests.coordinator.fleet.tiny_plants import alley, fork


def _edges(steps) -> list[str]:
    return [step.edge_id for step in steps if step.edge_id]


def _problems(floor) -> list[Problem]:
    return [effect.problem for effect in floor.effects if isinstance(effect, PlanAssignment)]


def _count(floor, edge_id: str) -> float:
    """How many passages of an edge were learned from."""
    core = floor.fleet._core
    cell = core.travel_times._cells.get((core.resources.way_index[EdgeId(edge_id)], -1))
    return 0.0 if cell is None else cell.count


def _teach_that_the_short_road_is_slow(floor) -> None:
    """Let many robots have taken four times as long over mid-east, half an hour ago, so that nobody queues now."""
    core = floor.fleet._core
    way = core.resources.way_index[EdgeId("mid-east")]
    for number in range(40):
        core.travel_times.passed(way, 4.0, 20.0, floor.now_s - 1800.0 + number)
    floor.run(LEARNED_PERIOD_S + 1.0)


def _patrolled(make_floor, seconds: float = 900.0):
    """A floor on which two robots patrol, each half an edge in ten seconds: slower than the map says."""
    floor = make_floor(alley(period_s=120.0))
    floor.join("a", "hw1", "red")
    floor.join("b", "he1", "blue")
    end_s = floor.now_s + seconds
    while floor.now_s < end_s:
        floor.rest(9.0)
        floor.run(1.0)
    return floor


def test_passages_teach_and_the_journal_keeps_it(make_floor):
    """Robots that take longer than the map says are noticed edge by edge, and a restart doesn't forget it."""
    floor = _patrolled(make_floor)
    times = floor.fleet._core.travel_times
    way = floor.resources.way_index[EdgeId("a1-a2")]
    learned_s = times.drive(way, 1.2, floor.now_s).mean_s
    assert _count(floor, "a1-a2") >= 3.0
    assert floor.fleet.state.edge_times
    floor.crash()

    again_s = floor.fleet._core.travel_times.drive(way, 1.2, floor.now_s).mean_s
    free_s = floor.resources.ways[way].length_m / 1.0 + 1.5
    assert abs(again_s - learned_s) < 0.2 * free_s
    assert floor.fleet.state.work_times


def test_the_journal_hears_of_times_every_few_minutes_at_most(make_floor):
    """What is learned costs the journal little."""
    floor = _patrolled(make_floor, 1800.0)
    told = [record for record in floor.journal if isinstance(record, TravelTimesLearned)]

    assert 1 <= len(told) <= 1800.0 / LEARNED_PERIOD_S + 1
    written = sum(len(encode_record(record)[1]) for record in floor.journal)
    assert sum(len(encode_record(record)[1]) for record in told) < 0.2 * written


@pytest.mark.parametrize("what", ["fault", "manual", "stop", "blocked", "silent"])
def test_a_robot_in_trouble_teaches_nothing_about_its_edge(make_floor, what):
    """A fault, a person at the controls, a stop, an obstacle or silence isn't how long the edge takes."""
    floor = make_floor(fork(), settings=FleetSettings(lookahead_m=1.0, lookahead_count=1))
    robot = floor.join("a", "hw", "red")
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: robot.reached + 1 in robot.steps and robot.steps[robot.reached + 1].edge_id == "west-mid")
    match what:
        case "fault":
            robot.faults, robot.activity = (Fault("motor", "", stops_driving=True),), Activity.FAULTED
        case "manual":
            robot.activity = Activity.MANUAL
        case "stop":
            floor.ask(StopRobots(("a",), "look"))
        case "blocked":
            robot.activity, robot.blocked_edge_id, robot.is_idle = Activity.BLOCKED, EdgeId("west-mid"), True
        case "silent":
            robot.is_idle = True
            floor.cut(robot)
    floor.run(30)
    robot.faults, robot.activity, robot.blocked_edge_id, robot.is_idle = (), Activity.DRIVING, None, False
    if what == "stop":
        floor.ask(ResumeRobots(("a",), "go"))
    if what == "silent":
        floor.connect(robot)
    floor.until(lambda: robot.node_id == "mid")

    assert _count(floor, "west-mid") == 0.0
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)
    assert _count(floor, "mid-east") > 0.0


def test_a_robot_that_had_nothing_to_do_makes_no_edge_slow(make_floor):
    """Time at home without work is no time on the way."""
    floor = make_floor(fork())
    robot = floor.join("a", "hw", "red")
    for mission_id in ("m1", "m2"):
        floor.ask(CreateMission(("E-red",)))
        floor.until(lambda name=mission_id: floor.mission(name).state is MissionState.SUCCEEDED)
        floor.until(lambda: robot.node_id == "hw")
        floor.run(300)

    rows = {row.edge_id: row.delay_ratio for row in floor.fleet.snapshot().edges}
    assert all(ratio < 1.5 for ratio in rows.values()), rows


def test_slow_edges_are_avoided_before_anybody_queues(make_floor):
    """A road learned to be slow at this hour is driven round by the first robot of a restarted coordinator."""
    floor = make_floor(fork(), settings=FleetSettings(lookahead_m=1.0, lookahead_count=1))
    _teach_that_the_short_road_is_slow(floor)
    floor.crash()
    robot = floor.join("a", "hw", "red")
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: floor.robot(robot).base_end.seq > 0, laziness=2.0)

    assert "up2-east" in _edges((*floor.robot(robot).steps, *floor.view(robot).horizon))
    assert "mid-east" not in _edges((*floor.robot(robot).steps, *floor.view(robot).horizon))
    rows = {row.edge_id: row.delay_ratio for row in floor.fleet.snapshot().edges}
    assert rows["mid-east"] > 2.0


def test_plans_are_asked_for_with_a_version_of_the_travel_times(make_floor):
    """The planner gets learned times, and sees by their version whether they are the ones it had."""
    floor = make_floor(fork(period_s=600.0))
    floor.join("a", "hw", "red").is_idle = True
    floor.run(30)
    before = _problems(floor)[-1]
    _teach_that_the_short_road_is_slow(floor)
    after = _problems(floor)[-1]
    was_s, is_s = (p.travel_s[p.node_index["mid"], p.node_index["le"]] for p in (before, after))

    assert after.travel_version > before.travel_version
    assert is_s > 1.5 * was_s
    floor.run(60)
    last = _problems(floor)[-1]
    assert last.version > after.version
    assert last.travel_version == after.travel_version


def test_without_replanning_on_congestion_routes_are_as_on_a_free_floor(make_floor):
    """The comparison without congestion knows no learned times either."""
    floor = make_floor(fork(), settings=FleetSettings(replan_on_congestion=False))
    _teach_that_the_short_road_is_slow(floor)
    router, index = floor.fleet._core.router, floor.resources.node_index
    ways = router.way(RobotTypeId("red"), index["west"], index["east"])

    assert [floor.resources.ways[way].edge_id for way in ways] == ["west-mid", "mid-east"]


def test_arrivals_are_shown_for_every_stop_in_order(make_floor):
    """An operator sees when a robot will be at each of its stops: p50 before p90, later stops later."""
    floor = make_floor(fork(period_s=600.0))
    robot = floor.join("a", "hw", "red")
    floor.rest(20)
    stops = floor.view(robot).stops
    times = [stop.p50_s for stop in stops]

    assert {stop.point_id for stop in stops} >= {"E-red", "M-red"}
    assert all(stop.p50_s is not None and floor.now_s <= stop.p50_s <= stop.p90_s for stop in stops)
    assert times == sorted(times)
    assert [stop.p90_s for stop in stops] == sorted(stop.p90_s for stop in stops)
    assert max(time_s for time_s in times if time_s is not None) < floor.now_s + 600.0


def test_who_can_not_be_expected_to_drive_has_no_arrival(make_floor):
    """A stopped robot's stops stay listed without a time; they have one again when it may go on."""
    floor = make_floor(fork())
    robot = floor.join("a", "hw", "red")
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: floor.view(robot).stops != (), laziness=2.0)
    assert floor.view(robot).stops[0].p50_s is not None
    floor.ask(StopRobots(("a",), "look"))

    assert all((stop.p50_s, stop.p90_s) == (None, None) for stop in floor.view(robot).stops)
    floor.ask(ResumeRobots(("a",), "go"))
    floor.rest(12)
    assert floor.view(robot).stops[0].p50_s is not None


def test_arrivals_that_come_teach_how_to_foretell_them(make_floor):
    """Arrivals foretold and come true or not are learned from, and that is kept, too."""
    floor = _patrolled(make_floor, 2400.0)
    assert floor.fleet.state.arrival_errors
    assert all(errors.count > 10.0 for errors in floor.fleet.state.arrival_errors.values())


def test_journals_from_before_times_were_learned_are_read(make_floor):
    """An older journal or snapshot folds to a state that knows nothing of times yet."""
    floor = make_floor(alley())
    body = encode_state(floor.fleet.state)
    old = body
    for name in (b"edge_times", b"work_times", b"arrival_errors"):
        assert name in old
        old = old.replace(b',"%s":{}' % name, b"")
        assert name not in old
    assert encode_state(decode_state(old)) == body


def test_times_of_edges_a_new_map_lacks_are_dropped_in_the_journal():
    """After a change of the map, times of ways that are gone are forgotten, and the journal says so."""
    times = LearnedTimes(40.0, 3.0, 4.0, 0.1, 10.0, 0.0)
    learned = TravelTimesLearned((EdgeTimes(EdgeId("gone"), 9, times), EdgeTimes(EdgeId("a1-a2"), None, times)))
    journal = [EdgeClosed(EdgeId("a1-a2"), "crane", "ann", None, is_blockage=False), learned]
    fleet = Fleet(alley(), state=fold(journal), now_s=0.0)
    effects = fleet.start(0.0)

    assert list(fleet.state.edge_times) == ["a1-a2@*"]
    records = [decode_record(*encode_record(record)) for record in (*journal, *(effect.record for effect in effects))]
    assert encode_state(fold(records)) == encode_state(fleet.state)
