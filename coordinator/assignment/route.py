"""One robot's stops while they are being planned, with times and charge along them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from coordinator.assignment.tables import Drive, Tables
from coordinator.model.assignment import Stop

CHARGE = -1
"""In the place of a point's index: the charge stop."""


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
    What a robot is to do after its frozen stops.

    Attributes:
        robot: Index.
        head: Frozen stops, times brought up to date.
        start_row, start_s, start_ratio: Where, when and with what charge it is free after them.
        closed: It can take nothing: lost in its frozen stops, or unable to drive.
        stops: Indices of points, `CHARGE` at most once.
        slot: Of that charge.
    """

    robot: int
    head: tuple[Stop, ...]
    start_row: int
    start_s: float
    start_ratio: float
    closed: bool = False
    stops: list[int] = field(default_factory=list)
    slot: Slot | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """
    A route driven through in thought.

    Attributes:
        rows: Start and each stop's node. Length n + 1.
        leave_s: Start and end of work at each stop. Length n + 1.
        arrive_s: At each stop. Length n.
        legs_s: Drive to each stop. Length n.
        charge_index: Place of the charge among the stops; n if there's none.
        slack_s: How much later the robot may come to the charge.
        spare_ratio: Charge left over what is needed, before the charge stop and after it (the same without one).
        lowest_ratio: Charge at its lowest.
        refuge_ratio: Charge for the way from the end to the nearest charger.
        work_s: Inspecting, in all.
    """

    rows: list[int]
    leave_s: list[float]
    arrive_s: list[float]
    legs_s: list[float]
    charge_index: int
    slack_s: float
    spare_ratio: tuple[float, float]
    lowest_ratio: float
    refuge_ratio: float
    work_s: float


def drive_through(route: Route, tables: Tables, margin_ratio: float) -> Times:
    """Compute times and charge along a route. Without a charge ahead, the margin must be left at its end."""
    drive: Drive = tables.drives[route.robot]
    slot = route.slot
    rows, durations, work_s = [route.start_row], [], 0.0
    for i in route.stops:
        rows.append(tables.point_rows[i] if i != CHARGE else slot.row if slot else route.start_row)
        durations.append(tables.durations_s[i] if i != CHARGE else 0.0)
    travel_s, pace = tables.travel_s.item, drive.pace
    legs = [travel_s(a, b) * pace for a, b in pairwise(rows)]
    time_s, ratio = route.start_s, route.start_ratio
    leave, arrive, index, slack_s, lowest = [time_s], [], len(route.stops), float("inf"), ratio
    spare_before = 0.0
    for k, i in enumerate(route.stops):
        time_s += legs[k]
        ratio -= legs[k] * drive.travel_use
        if i == CHARGE and slot is not None:
            index, slack_s = k, slot.from_s - time_s
            ratio -= max(0.0, slack_s) * drive.idle_use
            spare_before = ratio - drive.reserve_ratio
            lowest = min(lowest, ratio)
            arrive.append(max(time_s, slot.from_s))
            time_s = max(time_s, slot.to_s)
            ratio = max(ratio, slot.until_ratio)
        else:
            arrive.append(time_s)
            time_s += durations[k]
            work_s += durations[k]
            ratio -= durations[k] * drive.inspect_use
        leave.append(time_s)
        lowest = min(lowest, ratio)
    ahead = float(tables.refuge_s[rows[-1]]) * drive.pace * drive.travel_use if drive.travel_use > 0.0 else 0.0
    spare_after = ratio - drive.reserve_ratio - margin_ratio * (drive.top_use > 0.0) - ahead
    if index == len(route.stops):
        spare_before = spare_after
    return Times(rows, leave, arrive, legs, index, slack_s, (spare_before, spare_after), lowest, ahead, work_s)
