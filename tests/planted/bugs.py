"""Which bugs are planted into planner and release rule while the plant runs, and what must come of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from coordinator.fleet import chunks, neighbourhood, release_rule, releases, schedule
from coordinator.model.assignment import Stop
from coordinator.model.ids import NodeId, PointId
from coordinator.plant.map import PlantMap
from tests.coordinator.fleet.puppets import Floor
from tests.coordinator.fleet.tiny_plants import alley, build, ring, yard
from tests.planted.planner_bugs import (
    base_not_entered,
    begin_with,
    closures_ignored,
    each_way,
    endless_path,
    endless_plan,
    every_other,
    everybody_first,
    giving_way_raises,
    holds_ignored,
    no_plan,
    roads_raise,
    spoil_legs,
    spoil_path,
    spoil_path_unchecked,
    spoil_plans,
    victim_first,
)
from tests.planted.release_bugs import (
    corridor_cut,
    counts_ignored,
    endless_growth,
    finish_ignored,
    held_ignored,
    refusal_ignored,
    steps_skipped,
    stop_ignored,
    to_elsewhere,
    types_ignored,
    work_elsewhere,
    zones_ignored,
)
from tests.planted.victim import VICTIM, Patch, boom, let_raise, spoil_for_victim

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


def _nothing(*_: Any) -> None:
    """The bug is in already."""


REFUSED, FAILED, BAD_PLAN = "a.release_refused", "a.planning_failed", "a.bad_plan"
NOWHERE = Stop(NodeId("nowhere"), None, None, 0.0, 0.0)
BUGS: dict[str, Bug] = {
    "the search jumps over edges": Bug(spoil_legs(lambda legs: legs[::2]), "planning_failed", FAILED),
    "a path that jumps, unnoticed": Bug(spoil_path_unchecked(lambda way: way[-1:]), "I2", REFUSED),
    "a path from a wrong start": Bug(spoil_path(lambda way: way[1:] + way[:1]), "planning_failed", FAILED),
    "a path that ends short": Bug(spoil_path(lambda way: way[:-1]), "planning_failed", FAILED),
    "a path that leads nowhere": Bug(spoil_path(lambda way: []), "planning_failed", FAILED),
    "ways that aren't on the map": Bug(spoil_path(lambda way: [10**6]), "planning_failed", FAILED),
    "a search for ways that aren't on the map": Bug(
        spoil_legs(lambda legs: [each_way(leg, 10**6) for leg in legs]), "planning_failed", FAILED
    ),
    "a search that raises": Bug(spoil_for_victim(schedule, "search_plan", boom), "planning_failed", FAILED),
    "a search that ignores who is where when": Bug(holds_ignored, "", ""),
    "a timetable where everybody is first": Bug(everybody_first, "", ""),
    "a timetable where one is always first": Bug(victim_first, "", ""),
    "work where its point isn't": Bug(work_elsewhere, "task", REFUSED),
    "a timetable that doesn't hear of a base": Bug(base_not_entered, "planning_failed", FAILED),
    "keeping time raises": Bug(
        let_raise(schedule, "keep_time"), "planning_failed", "planning.keeping time.planning_failed"
    ),
    "improving plans raises": Bug(
        let_raise(neighbourhood, "improve"), "planning_failed", "planning.improving plans.planning_failed"
    ),
    "the rule ignores who holds what": Bug(held_ignored, "I3", REFUSED),
    "a node released to two robots": Bug(refusal_ignored, "I3", REFUSED),
    "the finishing order ignored": Bug(finish_ignored, "finish", "", _ring, when=_nothing),
    "a chunk cut in the middle of a corridor": Bug(corridor_cut, "", "", lambda: alley(period_s=60.0)),
    "closures ignored": Bug(closures_ignored, "closure", REFUSED, _round),
    "doors ignored": Bug(spoil_for_victim(release_rule, "ask_device", lambda *_: None), "door", REFUSED, _gated),
    "single-vehicle zones ignored": Bug(_nothing, "I3", "", _zoned, zones_ignored),
    "capacities ignored": Bug(counts_ignored, "I3", REFUSED, _sparse),
    "ways of other types": Bug(_nothing, "type", REFUSED, _typed, types_ignored),
    "a stopped robot released": Bug(stop_ignored, "stop", REFUSED, when=_nothing),
    "steps skipped": Bug(steps_skipped, "I2", REFUSED),
    "a step to somewhere else": Bug(to_elsewhere, "I2", REFUSED),
    "choosing a target raises": Bug(spoil_for_victim(releases, "choose_target", boom), "planning_failed", FAILED),
    "the release rule raises": Bug(spoil_for_victim(chunks, "check", boom), "planning_failed", FAILED),
    "a path without end": Bug(spoil_for_victim(releases, "choose_target", endless_path), "planning_failed", FAILED),
    "a base that grows without end": Bug(endless_growth, "planning_failed", FAILED),
    "giving way raises": Bug(giving_way_raises, "planning_failed", "planning.giving way.planning_failed"),
    "weighing roads raises": Bug(roads_raise, "planning_failed", "planning.weighing roads.planning_failed"),
    "a plan with unknown nodes and robots": Bug(spoil_plans(begin_with(NOWHERE)), "plan", BAD_PLAN),
    "a plan with unknown points": Bug(
        spoil_plans(begin_with(replace(NOWHERE, node_id=NodeId("le"), point_id=PointId("P-0")))), "plan", BAD_PLAN
    ),
    "a charge where no charger is": Bug(
        spoil_plans(begin_with(replace(NOWHERE, node_id=NodeId("hub")))), "plan", BAD_PLAN
    ),
    "times that aren't numbers": Bug(
        spoil_plans(begin_with(replace(NOWHERE, node_id=NodeId("dock"), arrive_s=float("nan")))), "plan", BAD_PLAN
    ),
    "an itinerary without end": Bug(spoil_plans(endless_plan), "plan", BAD_PLAN),
    "a plan that is none": Bug(
        spoil_plans(every_other(no_plan)), "planning_failed", "planning.taking a plan.planning_failed"
    ),
}
