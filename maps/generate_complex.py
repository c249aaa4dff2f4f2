"""
Draws a chemical complex: 25 units between one-way streets, about 2,000 nodes and 1,000 inspection points.

    python maps/generate_complex.py --seed 1 > complex.yaml

With `--side-units 9` it has 81 units, and as many more points, docks and parking places.
"""

from __future__ import annotations

import argparse
import math
import random
import sys

from plant_draft import (
    DIRECTIONS,
    RING,
    ROAD,
    ROBOT_TYPES,
    Board,
    draw_unit,
    line,
    nodes_and_edges_lines,
    periods,
    point_lines,
    spread,
)

SIDE_UNIT_COUNT = 5
"""Units along each side of the map `complex`; so many points, docks and parking places belong to it."""
PITCH_M = 120.0
SPOT_COUNT = 28
DOCK_COUNT, PARKING_COUNT = 14, 120
PERIODS = {10: 20, 20: 50, 40: 90, 60: 320, 120: 260, 240: 160, 480: 100}

HEAD = """\
# A chemical complex, for measurements at size.
# Written by maps/generate_complex.py; edit that file, not this one.
plant_id: {plant_id}
frame_id: map
timezone: Europe/Berlin
defaults: {{speed_mps: 1.2, width_m: 1.2}}
levels:
  ground: {{elevation_m: 0}}
"""


def draw_board(rng: random.Random, side_unit_count: int) -> tuple[Board, list[str]]:
    """Draw streets, units and leaves; gives the board and the inspection nodes, unit by unit in turn."""
    board = Board()
    streets = _draw_streets(board, side_unit_count)
    spots: list[list[str]] = []
    link_middles: list[str] = []
    for row in range(side_unit_count):
        for column in range(side_unit_count):
            prefix = f"u{row + 1}{column + 1}"
            racks = draw_unit(board, prefix, (column * PITCH_M + 24.0, row * PITCH_M + 24.0), (18.0, 36.0, 54.0))
            link_middles += _draw_links(board, row, column)
            ring = [name for name, node in board.nodes.items() if node.group == prefix]
            roots = racks + ring
            rng.shuffle(roots)
            leaves: list[str] = []
            for name in [*racks, *roots]:
                sides = [side for side in DIRECTIONS if side in board.free_sides(name, 5.0)]
                if sides and len(leaves) < SPOT_COUNT:
                    leaves.append(board.spur(name, sides[-1], 5.0, f"{prefix}-spot", "inspection"))
            spots.append(leaves)
    spread(board, link_middles, _share(DOCK_COUNT, side_unit_count), prefix="dock", role="charger", length_m=5.0)
    spread(board, streets, _share(PARKING_COUNT, side_unit_count), prefix="park", role="parking", length_m=4.5)
    return board, [spot for turn in zip(*spots, strict=False) for spot in turn]


def _draw_streets(board: Board, side_unit_count: int) -> list[str]:
    """One-way streets, each against its neighbours, with the outer four making a ring."""
    size_m = side_unit_count * PITCH_M
    names: list[str] = []
    for index in range(side_unit_count + 1):
        at_m = index * PITCH_M
        across, along = line((0.0, at_m), (size_m, at_m), 20.0), line((at_m, 0.0), (at_m, size_m), 20.0)
        if index % 2:
            across.reverse()
        else:
            along.reverse()
        names += board.chain(f"street-{index + 1}", across, width_m=ROAD, two_way=False)
        names += board.chain(f"avenue-{index + 1}", along, width_m=ROAD, two_way=False)
    return list(dict.fromkeys(names))


def _draw_links(board: Board, row: int, column: int) -> list[str]:
    """Ways between a unit and the streets to its west and east; gives their middle nodes."""
    x_m, y_m = column * PITCH_M, row * PITCH_M + 60.0
    west = board.chain("link", line((x_m, y_m), (x_m + 24.0, y_m), 12.0), width_m=RING, two_way=True)
    places = line((x_m + 96.0, y_m), (x_m + 120.0, y_m), 12.0)
    east = board.chain("link", places, width_m=RING, two_way=True)
    return [west[1], east[1]]


def _share(count: int, side_unit_count: int) -> int:
    """As many of something for each unit as on the map `complex`."""
    return count * side_unit_count**2 // SIDE_UNIT_COUNT**2


def draw(seed: int, side_unit_count: int) -> str:
    """The text of the map."""
    rng = random.Random(seed)
    board, spots = draw_board(rng, side_unit_count)
    lines = [*nodes_and_edges_lines(board), "points:"]
    counts = {minutes: _share(count, side_unit_count) for minutes, count in PERIODS.items()}
    for index, period_s in enumerate(periods(rng, counts)):
        heading_rad = (index // len(spots)) * math.pi / 2 - math.pi / 2
        lines += point_lines(rng, 10_001 + index, spots[index % len(spots)], heading_rad, period_s)
    lines += ["radio:", "  path_loss_exponent: 3.2", "  noise_dbm: -98", "  cells:"]
    for row in range(side_unit_count):
        for column in range(side_unit_count):
            at = f"[{column * PITCH_M + 66:g}, {row * PITCH_M + 108:g}]"
            lines.append(f"    cell-{row + 1}{column + 1}: {{at: {at}, power_dbm: -26}}")
    plant_id = "complex" if side_unit_count == SIDE_UNIT_COUNT else f"complex-{side_unit_count}"
    return HEAD.format(plant_id=plant_id) + ROBOT_TYPES + "\n".join(lines) + "\n"


def main() -> None:
    """Write the map to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--side-units",
        type=int,
        default=SIDE_UNIT_COUNT,
        choices=range(2, 10),
        help=f"units along each side, 2 to 9 (default: {SIDE_UNIT_COUNT})",
    )
    parsed = parser.parse_args()
    sys.stdout.write(draw(parsed.seed, parsed.side_units))


if __name__ == "__main__":
    main()
