"""Task orders for a stop of an itinerary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.model.mission import CHARGE_TASK_ID, TaskOrder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinator.fleet.core import Core
    from coordinator.model.assignment import Stop

FULL_RATIO = 0.9
"""Charge until here when the plan doesn't say."""


def orders_of(core: Core, stops: Sequence[Stop]) -> tuple[TaskOrder, ...]:
    """Task orders of stops at one node, in order, numbered on from the last one of the plant."""
    orders: list[TaskOrder] = []
    for stop in stops:
        first = core.state.order_count + len(orders) + 1
        orders += [_charge(stop, first)] if stop.point_id is None else _inspect(core, stop, first)
    return tuple(orders)


def _charge(stop: Stop, number: int) -> TaskOrder:
    return TaskOrder(
        order_id=f"o{number}",
        task_id=CHARGE_TASK_ID,
        task_type="charge",
        sensor="",
        duration_s=max(1.0, stop.leave_s - stop.arrive_s),
        charge_until_ratio=stop.charge_until_ratio or FULL_RATIO,
    )


def _inspect(core: Core, stop: Stop, first: int) -> list[TaskOrder]:
    assert stop.point_id is not None
    point = core.plant.points[stop.point_id]
    return [
        TaskOrder(
            order_id=f"o{number}",
            task_id=task.task_id,
            task_type=task.task_type,
            sensor=task.sensor,
            duration_s=task.duration_s,
            point_id=point.point_id,
            mission_id=stop.mission_id,
            heading_rad=point.heading_rad,
        )
        for number, task in enumerate(point.tasks, start=first)
    ]
