"""Routes: a base that is a promise, a horizon that is a plan."""

from __future__ import annotations

from dataclasses import dataclass

from coordinator.model.ids import EdgeId, NodeId
from coordinator.model.mission import TaskOrder


@dataclass(frozen=True, slots=True)
class Step:
    """
    One step of a route: an edge and the node at its end.

    Attributes:
        seq: Number in the route; step 0 is where the robot stood.
        edge_id: Directed edge into the node; None for step 0 and for a step that stays where the one before it ends.
        tasks: To be performed at the node, in order, before driving on.
    """

    seq: int
    node_id: NodeId
    edge_id: EdgeId | None
    tasks: tuple[TaskOrder, ...] = ()
