"""What the ROS side tells the body, ten times a second: the newest of everything, its age already judged."""

from __future__ import annotations

from typing import NamedTuple

from agent.body import Fault
from agent.ros.battery import Charge
from agent.ros.frames import Pose2


class Look(NamedTuple):
    """
    One look at the robot.

    Attributes:
        at_s: When it was made, on the node's clock.
        pose: In the robot's own map; None when there is none, or only an old one.
        pose_age_s: By the node's clock; infinite before the first.
        position_std_m: Of the localisation; None when it doesn't say.
        yaw_std_rad: Of the localisation; None when it doesn't say.
        speed_mps: Along the heading.
        charge: None in it: not known now.
        is_emergency_stopped: The robot's own emergency stop is pressed.
        is_manual: A person drives it, by a switch or by somebody else's goal.
        nav_trouble: Why navigation can't be used; empty when it can.
        blocker: What the collision monitor stops the robot for; empty for nothing.
        faults: From diagnostics.
    """

    at_s: float = 0.0
    pose: Pose2 | None = None
    pose_age_s: float = float("inf")
    position_std_m: float | None = None
    yaw_std_rad: float | None = None
    speed_mps: float = 0.0
    charge: Charge = Charge()
    is_emergency_stopped: bool = False
    is_manual: bool = False
    nav_trouble: str = ""
    blocker: str = ""
    faults: tuple[Fault, ...] = ()
