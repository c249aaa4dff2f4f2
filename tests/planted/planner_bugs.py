"""Bugs of the planner: what it searches, finds and puts into its timetable."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from coordinator.fleet import core as core_module
from coordinator.fleet import giveway, releases
from coordinator.model.assignment import Plan, Problem, Stop
from coordinator.model.ids import RobotId, RobotTypeId
from coordinator.model.operator import CloseEdge
from coordinator.traffic.resources import Resources
from coordinator.traffic.routing import Router
from coordinator.traffic.safe_intervals import IntervalSearch, Vehicle
from coordinator.traffic.timetable import STAY, Hold, Leg, Timetable
from tests.coordinator.fleet.puppets import Floor
from tests.planted.victim import VICTIM, Patch, boom, for_victim


def spoil_path(wrong: Callable[[list[int]], list[int]]) -> Callable[[Patch, Floor], None]:
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


def spoil_path_unchecked(wrong: Callable[[list[int]], list[int]]) -> Callable[[Patch, Floor], None]:
    """Spoil the path where nobody looks at it again before it is released."""

    def put(patch: Patch, floor: Floor) -> None:
        spoil_path(wrong)(patch, floor)
        patch.setattr(releases, "_check_path", lambda *_: None)

    return put


def spoil_legs(wrong: Callable[[list[Leg]], list[Leg]]) -> Callable[[Patch, Floor], None]:
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


def each_way(leg: Leg, way: int) -> Leg:
    """A leg over another way, where it is one at all."""
    return leg if leg.way == STAY else leg._replace(way=way)


def everybody_first(patch: Patch, _: Floor) -> None:
    """The timetable lets nobody wait for anybody."""
    patch.setattr(Timetable, "ahead", lambda *_: [])
    patch.setattr(Timetable, "in_way", lambda *_: None)


def victim_first(patch: Patch, _: Floor) -> None:
    """The timetable puts the victim before everybody, whatever the times are."""
    right = Timetable.ahead

    def ahead(self: Timetable, robot_id: RobotId, ways: Sequence[int]) -> list[Hold]:
        return [] if robot_id == VICTIM else right(self, robot_id, ways)

    patch.setattr(Timetable, "ahead", ahead)


def holds_ignored(patch: Patch, _: Floor) -> None:
    """Ways are searched as if nobody else was there, and so is what they are driven by."""
    right = IntervalSearch.__init__

    def begin(self: IntervalSearch, resources: Resources, timetable: Timetable, vehicle: Vehicle) -> None:
        alone = Timetable(resources)
        alone.place(vehicle.robot_id, timetable.end_node(vehicle.robot_id), 0)
        right(self, resources, alone, vehicle)

    patch.setattr(IntervalSearch, "__init__", begin)


def base_not_entered(patch: Patch, floor: Floor) -> None:
    """The timetable fails to hear of the victim's base."""
    for_victim(patch, core_module, "enter_steps", boom)


def closures_ignored(patch: Patch, floor: Floor) -> None:
    """The victim's ways are searched and found as if nothing were closed."""
    nothing_closed = Router(floor.resources)
    for name in ("way", "to_goal_s", "ways_s", "cost_s"):
        right = getattr(Router, name)

        def of_open(self: Router, robot_type_id: RobotTypeId, *arguments: Any, right: Any = right) -> Any:
            return right(nothing_closed if robot_type_id == "blue" else self, robot_type_id, *arguments)

        patch.setattr(Router, name, of_open)
    floor.ask(CloseEdge(floor.plant.edges["n0-n1"].edge_id, "works", None))


def endless_path(right: Any, core: Any, robot: Any, live: Any) -> None:
    """A path a million times as long as it should be."""
    right(core, robot, live)
    live.path = live.path * 1_000_000


def giving_way_raises(patch: Patch, _: Floor) -> None:
    """Every second time robots are to stand aside, it fails."""
    right, turns = giveway.resolve_waits, itertools.count()
    patch.setattr(giveway, "resolve_waits", lambda core: right(core) if next(turns) % 2 else boom())


def roads_raise(patch: Patch, _: Floor) -> None:
    """What roads cost can't be told."""
    patch.setattr(Router, "update", boom)


def spoil_plans(spoil: Callable[[Plan], Plan]) -> Callable[[Patch, Floor], None]:
    """Spoil what the planner answers."""

    def put(_: Patch, floor: Floor) -> None:
        right = floor.planner

        def plan(problem: Problem) -> Plan:
            return spoil(right(problem))

        floor.planner = plan

    return put


def begin_with(stop: Stop) -> Callable[[Plan], Plan]:
    """An itinerary of the victim that begins with nonsense, and robots nobody knows."""

    def spoil(plan: Plan) -> Plan:
        rows = [(robot_id, (stop, *stops) if robot_id == VICTIM else stops) for robot_id, stops in plan.itineraries]
        return replace(plan, itineraries=(*rows, (RobotId("eve"), (stop,))))

    return spoil


def endless_plan(plan: Plan) -> Plan:
    """The itinerary of the victim begins anew for ever."""
    rows: list[Any] = []
    for robot_id, stops in plan.itineraries:
        rows.append((robot_id, itertools.cycle(stops) if robot_id == VICTIM and stops else stops))
    return replace(plan, itineraries=tuple(rows))


def no_plan(plan: Plan) -> Plan:
    """A plan that has nothing in it, not even nobody."""
    return replace(plan, itineraries=None, bookings=(), refused=())  # type: ignore[arg-type]


def every_other(spoil: Callable[[Plan], Plan]) -> Callable[[Plan], Plan]:
    """Spoil the first plan, the third, and so on."""
    turns = itertools.count()
    return lambda plan: spoil(plan) if next(turns) % 2 == 0 else plan
