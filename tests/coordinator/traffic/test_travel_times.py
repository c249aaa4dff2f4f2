"""Travel times by edge, direction and hour: learned, published without flicker, and told to the journal sparingly."""

from __future__ import annotations

import pytest

from coordinator.fleet.codec import encode_record
from coordinator.model.ids import EdgeId
from coordinator.model.records import TravelTimesLearned
from coordinator.model.travel import EdgeTimes, LearnedTimes
from coordinator.traffic.resources import Resources
from coordinator.traffic.travel_times import KEEP_ALL_S, KEPT_COUNT, TravelTimes, free_s, hour_of
from tests.coordinator.fleet.tiny_plants import fork

NINE_S = 1_800_003_600.0 - 1_800_003_600.0 % 86400.0 + 9 * 3600.0
NOON_S = NINE_S + 3 * 3600.0
SPEED_MPS = 1.0


class Bench:
    """Travel times on the fork."""

    def __init__(self, edges: tuple[EdgeTimes, ...] = ()) -> None:
        self.resources = Resources(fork())
        self.times = TravelTimes(self.resources, edges, ())

    def way(self, edge_id: str) -> int:
        return self.resources.way_index[EdgeId(edge_id)]

    def free_s(self, edge_id: str) -> float:
        return free_s(self.resources.ways[self.way(edge_id)], SPEED_MPS)

    def drive_s(self, edge_id: str, at_s: float) -> float:
        return self.times.drive(self.way(edge_id), SPEED_MPS, at_s).mean_s

    def teach(self, edge_id: str, ratio: float, *, count: int, at_s: float, wait_s: float = 0.0) -> None:
        for number in range(count):
            self.times.passed(self.way(edge_id), ratio, wait_s, at_s + 10.0 * number)


def test_an_edge_nobody_drove_takes_its_free_time():
    """Before anything is learned, every edge takes what the map says."""
    bench = Bench()
    bench.times.publish(NINE_S)
    assert bench.times.extra_s == {}
    assert bench.drive_s("mid-east", NINE_S) == pytest.approx(bench.free_s("mid-east"), rel=0.05)


def test_directions_are_learned_apart():
    """Up a slope is slow, down it isn't."""
    bench = Bench()
    bench.teach("mid-east", 3.0, count=40, at_s=NINE_S)
    bench.teach("mid-east.r", 1.0, count=40, at_s=NINE_S)
    bench.times.publish(NINE_S + 400.0)

    assert bench.drive_s("mid-east", NINE_S) > 2.3 * bench.free_s("mid-east")
    assert bench.drive_s("mid-east.r", NINE_S) < 1.5 * bench.free_s("mid-east")
    assert bench.way("mid-east") in bench.times.extra_s
    assert bench.way("mid-east.r") not in bench.times.extra_s


def test_hours_of_the_day_are_learned_apart_and_an_unknown_hour_is_like_all_hours():
    """The shift change at nine is slow, noon isn't; of an hour without passages the edge's usual time is taken."""
    bench = Bench()
    for day in range(5):
        bench.teach("mid-east", 4.0, count=15, at_s=NINE_S + day * 86400.0)
        bench.teach("mid-east", 1.0, count=15, at_s=NOON_S + day * 86400.0)
    bench.times.publish(NOON_S + 4 * 86400.0 + 900.0)
    nine_s, noon_s = bench.drive_s("mid-east", NINE_S), bench.drive_s("mid-east", NOON_S)

    assert nine_s > 2.0 * noon_s
    assert bench.drive_s("mid-east", NINE_S + 5 * 3600.0) == bench.drive_s("mid-east", NINE_S + 8 * 3600.0)
    assert hour_of(NINE_S) == 9


def test_a_path_takes_the_sum_of_its_edges_and_of_the_waits_there():
    """Means add up over a path, and so do variances."""
    bench = Bench()
    bench.teach("west-mid", 1.5, count=20, at_s=NINE_S, wait_s=20.0)
    bench.times.publish(NINE_S + 400.0)
    ways = [bench.way("west-mid"), bench.way("mid-east")]
    path = bench.times.path(ways, SPEED_MPS, NINE_S)

    parts = [bench.times.drive(way, SPEED_MPS, NINE_S) for way in ways]
    parts += [bench.times.wait(way, NINE_S) for way in ways]
    assert path.mean_s == pytest.approx(sum(part.mean_s for part in parts))
    assert path.variance == pytest.approx(sum(part.variance for part in parts))
    assert bench.times.path([], SPEED_MPS, NINE_S).p90_s == 0.0


