"""What the map itself makes impossible, said once when the coordinator starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.model.observation import Severity
from coordinator.plant.map import NodeRole
from coordinator.plant.passing import can_pass

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.model.ids import NodeId
    from coordinator.plant.map import InspectionPoint, PlantMap

NO_PASSING = "no_passing"
NO_WAY_BACK = "no_way_back"


def judge_plant(core: Core) -> None:
    """Raise an alarm for what no planning can make up for, and clear those of an earlier map."""
    plant = core.plant
    homes = plant.nodes_with(NodeRole.PARKING)
    if len(homes) > 1 and not can_pass(plant):
        text = f"plant {plant.plant_id}: two robots can't pass each other anywhere; one fork with a bay would do"
        core.raise_alarm(plant.plant_id, NO_PASSING, Severity.HIGH, text)
    else:
        core.clear_alarm(plant.plant_id, NO_PASSING)
    for point in plant.points.values():
        if homes and not is_round_trip(core, point, homes):
            text = (
                f"point {point.point_id} isn't visited: no robot that drives to node {point.node_id} can leave it again"
            )
            core.raise_alarm(point.point_id, NO_WAY_BACK, Severity.HIGH, text)
        else:
            core.clear_alarm(point.point_id, NO_WAY_BACK)


def is_round_trip(core: Core, point: InspectionPoint, homes: tuple[NodeId, ...]) -> bool:
    """Whether some type of robot that carries the sensors finds a way back from a point to a parking node."""
    index = core.resources.node_index
    return any(
        core.returns.can_return(type_id, index[point.node_id], index[home])
        for type_id, robot_type in core.plant.robot_types.items()
        if point.sensors <= robot_type.sensors or not _has_carrier(core.plant, point)
        for home in homes
    )


def _has_carrier(plant: PlantMap, point: InspectionPoint) -> bool:
    """Whether any type carries what a point needs; a point without one is named elsewhere."""
    return any(point.sensors <= robot_type.sensors for robot_type in plant.robot_types.values())
