"""The plant map: what the coordinator knows of a plant, validated once and never changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from coordinator.model.ids import DeviceId, EdgeId, LevelId, NodeId, PointId, RobotTypeId, TaskId, ZoneId

if TYPE_CHECKING:
    from collections.abc import Mapping

    import networkx as nx


class NodeRole(Enum):
    """What a node may be used for."""

    CHARGER = "charger"
    PARKING = "parking"
    HOLDING = "holding"
    INSPECTION = "inspection"
    EVACUATION = "evacuation"
    PASSTHROUGH = "passthrough"


class ZoneKind(Enum):
    """What a zone asks of robots in it; names as in VDA 5050 3.0 where it has them."""

    BLOCKED = "blocked"
    SINGLE_VEHICLE = "single_vehicle"
    CAPACITY = "capacity"
    SPEED_LIMIT = "speed_limit"
    PENALTY = "penalty"
    PERMIT_TO_WORK = "permit_to_work"


class DeviceKind(Enum):
    """A machine of the plant that must be asked before a robot passes."""

    DOOR = "door"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class Level:
    """One floor of the plant; its elevation is in metres above the map's zero."""

    level_id: LevelId
    elevation_m: float


@dataclass(frozen=True, slots=True)
class Node:
    """A place where a robot can stop, in the map frame of its level."""

    node_id: NodeId
    x_m: float
    y_m: float
    level_id: LevelId
    roles: frozenset[NodeRole] = frozenset()


@dataclass(frozen=True, slots=True)
class Edge:
    """
    A directed way between two nodes.

    A two-way way of the file gives two edges: `edge_id` and `edge_id` + ".r"; `reverse_id` is the other one.

    Attributes:
        length_m: Along the way; from geometry unless the file gives it.
        max_speed_mps: Speed limit on the edge, zones not yet counted.
        width_m: Clear width; two robots pass each other only where it holds both.
        robot_type_ids: Types that may use it; empty for all.
        is_locked: Closed in the map itself.
        device_id: Door or lift that must be open to enter, if any.
    """

    edge_id: EdgeId
    start: NodeId
    end: NodeId
    length_m: float
    max_speed_mps: float
    width_m: float
    reverse_id: EdgeId | None = None
    robot_type_ids: frozenset[RobotTypeId] = frozenset()
    is_locked: bool = False
    device_id: DeviceId | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """
    An area with a rule. `polygon` is a ring of (x_m, y_m) without the closing point.

    Attributes:
        capacity_count: Robots allowed at once (kind CAPACITY; 1 for SINGLE_VEHICLE).
        speed_mps: Limit for kind SPEED_LIMIT.
        penalty_ratio: Travel time factor above 1 for kind PENALTY.
        node_ids: Nodes inside, by geometry.
        edge_ids: Edges that touch it, by geometry.
    """

    zone_id: ZoneId
    kind: ZoneKind
    level_id: LevelId
    polygon: tuple[tuple[float, float], ...]
    capacity_count: int | None = None
    speed_mps: float | None = None
    penalty_ratio: float | None = None
    node_ids: frozenset[NodeId] = frozenset()
    edge_ids: frozenset[EdgeId] = frozenset()


@dataclass(frozen=True, slots=True)
class Device:
    """A door or lift; `open_s` is how long it takes from request to open, by its data sheet."""

    device_id: DeviceId
    kind: DeviceKind
    open_s: float


@dataclass(frozen=True, slots=True)
class BatteryModel:
    """Battery of a robot type: powers in watts, capacity in joules."""

    capacity_j: float
    idle_w: float
    travel_w: float
    inspect_w: float
    charge_w: float
    reserve_ratio: float


@dataclass(frozen=True, slots=True)
class RobotType:
    """
    What all robots of a type share.

    Attributes:
        radius_m: Of the smallest circle round the body.
        max_speed_mps: On free floor.
        acceleration_mps2: Also of braking.
        turn_radps: Turning on the spot.
        sensors: Names of the sensors carried, as inspection tasks name them.
    """

    robot_type_id: RobotTypeId
    radius_m: float
    max_speed_mps: float
    acceleration_mps2: float
    turn_radps: float
    sensors: frozenset[str]
    battery: BatteryModel


