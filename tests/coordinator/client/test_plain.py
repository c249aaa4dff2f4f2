from coordinator.client import as_data
from roundsman.v1 import fleet_pb2 as wire


def test_unset_is_null_and_zero_is_zero():
    """A point never visited differs from one visited at time zero."""
    assert as_data(wire.PointSummary(point_id="P"))["last_visit_s"] is None
    assert as_data(wire.PointSummary(point_id="P", last_visit_s=0.0))["last_visit_s"] == 0.0


def test_large_counters_stay_numbers():
    """A 64-bit counter is a number in JSON, not a text."""
    assert as_data(wire.FleetTotals(visits_count=2**40))["visits_count"] == 2**40


def test_enums_read_short_and_unknown_ones_survive():
    """A link state reads `live`; one from a newer coordinator shows its number."""
    assert as_data(wire.RobotSummary(link=wire.LINK_STATE_LIVE))["link"] == "live"
    assert as_data(wire.RobotSummary.FromString(b"\x18\x63"))["link"] == "99"


def test_maps_come_sorted():
    """Causes of waiting stand in the same order every time."""
    totals = wire.FleetTotals(wait_s_by_cause={"zone": 1.0, "door": 2.0})

    assert list(as_data(totals)["wait_s_by_cause"].items()) == [("door", 2.0), ("zone", 1.0)]
