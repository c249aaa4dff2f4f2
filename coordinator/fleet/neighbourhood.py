"""
Better orders: a few plans at a time are taken back and searched again in another order.

Large neighbourhood search over the timetable, a counted number of rounds a tick: whoever is delayed most by others'
plans comes first, then those it would have waited for. The new plans stay if the sum of the arrivals falls, each
weighted by how long its robot was held up already, so that nobody waits for ever behind many short gains.

Source:
    Li et al., "Anytime multi-agent path finding via large neighborhood search", IJCAI 2021.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.fleet.schedule import least_soonest, search_plan, soonest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinator.fleet.core import Core
    from coordinator.model.ids import RobotId

ROUNDS = 1
MOST_ROBOTS = 4
DELAY_S = 10.0
"""Less delay than this isn't worth a round."""
GAIN_S = 5.0
HELD_UP_S = 120.0
"""A robot held up for so long weighs twice as much."""
AGAIN_S = 15.0
"""A robot's plan isn't tried again sooner."""


def improve(core: Core) -> None:
    """Try some rounds."""
    if not core.settings.replan_on_congestion:
        return
    for robot_id in _delayed(core)[:ROUNDS]:
        core.live[robot_id].improved_s = core.now_s
        others = _behind(core, robot_id)
        if others:
            _replan(core, (robot_id, *others))


def _delayed(core: Core) -> list[RobotId]:
    """Robots on their way to an aim whose plans hold them up, the most weighted delay first."""
    found: list[tuple[float, RobotId]] = []
    for robot_id in sorted(core.timetable.rows):
        if not _is_free(core, robot_id) or core.now_s - core.live[robot_id].improved_s < AGAIN_S:
            continue
        goal = core.timetable.rows[robot_id].goal
        if core.timetable.arrive_s(robot_id) - least_soonest(core, robot_id, goal) < DELAY_S:
            continue
        delay_s = _over_s(core, robot_id)
        if delay_s >= DELAY_S:
            found.append((-delay_s * _weight(core, robot_id), robot_id))
    return [robot_id for _, robot_id in sorted(found)]


def _behind(core: Core, robot_id: RobotId) -> list[RobotId]:
    """Those a robot waits for by its plan, and those they wait for."""
    found = [robot_id]
    for each in found:
        for other in core.timetable.waits_for(each):
            if other not in found and len(found) < MOST_ROBOTS and _is_free(core, other):
                found.append(other)
    return found[1:]


def _is_free(core: Core, robot_id: RobotId) -> bool:
    """Whether a robot's plan leads to an aim and may be changed."""
    row = core.timetable.rows[robot_id]
    return row.goal >= 0 and row.is_bound and core.live[robot_id].give_way is None


def _replan(core: Core, robot_ids: Sequence[RobotId]) -> None:
    timetable = core.timetable
    old = {robot_id: timetable.plan_of(robot_id) for robot_id in robot_ids}
    left_s = sum(_over_s(core, robot_id) * _weight(core, robot_id) for robot_id in robot_ids) - GAIN_S
    soonest_s = {robot_id: soonest(core, robot_id, old[robot_id][1]) for robot_id in robot_ids}
    for robot_id in robot_ids:
        timetable.unplan(robot_id)
    for robot_id in robot_ids:
        goal, weight = old[robot_id][1], _weight(core, robot_id)
        limit_s = soonest_s[robot_id] + left_s / weight
        found = search_plan(core, core.state.robots[robot_id], core.live[robot_id], goal, limit_s)
        if found is None:
            break
        timetable.plan(robot_id, found[0], goal, found[1])
        left_s -= _over_s(core, robot_id) * weight
    else:
        core.count_replan("congestion")
        core.is_traffic_dirty = True
        return
    for robot_id in robot_ids:
        timetable.unplan(robot_id)
    for robot_id in robot_ids:
        timetable.plan(robot_id, *old[robot_id])


def _over_s(core: Core, robot_id: RobotId) -> float:
    """How much later than without the others a robot arrives by its plan."""
    return core.timetable.arrive_s(robot_id) - soonest(core, robot_id, core.timetable.rows[robot_id].goal)


def _weight(core: Core, robot_id: RobotId) -> float:
    return 1.0 + core.live[robot_id].held_up_s / HELD_UP_S
