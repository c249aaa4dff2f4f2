"""A checked map document to the frozen PlantMap: defaults filled in, ids sorted, zones laid over it."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, TypeVar

import msgspec
import networkx as nx
import shapely

from coordinator.model.ids import DeviceId, EdgeId, LevelId, NodeId, PointId, RobotTypeId, TaskId, ZoneId
from coordinator.plant.checks import edge_id_of, level_of
from coordinator.plant.map import (
    BatteryModel,
    Device,
    DeviceKind,
    Edge,
    InspectionPoint,
    Level,
    Limits,
    Node,
    NodeRole,
    PlantMap,
    Radio,
    RadioCell,
    RadioShadow,
    RobotType,
    TaskSpec,
    Zone,
    ZoneKind,
)

if TYPE_CHECKING:
    from coordinator.plant.schema import EdgePart, PlantDocument, PointPart, RobotTypePart

Key = TypeVar("Key", bound=str)
Value = TypeVar("Value")
Ring = tuple[tuple[float, float], ...]


def build_plant(document: PlantDocument) -> PlantMap:
    """Make the map of a document in which `check_document` found no problem."""
    levels = {LevelId(name): Level(LevelId(name), float(part.elevation_m)) for name, part in document.levels.items()}
    nodes = _sorted(
        {
            NodeId(name): Node(
                NodeId(name),
                float(part.at[0]),
                float(part.at[1]),
                _level(document, part.level),
                frozenset(NodeRole(role) for role in part.roles),
            )
            for name, part in document.nodes.items()
        }
    )
    edges = _sorted({edge.edge_id: edge for part in document.edges for edge in _edges(document, part, nodes, levels)})
    devices = {
        DeviceId(name): Device(DeviceId(name), DeviceKind(part.kind), float(part.open_s))
        for name, part in document.devices.items()
    }
    types = {RobotTypeId(name): _robot_type(name, part) for name, part in document.robot_types.items()}
    points = {PointId(name): _point(name, part) for name, part in document.points.items()}
    content = (
        document.plant_id,
        document.frame_id,
        document.timezone,
        _sorted(levels),
        nodes,
        edges,
        _zones(document, nodes, edges),
        _sorted(devices),
        _sorted(types),
        _sorted(points),
        _radio(document),
    )
    return PlantMap(*content, digest=_digest(content, nodes), graph=_graph(nodes, edges))


def _digest(content: tuple[object, ...], nodes: dict[NodeId, Node]) -> str:
    """SHA-256 of canonical JSON: keys and sets sorted, so that only what the map says counts."""
    # A set of enum members has no order of its own: roles are written as sorted text.
    roles = {name: sorted(role.value for role in node.roles) for name, node in nodes.items()}
    places = {name: (node.x_m, node.y_m, node.level_id) for name, node in nodes.items()}
    plain = tuple((roles, places) if part is nodes else part for part in content)
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()


def _sorted(items: dict[Key, Value]) -> dict[Key, Value]:
    return {key: items[key] for key in sorted(items)}


def _level(document: PlantDocument, level: str | None) -> LevelId:
    name = level_of(document, level)
    assert name is not None
    return LevelId(name)


def _ring(places: list[list[float]]) -> Ring:
    return tuple((float(x_m), float(y_m)) for x_m, y_m in places)


def _edges(
    document: PlantDocument, part: EdgePart, nodes: dict[NodeId, Node], levels: dict[LevelId, Level]
) -> tuple[Edge, ...]:
    """One edge a direction."""
    edge_id = edge_id_of(part)
    start, end = nodes[NodeId(part.start)], nodes[NodeId(part.end)]
    rise_m = levels[end.level_id].elevation_m - levels[start.level_id].elevation_m
    straight_m = math.hypot(end.x_m - start.x_m, end.y_m - start.y_m, rise_m)
    device = part.door if part.door is not None else part.lift
    forward, backward = EdgeId(edge_id), EdgeId(edge_id + ".r")

    def edge(one: EdgeId, ends: tuple[Node, Node], other: EdgeId) -> Edge:
        return Edge(
            edge_id=one,
            start=ends[0].node_id,
            end=ends[1].node_id,
            # Two levels of equal elevation under one another still need a way of some length.
            length_m=float(part.length_m) if part.length_m is not None else max(straight_m, 0.01),
            max_speed_mps=float(part.speed_mps if part.speed_mps is not None else document.defaults.speed_mps),
            width_m=float(part.width_m if part.width_m is not None else document.defaults.width_m),
            reverse_id=other if part.two_way else None,
            robot_type_ids=frozenset(RobotTypeId(name) for name in part.robot_types),
            is_locked=part.locked,
            device_id=None if device is None else DeviceId(device),
        )

    there = edge(forward, (start, end), backward)
    return (there, edge(backward, (end, start), forward)) if part.two_way else (there,)


def _robot_type(name: str, part: RobotTypePart) -> RobotType:
    battery = part.battery
    return RobotType(
        robot_type_id=RobotTypeId(name),
        radius_m=float(part.radius_m),
        max_speed_mps=float(part.max_speed_mps),
        acceleration_mps2=float(part.acceleration_mps2),
        turn_radps=float(part.turn_radps),
        sensors=frozenset(part.sensors),
        battery=BatteryModel(
            capacity_j=float(battery.capacity_j),
            idle_w=float(battery.idle_w),
            travel_w=float(battery.travel_w),
            inspect_w=float(battery.inspect_w),
            charge_w=float(battery.charge_w),
            reserve_ratio=float(battery.reserve_ratio),
        ),
    )


def _point(name: str, part: PointPart) -> InspectionPoint:
    tasks = tuple(
        TaskSpec(
            task_id=TaskId(f"{name}.{task.name}"),
            task_type=task.type,
            sensor=task.sensor,
            duration_s=float(task.duration_s),
            unit=task.unit,
            limits=Limits(
                low_low=_float(task.limits.low_low),
                low=_float(task.limits.low),
                high=_float(task.limits.high),
                high_high=_float(task.limits.high_high),
            ),
            nominal=_float(task.nominal),
        )
        for task in part.tasks
    )
    return InspectionPoint(
        point_id=PointId(name),
        node_id=NodeId(part.node),
        heading_rad=math.remainder(float(part.heading_rad), math.tau),
        tag=part.tag or name,
        tasks=tasks,
        period_s=None if part.revisit is None else float(part.revisit.period_s),
        tolerance_s=0.0 if part.revisit is None else float(part.revisit.tolerance_s),
        weight=float(part.weight),
    )


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _zones(document: PlantDocument, nodes: dict[NodeId, Node], edges: dict[EdgeId, Edge]) -> dict[ZoneId, Zone]:
    """Zones with the nodes inside (the rim counts) and the edges that touch them."""
    node_ids, edge_ids = tuple(nodes), tuple(edges)
    node_tree = shapely.STRtree(shapely.points([(node.x_m, node.y_m) for node in nodes.values()]))
    lines = [[(n.x_m, n.y_m) for n in (nodes[edge.start], nodes[edge.end])] for edge in edges.values()]
    edge_tree = shapely.STRtree(shapely.linestrings(lines) if lines else [])
    zones: dict[ZoneId, Zone] = {}
    for name in sorted(document.zones):
        part = document.zones[name]
        level_id, ring = _level(document, part.level), _ring(part.polygon)
        area = shapely.Polygon(ring)
        inside = {node_ids[index] for index in node_tree.query(area, predicate="intersects")}
        inside = {node_id for node_id in inside if nodes[node_id].level_id == level_id}
        touched = {edge_ids[index] for index in edge_tree.query(area, predicate="intersects")}
        zones[ZoneId(name)] = Zone(
            zone_id=ZoneId(name),
            kind=ZoneKind(part.kind),
            level_id=level_id,
            polygon=ring,
            capacity_count=1 if part.kind == "single_vehicle" else part.capacity_count,
            speed_mps=_float(part.speed_mps),
            penalty_ratio=_float(part.penalty_ratio),
            node_ids=frozenset(inside),
            edge_ids=frozenset(e for e in touched if _touches(edges[e], nodes, level_id, inside)),
        )
    return zones


def _touches(edge: Edge, nodes: dict[NodeId, Node], level_id: LevelId, inside: set[NodeId]) -> bool:
    """Whether an edge over the area touches it on the zone's level; a lift does so at its ends only."""
    levels = {nodes[edge.start].level_id, nodes[edge.end].level_id}
    return levels == {level_id} or (len(levels) > 1 and (edge.start in inside or edge.end in inside))


def _radio(document: PlantDocument) -> Radio:
    part = document.radio
    cells = tuple(
        RadioCell(name, float(cell.at[0]), float(cell.at[1]), _level(document, cell.level), float(cell.power_dbm))
        for name, cell in sorted(part.cells.items())
    )
    shadows = tuple(
        RadioShadow(_ring(item.polygon), _level(document, item.level), float(item.loss_db)) for item in part.shadows
    )
    return Radio(cells, shadows, float(part.path_loss_exponent), float(part.noise_dbm))


def _graph(nodes: dict[NodeId, Node], edges: dict[EdgeId, Edge]) -> nx.DiGraph[NodeId]:
    """Directed graph, nodes and edges added in the order of their ids, so that ties break alike."""
    graph: nx.DiGraph[NodeId] = nx.DiGraph()
    graph.add_nodes_from(nodes)
    for edge in edges.values():
        graph.add_edge(edge.start, edge.end, edge=edge)
    return graph
