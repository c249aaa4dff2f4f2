"""What must hold at any moment, whatever happened. Checked in tests, in simulation at each step, and in production."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.model.mission import PointState

if TYPE_CHECKING:
    from coordinator.fleet.core import Core


class InvariantError(AssertionError):
    """An invariant doesn't hold: a bug of ours. The text begins with the invariant's number."""


def check_invariants(core: Core) -> None:
    """Raise InvariantError at the first invariant that doesn't hold."""
    _check_reservations(core)
    _check_routes(core)
    _check_missions(core)
    _check_bounds(core)
    _check_waits(core)


def _check_reservations(core: Core) -> None:
    """I3: nothing exclusive is reserved twice. I2: what is held is what the base says."""
    taken = 0
    for robot_id in sorted(core.live):
        held = core.live[robot_id].held & core.resources.exclusive
        if held & taken:
            both = held & taken
            holders = [other for other in sorted(core.live) if core.live[other].held & both]
            raise InvariantError(f"I3: {core.resources.names(both)} reserved for {holders}")
        taken |= held


def _check_routes(core: Core) -> None:
    """I2: a base is contiguous, along edges of the map, and the robot is within it."""
    for robot in core.state.robots.values():
        if not robot.steps:
            continue
        if not robot.steps[0].seq <= robot.reached_seq <= robot.steps[-1].seq:
            raise InvariantError(f"I2: robot {robot.robot_id} at step {robot.reached_seq} outside its base")
        if robot.cleared_seq > robot.reached_seq:
            raise InvariantError(f"I2: robot {robot.robot_id} cleared {robot.cleared_seq} before reaching it")
        before = robot.steps[0]
        for step in robot.steps[1:]:
            edge = None if step.edge_id is None else core.plant.edges[step.edge_id]
            start = before.node_id if edge is None else edge.start
            end = before.node_id if edge is None else edge.end
            if step.seq != before.seq + 1 or start != before.node_id or end != step.node_id:
                raise InvariantError(f"I2: base of robot {robot.robot_id} broken at step {step.seq}")
            before = step


def _check_missions(core: Core) -> None:
    """I6, I7: an ended mission has no open point and a reason."""
    for mission in core.state.missions.values():
        if mission.state.is_final and not mission.reason:
            raise InvariantError(f"I7: mission {mission.mission_id} ended without a reason")
        is_done = all(point.state is not PointState.OPEN for point in mission.points)
        if is_done and not mission.state.is_final:
            raise InvariantError(f"I7: mission {mission.mission_id} has no open point and doesn't end")


def _check_bounds(core: Core) -> None:
    """I11: what is kept of each robot stays small."""
    for robot in core.state.robots.values():
        live = core.live[robot.robot_id]
        if len(robot.steps) > 200 or len(live.itinerary) > 100 or len(robot.observations_ahead) > 10_000:
            raise InvariantError(f"I11: too much kept of robot {robot.robot_id}")


def _check_waits(core: Core) -> None:
    """I13: whoever is held up is in the books, and the causes of a robot's waiting add up to all of it."""
    for robot_id, live in core.live.items():
        if live.wait is not None and robot_id not in core.waits.present:
            raise InvariantError(f"I13: robot {robot_id} waits for {live.wait.subject}, which isn't booked")
    gap = core.waits.gap()
    if gap is not None:
        raise InvariantError(f"I13: causes of robot {gap[0]} are {gap[1]:+.3f} s off its waiting")
