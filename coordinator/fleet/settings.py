"""What an owner may tune in the core. Times in seconds, distances in metres."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """
    Policies of the core.

    Attributes:
        tick_s: How often time alone makes the core look around.
        heartbeat_period_s: How often robots are told that the coordinator lives, a multiple of `tick_s`.
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
        plan_soonest_s: Events that ask for new itineraries wait at least this long after the last planning.
        regroup_s: After a restart robots have this long to come back before work is shared out.
        replan_on_congestion: Whether congestion changes horizons.
        congestion_gain_s: A detour must save this much to be taken.
        congestion_gain_ratio: And this share of the way's time.
        task_attempt_count: A mission's point fails after this many tries.
        confirm_within_s: How long a confirmation token lives.
        off_route_m: A pose this far from the reserved way is not believed.
    """

    tick_s: float = 1.0
    heartbeat_period_s: float = 2.0
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
    plan_period_s: float = 30.0
    plan_soonest_s: float = 8.0
    regroup_s: float = 3.0
    replan_on_congestion: bool = True
    congestion_gain_s: float = 8.0
    congestion_gain_ratio: float = 0.15
    task_attempt_count: int = 3
    confirm_within_s: float = 60.0
    off_route_m: float = 3.0
