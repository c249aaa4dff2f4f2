"""Bugs of the release rule: what it takes for free, and what it releases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from coordinator.fleet import chunks, release_rule, releases
from coordinator.model.ids import NodeId
from coordinator.model.operator import StopRobots
from coordinator.traffic.finishing import FinishingOrder
from coordinator.traffic.holdings import Holdings
from coordinator.traffic.resources import Resources
from tests.coordinator.fleet.puppets import Floor
from tests.planted.victim import VICTIM, Patch, for_victim


def held_ignored(patch: Patch, _: Floor) -> None:
    """The victim may go where others are."""
    barred_for_victim(patch, lambda barred, core: 0)


def barred_for_victim(patch: Patch, wrong: Callable[[int, Any], int]) -> None:
    """Spoil what the release rule takes for barred to the victim."""

    def check(right: Any, core: Any, robot: Any, live: Any, chunk: list[int]) -> Any:
        with pytest.MonkeyPatch.context() as short:
            barred = Holdings.barred
            short.setattr(Holdings, "barred", lambda self, own: wrong(barred(self, own), core))
            return right(core, robot, live, chunk)

    for_victim(patch, chunks, "check", check)


def refusal_ignored(patch: Patch, _: Floor) -> None:
    """What was refused to the victim is released to it all the same, one step at a time."""

    def wrong(right: Any, core: Any, robot: Any, live: Any) -> Any:
        chunk, _ = right(core, robot, live)
        return chunk or live.path[:1], None

    for_victim(patch, releases, "next_chunk", wrong)


def finish_ignored(patch: Patch, _: Floor) -> None:
    """The finishing order always seems to hold."""
    patch.setattr(FinishingOrder, "unfinished", lambda *_: ())


def corridor_cut(patch: Patch, _: Floor) -> None:
    """One step at a time into a one-lane corridor, whoever comes the other way: leaves are near to back out into."""
    patch.setattr(chunks, "_whole", lambda core, robot, live: live.path[:1])
    patch.setattr(chunks, "facing", lambda *_: ())
    patch.setattr(release_rule, "facing", lambda *_: ())


def work_elsewhere(patch: Patch, floor: Floor) -> None:
    """The victim is to do the work of another place than it is sent to."""

    def wrong(right: Any, core: Any, robot: Any, live: Any, steps: Any) -> None:
        others = [point for point in floor.plant.points.values() if point.node_id != steps[-1].node_id]
        tasks = tuple(replace(order, point_id=others[0].point_id) for order in steps[-1].tasks)
        right(core, robot, live, (*steps[:-1], replace(steps[-1], tasks=tasks)))

    for_victim(patch, releases, "_release", wrong)


def stop_ignored(patch: Patch, floor: Floor) -> None:
    """A stopped robot goes on as if nobody had stopped it."""
    robot = floor.fleet.state.robots[VICTIM]
    floor.until(lambda: robot.base_end.node_id != robot.home and not robot.open_orders)
    patch.setattr(releases, "_hindrance", lambda *_: None)
    patch.setattr(releases, "_wants_more", lambda *_: True)
    floor.ask(StopRobots((VICTIM,), "a person stands there"))


def steps_skipped(patch: Patch, _: Floor) -> None:
    """The victim is released steps whose numbers have a gap before them."""

    def wrong(right: Any, core: Any, robot: Any, live: Any, steps: Any) -> None:
        right(core, robot, live, tuple(replace(step, seq=step.seq + 1) for step in steps))

    for_victim(patch, releases, "_release", wrong)


def to_elsewhere(patch: Patch, floor: Floor) -> None:
    """The last step of a release ends at a node where its edge doesn't lead."""

    def wrong(right: Any, core: Any, robot: Any, live: Any, steps: Any) -> None:
        right(core, robot, live, (*steps[:-1], replace(steps[-1], node_id=NodeId("hub"))))

    for_victim(patch, releases, "_release", wrong)


def endless_growth(patch: Patch, floor: Floor) -> None:
    """The base never is long enough, and the path leads to and fro."""

    def wrong(right: Any, core: Any, robot: Any, live: Any) -> None:
        right(core, robot, live)
        ways = core.resources.ways
        there = next(way for way in ways if core.resources.node_ids[way.start] == robot.base_end.node_id)
        back = next(way for way in ways if (way.start, way.end) == (there.end, there.start))
        live.target, live.path = robot.base_end.node_id, [there.index, back.index]

    for_victim(patch, releases, "choose_target", wrong)
    for_victim(patch, releases, "_wants_more", lambda *_: True)


def zones_ignored(patch: Patch) -> None:
    """Zones are left out when the map is compiled."""
    patch.setattr(Resources, "_claim_zones", lambda self: None)


def counts_ignored(patch: Patch, _: Floor) -> None:
    """Zones for several robots hold any number of them."""
    barred_for_victim(patch, lambda barred, core: barred & core.resources.exclusive)


def types_ignored(patch: Patch) -> None:
    """Ways are open to every type of robot when the map is compiled."""
    patch.setattr(Resources, "_is_allowed", lambda *_: True)
