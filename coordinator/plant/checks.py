"""The rules of a map that its shape can't say: names, references, ways, zones, limits."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

import shapely

from coordinator.model.ids import is_name
from coordinator.plant.yaml_source import shown

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from coordinator.plant.schema import EdgePart, LimitsPart, PlantDocument
    from coordinator.plant.yaml_source import Path, Source

NAME_RULE = "a name is 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or digit"
KIND_KEY = {"capacity": "capacity_count", "speed_limit": "speed_mps", "penalty": "penalty_ratio"}


def check_document(source: Source, document: PlantDocument) -> None:
    """Note every broken rule of a document of right shape in its source."""
    _check_names(source, document)
    _check_levels(source, document)
    _check_nodes(source, document)
    _check_edges(source, document)
    _check_zones(source, document)
    _check_points(source, document)
    _check_radio(source, document)
    _check_devices_used(source, document)


def edge_id_of(edge: EdgePart) -> str:
    """Identifier of an edge of the file in its own direction."""
    return edge.id if edge.id is not None else f"{edge.start}--{edge.end}"


def level_of(document: PlantDocument, level: str | None) -> str | None:
    """Level of a thing that may leave it out; None if the map doesn't say."""
    if level is not None:
        return level
    if document.defaults.level is not None:
        return document.defaults.level
    return next(iter(document.levels)) if len(document.levels) == 1 else None


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_names(source: Source, document: PlantDocument) -> None:
    names: list[tuple[Path, str]] = [
        (("plant_id",), document.plant_id),
        (("frame_id",), document.frame_id),
        *((("levels", name), name) for name in document.levels),
        *((("robot_types", name), name) for name in document.robot_types),
        *((("nodes", name), name) for name in document.nodes),
        *((("zones", name), name) for name in document.zones),
        *((("devices", name), name) for name in document.devices),
        *((("points", name), name) for name in document.points),
        *((("radio", "cells", name), name) for name in document.radio.cells),
    ]
    for type_name, robot_type in document.robot_types.items():
        names += [(("robot_types", type_name, "sensors", index), name) for index, name in enumerate(robot_type.sensors)]
    for path, name in names:
        if not is_name(name):
            source.add(path, f"{shown(name)}: {NAME_RULE}")
    if document.timezone not in _timezones():
        source.add(("timezone",), f"{shown(document.timezone)}: not an IANA time zone")


def _check_levels(source: Source, document: PlantDocument) -> None:
    if document.defaults.level is not None:
        _check_known(source, ("defaults", "level"), document.defaults.level, document.levels, "level")
    placed: list[tuple[Path, str | None]] = [
        *((("nodes", name), node.level) for name, node in document.nodes.items()),
        *((("zones", name), zone.level) for name, zone in document.zones.items()),
        *((("radio", "cells", name), cell.level) for name, cell in document.radio.cells.items()),
        *((("radio", "shadows", index), item.level) for index, item in enumerate(document.radio.shadows)),
    ]
    for path, level in placed:
        if level is not None:
            _check_known(source, (*path, "level"), level, document.levels, "level")
        elif level_of(document, level) is None:
            source.add(path, "no level: name one, or give defaults.level, where a map has several levels")


def _check_nodes(source: Source, document: PlantDocument) -> None:
    for name, node in document.nodes.items():
        _check_unique(source, ("nodes", name, "roles"), node.roles, "role")
        stops = sorted({"charger", "parking"} & set(node.roles))
        if stops and "passthrough" in node.roles:
            message = f"{stops[0]} and passthrough: robots stand there, so nobody may pass through"
            source.add(("nodes", name, "roles"), message)


def _check_edges(source: Source, document: PlantDocument) -> None:
    ids: dict[str, int] = {}
    ways: dict[tuple[str, str], int] = {}
    for index, edge in enumerate(document.edges):
        path: Path = ("edges", index)
        edge_id = edge_id_of(edge)
        edge_ids = (edge_id, edge_id + ".r") if edge.two_way else (edge_id,)
        if not is_name(edge_ids[-1]):
            source.add((*path, "id"), f"{shown(edge_ids[-1])}: {NAME_RULE}; give the edge a shorter `id`")
        for name in edge_ids:
            if name in ids:
                first = _line(source, ("edges", ids[name]))
                source.add((*path, "id"), f"{shown(name)}: edge id used twice; first on line {first}")
            ids.setdefault(name, index)
        for start, end in ((edge.start, edge.end), (edge.end, edge.start))[: len(edge_ids)]:
            if (start, end) in ways and start != end:
                first = _line(source, ("edges", ways[start, end]))
                source.add(path, f"second way from {start} to {end}; first on line {first}: only one may be")
            ways.setdefault((start, end), index)
        known = [
            _check_known(source, (*path, key), name, document.nodes, "node")
            for key, name in (("from", edge.start), ("to", edge.end))
        ]
        _check_edge_types(source, path, edge, document)
        if all(known):
            _check_edge_ends(source, path, edge, document)


