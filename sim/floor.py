"""The floor that bodies stand on: straight edges with the lane a robot keeps on them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from agent.body import Pose
from coordinator.model.ids import EdgeId, LevelId, NodeId
from coordinator.plant.map import Edge, Node, PlantMap

# Kept between the circle of the largest body and a node before the node counts as left.
FOOTPRINT_MARGIN_M = 0.1
# Kept free between two bodies that pass each other.
PASSING_GAP_M = 0.1


@dataclass(frozen=True, slots=True)
class Line:
    """
    One directed edge as a body drives it.

    Attributes:
        length_m: As in the map: distance driven.
        span_m: Between the nodes, as the crow flies; 0 for a lift.
        heading_rad: Of the drive, in the map frame.
        lane_m: How far right of the middle robots keep; 0 where two can't pass each other.
        taper_m: From the middle at a node to the lane, and back.
    """

    edge_id: EdgeId
    start: NodeId
    end: NodeId
    length_m: float
    span_m: float
    x_m: float
    y_m: float
    unit_x: float
    unit_y: float
    heading_rad: float
    start_level: LevelId
    end_level: LevelId
    lane_m: float
    taper_m: float

    def pose_at(self, offset_m: float) -> Pose:
        """Where a body is that has driven this far along the edge."""
        part = min(max(offset_m / self.length_m, 0.0), 1.0)
        along = part * self.span_m
        x_m = self.x_m + self.unit_x * along
        y_m = self.y_m + self.unit_y * along
        if self.lane_m > 0.0:
            aside = self.lane_m * min(1.0, along / self.taper_m, (self.span_m - along) / self.taper_m)
            x_m += self.unit_y * aside
            y_m -= self.unit_x * aside
        return Pose(x_m, y_m, self.heading_rad, self.start_level if part < 0.5 else self.end_level)


@dataclass(frozen=True, slots=True)
class Floor:
    """
    All lines of a plant.

    Attributes:
        footprint_m: Distance from a node's centre at which any body is wholly outside of it.
    """

    plant: PlantMap
    lines: dict[EdgeId, Line]
    footprint_m: float

    def pose_on(self, node_id: NodeId, yaw_rad: float) -> Pose:
        """Where a body on a node is."""
        node = self.plant.nodes[node_id]
        return Pose(node.x_m, node.y_m, yaw_rad, node.level_id)

    def clear_m(self, line: Line) -> float:
        """Distance to drive along an edge until the body has left the start node's footprint."""
        if line.span_m <= self.footprint_m:
            return line.length_m
        return self.footprint_m / line.span_m * line.length_m


def build_floor(plant: PlantMap) -> Floor:
    """Compile a plant's edges."""
    footprint_m = 2.0 * plant.max_radius_m + FOOTPRINT_MARGIN_M
    lines = {
        edge_id: _line(edge, plant.nodes[edge.start], plant.nodes[edge.end], plant.max_radius_m, footprint_m)
        for edge_id, edge in plant.edges.items()
    }
    return Floor(plant, lines, footprint_m)


def _line(edge: Edge, start: Node, end: Node, radius_m: float, footprint_m: float) -> Line:
    dx_m, dy_m = end.x_m - start.x_m, end.y_m - start.y_m
    span_m = math.hypot(dx_m, dy_m)
    unit = (dx_m / span_m, dy_m / span_m) if span_m > 0.0 else (1.0, 0.0)
    is_wide = edge.reverse_id is not None and edge.width_m >= 4.0 * radius_m + PASSING_GAP_M
    lane_m = edge.width_m / 4.0 if is_wide and span_m > 2.0 * footprint_m else 0.0
    return Line(
        edge_id=edge.edge_id,
        start=edge.start,
        end=edge.end,
        length_m=edge.length_m,
        span_m=span_m,
        x_m=start.x_m,
        y_m=start.y_m,
        unit_x=unit[0],
        unit_y=unit[1],
        heading_rad=math.atan2(unit[1], unit[0]),
        start_level=start.level_id,
        end_level=end.level_id,
        lane_m=lane_m,
        taper_m=footprint_m,
    )


def turn_between_rad(a_rad: float, b_rad: float) -> float:
    """Smallest turn from one heading to another, at least 0."""
    return abs(math.remainder(b_rad - a_rad, math.tau))
