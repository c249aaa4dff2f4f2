"""What moves: drives along legs, turns on the spot at nodes, brakes. Analytic between events; nothing ticks."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.body import Pose
from coordinator.model.ids import EdgeId, NodeId
from coordinator.plant.map import RobotType
from sim.floor import Floor, Line, turn_between_rad
from sim.profile import Profile, braking_distance_m, braking_profile, drive_profile
from sim.world import Timer, World

# A bend up to this is driven through; a sharper one needs a stop and a turn on the spot.
BEND_RAD = 0.35
ALIGNED_RAD = 0.02
# A leg driven to within this is taken as driven: guards the arithmetic, not the plant.
NEAR_M = 1e-6
CRAWL_MPS = 0.05


@dataclass(frozen=True, slots=True)
class Leg:
    """
    One step of a base to drive.

    Attributes:
        seq: The step's number.
        limit_mps: Speed limit, the robot's own not counted.
    """

    seq: int
    line: Line
    limit_mps: float


class ChassisListener(Protocol):
    """Who is told how the drive goes. Each call comes at the exact time."""

    def on_reached(self, seq: int) -> None:
        """The centre of the step's node was reached."""

    def on_cleared(self, seq: int) -> None:
        """The body has wholly left the step's node."""

    def on_motion(self) -> None:
        """The body began to move, or stands."""


