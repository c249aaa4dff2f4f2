"""
What LaCAM3 reached on the same instances, as recorded; it isn't run here.

Kei18/lacam3 at commit 1a269b7 (C++), random-1 scenarios, taken on 2 shared cores under heavy load: its limits are wall
time, of which it got about half as CPU time. Figures of ours are at the CPU time the benchmark names, on one core.
"""

from __future__ import annotations

from dataclasses import dataclass

RECORDED = "LaCAM3 1a269b7 (recorded)"
"""What its figures are called in tables."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One instance.

    Attributes:
        ratio_10_s: LaCAM3's sum of costs over the sum of shortest paths after 10 s; None where it had no plan.
        ratio_20_s: The same after 20 s.
        first_ms: Its time to a first plan without refinement; None where it had none in 10 s.
    """

    map_name: str
    agent_count: int
    ratio_10_s: float | None
    ratio_20_s: float
    first_ms: float | None

    @property
    def name(self) -> str:
        """Of map and number of agents."""
        return f"{self.map_name}_{self.agent_count}"

    @property
    def ratio(self) -> float:
        """What to be measured against: after 10 s, or after 20 s where it had none by then."""
        return self.ratio_20_s if self.ratio_10_s is None else self.ratio_10_s

    @property
    def is_dense(self) -> bool:
        """Whether agents are in each other's way so much that it pays a fifth more than the shortest paths."""
        return self.ratio >= 1.2


ROWS = (
    Row("random-32-32-20", 100, 1.127, 1.113, 10.0),
    Row("random-32-32-20", 200, 1.318, 1.314, 33.0),
    Row("random-32-32-20", 400, 2.750, 2.668, 556.0),
    Row("maze-32-32-2", 50, 1.095, 1.104, 7.0),
    Row("maze-32-32-2", 100, 1.410, 1.408, 18.0),
    Row("maze-32-32-2", 200, 2.454, 2.425, None),
    Row("room-64-64-8", 200, 1.343, 1.263, 49.0),
    Row("room-64-64-8", 500, 2.502, 2.502, 157.0),
    Row("room-64-64-8", 1000, None, 5.709, 638.0),
    Row("warehouse-10-20-10-2-1", 200, 1.029, 1.025, None),
    Row("warehouse-10-20-10-2-1", 500, 1.285, 1.221, None),
    Row("warehouse-10-20-10-2-1", 1000, 1.990, 1.935, None),
    Row("den312d", 200, 1.087, 1.070, 39.0),
    Row("den312d", 500, 2.225, 2.110, None),
    Row("den312d", 1000, 5.283, 4.654, None),
    Row("Paris_1_256", 200, 1.001, 1.001, 1086.0),
    Row("Paris_1_256", 500, 1.005, 1.003, 3028.0),
    Row("Paris_1_256", 1000, 1.127, 1.016, 4334.0),
)
QUICK = ("random-32-32-20_200", "room-64-64-8_500", "den312d_500", "warehouse-10-20-10-2-1_1000")
