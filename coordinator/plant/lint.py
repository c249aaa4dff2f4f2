"""
What a valid map will still do wrong in a plant: places nobody reaches, ways that jam, bodies that touch.

`parse_plant` refuses what has no meaning; lint names what has one that nobody can want.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx

from coordinator.plant.finding import Finding, Severity
from coordinator.plant.lint_geometry import geometry_findings
from coordinator.plant.map import NodeRole, ZoneKind
from coordinator.plant.passing import can_pass
from coordinator.plant.radio import COVERED_DBM, rsrp_dbm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinator.model.ids import NodeId, RobotTypeId
    from coordinator.plant.map import PlantMap

__all__ = ["Finding", "Severity", "lint"]

# A one-lane chain longer than this without a bay keeps others waiting for over a minute.
LONG_BLOCK_M = 80.0


def lint(plant: PlantMap) -> tuple[Finding, ...]:
    """Find what is doubtful in a map; errors first, then by code and subject."""
    findings = [
        *_equipment_findings(plant),
        *_reach_findings(plant),
        *_leaf_findings(plant),
        *_passing_findings(plant),
        *_block_findings(plant),
        *_charger_findings(plant),
        *_point_findings(plant),
        *_zone_findings(plant),
        *geometry_findings(plant),
        *_radio_findings(plant),
    ]
    return tuple(sorted(findings, key=lambda item: (item.severity.rank, item.code, item.subject, item.message)))


def _stops(plant: PlantMap) -> tuple[NodeId, ...]:
    """Nodes where robots live: parking and chargers."""
    return tuple(sorted({*plant.nodes_with(NodeRole.PARKING), *plant.nodes_with(NodeRole.CHARGER)}))


def _equipment_findings(plant: PlantMap) -> Iterator[Finding]:
    if not plant.nodes_with(NodeRole.PARKING):
        yield Finding(Severity.ERROR, "no-parking", plant.plant_id, "no node has role parking: each robot needs one")
    if not plant.nodes_with(NodeRole.CHARGER):
        yield Finding(Severity.ERROR, "no-charger", plant.plant_id, "no node has role charger: robots will run empty")


def _open_graph(plant: PlantMap, robot_type_id: RobotTypeId | None) -> nx.DiGraph[NodeId]:
    """What a robot type can drive: no locked edges, nothing in blocked zones. None: what some type can."""
    blocked = [zone for zone in plant.zones.values() if zone.kind is ZoneKind.BLOCKED]
    blocked_nodes = {node_id for zone in blocked for node_id in zone.node_ids}
    blocked_edges = {edge_id for zone in blocked for edge_id in zone.edge_ids}
    graph: nx.DiGraph[NodeId] = nx.DiGraph()
    graph.add_nodes_from(plant.nodes)
    for edge in plant.edges.values():
        if edge.is_locked or edge.edge_id in blocked_edges or {edge.start, edge.end} & blocked_nodes:
            continue
        if robot_type_id is None or not edge.robot_type_ids or robot_type_id in edge.robot_type_ids:
            graph.add_edge(edge.start, edge.end)
    return graph


def _home_part(plant: PlantMap, graph: nx.DiGraph[NodeId]) -> set[NodeId]:
    """The strongly connected part with most parking and chargers, then most nodes, then the smallest id."""
    stops = set(_stops(plant))
    parts = nx.strongly_connected_components(graph)
    return min(parts, key=lambda part: (-len(part & stops), -len(part), min(part)), default=set())


def _reach_findings(plant: PlantMap) -> Iterator[Finding]:
    graph = _open_graph(plant, None)
    home = _home_part(plant, graph)
    if not home:
        return
    root = min(home)
    reached = nx.descendants(graph, root)
    points = {point.node_id: point.point_id for point in plant.points.values()}
    for node_id in plant.nodes:
        if node_id in home:
            continue
        serves = f"; point {points[node_id]} stands there" if node_id in points else ""
        severity = Severity.ERROR if node_id in points or node_id in _stops(plant) else Severity.WARNING
        if node_id in reached:
            message = f"no way back to parking and chargers{serves}"
            yield Finding(Severity.ERROR, "sink", node_id, message)
        else:
            message = f"no way there from parking and chargers{serves}"
            yield Finding(severity, "unreachable", node_id, message)


def _leaf_findings(plant: PlantMap) -> Iterator[Finding]:
    for node_id in _stops(plant):
        neighbours = sorted({*plant.graph.successors(node_id), *plant.graph.predecessors(node_id)})
        if len(neighbours) > 1:
            message = f"robots stand there, yet others must pass: it joins {', '.join(neighbours)}; make it a leaf"
            yield Finding(Severity.ERROR, "stop-not-leaf", node_id, message)


def _passing_findings(plant: PlantMap) -> Iterator[Finding]:
    homes = plant.nodes_with(NodeRole.PARKING)
    if len(homes) > 1 and not can_pass(plant):
        message = f"two robots can't pass each other anywhere, yet {len(homes)} park there: add a fork with a bay"
        yield Finding(Severity.ERROR, "no-passing", plant.plant_id, message)


def _block_findings(plant: PlantMap) -> Iterator[Finding]:
    """Follow each one-lane chain from where it leaves the rest to its other end."""
    ways = plant.graph.to_undirected(as_view=True)
    two_way = {
        frozenset((edge.start, edge.end))
        for edge in plant.edges.values()
        if edge.reverse_id is not None and edge.width_m < 4 * plant.max_radius_m
    }
    lane: nx.Graph[NodeId] = nx.Graph()
    lane.add_edges_from((min(pair), max(pair)) for pair in sorted(two_way, key=sorted))
    inner = [node_id for node_id in sorted(lane) if lane.degree(node_id) == 2 and ways.degree(node_id) == 2]
    for chain in nx.connected_components(lane.subgraph(inner)):
        names = sorted(chain)
        ends = sorted({other for name in names for other in lane.neighbors(name)} - chain)
        pairs = sorted({(min(name, other), max(name, other)) for name in names for other in lane.neighbors(name)})
        length_m = sum(_pair_length_m(plant, start, end) for start, end in pairs)
        dead = [end for end in ends if ways.degree(end) == 1]
        if dead:
            message = f"one lane over {', '.join(names)} ends at {dead[0]}: robots inside can't pass each other"
            yield Finding(Severity.WARNING, "block-without-exit", dead[0], message)
        elif length_m > LONG_BLOCK_M:
            message = f"one lane of {length_m:.0f} m without a bay (over {LONG_BLOCK_M:.0f} m): others wait long"
            yield Finding(Severity.WARNING, "long-block", names[0], message)


def _pair_length_m(plant: PlantMap, start: NodeId, end: NodeId) -> float:
    edge = plant.graph.edges[start, end]["edge"]
    return float(edge.length_m)


def _charger_findings(plant: PlantMap) -> Iterator[Finding]:
    """Name chargers that no type gets to, and types that get to no charger."""
    homes = {type_id: _home_part(plant, _open_graph(plant, type_id)) for type_id in plant.robot_types}
    chargers = plant.nodes_with(NodeRole.CHARGER)
    for node_id in chargers if homes else ():
        if not any(node_id in home for home in homes.values()):
            message = "no robot type can drive to this charger and back: edges that lead there are kept for other types"
            yield Finding(Severity.ERROR, "charger-for-nobody", node_id, message)
    for type_id, home in homes.items():
        if chargers and not home.intersection(chargers):
            message = "robots of this type can't drive to any charger and back: they will run empty"
            yield Finding(Severity.ERROR, "no-charger-for-type", type_id, message)


def _point_findings(plant: PlantMap) -> Iterator[Finding]:
    homes = {type_id: _home_part(plant, _open_graph(plant, type_id)) for type_id in plant.robot_types}
    load: dict[NodeId, float] = {}
    for point in plant.points.values():
        able = [name for name, kind in plant.robot_types.items() if point.sensors <= kind.sensors]
        if not able:
            wanted = ", ".join(sorted(point.sensors))
            message = f"no robot type carries all of {wanted}: split the tasks or add a type"
            yield Finding(Severity.ERROR, "no-robot-type", point.point_id, message)
        elif not any(point.node_id in homes[name] for name in able):
            message = f"types with the sensors ({', '.join(able)}) can't drive to node {point.node_id} and back"
            yield Finding(Severity.ERROR, "no-way-for-type", point.point_id, message)
        if NodeRole.INSPECTION not in plant.nodes[point.node_id].roles:
            message = f"node {point.node_id} has no role inspection"
            yield Finding(Severity.INFO, "role-missing", point.point_id, message)
        if point.period_s is None:
            continue
        load[point.node_id] = load.get(point.node_id, 0.0) + point.duration_s / point.period_s
        if point.duration_s > point.period_s:
            message = f"its tasks take {point.duration_s:g} s, longer than its period of {point.period_s:g} s"
            yield Finding(Severity.ERROR, "impossible-period", point.point_id, message)
    for node_id, ratio in sorted(load.items()):
        if ratio > 1.0:
            message = f"its points ask for {ratio:.0%} of the time of the one robot that fits there"
            yield Finding(Severity.ERROR, "overloaded-node", node_id, message)


def _zone_findings(plant: PlantMap) -> Iterator[Finding]:
    stops = frozenset(_stops(plant))
    for zone in plant.zones.values():
        if not zone.node_ids and not zone.edge_ids:
            yield Finding(Severity.WARNING, "empty-zone", zone.zone_id, "no node and no edge lies in it")
        inside = sorted(zone.node_ids & stops)
        if zone.capacity_count is not None and len(inside) >= zone.capacity_count:
            message = f"robots at {', '.join(inside)} fill its {zone.capacity_count} while they stand"
            yield Finding(Severity.WARNING, "stops-fill-zone", zone.zone_id, message)


def _radio_findings(plant: PlantMap) -> Iterator[Finding]:
    if not plant.radio.cells:
        yield Finding(Severity.INFO, "no-radio", plant.plant_id, "no 5G cells are given: coverage is unknown")
        return
    for point in plant.points.values():
        node = plant.nodes[point.node_id]
        power_dbm = rsrp_dbm(plant.radio, node.x_m, node.y_m, node.level_id)
        if power_dbm < COVERED_DBM:
            message = f"{power_dbm:.0f} dBm at node {node.node_id}, below {COVERED_DBM:.0f}: results come later"
            yield Finding(Severity.INFO, "no-coverage", point.point_id, message)
