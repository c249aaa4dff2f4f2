"""
Bugs planted into planner and release rule while the plant runs.

Whatever they ask for, the checker refuses it or the failure is contained: an alarm names robot and rule, the other
robots go on inspecting, and neither the core's invariants nor the independent audit find anything.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from coordinator.checker.audit import audit
from coordinator.fleet import chunks, giveway, neighbourhood, release_rule, releases, schedule
from coordinator.fleet import core as core_module
from coordinator.model.assignment import Plan, Problem, Stop
from coordinator.model.ids import NodeId, PointId, RobotId, RobotTypeId
from coordinator.model.operator import CloseEdge, StopRobots
from coordinator.model.records import BaseExtended, PointVisited
from coordinator.plant.map import NodeRole, PlantMap
from coordinator.traffic.finishing import FinishingOrder
from coordinator.traffic.holdings import Holdings
from coordinator.traffic.resources import Resources
from coordinator.traffic.routing import Router
from coordinator.traffic.safe_intervals import IntervalSearch
from coordinator.traffic.timetable import STAY, Hold, Leg, Timetable
from tests.coordinator.fleet.puppets import Floor
from tests.coordinator.fleet.tiny_plants import alley, build, ring, yard

VICTIM = RobotId("a")
Patch = pytest.MonkeyPatch
SQUARE = [[-12, -12], [12, -12], [12, 12], [-12, 12]]
CORNER = [[-2, -2], [12, -2], [12, 12], [-2, 12]]


def _at_a_spur(floor: Floor) -> None:
    """Run until the victim has come to the end of a spur: by standing there it bars the others no way."""
    robot = floor.fleet.state.robots[VICTIM]
    index, out = floor.resources.node_index, floor.resources.out
    floor.until(
        lambda: (
            robot.base_end.node_id != robot.home
            and robot.reached_seq == robot.base_end.seq
            and len(out[index[robot.base_end.node_id]]) == 1
        )
    )


@dataclass(frozen=True)
class Bug:
    """
    A planted bug.

    Attributes:
        put: Plants it; gets the floor when it runs.
        rule: What it must be refused by, as counted; empty where the finishing order makes refusals needless.
        alarm: Which alarm tells of it.
        plant: Where.
        when: Runs the floor until then.
        before: Done before the floor is made, for what is compiled from the map.
    """

    put: Callable[[Patch, Floor], object]
    rule: str
    alarm: str
    plant: Callable[[], PlantMap] = lambda: yard(period_s=120.0)
    before: Callable[[Patch], object] = lambda patch: None
    when: Callable[[Floor], object] = _at_a_spur


def _for_victim(patch: Patch, module: Any, name: str, wrong: Callable[..., Any], robot_at: int = 1) -> None:
    """Replace a function where it is about the victim; `wrong` gets the right result first, when it asks for it."""
    right = getattr(module, name)

    def either(*arguments: Any) -> Any:
        robot = arguments[robot_at]
        robot_id = robot if isinstance(robot, str) else robot.robot_id
        return wrong(right, *arguments) if robot_id == VICTIM else right(*arguments)

    patch.setattr(module, name, either)


def _boom(*_: Any) -> Any:
    raise RuntimeError("a bug")


def _path(wrong: Callable[[list[int]], list[int]]) -> Callable[[Patch, Floor], None]:
    """Spoil the path a robot is given: from the timetable, and from the router where there is no plan in time."""

    def put(patch: Patch, _: Floor) -> None:
        planned, found = Timetable.planned_ways, Router.way

        def planned_ways(self: Timetable, robot_id: RobotId) -> list[int]:
            ways = planned(self, robot_id)
            return wrong(ways) if ways and robot_id == VICTIM else ways

        def way(self: Router, robot_type_id: RobotTypeId, start: int, goal: int) -> list[int] | None:
            ways = found(self, robot_type_id, start, goal)
            return wrong(ways) if ways and robot_type_id == "blue" else ways

        patch.setattr(Timetable, "planned_ways", planned_ways)
        patch.setattr(Router, "way", way)

    return put


def _unchecked_path(wrong: Callable[[list[int]], list[int]]) -> Callable[[Patch, Floor], None]:
    def put(patch: Patch, floor: Floor) -> None:
        _path(wrong)(patch, floor)
        patch.setattr(releases, "_check_path", lambda *_: None)

    return put


def _search(wrong: Callable[[list[Leg]], list[Leg]]) -> Callable[[Patch, Floor], None]:
    """Spoil the legs that the victim's search finds, before they are entered into the timetable."""

    def put(patch: Patch, _: Floor) -> None:
        right = IntervalSearch.visit

        def visit(self: IntervalSearch, *arguments: Any, **keywords: Any) -> tuple[list[Leg], int] | None:
            found = right(self, *arguments, **keywords)
            if found is None or self._vehicle.robot_id != VICTIM:
                return found
            legs = wrong(found[0])
            return legs, min(found[1], len(legs))

        patch.setattr(IntervalSearch, "visit", visit)

    return put


