"""What robots' passages and work teach about times, and when the router and the journal hear of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.model.records import TravelTimesLearned
from coordinator.model.travel import EdgeTimes
from coordinator.traffic.travel_times import free_s

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.live import LiveRobot
    from coordinator.fleet.state import RobotState
    from coordinator.model.mission import TaskOrder
    from coordinator.model.route import Step

LEARNED_PERIOD_S = 300.0
"""The journal and the router hear of what was learned this often; a whole number of times an hour."""
NO_TRAFFIC = ("stop", "fault", "link", "closure")
"""Waits for these teach nothing about an edge."""


def may_leave(core: Core, robot: RobotState, live: LiveRobot) -> None:
    """The base of a robot at its end is about to grow: what it waited until now is over, its drive begins."""
    if robot.reached_seq != robot.base_end.seq:
        return
    wait = live.wait
    if wait is not None and wait.cause in NO_TRAFFIC:
        live.is_hindered = True
    elif wait is not None:
        live.waited_s = core.now_s - max(live.ready_s, wait.since_s)
    live.ready_s = core.now_s


def note_hindrance(core: Core, live: LiveRobot) -> None:
    """What a robot does that stalls, or stands before an obstacle for long, isn't what an edge or a task takes."""
    is_blocked = live.blocked_since_s is not None and core.now_s - live.blocked_since_s >= core.settings.blocked_after_s
    if is_blocked or core.is_stalled(live.robot_id):
        live.is_hindered = True


def passed(core: Core, robot: RobotState, live: LiveRobot, step: Step) -> None:
    """A robot reached the node of the step after the one it was at."""
    if step.edge_id is None:
        return
    way = core.resources.way_index[step.edge_id]
    speed_mps = core.robot_type(robot).max_speed_mps
    usual_s = free_s(core.resources.ways[way], speed_mps)
    drive_s = core.now_s - live.ready_s
    if not live.is_hindered:
        core.travel_times.passed(way, drive_s / usual_s, live.waited_s, core.now_s)
    delay_s = live.waited_s + drive_s - usual_s if live.knows_start else 0.0
    core.flow.passed(way, delay_s, core.now_s)
    if live.knows_start:
        expected_s = usual_s + core.travel_times.extra_s.get(way, 0.0)
        core.congestion.passed(way, drive_s - expected_s, core.now_s)


def worked(core: Core, live: LiveRobot, order: TaskOrder) -> None:
    """A task was done at its first try, in the time since the robot was ready for it."""
    if not order.is_charge and not live.is_hindered and order.duration_s > 0.0:
        core.travel_times.worked(order.task_type, (core.now_s - live.ready_s) / order.duration_s, core.now_s)


def begin_anew(core: Core, live: LiveRobot) -> None:
    """A robot is at a node, or done with a task there: what comes next is timed from now."""
    live.ready_s = core.now_s
    live.waited_s = 0.0
    live.is_hindered = False
    live.knows_start = True


def learn(core: Core) -> None:
    """Publish what was learned and have it kept, every few minutes and as each hour begins."""
    if core.now_s // LEARNED_PERIOD_S == core.learned_s // LEARNED_PERIOD_S:
        return
    core.learned_s = core.now_s
    if core.travel_times.publish(core.now_s):
        core.roads_s = -1e18
    edges, work = core.travel_times.news(core.now_s)
    arrivals = core.calibration.news()
    if edges or work or arrivals:
        core.record(TravelTimesLearned(edges, work, arrivals))


def forget_foreign_edges(core: Core) -> None:
    """Times of edges that a changed map doesn't have any more are dropped."""
    gone = tuple(
        EdgeTimes(entry.edge_id, entry.hour, None)
        for _, entry in sorted(core.state.edge_times.items())
        if entry.edge_id is not None and entry.edge_id not in core.plant.edges
    )
    if gone:
        core.record(TravelTimesLearned(gone))
