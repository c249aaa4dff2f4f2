"""What an owner may tune in the core. Times in seconds, distances in metres."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """
    Policies of the core.

    Attributes:
        tick_s: How often time alone makes the core look around; also the heartbeat period.
        report_period_s: How often robots report while nothing changes.
        hold_after_s: A robot that hears nothing for this long drives no further than its base.
        suspect_after_s: Silence after which a robot gets no new release.
        lost_after_s: Silence after which its tasks go to others and an alarm is raised.
        resend_after_s: Unanswered routes and commands are sent again.
        lookahead_m: A base reaches at least this far beyond the robot, if it may.
        lookahead_count: And at least this many steps.
        give_way_after_s: A wait this long makes somebody give way.
        deadlock_after_s: A circle of waits this old breaks invariant I12.
        blocked_after_s: An obstacle this old closes its edge.
        blockage_s: A blockage is believed for this long after the last report.
        plan_period_s: Itineraries are planned anew this often.
        replan_on_congestion: Whether congestion changes horizons.
        congestion_gain_s: A detour must save this much to be taken.
        congestion_gain_ratio: And this share of the way's time.
        task_attempt_count: A mission's point fails after this many tries.
        confirm_within_s: How long a confirmation token lives.
        off_route_m: A pose this far from the reserved way is not believed.
    """

    tick_s: float = 1.0
    report_period_s: float = 1.0
    hold_after_s: float = 10.0
    suspect_after_s: float = 2.5
    lost_after_s: float = 6.0
    resend_after_s: float = 2.0
    lookahead_m: float = 10.0
    lookahead_count: int = 2
    give_way_after_s: float = 6.0
    deadlock_after_s: float = 180.0
    blocked_after_s: float = 4.0
    blockage_s: float = 60.0
    plan_period_s: float = 20.0
    replan_on_congestion: bool = True
    congestion_gain_s: float = 8.0
    congestion_gain_ratio: float = 0.15
    task_attempt_count: int = 3
    confirm_within_s: float = 60.0
    off_route_m: float = 3.0
