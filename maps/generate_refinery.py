"""
Draws maps/refinery.yaml: `python maps/generate_refinery.py --seed 1 > maps/refinery.yaml`.

One narrow corridor, the bottleneck, joins west unit and east unit; the one-way ring road is the way round.
"""

from __future__ import annotations

import argparse
import math
import random
import sys

from plant_draft import (
    EAST,
    NORTH,
    RACK,
    RING,
    ROAD,
    ROBOT_TYPES,
    SOUTH,
    WEST,
    Board,
    DraftEdge,
    draw_unit,
    line,
    loop,
    nodes_and_edges_lines,
    periods,
    point_lines,
    spread,
)

MIDDLE_X_M = 120.0
DECK = "deck"
# Points by period in minutes: few are critical, most are due every hour or less often.
EAST_PERIODS = {10: 7, 20: 13, 40: 18, 60: 38, 120: 25, 240: 12, 480: 7}
WEST_PERIODS = {10: 4, 20: 7, 40: 12, 60: 26, 120: 18, 240: 8, 480: 5}

HEAD = """\
# A refinery with a west and an east unit. The main corridor between them is a bottleneck; the ring road is
# one-way and the long way round. Written by maps/generate_refinery.py; edit that file, not this one.
plant_id: refinery
frame_id: map
timezone: Europe/Berlin
defaults: {speed_mps: 1.2, width_m: 1.2, level: ground}
levels:
  ground: {elevation_m: 0}
  deck: {elevation_m: 8}
"""

TAIL = """\
devices:
  lift-east: {kind: lift, open_s: 12}
  door-west: {kind: door, open_s: 4}
  door-east: {kind: door, open_s: 4}
  door-rack: {kind: door, open_s: 5}
  door-analyser: {kind: door, open_s: 6}
zones:
  # People cross here on their way to the control room.
  crossing-west: {kind: single_vehicle, polygon: [[57, -3], [63, -3], [63, 3], [57, 3]]}
  slow-gate: {kind: speed_limit, speed_mps: 0.8, polygon: [[-8, 38], [4, 38], [4, 82], [-8, 82]]}
  slow-furnace: {kind: speed_limit, speed_mps: 0.7, polygon: [[190, 36], [206, 36], [206, 84], [190, 84]]}
  # Steam is blown off across the road: passable, but not liked.
  steam: {kind: penalty, penalty_ratio: 2.5, polygon: [[92, 114], [118, 114], [118, 126], [92, 126]]}
  works-north: {kind: capacity, capacity_count: 2, polygon: [[200, 118], [234, 118], [234, 122], [200, 122]]}
radio:
  path_loss_exponent: 3.2
  noise_dbm: -98
  cells:
    cell-gate: {at: [14, 94], power_dbm: -26}
    cell-west: {at: [72, 108], power_dbm: -26}
    cell-middle: {at: [126, 12], power_dbm: -26}
    cell-east: {at: [228, 84], power_dbm: -26}
    cell-deck: {at: [180, 72], level: deck, power_dbm: -30}
  shadows:
    # Behind columns and furnaces.
    - {polygon: [[37, 50], [53, 50], [53, 70], [37, 70]], loss_db: 28}
    - {polygon: [[156, 72], [186, 72], [186, 90], [156, 90]], loss_db: 32}
    - {polygon: [[104, 55], [136, 55], [136, 65], [104, 65]], loss_db: 14}
    - {polygon: [[192, 26], [206, 26], [206, 56], [192, 56]], loss_db: 26}
"""


def draw_board() -> tuple[Board, list[str], list[str]]:
    """Draw all ways and leaves; gives the board and the inspection nodes of west and east."""
    board = Board()
    road = board.chain("road", loop((0.0, 0.0), (240.0, 120.0), 15.0, clockwise=False), width_m=ROAD, two_way=False)
    west_rack = draw_unit(board, "west", (24.0, 24.0), (18.0, 54.0))
    east_rack = draw_unit(board, "east", (144.0, 24.0), (18.0, 36.0, 54.0))
    links = _draw_links(board)
    corridor = board.chain("main", line((96.0, 60.0), (144.0, 60.0), 12.0), width_m=RACK, two_way=True)
    board.spur(corridor[1], SOUTH, 5.0, "main-bay", "holding")
    board.spur(corridor[3], NORTH, 5.0, "main-bay", "holding")
    deck = _draw_deck(board)
    rings = [name for name, node in board.nodes.items() if node.group in ("west", "east")]
    spread(board, rings + links, 6, prefix="dock", role="charger", length_m=5.0)
    spots = {"west": _inspection_spurs(board, rings, west_rack, "west", 30)}
    spots["east"] = _inspection_spurs(board, rings, east_rack, "east", 36) + deck
    # The analyser house stands at the end of a spur and has a door.
    house = board.edges[[edge.end for edge in board.edges].index(spots["west"][0])]
    house.extra = ", door: door-analyser"
    parking_roots = sorted(set(road)) + rings + links
    spread(board, parking_roots, 94, prefix="park", role="parking", length_m=4.5)
    return (
        board,
        spots["west"] + _through_points(board, west_rack),
        spots["east"] + _through_points(board, east_rack),
    )