def _each_way(leg: Leg, way: int) -> Leg:
    return leg if leg.way == STAY else leg._replace(way=way)


def _everybody_first(patch: Patch, _: Floor) -> None:
    """The timetable lets nobody wait for anybody."""
    patch.setattr(Timetable, "ahead", lambda *_: [])
    patch.setattr(Timetable, "in_way", lambda *_: None)


def _victim_first(patch: Patch, _: Floor) -> None:
    """The timetable puts the victim before everybody, whatever the times are."""
    right = Timetable.ahead

    def ahead(self: Timetable, robot_id: RobotId, ways: Sequence[int]) -> list[Hold]:
        return [] if robot_id == VICTIM else right(self, robot_id, ways)

    patch.setattr(Timetable, "ahead", ahead)


def _holds_ignored(patch: Patch, _: Floor) -> None:
    """Ways are searched as if nobody else was there, and so is what they are driven by."""
    patch.setattr(Timetable, "busy", lambda *_: [])


def _base_not_entered(patch: Patch, floor: Floor) -> None:
    """The timetable fails to hear of the victim's base."""
    _for_victim(patch, core_module, "enter_steps", _boom)


def _held_ignored(patch: Patch, _: Floor) -> None:
    _barred_for_victim(patch, lambda barred, core: 0)


def _barred_for_victim(patch: Patch, wrong: Callable[[int, Any], int]) -> None:
    """Spoil what the release rule takes for barred to the victim."""

    def check(right: Any, core: Any, robot: Any, live: Any, chunk: list[int]) -> Any:
        with pytest.MonkeyPatch.context() as short:
            barred = Holdings.barred
            short.setattr(Holdings, "barred", lambda self, own: wrong(barred(self, own), core))
            return right(core, robot, live, chunk)

    _for_victim(patch, chunks, "check", check)


def _refusal_ignored(patch: Patch, _: Floor) -> None:
    def wrong(right: Any, core: Any, robot: Any, live: Any) -> Any:
        chunk, _ = right(core, robot, live)
        return chunk or live.path[:1], None

    _for_victim(patch, releases, "next_chunk", wrong)


def _finish_ignored(patch: Patch, _: Floor) -> None:
    patch.setattr(FinishingOrder, "unfinished", lambda *_: ())


def _corridor_cut(patch: Patch, _: Floor) -> None:
    """One step at a time into a one-lane corridor, whoever comes the other way: leaves are near to back out into."""
    patch.setattr(chunks, "_whole", lambda core, robot, live: live.path[:1])
    patch.setattr(chunks, "facing", lambda *_: ())
    patch.setattr(release_rule, "facing", lambda *_: ())


