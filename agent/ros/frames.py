"""Frames: the chain of transforms from the robot's base to its map, and from there to the plant's map."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

# No tree of frames is deeper; a longer way up is a loop.
CHAIN_LIMIT_COUNT = 64


class Pose2(NamedTuple):
    """A place and heading in some frame: metres, radians counter-clockwise."""

    x_m: float
    y_m: float
    yaw_rad: float

    def then(self, inner: Pose2) -> Pose2:
        """The pose that `inner` has outside, where `self` is the pose of its frame."""
        cos, sin = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        return Pose2(
            self.x_m + cos * inner.x_m - sin * inner.y_m,
            self.y_m + sin * inner.x_m + cos * inner.y_m,
            math.remainder(self.yaw_rad + inner.yaw_rad, math.tau),
        )

    def inverse(self) -> Pose2:
        """The pose of the outer frame in this one."""
        cos, sin = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        return Pose2(
            -cos * self.x_m - sin * self.y_m, sin * self.x_m - cos * self.y_m, math.remainder(-self.yaw_rad, math.tau)
        )

    def distance_m(self, other: Pose2) -> float:
        """Between the two places."""
        return math.hypot(self.x_m - other.x_m, self.y_m - other.y_m)


ORIGIN = Pose2(0.0, 0.0, 0.0)


class Transform(NamedTuple):
    """
    Pose of a child frame in its parent.

    Attributes:
        translation: x, y, z in metres.
        rotation: Unit quaternion x, y, z, w.
        stamp_s: When it was true, on the node's clock; infinite for a static one.
    """

    parent: str
    translation: tuple[float, float, float]
    rotation: tuple[float, float, float, float]
    stamp_s: float


def yaw_of(rotation: tuple[float, float, float, float]) -> float:
    """Heading of a quaternion x, y, z, w, radians."""
    x, y, z, w = rotation
    return math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def quaternion_of(yaw_rad: float) -> tuple[float, float, float, float]:
    """Quaternion x, y, z, w of a heading."""
    return 0.0, 0.0, math.sin(yaw_rad / 2.0), math.cos(yaw_rad / 2.0)


def look_up(transforms: Mapping[str, Transform], outer: str, inner: str) -> tuple[Pose2, float] | None:
    """
    Pose of one frame in another that is above it in the tree.

    Args:
        transforms: The newest transform of each child frame, by the child's name.
        outer: Such as `map`.
        inner: Such as `base_link`.

    Returns:
        The pose, tilt left out, and the stamp of the oldest link; None when no chain joins them.
    """
    position = (0.0, 0.0, 0.0)
    rotation = (0.0, 0.0, 0.0, 1.0)
    stamp_s = math.inf
    frame = inner
    for _ in range(CHAIN_LIMIT_COUNT):
        if frame == outer:
            return Pose2(position[0], position[1], yaw_of(rotation)), stamp_s
        link = transforms.get(frame)
        if link is None:
            return None
        position = _moved(_turned(position, link.rotation), link.translation)
        rotation = _product(link.rotation, rotation)
        stamp_s = min(stamp_s, link.stamp_s)
        frame = link.parent
    return None


def _moved(a: tuple[float, float, float], b: tuple[float, float, float]) -> tuple[float, float, float]:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def _product(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def _turned(point: tuple[float, float, float], q: tuple[float, float, float, float]) -> tuple[float, float, float]:
    x, y, z, _ = _product(_product(q, (*point, 0.0)), (-q[0], -q[1], -q[2], q[3]))
    return x, y, z