@dataclass(frozen=True, slots=True)
class Limits:
    """Alarm limits of a measured value in the task's unit; None where there is no limit."""

    low_low: float | None = None
    low: float | None = None
    high: float | None = None
    high_high: float | None = None


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """
    One thing to do at an inspection point.

    Attributes:
        task_id: Unique in the plant: point id, dot, name.
        task_type: read_gauge, thermal_image, gas_sniff, acoustic, photo or any text the robots know.
        sensor: Sensor a robot must carry.
        duration_s: Expected time standing at the point.
        unit: Unit of the value, "" for none.
        nominal: Value a healthy point gives, used by the simulator; None if it has no value.
    """

    task_id: TaskId
    task_type: str
    sensor: str
    duration_s: float
    unit: str
    limits: Limits = Limits()
    nominal: float | None = None


@dataclass(frozen=True, slots=True)
class InspectionPoint:
    """
    A place and tag where tasks are due again and again.

    Attributes:
        period_s: Revisit period; None for points that only missions visit.
        tolerance_s: Lateness that is still on time.
        weight: Of the age ratio in the planner's objective; 1 is normal.
    """

    point_id: PointId
    node_id: NodeId
    heading_rad: float
    tag: str
    tasks: tuple[TaskSpec, ...]
    period_s: float | None = None
    tolerance_s: float = 0.0
    weight: float = 1.0

    @property
    def duration_s(self) -> float:
        """Time all tasks take together."""
        return sum(task.duration_s for task in self.tasks)

    @property
    def sensors(self) -> frozenset[str]:
        """Sensors a robot must carry to do all tasks."""
        return frozenset(task.sensor for task in self.tasks)


@dataclass(frozen=True, slots=True)
class RadioCell:
    """A 5G cell: place, level and received power in dBm one metre away."""

    cell_id: str
    x_m: float
    y_m: float
    level_id: LevelId
    power_dbm: float


@dataclass(frozen=True, slots=True)
class RadioShadow:
    """An area behind steel: what lies in the polygon hears every cell weaker by `loss_db`."""

    polygon: tuple[tuple[float, float], ...]
    level_id: LevelId
    loss_db: float


@dataclass(frozen=True, slots=True)
class Radio:
    """The planned coverage field: cells, shadows and the path loss exponent."""

    cells: tuple[RadioCell, ...] = ()
    shadows: tuple[RadioShadow, ...] = ()
    path_loss_exponent: float = 2.7
    noise_dbm: float = -100.0


@dataclass(frozen=True, slots=True)
class PlantMap:
    """
    A plant, validated whole. Mappings are in sorted order of their ids; nothing here is ever changed.

    Attributes:
        graph: networkx.DiGraph over node ids; attribute `edge` is the Edge. Nodes and edges added sorted.
        digest: SHA-256 hex of the canonical content: the map's version.
    """

    plant_id: str
    frame_id: str
    timezone: str
    levels: Mapping[LevelId, Level]
    nodes: Mapping[NodeId, Node]
    edges: Mapping[EdgeId, Edge]
    zones: Mapping[ZoneId, Zone]
    devices: Mapping[DeviceId, Device]
    robot_types: Mapping[RobotTypeId, RobotType]
    points: Mapping[PointId, InspectionPoint]
    radio: Radio
    digest: str
    graph: nx.DiGraph[NodeId] = field(repr=False, compare=False)

    def nodes_with(self, role: NodeRole) -> tuple[NodeId, ...]:
        """Ids of the nodes that have a role, sorted."""
        return tuple(node_id for node_id, node in self.nodes.items() if role in node.roles)

    @property
    def max_radius_m(self) -> float:
        """Radius of the largest robot type."""
        return max((robot_type.radius_m for robot_type in self.robot_types.values()), default=0.5)