def _closures_ignored(patch: Patch, floor: Floor) -> None:
    """The victim's ways are searched and found as if nothing were closed."""
    nothing_closed = Router(floor.resources)
    for name in ("way", "to_goal_s", "ways_s", "cost_s"):
        right = getattr(Router, name)

        def of_open(self: Router, robot_type_id: RobotTypeId, *arguments: Any, right: Any = right) -> Any:
            return right(nothing_closed if robot_type_id == "blue" else self, robot_type_id, *arguments)

        patch.setattr(Router, name, of_open)
    floor.ask(CloseEdge(floor.plant.edges["n0-n1"].edge_id, "works", None))


def _stop_ignored(patch: Patch, floor: Floor) -> None:
    robot = floor.fleet.state.robots[VICTIM]
    floor.until(lambda: robot.base_end.node_id != robot.home and not robot.open_orders)
    patch.setattr(releases, "_hindrance", lambda *_: None)
    patch.setattr(releases, "_wants_more", lambda *_: True)
    floor.ask(StopRobots((VICTIM,), "a person stands there"))


def _steps_skipped(patch: Patch, _: Floor) -> None:
    def wrong(right: Any, core: Any, robot: Any, live: Any, steps: Any) -> None:
        right(core, robot, live, tuple(replace(step, seq=step.seq + 1) for step in steps))

    _for_victim(patch, releases, "_release", wrong)


def _to_elsewhere(patch: Patch, floor: Floor) -> None:
    def wrong(right: Any, core: Any, robot: Any, live: Any, steps: Any) -> None:
        right(core, robot, live, (*steps[:-1], replace(steps[-1], node_id=NodeId("hub"))))

    _for_victim(patch, releases, "_release", wrong)


def _endless_path(right: Any, core: Any, robot: Any, live: Any) -> None:
    right(core, robot, live)
    live.path = live.path * 1_000_000


def _endless_growth(patch: Patch, floor: Floor) -> None:
    """The base never is long enough, and the path leads to and fro."""

    def wrong(right: Any, core: Any, robot: Any, live: Any) -> None:
        right(core, robot, live)
        ways = core.resources.ways
        there = next(way for way in ways if core.resources.node_ids[way.start] == robot.base_end.node_id)
        back = next(way for way in ways if (way.start, way.end) == (there.end, there.start))
        live.target, live.path = robot.base_end.node_id, [there.index, back.index]

    _for_victim(patch, releases, "choose_target", wrong)
    _for_victim(patch, releases, "_wants_more", lambda *_: True)


def _giving_way_raises(patch: Patch, _: Floor) -> None:
    right, turns = giveway.resolve_waits, itertools.count()
    patch.setattr(giveway, "resolve_waits", lambda core: right(core) if next(turns) % 2 else _boom())


def _roads_raise(patch: Patch, _: Floor) -> None:
    patch.setattr(Router, "update", _boom)


def _raises(module: Any, name: str) -> Callable[[Patch, Floor], None]:
    return lambda patch, _: patch.setattr(module, name, _boom)


def _plans(spoil: Callable[[Plan], Plan]) -> Callable[[Patch, Floor], None]:
    def put(_: Patch, floor: Floor) -> None:
        right = floor.planner

        def plan(problem: Problem) -> Plan:
            return spoil(right(problem))

        floor.planner = plan

    return put


def _insert(stop: Stop) -> Callable[[Plan], Plan]:
    """An itinerary of the victim that begins with nonsense, and robots nobody knows."""

    def spoil(plan: Plan) -> Plan:
        rows = [(robot_id, (stop, *stops) if robot_id == VICTIM else stops) for robot_id, stops in plan.itineraries]
        return replace(plan, itineraries=(*rows, (RobotId("eve"), (stop,))))

    return spoil


def _endless_plan(plan: Plan) -> Plan:
    rows: list[Any] = []
    for robot_id, stops in plan.itineraries:
        rows.append((robot_id, itertools.cycle(stops) if robot_id == VICTIM and stops else stops))
    return replace(plan, itineraries=tuple(rows))


