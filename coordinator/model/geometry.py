"""Plane geometry in the map frame: x east, y north, yaw counter-clockwise from east (ROS REP 103)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from coordinator.model.ids import LevelId


@dataclass(frozen=True, slots=True)
class Pose2:
    """
    A place and heading on one level of the plant.

    Attributes:
        x_m: East in the map frame.
        y_m: North in the map frame.
        yaw_rad: Heading, counter-clockwise from east.
        level_id: The level the place lies on.
    """

    x_m: float
    y_m: float
    yaw_rad: float
    level_id: LevelId


def distance_m(a_x_m: float, a_y_m: float, b_x_m: float, b_y_m: float) -> float:
    """Euclidean distance between two places of one level."""
    return math.hypot(a_x_m - b_x_m, a_y_m - b_y_m)


def to_segment_m(place: tuple[float, float], segment: tuple[tuple[float, float], tuple[float, float]]) -> float:
    """Distance from a place (x_m, y_m) to the nearest place of a segment of one level."""
    (x, y), ((ax, ay), (bx, by)) = place, segment
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    share = 0.0 if square == 0.0 else max(0.0, min(1.0, ((x - ax) * dx + (y - ay) * dy) / square))
    return math.hypot(x - ax - share * dx, y - ay - share * dy)
