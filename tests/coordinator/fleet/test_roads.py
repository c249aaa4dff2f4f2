"""Closures, blockages and congestion: horizons change with a reason, bases never do."""

from __future__ import annotations

from coordinator.fleet import FleetSettings
from coordinator.model.effects import Send
from coordinator.model.ids import EdgeId
from coordinator.model.messages import RouteUpdate
from coordinator.model.mission import MissionState
from coordinator.model.operator import Accepted, CloseEdge, CreateMission, OpenEdge, Refused
from coordinator.model.robot import Activity
from tests.coordinator.fleet.tiny_plants import fork


def _edges(steps) -> list[str]:
    return [step.edge_id for step in steps if step.edge_id]


def _told_horizon(floor, robot) -> list[str]:
    """The horizon of the last route that went out to the robot."""
    routes = [
        effect.message
        for effect in floor.effects
        if isinstance(effect, Send) and effect.robot_id == robot.robot_id and isinstance(effect.message, RouteUpdate)
    ]
    return _edges(routes[-1].horizon)


def _replans(floor) -> dict[str, int]:
    return dict(floor.fleet.totals().replans_by_reason)


def _under_way(make_floor, **how):
    """A robot that is about to leave its home for the other end."""
    floor = make_floor(fork(), settings=FleetSettings(lookahead_m=1.0, lookahead_count=1, **how))
    robot = floor.join("a", "hw", "red")
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: floor.robot(robot).base_end.seq > 0, laziness=2.0)
    return floor, robot


def test_a_robot_without_an_open_way_is_told_that_it_goes_nowhere(make_floor):
    """When every road to its work is closed, the robot doesn't keep showing the way it meant to take."""
    floor, robot = _under_way(make_floor)
    assert "mid-east" in _told_horizon(floor, robot)
    for edge_id in ("mid-east", "up2-east"):
        assert isinstance(floor.ask(CloseEdge(EdgeId(edge_id), "scaffold")), Accepted)

    assert not {"mid-east", "up2-east"} & set(_told_horizon(floor, robot))


def test_a_closure_changes_the_horizon_with_a_reason_and_never_the_base(make_floor):
    """When the road ahead is closed, the robot keeps what it was released and is led round beyond it."""
    floor, robot = _under_way(make_floor)
    base = tuple(floor.robot(robot).steps)
    assert "mid-east" in _edges(floor.view(robot).horizon)
    assert isinstance(floor.ask(CloseEdge(EdgeId("mid-east"), "scaffold")), Accepted)

    assert tuple(floor.robot(robot).steps)[: len(base)] == base
    assert "mid-east" not in _edges(floor.view(robot).horizon)
    assert "up2-east" in _edges(floor.view(robot).horizon)
    assert _replans(floor)["closure"] == 1
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_nobody_is_released_onto_a_closed_edge(make_floor):
    """A closure of both roads holds the robot until one is open again."""
    floor, robot = _under_way(make_floor)
    floor.ask(CloseEdge(EdgeId("mid-east"), "scaffold"))
    floor.ask(CloseEdge(EdgeId("up2-east.r"), "scaffold", 200.0))
    seen: set[str] = set()
    for _ in range(190):
        floor.run(1.0)
        seen |= set(_edges(floor.robot(robot).steps))
    assert not seen & {"mid-east", "up2-east", "up2-east.r", "mid-east.r"}

    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_a_closure_holds_for_both_directions_and_ends_with_its_time(make_floor):
    """Closing a two-way edge closes it both ways; after its time it opens by itself."""
    floor, _ = _under_way(make_floor)
    floor.ask(CloseEdge(EdgeId("mid-east"), "crane", 60.0))
    assert sorted(floor.fleet.state.closures) == ["mid-east", "mid-east.r"]
    rows = {row.edge_id: row for row in floor.fleet.snapshot().edges}
    assert (rows["mid-east"].is_closed, rows["mid-east"].reason, rows["mid-east"].source) == (True, "crane", "ann")
    floor.run(61)
    assert floor.fleet.state.closures == {}

    floor.ask(CloseEdge(EdgeId("mid-east.r"), "crane"))
    assert isinstance(floor.ask(OpenEdge(EdgeId("mid-east"))), Accepted)
    assert floor.fleet.state.closures == {}


def test_wrong_closures_are_refused(make_floor):
    """An unknown edge, a closure without reason, one for no time, and opening what isn't closed are refused."""
    floor, _ = _under_way(make_floor)
    for command in (
        CloseEdge(EdgeId("nowhere"), "x"),
        CloseEdge(EdgeId("mid-east"), ""),
        CloseEdge(EdgeId("mid-east"), "x", 0.0),
        CloseEdge(EdgeId("mid-east"), "x", float("nan")),
        OpenEdge(EdgeId("mid-east")),
    ):
        assert isinstance(floor.ask(command), Refused)
    assert floor.fleet.state.closures == {}