def _no_plan(plan: Plan) -> Plan:
    return replace(plan, itineraries=None, bookings=(), refused=())  # type: ignore[arg-type]


def _every_other(spoil: Callable[[Plan], Plan]) -> Callable[[Plan], Plan]:
    turns = itertools.count()
    return lambda plan: spoil(plan) if next(turns) % 2 == 0 else plan


def _zoned() -> PlantMap:
    return yard(period_s=120.0, zones={"crossing": {"kind": "single_vehicle", "polygon": SQUARE}})


def _sparse() -> PlantMap:
    return yard(period_s=120.0, zones={"crossing": {"kind": "capacity", "capacity_count": 2, "polygon": CORNER}})


def _round() -> PlantMap:
    """Draw a ring road with two ways to everywhere, work on two spurs and few robots."""
    return ring(10, is_one_way=False, spur_count=3, period_s=60.0)


def _ring() -> PlantMap:
    """Draw a one-way ring of four nodes with work on each and a home beside each: when all are out at once, it jams."""
    places = {
        "n0": (0, 0, "i"), "n1": (2, 0, "i"), "n2": (2, 2, "i"), "n3": (0, 2, "i"),
        "x0": (-1, -1, "p"), "x1": (3, -1, "p"), "x2": (3, 3, "p"), "x3": (-1, 3, "p"),
    }  # fmt: skip
    points = {"P0": ("n0", "red"), "P1": ("n1", "red"), "P2": ("n2", "blue"), "P3": ("n3", "red")}
    ring = "n0-n1 n1-n2 n2-n3 n3-n0"
    return build(places, "n0-x0 n1-x1 n2-x2 n3-x3", one_way=ring, points=points, period_s=30.0)


def _typed() -> PlantMap:
    return yard(period_s=120.0, edges={"e-le": {"robot_types": ["red"]}})


def _gated() -> PlantMap:
    """Draw the yard with a door before one of the points: whoever doesn't get in leaves the others three arms."""
    return yard(period_s=120.0, devices={"gate-1": {"kind": "door", "open_s": 5}}, edges={"e-le": {"door": "gate-1"}})


def _zones_ignored(patch: Patch) -> None:
    patch.setattr(Resources, "_claim_zones", lambda self: None)


def _counts_ignored(patch: Patch, _: Floor) -> None:
    """Zones for several robots hold any number of them."""
    _barred_for_victim(patch, lambda barred, core: barred & core.resources.exclusive)


def _types_ignored(patch: Patch) -> None:
    patch.setattr(Resources, "_is_allowed", lambda *_: True)


def _nothing(*_: Any) -> None:
    """The bug is in already."""


def _victim(module: Any, name: str, wrong: Callable[..., Any]) -> Callable[[Patch, Floor], None]:
    return lambda patch, _: _for_victim(patch, module, name, wrong)


