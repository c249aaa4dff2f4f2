"""Colours of the map picture, and its legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.plant.map import DeviceKind, NodeRole, ZoneKind
from coordinator.plant.svg import element, place, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinator.plant.map import PlantMap

INK = "#52606d"
# A node with several roles has the colour of the first of these.
ROLE_COLORS: dict[NodeRole, str] = {
    NodeRole.CHARGER: "#f0b429",
    NodeRole.PARKING: "#8bb8e8",
    NodeRole.HOLDING: "#b990d6",
    NodeRole.EVACUATION: "#63c784",
    NodeRole.INSPECTION: "#f5f7fa",
    NodeRole.PASSTHROUGH: "#cbd2d9",
}
ZONE_COLORS: dict[ZoneKind, str] = {
    ZoneKind.BLOCKED: "#b83232",
    ZoneKind.SINGLE_VEHICLE: "#8a3fbf",
    ZoneKind.CAPACITY: "#5b6ee1",
    ZoneKind.SPEED_LIMIT: "#1f7fa8",
    ZoneKind.PENALTY: "#b7791f",
    ZoneKind.PERMIT_TO_WORK: "#c05621",
}
# Upper end of a period in seconds, colour, words: the shorter, the warmer.
PERIODS: tuple[tuple[float, str, str], ...] = (
    (600.0, "#c81e3a", "point due every 10 min or less"),
    (1_800.0, "#e8702a", "up to 30 min"),
    (3_600.0, "#3f9b57", "up to 1 h"),
    (14_400.0, "#2f7dc4", "up to 4 h"),
    (float("inf"), "#5a4fa3", "longer"),
)
MISSION_ONLY_COLOR = "#9aa5b1"
# Lower end of a band of received power in dBm, colour, words.
HEAT: tuple[tuple[float, str, str], ...] = (
    (float("-inf"), "#f4b9b0", "no coverage"),
    (-110.0, "#fbe3b8", "-110 dBm"),
    (-100.0, "#f3f3c4", "-100"),
    (-90.0, "#d7edc9", "-90"),
    (-80.0, "#b5e0cd", "-80"),
)
LOCKED_COLOR = "#d64545"
DOOR_COLOR = "#a4262c"
LIFT_COLOR = "#0b7285"

ROW = 24.0


def period_color(period_s: float | None) -> str:
    """Colour of a point by its revisit period in seconds."""
    if period_s is None:
        return MISSION_ONLY_COLOR
    return next(color for end_s, color, _ in PERIODS if period_s <= end_s)


def legend_height(plant: PlantMap, width: float, *, radio: bool) -> float:
    """Room that `draw_legend` needs below the map."""
    return ROW * len(_place(_entries(plant, radio=radio), width)) + 20.0


def draw_legend(plant: PlantMap, width: float, top: float, *, radio: bool) -> Iterator[str]:
    """Draw the legend from a height down, as wide as the picture."""
    for index, row in enumerate(_place(_entries(plant, radio=radio), width)):
        y = top + ROW * index + 12.0
        for x, (mark, words) in row:
            yield element("g", mark, transform=place(x, y))
            yield text(words, x + 24.0, y + 4.0, size=12.0, color="#3e4c59")


Entry = tuple[str, str]


def _entries(plant: PlantMap, *, radio: bool) -> list[list[Entry]]:
    """Mark and words of what the plant has, drawn round (0, 0) to (18, 0), by group; a group begins a row."""
    groups = [[*_ways(plant), *_roles(plant)], [*_points(plant), *_zones(plant)]]
    if radio:
        bands = [(f'<rect y="-8" width="18" height="16" fill="{color}"/>', words) for _, color, words in HEAT]
        groups.append([*bands, ('<path d="M9,-8 l7,14 h-14 z" fill="#243b53"/>', "5G cell")])
    return groups


def _ways(plant: PlantMap) -> list[Entry]:
    way = '<line x2="18" stroke="#c3cad2" stroke-width="9" stroke-linecap="round"/>'
    line = '<line x2="18" stroke="#52606d"'
    entries = [
        (f'{way}{line}/><path d="M14,0 l-8,4 2,-4 -2,-4z" fill="#52606d"/>', "one-way"),
        (f'{way}{line} stroke-dasharray="4 3"/>', "two-way"),
    ]
    if any(edge.is_locked for edge in plant.edges.values()):
        entries.append((f'{way}<line x2="18" stroke="#d64545"/>', "locked"))
    kinds = {device.kind for device in plant.devices.values()}
    if DeviceKind.DOOR in kinds:
        entries.append((f'<rect x="7" y="-8" width="4" height="16" fill="{DOOR_COLOR}"/>', "door"))
    if DeviceKind.LIFT in kinds:
        frame = f'fill="#fff" stroke="{LIFT_COLOR}" stroke-width="2"'
        entries.append((f'<rect x="2" y="-7" width="14" height="14" {frame}/>', "lift"))
    return entries


def _roles(plant: PlantMap) -> list[Entry]:
    entries = []
    for role, color in ROLE_COLORS.items():
        if plant.nodes_with(role):
            is_stop = role in (NodeRole.CHARGER, NodeRole.PARKING)
            shape = '<rect x="3" y="-6" width="12" height="12" rx="2"' if is_stop else '<circle cx="9" r="6"'
            entries.append((f'{shape} fill="{color}" stroke="#3e4c59"/>', role.value))
    return entries


def _points(plant: PlantMap) -> list[Entry]:
    used = {period_color(point.period_s) for point in plant.points.values()}
    entries = [_point(color, words) for _, color, words in PERIODS if color in used]
    if MISSION_ONLY_COLOR in used:
        entries.append(_point(MISSION_ONLY_COLOR, "point of missions only"))
    return entries


def _zones(plant: PlantMap) -> list[Entry]:
    used = {zone.kind for zone in plant.zones.values()}
    frame = 'y="-7" width="18" height="14" fill-opacity="0.16" stroke-dasharray="4 2"'
    return [
        (f'<rect {frame} fill="{color}" stroke="{color}"/>', f"zone: {kind.value.replace('_', ' ')}")
        for kind, color in ZONE_COLORS.items()
        if kind in used
    ]


def _point(color: str, words: str) -> Entry:
    return (
        f'<line x1="2" x2="12" stroke="{color}" stroke-width="1.6"/><circle cx="12" r="5" fill="{color}"/>',
        words,
    )


def _place(groups: list[list[Entry]], width: float) -> list[list[tuple[float, Entry]]]:
    """Break the entries into rows no wider than the picture."""
    rows: list[list[tuple[float, Entry]]] = []
    for group in groups:
        x = width
        for entry in group:
            entry_width = 24.0 + 7.0 * len(entry[1]) + 22.0
            if x + entry_width > width:
                rows.append([])
                x = 28.0
            rows[-1].append((x, entry))
            x += entry_width
    return rows
