"""
Where all robots are, as one small binary message.

Little endian. Head, 16 bytes: version (uint8, 1), three bytes 0, count (uint32), now_s (float64, Unix seconds of the
coordinator's timeline). Then 16 bytes a robot: index (uint16, as in its row), activity (uint8, index into ACTIVITIES),
flags (uint8: bits 0 and 1 the link, index into LINKS; bit 2 stopped; bit 3 waits), x_m, y_m (float32), yaw (int16,
radians times 10,000), charge (uint8, half per cent), level (uint8, index of the plant's levels by elevation).
Robots without a pose aren't in it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping

from coordinator.model.ids import LevelId
from coordinator.model.robot import Activity, LinkState
from coordinator.model.snapshot import FleetSnapshot

VERSION = 1
ACTIVITIES = tuple(Activity)
LINKS = tuple(LinkState)
UNKNOWN_ACTIVITY = 255
_HEAD = struct.Struct("<B3xId")
_ROBOT = struct.Struct("<HBBffhBB")
_ACTIVITY_NUMBERS: dict[Activity | None, int] = {activity: i for i, activity in enumerate(ACTIVITIES)}
_LINK_NUMBERS = {link: i for i, link in enumerate(LINKS)}


def encode_frame(snapshot: FleetSnapshot, index: Callable[[str], int], levels: Mapping[LevelId, int]) -> bytes:
    """The poses of a picture."""
    parts = [b""]
    for robot in snapshot.robots:
        pose = robot.pose
        if pose is None:
            continue
        flags = _LINK_NUMBERS[robot.link] | robot.is_stopped << 2 | (robot.wait is not None) << 3
        parts.append(
            _ROBOT.pack(
                index(robot.robot_id),
                _ACTIVITY_NUMBERS.get(robot.activity, UNKNOWN_ACTIVITY),
                flags,
                pose.x_m,
                pose.y_m,
                round(math.remainder(pose.yaw_rad, math.tau) * 10_000),
                round(robot.charge_ratio * 200),
                levels.get(pose.level_id, 0),
            )
        )
    parts[0] = _HEAD.pack(VERSION, len(parts) - 1, snapshot.now_s)
    return b"".join(parts)
