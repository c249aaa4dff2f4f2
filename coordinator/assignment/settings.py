"""The prices and limits of a planner. Prices are in units of the objective, sum of weight * age_ratio ** p."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlannerSettings:
    """
    What is weighed against what.

    Attributes:
        publish_s: How far ahead an itinerary reaches.
        publish_min_count, publish_max_count: At least and at most so many stops of it, where there is work.
        search_count: Stops a robot may have while planning; those beyond the published ones show who comes later.
        outside_s: A point left out is priced as if visited so much after now.
        early_ratio: A point isn't visited below this age ratio.
        busy_price_per_s: Of driving and working.
        early_price_per_s: Of the same, times what the age ratio lacks to 1: an early visit brings the next one forward.
        change_price: Of giving a planned point to another robot.
        mission_price: Of leaving a mission's point out, over and above its age.
        overload_ratio: Share of points late already above which the exponent falls from 16 to 8.
        swap_count: How often a dear point is taken out with its neighbours and put back better.
        swap_size: How many neighbours go with it.
        charge_to_ratio: Where a top-up ends.
        charge_below_ratio: A robot below it charges as soon as a dock is free, the emptiest first.
        idle_charge_below_ratio: The same for a robot without work.
        margin_ratio: Charge kept over the reserve where no dock is booked, for the wait until one is free.
        dock_gap_s: Between two robots at a dock: leaving and docking.
        book_ahead_s: A charge begins at most so much after now.
    """

    publish_s: float = 900.0
    publish_min_count: int = 2
    publish_max_count: int = 8
    search_count: int = 16
    outside_s: float = 1200.0
    early_ratio: float = 0.5
    busy_price_per_s: float = 5e-3
    early_price_per_s: float = 1e-4
    change_price: float = 1e-3
    mission_price: float = 3.0
    overload_ratio: float = 0.25
    swap_count: int = 300
    swap_size: int = 4
    charge_to_ratio: float = 0.9
    charge_below_ratio: float = 0.5
    idle_charge_below_ratio: float = 0.7
    margin_ratio: float = 0.1
    dock_gap_s: float = 30.0
    book_ahead_s: float = 900.0


DEFAULT = PlannerSettings()