def _check_edge_types(source: Source, path: Path, edge: EdgePart, document: PlantDocument) -> None:
    _check_unique(source, (*path, "robot_types"), edge.robot_types, "robot type")
    for position, name in enumerate(edge.robot_types):
        _check_known(source, (*path, "robot_types", position), name, document.robot_types, "robot type")
    if edge.door is not None and edge.lift is not None:
        source.add(path, f"door {edge.door} and lift {edge.lift}: an edge passes one device")
    for kind, device in (("door", edge.door), ("lift", edge.lift)):
        if device is None or not _check_known(source, (*path, kind), device, document.devices, "device"):
            continue
        if document.devices[device].kind != kind:
            source.add((*path, kind), f"{device} is a {document.devices[device].kind}, not a {kind}")


def _check_edge_ends(source: Source, path: Path, edge: EdgePart, document: PlantDocument) -> None:
    start, end = document.nodes[edge.start], document.nodes[edge.end]
    if edge.start == edge.end:
        source.add(path, f"from and to are both {edge.start}: an edge joins two different nodes")
        return
    levels = level_of(document, start.level), level_of(document, end.level)
    if levels[0] != levels[1] and edge.lift is None:
        source.add(path, f"joins levels {levels[0]} and {levels[1]}: only an edge through a lift may")
    elif levels[0] == levels[1] and edge.lift is not None:
        source.add((*path, "lift"), f"lift {edge.lift} but both ends are on level {levels[0]}: a lift joins levels")
    elif levels[0] == levels[1] and start.at == end.at and edge.length_m is None:
        source.add(path, f"{edge.start} and {edge.end} are at the same place: a length must be above 0")


def _check_zones(source: Source, document: PlantDocument) -> None:
    for name, zone in document.zones.items():
        path: Path = ("zones", name)
        given = {"capacity_count": zone.capacity_count, "speed_mps": zone.speed_mps}
        given_keys = {**given, "penalty_ratio": zone.penalty_ratio}
        for key, value in given_keys.items():
            if KIND_KEY.get(zone.kind) == key and value is None:
                source.add(path, f"kind {zone.kind} needs {key}")
            elif KIND_KEY.get(zone.kind) != key and value is not None:
                source.add((*path, key), f"{value}: kind {zone.kind} has no {key}")
        _check_ring(source, (*path, "polygon"), zone.polygon)


def _check_points(source: Source, document: PlantDocument) -> None:
    for name, point in document.points.items():
        path: Path = ("points", name)
        _check_known(source, (*path, "node"), point.node, document.nodes, "node")
        _check_unique(source, (*path, "tasks"), [task.name for task in point.tasks], "task name")
        for index, task in enumerate(point.tasks):
            task_path: Path = (*path, "tasks", index)
            if not is_name(f"{name}.{task.name}"):
                source.add((*task_path, "name"), f"{shown(f'{name}.{task.name}')} as task id: {NAME_RULE}")
            for key, text in (("type", task.type), ("sensor", task.sensor)):
                if not is_name(text):
                    source.add((*task_path, key), f"{shown(text)}: {NAME_RULE}")
            _check_limits(source, (*task_path, "limits"), task.limits)


def _check_limits(source: Source, path: Path, limits: LimitsPart) -> None:
    values = (limits.low_low, limits.low, limits.high, limits.high_high)
    given = [value for value in values if value is not None]
    if any(first >= second for first, second in pairwise(given)):
        source.add(path, f"{given}: limits must rise from low_low over low and high to high_high")


def _check_radio(source: Source, document: PlantDocument) -> None:
    for index, shadow in enumerate(document.radio.shadows):
        _check_ring(source, ("radio", "shadows", index, "polygon"), shadow.polygon)


def _check_devices_used(source: Source, document: PlantDocument) -> None:
    used = {edge.door for edge in document.edges} | {edge.lift for edge in document.edges}
    for name, device in document.devices.items():
        if name not in used:
            source.add(("devices", name), f"no edge goes through this {device.kind}: a device needs an edge")


def _check_ring(source: Source, path: Path, ring: list[list[float]]) -> None:
    polygon = shapely.Polygon(ring)
    if not polygon.is_valid or polygon.area <= 0:
        source.add(path, f"{len(ring)} corners: an area must have a surface and not cross itself")


def _check_known(source: Source, path: Path, name: str, known: Container[str], kind: str) -> bool:
    if name in known:
        return True
    source.add(path, f"{shown(name)}: no such {kind} in this map")
    return False


def _check_unique(source: Source, path: Path, names: Iterable[str], kind: str) -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            source.add((*path, index), f"{shown(name)}: {kind} given twice")
        seen.add(name)


def _line(source: Source, path: Path) -> int:
    return source.lines.get(path, 0)