def test_work_is_learned_by_its_kind():
    """Gas sniffing that always takes longer than planned is planned for longer; a photo isn't."""
    bench = Bench()
    for number in range(30):
        bench.times.worked("gas_sniff", 1.5, NINE_S + number)
    bench.times.publish(NINE_S + 60.0)

    assert bench.times.work("gas_sniff", 20.0).mean_s > 26.0
    assert bench.times.work("photo", 20.0).mean_s < 22.0
    _, work = bench.times.news(NINE_S + 60.0)
    assert [entry.task_type for entry in work] == ["gas_sniff"]
    again = TravelTimes(bench.resources, (), work)
    assert again.work("gas_sniff", 20.0).mean_s == pytest.approx(bench.times.work("gas_sniff", 20.0).mean_s, rel=0.02)


def test_waits_are_learned_apart_from_driving():
    """An edge at which robots wait for each other isn't driven more slowly."""
    bench = Bench()
    bench.teach("mid-east", 1.0, count=40, at_s=NINE_S, wait_s=30.0)
    bench.times.publish(NINE_S + 400.0)

    assert bench.drive_s("mid-east", NINE_S) < 1.4 * bench.free_s("mid-east")
    assert bench.times.wait(bench.way("mid-east"), NINE_S).mean_s > 15.0
    assert bench.times.rest_of_wait(bench.way("mid-east"), NINE_S).mean_s > 20.0
    assert bench.times.extra_s[bench.way("mid-east")] > 15.0


def test_a_passage_or_two_change_no_weight():
    """Weights change on evidence."""
    bench = Bench()
    bench.teach("mid-east", 8.0, count=2, at_s=NINE_S)
    assert bench.times.publish(NINE_S) is False


def test_weights_hold_still_while_little_changes():
    """Between two small changes the published times are the same, and nothing need be planned anew."""
    bench = Bench()
    bench.teach("mid-east", 3.0, count=40, at_s=NINE_S)
    assert bench.times.publish(NINE_S + 400.0) is True
    before = dict(bench.times.extra_s)
    changes = 0
    for number in range(30):
        bench.teach("mid-east", 2.8 if number % 2 else 3.2, count=1, at_s=NINE_S + 500.0 + 60.0 * number)
        changes += bench.times.publish(NINE_S + 500.0 + 60.0 * number)

    assert changes <= 2
    assert bench.times.extra_s[bench.way("mid-east")] == pytest.approx(before[bench.way("mid-east")], rel=0.35)


def test_what_is_told_to_the_journal_gives_the_same_times_after_a_restart():
    """A coordinator that starts again knows the slow edges at once."""
    bench = Bench()
    bench.teach("mid-east", 3.0, count=40, at_s=NINE_S, wait_s=12.0)
    edges, _ = bench.times.news(NINE_S + 400.0)
    bench.times.publish(NINE_S + 400.0)
    again = Bench(edges)
    again.times.publish(NINE_S + 400.0)

    assert bench.times.news(NINE_S + 400.0) == ((), ())
    assert again.drive_s("mid-east", NINE_S) == pytest.approx(bench.drive_s("mid-east", NINE_S), rel=0.1)
    way = bench.way("mid-east")
    assert again.times.extra_s[way] == pytest.approx(bench.times.extra_s[way], rel=0.1)


def test_the_journal_hears_little_and_never_much_at_once():
    """Edges that are as expected are never told; when many change, those that matter most come first."""
    bench = Bench()
    for way in bench.resources.ways:
        bench.teach(way.edge_id, 1.0, count=20, at_s=NINE_S)
    assert bench.times.news(NINE_S + 300.0) == ((), ())

    for hour in range(12):
        for way in bench.resources.ways:
            bench.teach(way.edge_id, 1.0 + 5.0 * (way.index % 2), count=20, at_s=NINE_S + 3600.0 * hour)
    edges, work = bench.times.news(NINE_S + 12 * 3600.0)
    assert len(edges) == KEPT_COUNT
    assert len(encode_record(TravelTimesLearned(edges, work))[1]) < 200 * KEPT_COUNT


def test_times_of_edges_a_new_map_lacks_are_left_out():
    """A changed map starts with what is still true."""
    slow = LearnedTimes(40.0, 3.0, 4.0, 0.0, 10.0, NINE_S)
    bench = Bench((EdgeTimes(EdgeId("gone"), None, slow), EdgeTimes(EdgeId("mid-east"), None, slow)))
    bench.times.publish(NINE_S)
    assert list(bench.times.extra_s) == [bench.way("mid-east")]

    bench.times.publish(NINE_S + 20 * KEEP_ALL_S)
    assert bench.times.extra_s[bench.way("mid-east")] == 0.0
