"""Arrivals as foretold, and as they came."""

from __future__ import annotations

import math

from coordinator.model.ids import PointId, RobotId
from sim.arrivals import Arrival, ArrivalWatch, Foretold, calibration
from sim.run import Overrides, prepare


def _arrival(arrived_s: float) -> Arrival:
    foretold = Foretold(RobotId("a"), PointId("p"), at_s=0.0, p50_s=100.0, p90_s=130.0, before=(PointId("q"),))
    return Arrival(foretold, arrived_s, is_as_planned=True)


def test_shares_are_counted():
    """Who comes before its p50 also comes before its p90; of nothing there is no share."""
    told = calibration([_arrival(90.0), _arrival(110.0), _arrival(125.0), _arrival(140.0)])

    assert (told.count, told.before_p50_ratio, told.before_p90_ratio) == (4, 0.25, 0.75)
    assert told.median_error_s == 25.0
    assert _arrival(1.0).place == 1
    assert math.isnan(calibration([]).before_p50_ratio)


def test_arrivals_of_a_calm_shift_come_about_as_often_in_time_as_foretold():
    """An operator can rely on the times shown: about half of all visits come before p50 and most before p90."""
    simulation = prepare("quiet", seed=2, overrides=Overrides(hours=0.6, is_checking=False))
    watch = ArrivalWatch(simulation.world, lambda: simulation.coordinator.fleet)
    simulation.run()
    everything = calibration(watch.arrivals)
    as_planned = calibration(arrival for arrival in watch.arrivals if arrival.is_as_planned)

    assert everything.count > 200
    assert 0.3 < everything.before_p50_ratio < 0.7
    assert everything.before_p90_ratio > 0.65
    assert as_planned.before_p90_ratio > 0.75
    assert as_planned.median_error_s < 20.0
