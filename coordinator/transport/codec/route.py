"""Routes and tasks on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from coordinator.model.ids import EdgeId
from coordinator.model.messages import RouteUpdate
from coordinator.model.mission import TaskOrder
from coordinator.model.route import Step
from coordinator.plant.map import PlantMap, ZoneKind
from roundsman.v1 import mission_pb2, route_pb2

SpeedLimits = Mapping[EdgeId, float]
"""Metres per second on each edge, zones counted."""


def speed_limits(plant: PlantMap) -> dict[EdgeId, float]:
    """What robots are told for each edge: the lowest of its own limit and those of the zones it touches."""
    limits = {edge_id: edge.max_speed_mps for edge_id, edge in plant.edges.items()}
    for zone in plant.zones.values():
        if zone.kind is ZoneKind.SPEED_LIMIT and zone.speed_mps is not None:
            for edge_id in sorted(zone.edge_ids):
                limits[edge_id] = min(limits[edge_id], zone.speed_mps)
    return limits


def encode_route(update: RouteUpdate, limits: SpeedLimits) -> route_pb2.RouteUpdate:
    """A longer base and another horizon."""
    return route_pb2.RouteUpdate(
        route_id=update.route_id,
        revision=update.revision,
        base=encode_steps(update.base, limits),
        horizon=encode_steps(update.horizon, limits),
    )


def encode_steps(steps: Iterable[Step], limits: SpeedLimits) -> list[route_pb2.RouteStep]:
    """Steps with their speed limits; an edge without one (in pictures for people) has none on the wire."""
    return [
        route_pb2.RouteStep(
            seq=step.seq,
            node_id=step.node_id,
            edge_id=step.edge_id or "",
            max_speed_mps=0.0 if step.edge_id is None else limits.get(step.edge_id, 0.0),
            tasks=[encode_task(task) for task in step.tasks],
        )
        for step in steps
    ]


def encode_task(task: TaskOrder) -> mission_pb2.TaskOrder:
    """One task for a robot."""
    return mission_pb2.TaskOrder(
        order_id=task.order_id,
        task_id=task.task_id,
        point_id=task.point_id or "",
        task_type=task.task_type,
        sensor=task.sensor,
        heading_rad=task.heading_rad,
        duration_s=task.duration_s,
        charge_until_ratio=task.charge_until_ratio,
    )