def test_closures_survive_a_restart(make_floor):
    """A closed edge is closed for a restarted coordinator, too."""
    floor, robot = _under_way(make_floor)
    floor.ask(CloseEdge(EdgeId("mid-east"), "crane"))
    floor.crash()
    floor.connect(robot)
    floor.run(5)
    assert "mid-east" not in _edges((*floor.robot(robot).steps, *floor.view(robot).horizon))


def test_closures_of_edges_a_new_map_lacks_are_dropped_in_the_journal(make_floor):
    """After a change of the map, closures of ways that are gone end, and the journal says so."""
    from coordinator.fleet import Fleet
    from coordinator.fleet.apply import fold
    from coordinator.fleet.codec import encode_state
    from coordinator.model.records import EdgeClosed
    from tests.coordinator.fleet.tiny_plants import alley

    journal = [EdgeClosed(EdgeId("gone"), "crane", "ann", None, is_blockage=False)]
    fleet = Fleet(alley(), state=fold(journal), now_s=0.0)
    effects = fleet.start(0.0)
    assert fleet.state.closures == {}
    assert encode_state(fold([*journal, *(effect.record for effect in effects)])) == encode_state(fleet.state)


def test_an_obstacle_closes_its_edge_for_a_time(make_floor):
    """A robot before an obstacle closes the way for others; when it goes on or has gone, the way opens again."""
    floor, robot = _under_way(make_floor)
    floor.until(lambda: robot.reached + 1 in robot.steps and robot.steps[robot.reached + 1].edge_id == "west-mid")
    robot.activity, robot.blocked_edge_id = Activity.BLOCKED, EdgeId("west-mid")
    robot.is_idle = True
    floor.run(3)
    assert floor.fleet.state.closures == {}, "somebody who walks by closes nothing"
    floor.run(3)
    closure = floor.fleet.state.closures[EdgeId("west-mid")]
    assert (closure.is_blockage, closure.source, closure.reason) == (True, "a", "obstacle")
    floor.run(120)
    assert EdgeId("west-mid") in floor.fleet.state.closures, "renewed while it lasts"

    robot.activity, robot.blocked_edge_id, robot.is_idle = Activity.IDLE, None, False
    floor.run(1)
    assert floor.fleet.state.closures == {}
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_an_obstacle_never_overrides_an_operators_closure(make_floor):
    """What a person closed opens by that person's word alone."""
    floor, robot = _under_way(make_floor)
    floor.ask(CloseEdge(EdgeId("west-mid"), "crane"))
    robot.activity, robot.blocked_edge_id = Activity.BLOCKED, EdgeId("west-mid")
    floor.run(10)
    robot.activity, robot.blocked_edge_id = Activity.IDLE, None
    floor.run(10)
    assert floor.fleet.state.closures[EdgeId("west-mid")].source == "ann"


def _jam(floor, delay_s: float) -> None:
    """Let measured passages of mid-east take longer."""
    core = floor.fleet._core
    for _ in range(10):
        core.congestion.passed(core.resources.way_index[EdgeId("mid-east")], delay_s, floor.now_s)


def test_congestion_leads_robots_round_when_it_is_worth_it(make_floor):
    """A jam that costs more than the detour changes the horizon, with that reason; the base stays."""
    floor, robot = _under_way(make_floor)
    robot.is_idle = True
    base = tuple(floor.robot(robot).steps)
    _jam(floor, 120.0)
    floor.run(12)

    assert tuple(floor.robot(robot).steps) == base
    assert "up2-east" in _edges(floor.view(robot).horizon)
    assert _replans(floor)["congestion"] == 1


def test_a_little_congestion_changes_nothing(make_floor):
    """Small delays aren't worth a detour, and horizons don't flicker."""
    floor, robot = _under_way(make_floor)
    robot.is_idle = True
    for _ in range(10):
        _jam(floor, 5.0)
        floor.run(12)

    assert "mid-east" in _edges(floor.view(robot).horizon)
    assert "congestion" not in _replans(floor)


def test_congestion_can_be_switched_off(make_floor):
    """Without re-planning on congestion, the jam is waited out."""
    floor, robot = _under_way(make_floor, replan_on_congestion=False)
    robot.is_idle = True
    _jam(floor, 120.0)
    floor.run(30)

    assert "mid-east" in _edges(floor.view(robot).horizon)
    assert "congestion" not in _replans(floor)


def test_slow_passages_are_measured(make_floor):
    """A robot that takes long over an edge shows up as delay on that edge."""
    floor, robot = _under_way(make_floor)
    floor.until(lambda: robot.reached + 1 in robot.steps and robot.steps[robot.reached + 1].edge_id == "west-mid")
    floor.rest(200)
    floor.until(lambda: robot.node_id == "mid")
    floor.run(11)

    rows = {row.edge_id: row for row in floor.fleet.snapshot().edges}
    assert rows["west-mid"].delay_ratio > 1.5