class Chassis:
    """
    One body on the floor.

    Args:
        is_barred: Whether something stands on an edge ahead of a distance along it; -1 asks for all of it.
        pace_ratio: Share of the usual speed that an edge allows now.
    """

    def __init__(
        self,
        world: World,
        floor: Floor,
        robot_type: RobotType,
        node_id: NodeId,
        *,
        is_barred: Callable[[EdgeId, float], bool],
        pace_ratio: Callable[[EdgeId], float],
    ) -> None:
        self._world = world
        self._floor = floor
        self._type = robot_type
        self._is_barred = is_barred
        self._pace_ratio = pace_ratio
        self.listener: ChassisListener | None = None
        self.node_id = node_id
        self.yaw_rad = 0.0
        # The edge the body stands on; None while on `node_id`.
        self.line: Line | None = None
        self._offset_m = 0.0
        self._legs: deque[Leg] = deque()
        self._seq = 0
        self._is_clear = False
        self._run: Profile | None = None
        # Distance of the run at which the present leg begins; negative when the run began on it.
        self._leg_start_m = 0.0
        self._holds: set[str] = set()
        self._is_pausing = False
        # Legs given up that braking still rolls over, without a report; then what came for later.
        self._is_silent = False
        self._later: list[Leg] = []
        self._turn_start_s = 0.0
        self._turn_end_s = 0.0
        self._turn_rad = 0.0
        self._timer: Timer | None = None

    @property
    def is_moving(self) -> bool:
        """Whether the body drives (turning on the spot isn't driving)."""
        return self._run is not None

    @property
    def is_rolling_out(self) -> bool:
        """Whether the body brakes over legs that were given up."""
        return self._is_silent

    @property
    def is_turning(self) -> bool:
        """Whether the body turns on the spot before its next leg."""
        return self._run is None and self._turn_end_s > self._world.now_s

    @property
    def legs(self) -> Sequence[Leg]:
        """What is still to drive, the present leg first."""
        return self._legs

    @property
    def barred_edge(self) -> EdgeId | None:
        """The edge on which something stands in the way of a standing body, if that is why it stands."""
        if self._run is not None or self._holds or not self._legs:
            return None
        edge_id = self._legs[0].line.edge_id
        offset_m = self._offset_m if self.line is not None else -1.0
        return edge_id if self._is_barred(edge_id, offset_m) else None

    def place(self) -> tuple[Line | None, float]:
        """Edge and distance along it now; None and 0 on a node."""
        if self.line is None:
            return None, 0.0
        if self._run is None:
            return self.line, self._offset_m
        offset_m = self._run.distance_at(self._world.now_s) - self._leg_start_m
        return self.line, min(max(offset_m, 0.0), self.line.length_m)

    def pose(self) -> Pose:
        """Where the body is now."""
        line, offset_m = self.place()
        return self._floor.pose_on(self.node_id, self.yaw_rad) if line is None else line.pose_at(offset_m)

    def speed_mps(self) -> float:
        """How fast it is now."""
        return 0.0 if self._run is None else self._run.speed_at(self._world.now_s)

    def follow(self, legs: Sequence[Leg]) -> None:
        """
        Drive these too, after what is there already.

        A body that stands between nodes with nothing to drive goes on along its edge if that is the first leg's.

        Raises:
            ValueError: If a leg doesn't begin where the one before ends.
        """
        if self._is_silent:
            self._later.extend(legs)
            return
        end = self._legs[-1].line.end if self._legs else self.node_id
        for leg in legs:
            if leg.line.start != end:
                raise ValueError(f"leg {leg.seq} begins at {leg.line.start}, not at {end} where the body will be")
            if not self._legs and self.line is not None and leg.line is not self.line:
                raise ValueError(f"leg {leg.seq} is over {leg.line.edge_id}, but the body is on {self.line.edge_id}")
            self._legs.append(leg)
            end = leg.line.end
        self._plan()

    def drop_legs(self) -> None:
        """Brake and forget what was to drive. Where it comes to a stand counts as step 0 of what is driven next."""
        self._is_silent = self._run is not None
        self._later.clear()
        self._plan()
        if not self._is_silent:
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._is_silent = False
        self._legs.clear()
        self._seq = 0
        self._is_clear = False

    def resting_place(self) -> tuple[NodeId, EdgeId | None]:
        """Where the body stands, or would if it braked now: a node, or the start of an edge and the edge."""
        if self.line is None:
            return self.node_id, None
        offset_m = self.place()[1] + braking_distance_m(self.speed_mps(), self._type.acceleration_mps2)
        for leg in self._legs:
            if offset_m <= leg.line.length_m + NEAR_M:
                break
            offset_m -= leg.line.length_m
        else:
            return self.line.start, self.line.edge_id
        if offset_m >= leg.line.length_m - NEAR_M:
            return leg.line.end, None
        return leg.line.start, leg.line.edge_id

    def hold(self, cause: str) -> None:
        """Brake at once and stand until every cause is released."""
        if cause not in self._holds:
            self._holds.add(cause)
            self._plan()

    def release(self, cause: str) -> None:
        """Drop a cause to stand."""
        if cause in self._holds:
            self._holds.discard(cause)
            self._plan()

    def pause(self, *, is_pausing: bool) -> None:
        """Stand at the next node that can be stopped at, or go on."""
        if is_pausing != self._is_pausing:
            self._is_pausing = is_pausing
            self._plan()

    def look_again(self, edge_id: EdgeId) -> None:
        """Something stepped onto an edge, or off it."""
        if any(leg.line.edge_id == edge_id for leg in self._legs):
            self._plan()

    def _settle(self) -> float:
        """End the run where it is now; returns the speed that is left."""
        if self._run is None:
            return 0.0
        _, self._offset_m = self.place()
        speed_mps = self.speed_mps()
        self._run = None
        return speed_mps

    def _plan(self) -> None:
        """Decide anew how to move, from the present place and speed."""
        was_moving = self._run is not None
        speed_mps = self._settle()
        if self._timer is not None:
            if self.is_turning:
                self._stop_turning()
            self._timer.cancel()
            self._timer = None
        if self.line is None and speed_mps > 0.0:
            raise AssertionError("a body on a node stands")
        ahead = self._legs_to_drive(speed_mps)
        if speed_mps > 0.0:
            self._begin(self._moving_profile(ahead, speed_mps))
        elif ahead and self.line is None and self._must_turn(ahead[0]):
            self._turn(ahead[0])
        elif ahead:
            if self.line is None:
                self._enter(ahead[0])
            self._begin(self._moving_profile(ahead, 0.0))
        if was_moving != (self._run is not None) and self.listener is not None:
            self.listener.on_motion()

    def _legs_to_drive(self, speed_mps: float) -> list[Leg]:
        """The legs up to the next stop; empty: stand, or brake now."""
        if self._holds or self._is_silent or (self._is_pausing and self.line is None):
            return []
        brake_m = braking_distance_m(speed_mps, self._type.acceleration_mps2)
        ahead: list[Leg] = []
        length_m = -self._offset_m if self.line is not None else 0.0
        for leg in self._legs:
            offset_m = self._offset_m if not ahead and self.line is not None else -1.0
            if self._is_barred(leg.line.edge_id, offset_m):
                break
            if ahead and turn_between_rad(ahead[-1].line.heading_rad, leg.line.heading_rad) > BEND_RAD:
                break
            ahead.append(leg)
            length_m += leg.line.length_m
            if self._is_pausing and length_m >= brake_m:
                break
        return ahead if length_m >= brake_m - NEAR_M else []

    def _moving_profile(self, ahead: list[Leg], speed_mps: float) -> Profile:
        now_s = self._world.now_s
        acceleration = self._type.acceleration_mps2
        if not ahead:
            return braking_profile(now_s, speed_mps, acceleration)
        top_mps = self._type.max_speed_mps
        pieces = [
            (
                leg.line.length_m,
                max(CRAWL_MPS, min(leg.limit_mps, top_mps) * self._pace_ratio(leg.line.edge_id)),
            )
            for leg in ahead
        ]
        pieces[0] = (max(NEAR_M, pieces[0][0] - self._offset_m), pieces[0][1])
        return drive_profile(now_s, speed_mps, pieces, acceleration)

    def _must_turn(self, leg: Leg) -> bool:
        return turn_between_rad(self.yaw_rad, leg.line.heading_rad) > ALIGNED_RAD

    def _turn(self, leg: Leg) -> None:
        self._turn_rad = math.remainder(leg.line.heading_rad - self.yaw_rad, math.tau)
        self._turn_start_s = self._world.now_s
        self._turn_end_s = self._turn_start_s + abs(self._turn_rad) / self._type.turn_radps

        def turned() -> None:
            self.yaw_rad = leg.line.heading_rad
            self._timer = None
            self._plan()

        self._timer = self._world.at(self._turn_end_s, turned)

    def _stop_turning(self) -> None:
        """Keep what was turned so far."""
        turned_rad = math.copysign(self._type.turn_radps * (self._world.now_s - self._turn_start_s), self._turn_rad)
        self.yaw_rad = math.remainder(self.yaw_rad + turned_rad, math.tau)
        self._turn_end_s = self._world.now_s

    def _enter(self, leg: Leg) -> None:
        self.line = leg.line
        self.yaw_rad = leg.line.heading_rad
        self._offset_m = 0.0

    def _begin(self, run: Profile) -> None:
        self._run = run
        self._leg_start_m = -self._offset_m
        self._expect()

    def _expect(self) -> None:
        """Set the timer for what the run brings next: node left, node reached, or standstill."""
        run, line = self._run, self.line
        assert run is not None
        assert line is not None
        end_m = self._leg_start_m + line.length_m
        clear_m = self._leg_start_m + self._floor.clear_m(line)
        if not self._is_clear and clear_m < end_m and clear_m <= run.end_m:
            self._timer = self._world.at(run.time_at(clear_m), self._pass_clear)
        elif self._legs and end_m <= run.end_m + 2.0 * NEAR_M:
            self._timer = self._world.at(run.time_at(end_m), self._pass_end)
        else:
            self._timer = self._world.at(run.end_s, self._stand)

    def _pass_clear(self) -> None:
        self._is_clear = True
        self._expect()
        if self.listener is not None and not self._is_silent:
            self.listener.on_cleared(self._seq)

    def _pass_end(self) -> None:
        """A node's centre is reached: the next leg begins, or the body stands there."""
        leg = self._legs.popleft()
        left = None if self._is_clear else self._seq
        self.node_id, self.line, self._seq, self._is_clear = leg.line.end, None, leg.seq, False
        run = self._run
        assert run is not None
        end_m = self._leg_start_m + leg.line.length_m
        is_over = end_m >= run.end_m - 2.0 * NEAR_M or not self._legs
        if is_over:
            self._run = None
            self._timer = None
            self._offset_m = 0.0
        else:
            self.line = self._legs[0].line
            self.yaw_rad = self.line.heading_rad
            self._leg_start_m = end_m
            self._expect()
        if is_over and self._is_silent:
            self._begin_anew()
            self._resume_later()
            return
        listener = self.listener
        if listener is not None and not self._is_silent:
            if left is not None:
                listener.on_cleared(left)
            listener.on_reached(leg.seq)
            if is_over and self._run is None:
                listener.on_motion()
        if is_over and self._run is None and self._timer is None:
            self._plan()

    def _stand(self) -> None:
        self._settle()
        self._timer = None
        if self._is_silent:
            self._begin_anew()
            self._resume_later()
            return
        if self.listener is not None:
            self.listener.on_motion()
        if self._run is None and self._timer is None:
            self._plan()

    def _resume_later(self) -> None:
        """Standing after braking for nothing: what came meanwhile may begin."""
        later, self._later = self._later, []
        if self.listener is not None:
            self.listener.on_motion()
        if later:
            self.follow(later)