def _draw_links(board: Board) -> list[str]:
    """Ways between the rings and the ring road; gives their middle nodes."""
    middle: list[str] = []
    for start, end in (
        ((60, 24), (60, 0)),
        ((180, 0), (180, 24)),
        ((180, 96), (180, 120)),
        ((60, 120), (60, 96)),
    ):
        places = line((float(start[0]), float(start[1])), (float(end[0]), float(end[1])), 12.0)
        middle.append(board.chain("link", places, width_m=RING, two_way=False)[1])
    for x_m, end_x_m, door in ((0.0, 24.0, "door-west"), (216.0, 240.0, "door-east")):
        names = board.chain("gate", line((x_m, 60.0), (end_x_m, 60.0), 12.0), width_m=RING, two_way=True)
        board.edge_between(names[0], names[1]).extra = f", door: {door}"
        middle.append(names[1])
    rack_start = board.find((78.0, 24.0)), board.find((78.0, 42.0))
    board.edge_between(*rack_start).extra = ", door: door-rack"
    return middle


def _draw_deck(board: Board) -> list[str]:
    """The upper level: a one-way ring above the east unit, reached by a lift; gives its inspection nodes."""
    low = board.spur(board.find((216.0, 78.0)), WEST, 6.0, "lift-ground", "passthrough")
    up = board.node("lift-deck", (210.0, 78.0), level=DECK, roles=("passthrough",))
    board.join(DraftEdge(low, up, True, 2.0, 0.5, ", lift: lift-east, length_m: 10"))
    places = loop((162.0, 57.0), (204.0, 78.0), 21.0, clockwise=True)
    ring = board.chain("deck", places, width_m=RING, two_way=False, level=DECK)
    board.chain("deck", [(204.0, 78.0), (210.0, 78.0)], width_m=RING, two_way=True, level=DECK)
    leaves = spread(board, sorted(set(ring)), 6, prefix="deck-spot", role="inspection", length_m=5.0)
    for name in sorted(set(ring))[:2]:
        for side in board.free_sides(name, 4.5)[:1]:
            board.spur(name, side, 4.5, "deck-park", "parking")
    return leaves


def _inspection_spurs(board: Board, rings: list[str], rack: list[str], unit: str, count: int) -> list[str]:
    """Side nodes for inspections: along the racks first, then round the ring."""
    leaves: list[str] = []
    roots = [*rack, *[name for name in rings if board.nodes[name].group == unit]]
    for name in roots:
        for side in board.free_sides(name, 5.0):
            if len(leaves) < count and (name in rack or side in _inward(board, name, unit)):
                leaves.append(board.spur(name, side, 5.0, f"{unit}-spot", "inspection"))
    ring_roots = [name for name in roots if name not in rack]
    leaves += spread(board, ring_roots, count - len(leaves), prefix=f"{unit}-spot", role="inspection", length_m=5.0)
    return leaves


def _inward(board: Board, name: str, unit: str) -> list[tuple[float, float]]:
    node, centre_x_m = board.nodes[name], {"west": 60.0, "east": 180.0}[unit]
    across = EAST if node.x_m < centre_x_m else WEST
    up = NORTH if node.y_m < 60.0 else SOUTH
    on_side = abs(node.x_m - centre_x_m) == 36.0
    on_top = abs(node.y_m - 60.0) == 36.0
    return [] if on_side and on_top else [across] if on_side else [up]


def _through_points(board: Board, rack: list[str]) -> list[str]:
    """Rack nodes that are inspected in passing: the last of each rack."""
    names = rack[2::3]
    for name in names:
        board.nodes[name].roles = ("inspection",)
    return names


def draw(seed: int) -> str:
    """The text of the map."""
    rng = random.Random(seed)
    board, west, east = draw_board()
    lines = nodes_and_edges_lines(board)
    lines.append("points:")
    for unit, spots, shares in ((1, west, WEST_PERIODS), (2, east, EAST_PERIODS)):
        for index, period_s in enumerate(periods(rng, shares)):
            spot = spots[index % len(spots)]
            heading_rad = (index // len(spots)) * math.pi / 2 - math.pi / 2 + 0.1 * (index % 3)
            lines += point_lines(rng, unit * 1000 + 101 + index, spot, heading_rad, period_s)
    return HEAD + ROBOT_TYPES + "\n".join(lines) + "\n" + TAIL


def main() -> None:
    """Write the map to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    sys.stdout.write(draw(parser.parse_args().seed))


if __name__ == "__main__":
    main()
