"""Where each robot starts, and the charge booked for it."""

from __future__ import annotations

from dataclasses import dataclass

from coordinator.model.assignment import Stop


@dataclass(frozen=True, slots=True)
class Slot:
    """A booked charge: node's row, begin, end, and the charge ratio at which it ends."""

    row: int
    from_s: float
    to_s: float
    until_ratio: float


@dataclass(slots=True)
class Route:
    """
    What a robot does before its first stop that is planned.

    Attributes:
        robot: Index.
        head: Frozen stops, times brought up to date.
        start_row, start_s, start_ratio: Where, when and with what charge it is free after them.
        closed: It can take nothing: lost in its frozen stops, or unable to drive.
        slot: The charge it has among its planned stops.
    """

    robot: int
    head: tuple[Stop, ...]
    start_row: int
    start_s: float
    start_ratio: float
    closed: bool = False
    slot: Slot | None = None
