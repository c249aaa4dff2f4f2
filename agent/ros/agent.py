"""
The agent's process on a robot: asyncio owns it, one thread owns ROS.

    python -m agent.ros.agent --ros-args -p robot_id:=spot-1 -p robot_type:=ranger
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run until interrupted; exit status 1 with one line of reason when the robot can't join."""
    try:
        import rclpy  # noqa: F401
    except ImportError as error:
        sys.exit(f"the robot's agent needs ROS 2: source its setup.bash first ({error})")
    from agent.ros.process import run

    sys.exit(run(sys.argv))


if __name__ == "__main__":
    main()
