"""A problem as arrays: points in columns, robots and nodes in rows, odd numbers made harmless."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coordinator.model.assignment import PointDemand, Problem, RobotOffer
from coordinator.model.ids import NodeId

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drive:
    """
    A robot's numbers, made harmless.

    Attributes:
        pace: Its travel times over those of the arrays; inf if it can't drive.
        travel_use, idle_use, inspect_use, gain: Charge ratio per second.
    """

    pace: float
    charge_ratio: float
    reserve_ratio: float
    travel_use: float
    idle_use: float
    inspect_use: float
    gain: float

    @property
    def top_use(self) -> float:
        """The fastest it can empty its battery, charge ratio per second."""
        return max(self.travel_use, self.idle_use, self.inspect_use)


@dataclass(frozen=True, slots=True)
class Tables:
    """
    The problem's numbers.

    Attributes:
        points, robots: Sorted by id (points by mission, too); their places are the indices used everywhere below.
        row: Of a node in the travel arrays.
        travel_s: Node to node. Shape (m, m).
        refuge_s: Node to the nearest charger; without chargers to nowhere, 0. Shape (m,).
        duration_s, last_s, period_s, rate_per_s, weight: Of each point; the rate is 1 / period. Shape (n,).
        from_dock_s: Nearest charger to each point; inf without chargers. Shape (n,).
        drives: Of each robot.
    """

    now_s: float
    points: tuple[PointDemand, ...]
    robots: tuple[RobotOffer, ...]
    row: dict[NodeId, int]
    travel_s: Floats
    refuge_s: Floats
    point_row: Ints
    duration_s: Floats
    last_s: Floats
    period_s: Floats
    rate_per_s: Floats
    weight: Floats
    one_off: Bools
    from_dock_s: Floats
    drives: tuple[Drive, ...]


def compile_tables(problem: Problem) -> Tables:
    """Turn a problem into arrays. Ages from the future count as 0, unknown ones as a period and a half."""
    now_s = finite(problem.now_s, 0.0)
    points = tuple(sorted(problem.points, key=lambda p: (p.point_id, p.mission_id or "")))
    robots = tuple(sorted(problem.robots, key=lambda r: r.robot_id))
    row = {node: i for i, node in enumerate(_nodes(problem, points, robots))}
    travel_s = _travel(problem, row)
    point_row = np.array([row[p.node_id] for p in points], dtype=np.int64)
    docks = [row[d.node_id] for d in problem.docks]
    refuge_s = travel_s[:, docks].min(axis=1) if docks else np.zeros(len(row))
    period_s = np.maximum(1.0, _finite([p.period_s for p in points], 1e9))
    seen_s = _finite([p.last_visit_s for p in points], now_s - 1.5 * period_s)
    # A point being visited right now has its last visit in the near future: keep that.
    last_s = np.where(seen_s < now_s + 3600.0, seen_s, now_s)
    drives = tuple(_drive(r, problem.reference_speed_mps) for r in robots)
    return Tables(
        now_s=now_s,
        points=points,
        robots=robots,
        row=row,
        travel_s=travel_s,
        refuge_s=refuge_s,
        point_row=point_row,
        duration_s=np.maximum(0.0, _finite([p.duration_s for p in points], 0.0)),
        last_s=last_s,
        period_s=period_s,
        rate_per_s=1.0 / period_s,
        weight=np.minimum(1e6, np.maximum(1e-6, _finite([p.weight for p in points], 1.0))),
        one_off=np.array([p.mission_id is not None for p in points], dtype=np.bool_),
        from_dock_s=travel_s[docks][:, point_row].min(axis=0) if docks else np.full(len(points), np.inf),
        drives=drives,
    )


def finite(value: float, otherwise: float) -> float:
    """Replace a number that isn't one."""
    return float(value) if math.isfinite(value) else otherwise


def _finite(values: list[float], otherwise: float | Floats) -> Floats:
    array = np.array(values, dtype=np.float64)
    return np.where(np.isfinite(array), array, otherwise)


def _nodes(problem: Problem, points: tuple[PointDemand, ...], robots: tuple[RobotOffer, ...]) -> list[NodeId]:
    nodes = {p.node_id: None for p in points}
    nodes.update((d.node_id, None) for d in problem.docks)
    for robot in robots:
        nodes.update(((robot.node_id, None), (robot.home, None)))
        nodes.update((stop.node_id, None) for stop in robot.frozen)
        nodes.update((stop.node_id, None) for stop in robot.planned)
    return list(nodes)


def _travel(problem: Problem, row: dict[NodeId, int]) -> Floats:
    """Pick the rows and columns in use; a node the matrix doesn't know is out of reach."""
    size = len(problem.travel_s)
    known = [problem.node_index.get(node, -1) for node in row]
    index = np.array([i if 0 <= i < size else -1 for i in known], dtype=np.int64)
    if size == 0:
        travel_s = np.full((len(row), len(row)), np.inf)
    else:
        travel_s = np.asarray(problem.travel_s, dtype=np.float64)[index[:, None], index]
        travel_s[~(travel_s >= 0.0)] = np.inf
        travel_s[index < 0, :] = np.inf
        travel_s[:, index < 0] = np.inf
    np.fill_diagonal(travel_s, 0.0)
    return travel_s


def _drive(robot: RobotOffer, reference_mps: float) -> Drive:
    speed_mps = robot.speed_mps
    pace = math.inf
    if math.isfinite(speed_mps) and speed_mps > 0.0:
        pace = max(1.0, finite(reference_mps, speed_mps) / speed_mps)
    return Drive(
        pace=pace,
        charge_ratio=min(1.0, max(0.0, finite(robot.charge_ratio, 0.0))),
        reserve_ratio=min(1.0, max(0.0, finite(robot.reserve_ratio, 0.0))),
        travel_use=max(0.0, finite(robot.travel_ratio_per_s, 0.0)),
        idle_use=max(0.0, finite(robot.idle_ratio_per_s, 0.0)),
        inspect_use=max(0.0, finite(robot.inspect_ratio_per_s, 0.0)),
        gain=max(0.0, finite(robot.charge_ratio_per_s, 0.0)),
    )
