"""Small assignment problems for tests, and random ones."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from coordinator.model.assignment import DockOffer, PointDemand, Problem, RobotOffer, Stop
from coordinator.model.ids import MissionId, NodeId, PointId, RobotId

NOW_S = 1_000_000.0


def line_problem(
    robots: tuple[RobotOffer, ...],
    points: tuple[PointDemand, ...],
    docks: tuple[DockOffer, ...] = (),
    *,
    size: int = 11,
) -> Problem:
    """Nodes n0, n1, ... in a line, 30 s from one to the next."""
    place = np.arange(size, dtype=np.float64)
    return Problem(
        1, NOW_S, robots, points, docks, {NodeId(f"n{i}"): i for i in range(size)},
        np.abs(place[:, None] - place) * 30.0, 1.0,
    )  # fmt: skip


def robot(name: str = "r1", node: str = "n0", **more: object) -> RobotOffer:
    """A robot with 90 minutes of battery that a charger fills in 20."""
    use = 1.0 / 5400.0
    values: dict[str, object] = {
        "robot_id": RobotId(name), "node_id": NodeId(node), "free_s": NOW_S, "charge_ratio": 0.9,
        "sensors": frozenset({"video"}), "speed_mps": 1.0, "travel_ratio_per_s": use, "idle_ratio_per_s": use / 4,
        "inspect_ratio_per_s": use, "charge_ratio_per_s": 1.0 / 1200.0, "reserve_ratio": 0.1, "home": NodeId("n0"),
    }  # fmt: skip
    return RobotOffer(**{**values, **more})  # type: ignore[arg-type]


def point(name: str = "p1", node: str = "n3", *, age_ratio: float = 0.9, **more: object) -> PointDemand:
    """A point due every 20 minutes."""
    values: dict[str, object] = {
        "point_id": PointId(name), "node_id": NodeId(node), "duration_s": 30.0, "sensors": frozenset({"video"}),
        "period_s": 1200.0, "weight": 1.0,
    }  # fmt: skip
    values.update(more)
    values.setdefault("last_visit_s", NOW_S - age_ratio * float(values["period_s"]))  # type: ignore[arg-type]
    return PointDemand(**values)  # type: ignore[arg-type]


def dock(node: str = "n5", *booked: tuple[float, float, str]) -> DockOffer:
    """A charger, booked from and to so many seconds from now."""
    return DockOffer(NodeId(node), tuple((NOW_S + a, NOW_S + z, RobotId(r)) for a, z, r in booked))


ODD = st.sampled_from([float("nan"), float("inf"), -float("inf"), 0.0, -1.0, 1e30])


@st.composite
def problems(draw: st.DrawFn, *, odd: bool = False) -> Problem:
    """Any problem of up to 6 robots, 25 points and 3 chargers; with odd numbers here and there if wanted."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    size = int(rng.integers(2, 12))
    nodes = [NodeId(f"n{i}") for i in range(size)]
    away = rng.uniform(5.0, 200.0, (size, size))
    away[rng.random((size, size)) < rng.choice([0.0, 0.1, 0.6])] = np.inf
    np.fill_diagonal(away, 0.0)
    for k in range(size):
        away = np.minimum(away, away[:, k : k + 1] + away[k : k + 1])

    def number(value: float) -> float:
        return draw(ODD) if odd and rng.random() < 0.05 else float(value)

    def sensors(most: int) -> frozenset[str]:
        return frozenset(
            rng.choice(["gas", "thermal", "video"], int(rng.integers(0, most + 1)), replace=False).tolist()
        )

    names = [RobotId(f"r{i}") for i in range(int(rng.integers(0, 7)))]
    missions = [None, None, MissionId("m1")]
    points = tuple(
        PointDemand(
            PointId(f"p{i}"), nodes[rng.integers(size)], number(rng.uniform(0, 90)), sensors(2),
            number(rng.choice([300.0, 1200.0, 7200.0])), NOW_S - number(rng.uniform(0, 4000)),
            number(rng.uniform(0.1, 5)),
            missions[rng.integers(3)], frozenset(n for n in names if rng.random() < 0.1),
        )
        for i in range(int(rng.integers(0, 26)))
    )  # fmt: skip
    docks = tuple(
        DockOffer(
            nodes[i],
            ((NOW_S + 10.0, NOW_S + rng.uniform(20, 900), RobotId("elsewhere")),) if rng.random() < 0.5 else (),
        )
        for i in range(min(size, int(rng.integers(0, 4))))
    )

    def stops(pool: list[PointDemand], count: int) -> tuple[Stop, ...]:
        taken = [pool.pop() for _ in range(min(count, len(pool)))]
        made = [Stop(p.node_id, p.point_id, p.mission_id, NOW_S + 50.0, NOW_S + 80.0) for p in taken]
        if docks and rng.random() < 0.3:
            place = docks[rng.integers(len(docks))].node_id
            made.insert(int(rng.integers(len(made) + 1)), Stop(place, None, None, NOW_S + 60.0, NOW_S + 300.0, 0.8))
        return tuple(made)

    pool = list(points)
    use = float(rng.choice([0.0, 1 / 5400, 1 / 1500]))
    robots = tuple(
        RobotOffer(
            n, nodes[rng.integers(size)], NOW_S + number(rng.uniform(-50, 100)), number(rng.uniform(0, 1)),
            sensors(3) | sensors(3),
            number(rng.choice([0.5, 1.0, 2.0])), number(use), number(use / 3), number(use), number(1 / 1200),
            0.1, nodes[0],
            stops(pool, int(rng.integers(0, 3))) if rng.random() < 0.4 else (), stops(pool, int(rng.integers(0, 5))),
        )
        for n in names
    )  # fmt: skip
    return Problem(7, NOW_S, robots, points, docks, {n: i for i, n in enumerate(nodes)}, away, 1.0)