REFUSED, FAILED, BAD_PLAN = "a.release_refused", "a.planning_failed", "a.bad_plan"
NOWHERE = Stop(NodeId("nowhere"), None, None, 0.0, 0.0)
BUGS: dict[str, Bug] = {
    "the search jumps over edges": Bug(_search(lambda legs: legs[::2]), "planning_failed", FAILED),
    "a path that jumps, unnoticed": Bug(_unchecked_path(lambda way: way[-1:]), "I2", REFUSED),
    "a path from a wrong start": Bug(_path(lambda way: way[1:] + way[:1]), "planning_failed", FAILED),
    "a path that ends short": Bug(_path(lambda way: way[:-1]), "planning_failed", FAILED),
    "a path that leads nowhere": Bug(_path(lambda way: []), "planning_failed", FAILED),
    "ways that aren't on the map": Bug(_path(lambda way: [10**6]), "planning_failed", FAILED),
    "a search for ways that aren't on the map": Bug(
        _search(lambda legs: [_each_way(leg, 10**6) for leg in legs]), "planning_failed", FAILED
    ),
    "a search that raises": Bug(_victim(schedule, "search_plan", _boom), "planning_failed", FAILED),
    "a search that ignores who is where when": Bug(_holds_ignored, "", ""),
    "a timetable where everybody is first": Bug(_everybody_first, "", ""),
    "a timetable where one is always first": Bug(_victim_first, "", ""),
    "a timetable that doesn't hear of a base": Bug(_base_not_entered, "planning_failed", FAILED),
    "keeping time raises": Bug(
        _raises(schedule, "keep_time"), "planning_failed", "planning.keeping time.planning_failed"
    ),
    "improving plans raises": Bug(
        _raises(neighbourhood, "improve"), "planning_failed", "planning.improving plans.planning_failed"
    ),
    "the rule ignores who holds what": Bug(_held_ignored, "I3", REFUSED),
    "a node released to two robots": Bug(_refusal_ignored, "I3", REFUSED),
    "the finishing order ignored": Bug(_finish_ignored, "finish", "", _ring, when=_nothing),
    "a chunk cut in the middle of a corridor": Bug(_corridor_cut, "", "", lambda: alley(period_s=60.0)),
    "closures ignored": Bug(_closures_ignored, "closure", REFUSED, _round),
    "doors ignored": Bug(_victim(release_rule, "ask_device", lambda *_: None), "door", REFUSED, _gated),
    "single-vehicle zones ignored": Bug(_nothing, "I3", "", _zoned, _zones_ignored),
    "capacities ignored": Bug(_counts_ignored, "I3", REFUSED, _sparse),
    "ways of other types": Bug(_nothing, "type", REFUSED, _typed, _types_ignored),
    "a stopped robot released": Bug(_stop_ignored, "stop", REFUSED, when=_nothing),
    "steps skipped": Bug(_steps_skipped, "I2", REFUSED),
    "a step to somewhere else": Bug(_to_elsewhere, "I2", REFUSED),
    "choosing a target raises": Bug(_victim(releases, "choose_target", _boom), "planning_failed", FAILED),
    "the release rule raises": Bug(_victim(chunks, "check", _boom), "planning_failed", FAILED),
    "a path without end": Bug(_victim(releases, "choose_target", _endless_path), "planning_failed", FAILED),
    "a base that grows without end": Bug(_endless_growth, "planning_failed", FAILED),
    "giving way raises": Bug(_giving_way_raises, "planning_failed", "planning.giving way.planning_failed"),
    "weighing roads raises": Bug(_roads_raise, "planning_failed", "planning.weighing roads.planning_failed"),
    "a plan with unknown nodes and robots": Bug(_plans(_insert(NOWHERE)), "plan", BAD_PLAN),
    "a plan with unknown points": Bug(
        _plans(_insert(replace(NOWHERE, node_id=NodeId("le"), point_id=PointId("P-0")))), "plan", BAD_PLAN
    ),
    "a charge where no charger is": Bug(_plans(_insert(replace(NOWHERE, node_id=NodeId("hub")))), "plan", BAD_PLAN),
    "times that aren't numbers": Bug(
        _plans(_insert(replace(NOWHERE, node_id=NodeId("dock"), arrive_s=float("nan")))), "plan", BAD_PLAN
    ),
    "an itinerary without end": Bug(_plans(_endless_plan), "plan", BAD_PLAN),
    "a plan that is none": Bug(
        _plans(_every_other(_no_plan)), "planning_failed", "planning.taking a plan.planning_failed"
    ),
}


def _join(floor: Floor) -> None:
    """The victim is blue, all others are red."""
    for number, home in enumerate(floor.plant.nodes_with(NodeRole.PARKING)):
        floor.join("abcdefgh"[number], home, "blue" if number == 0 else "red")


