"""
A plan in the making, as plain arrays: what the kernel works on.

Words for places in a route: an index of a point, `CHARGE`, or `NOTHING`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]
Ints = npt.NDArray[np.int64]

CHARGE = -1
"""In the place of a point's index: the charge stop."""

NOTHING = -2
"""In the place of a point's index: no stop."""

RULES = np.dtype(
    [
        ("now_s", "f8"), ("doublings", "i8"), ("knee_ratio", "f8"), ("linear", "f8"), ("square", "f8"),
        ("search_count", "i8"), ("busy_price_per_s", "f8"), ("early_price_per_s", "f8"), ("change_price", "f8"),
        ("swap_count", "i8"), ("swap_size", "i8"), ("stamp_count", "i8"),
    ]
)  # fmt: skip
"""
What holds for the whole plan: its settings, the price of an age ratio (see `AgeCost`), and how many stamps were given.
"""

POINT = np.dtype(
    [
        ("row", "i8"), ("refuge_s", "f8"), ("duration_s", "f8"), ("last_s", "f8"), ("rate_per_s", "f8"),
        ("weight", "f8"), ("floor_ratio", "f8"), ("hurry_per_s", "f8"), ("outside", "f8"), ("owner", "i8"),
        ("is_open", "?"),
    ]
)  # fmt: skip
"""
A point: its node; way to the nearest charger; last visit; 1 / period; age ratio below which it isn't visited; price per
second of waiting, over and above the age (missions); price of leaving it out; robot that had it in the present plan or
-1; whether it is wanted, and in no route.
"""

ROBOT = np.dtype(
    [
        ("start_row", "i8"), ("start_s", "f8"), ("start_ratio", "f8"), ("is_closed", "?"), ("pace", "f8"),
        ("travel_use", "f8"), ("idle_use", "f8"), ("inspect_use", "f8"), ("reserve_ratio", "f8"),
        ("margin_ratio", "f8"), ("slot_row", "i8"), ("slot_from_s", "f8"), ("slot_to_s", "f8"),
        ("slot_until_ratio", "f8"),
        ("count", "i8"), ("charge_at", "i8"), ("slack_s", "f8"), ("spare_before", "f8"), ("spare_after", "f8"),
        ("ahead_ratio", "f8"), ("price", "f8"), ("stamp", "i8"),
    ]
)  # fmt: skip
"""
A robot: where, when and with what charge it is free; whether it can take nothing; its travel times over those of the
array; charge ratio used per second; charge that must be left after work, and besides at the end of its route; its
booked charge (row -1: none).

Then its route: stops; place of the charge among them (their count: none); how much later the robot may come to it;
charge left over what is needed, before it and after it (the same without one); charge for the way from the end to the
nearest charger; the route's part of the objective, less what its points would cost outside; a stamp that is the same
only while the route is.
"""

STOP = np.dtype(
    [
        ("point", "i8"), ("row", "i8"), ("leave_s", "f8"), ("leg_s", "f8"), ("linear", "f8"), ("square", "f8"),
        ("arrive_s", "f8"), ("busy_s", "f8"), ("ratio", "f8"),
        ("price", "f8"), ("change", "f8"), ("near", "f8"), ("far", "f8"),
    ]
)  # fmt: skip
"""
Place k of a route. Of its k-th stop: point or `CHARGE`; drive to it; the price of delaying it and all behind it by d
seconds, linear * d + square * d * d; arrival; and of a point alone its part of the route's price, `change_price` if it
comes from another robot, and what delaying it by `SHIFT_S` and by `FAR_SHIFT_S` costs. Of what comes before, the start
or stop k - 1: node, end of work, driving and working time up to there, charge left.
"""

FIT = np.dtype([("is_allowed", "?"), ("gain", "f8"), ("place", "i8"), ("known", "i8")])
"""
A robot and a point: whether it may serve it; what inserting it at the best place changes the price by, and that place;
the route's stamp for which these two hold.
"""


class Board(NamedTuple):
    """
    A plan being made for n points, r robots, m nodes and up to w stops a robot.

    Attributes:
        rules: Of `RULES`. Shape (1,).
        travel_s: Node to node. Shape (m, m).
        refuge_s: Node to the nearest charger. Shape (m,).
        points: Of `POINT`. Shape (n,).
        robots: Of `ROBOT`. Shape (r,).
        stops: Of `STOP`. Shape (r, w + 1).
        fits: Of `FIT`. Shape (n, r).
    """

    rules: Records
    travel_s: Floats
    refuge_s: Floats
    points: Records
    robots: Records
    stops: Records
    fits: Records
