"""Whether a robot knows where it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from agent.body import Fault
from agent.ros.frames import Pose2
from agent.ros.look import Look


class Quality(Enum):
    """How well: LOST means no pose is passed on and nothing drives."""

    OK = "ok"
    DEGRADED = "degraded"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class LocalisationLimits:
    """
    What is still good.

    Attributes:
        position_std_m: Above it the localisation is degraded.
        yaw_std_rad: Above it the localisation is degraded.
        jump_m: A step from look to look beyond this, plus what the speed explains, is a jump.
        settle_s: So long a pose must hold after a loss or a jump before it is trusted.
    """

    position_std_m: float
    yaw_std_rad: float
    jump_m: float
    settle_s: float = 1.0


class Localisation:
    """
    Judges pose after pose.

    Attributes:
        quality: Of the newest look.
        pose: The newest trusted pose, in the robot's map; None before the first. Kept while lost.
    """

    def __init__(self, limits: LocalisationLimits) -> None:
        self._limits = limits
        self.quality = Quality.LOST
        self.pose: Pose2 | None = None
        self._reason = "no pose yet"
        self._last: tuple[float, Pose2] | None = None
        self._distrusted_until_s = 0.0

    def judge(self, look: Look, now_s: float) -> None:
        """Take in a look; `now_s` is monotonic."""
        limits = self._limits
        if look.pose is None:
            self.quality = Quality.LOST
            self._reason = "no pose yet" if self.pose is None else f"the newest pose is {look.pose_age_s:.1f} s old"
            self._last = None
            return
        # When the pose was true: looks may come late and all at once.
        stamp_s = look.at_s - look.pose_age_s
        if self._last is not None:
            last_s, last = self._last
            step_m = look.pose.distance_m(last)
            if step_m > limits.jump_m + abs(look.speed_mps) * 2.0 * max(0.0, stamp_s - last_s):
                self._distrusted_until_s = now_s + limits.settle_s
                self._reason = f"the pose jumped {step_m:.1f} m"
        self._last = (stamp_s, look.pose)
        if now_s < self._distrusted_until_s:
            self.quality = Quality.LOST
            return
        self.pose = look.pose
        is_wide = (look.position_std_m or 0.0) > limits.position_std_m or (look.yaw_std_rad or 0.0) > limits.yaw_std_rad
        self.quality = Quality.DEGRADED if is_wide else Quality.OK
        if is_wide:
            self._reason = (
                f"standard deviation {look.position_std_m or 0.0:.2f} m, {look.yaw_std_rad or 0.0:.2f} rad: "
                f"limits are {limits.position_std_m:g} m, {limits.yaw_std_rad:g} rad"
            )

    def fault(self) -> Fault | None:
        """What people should know; None when all is well."""
        if self.quality is Quality.OK:
            return None
        if self.quality is Quality.DEGRADED:
            return Fault("localisation_degraded", self._reason)
        where = "" if self.pose is None else f"; last known at {self.pose.x_m:.2f}, {self.pose.y_m:.2f} of its own map"
        return Fault("localisation_lost", self._reason + where, stops_driving=True)