def _visits(floor: Floor, *, but: RobotId | None = None) -> int:
    return sum(isinstance(record, PointVisited) and record.robot_id != but for record in floor.journal)


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS.keys())
def test_a_bug_of_the_planner_costs_time_and_never_safety(monkeypatch: Patch, bug: Bug):
    """What a broken planner asks for isn't released, somebody is told, and the other robots go on."""
    bug.before(monkeypatch)
    floor = Floor(bug.plant(), seed=1)
    floor.has_planner_bug = True
    _join(floor)
    floor.run(5)
    bug.when(floor)
    bug.put(monkeypatch, floor)
    begun = _visits(floor, but=VICTIM)
    floor.run(600, laziness=0.2)

    refusals = dict(floor.fleet.totals().refusals_by_rule)
    assert not bug.rule or bug.rule in refusals, refusals
    listed = [alarm_id for alarm_id in floor.listed() if alarm_id.rpartition(".")[2] in
              ("release_refused", "planning_failed", "bad_plan")]  # fmt: skip
    assert bug.alarm in listed or (not bug.alarm and bool(listed) == bool(bug.rule)), listed
    # One visit each may have been under way already.
    assert _visits(floor, but=VICTIM) - begun >= 2 * (len(floor.puppets) - 1), "the others stand still"
    assert all(puppet.connection is not None for puppet in floor.puppets.values())
    floor.fleet.check_invariants()
    floor.check_truth()
    floor.check_fold()
    assert audit(floor.journal, floor.plant) == ()


def test_an_alarm_names_robot_resource_and_rule(monkeypatch: Patch):
    """An operator reads who was refused what and why, and the robot waits for safety's sake."""
    floor = Floor(yard(period_s=120.0), seed=1)
    floor.has_planner_bug = True
    _join(floor)
    floor.run(5)
    _steps_skipped(monkeypatch, floor)
    floor.until(lambda: "a.release_refused" in floor.alarms())
    floor.run(30)

    alarm = next(alarm for alarm in floor.fleet.state.alarms.values() if alarm.code == "release_refused")
    assert "robot a" in alarm.text
    assert "I2" in alarm.text
    assert alarm.robot_id == "a"
    wait = floor.fleet.waits()[VICTIM]
    assert (wait.cause, wait.behind) == ("safety", None)
    assert wait.since_s <= floor.now_s - 20


def test_when_the_bug_is_gone_the_robot_goes_on(monkeypatch: Patch):
    """A refusal is for the moment: with a planner that is right again the alarm clears and the robot works."""
    floor = Floor(yard(period_s=120.0), seed=1)
    floor.has_planner_bug = True
    _join(floor)
    floor.run(5)
    _steps_skipped(monkeypatch, floor)
    floor.until(lambda: "a.release_refused" in floor.alarms())
    floor.run(60)
    monkeypatch.undo()
    begun = floor.robot(floor.puppets[VICTIM]).base_end.seq
    floor.until(lambda: floor.robot(floor.puppets[VICTIM]).base_end.seq > begun + 3)

    assert "a.release_refused" not in floor.alarms()


def test_what_was_refused_is_neither_journaled_nor_sent(monkeypatch: Patch):
    """A refused release leaves no trace but its alarm."""
    floor = Floor(yard(period_s=120.0), seed=1)
    floor.has_planner_bug = True
    _join(floor)
    floor.run(2)
    _for_victim(monkeypatch, releases, "_release", lambda right, core, robot, live, steps: right(
        core, robot, live, tuple(replace(step, seq=step.seq + 1) for step in steps)))  # fmt: skip
    count = sum(isinstance(record, BaseExtended) and record.robot_id == VICTIM for record in floor.journal)
    end = floor.puppets[VICTIM].end
    floor.run(120)

    assert sum(isinstance(record, BaseExtended) and record.robot_id == VICTIM for record in floor.journal) == count
    assert floor.puppets[VICTIM].end == end
