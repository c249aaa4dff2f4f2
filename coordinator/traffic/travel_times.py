"""
Travel times learned from robots: by edge, direction and hour of the day.

What a passage took is taken apart: the drive itself, as a ratio to what the robot's type needs on a free floor, and
the wait for others at the edge's start. Each edge has an estimate for every UTC hour and one over all hours; few
samples of an hour shrink to those of all hours, these to the plant's, and the plant's to the free time. Delays of the
last minutes are `congestion`'s business, not ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coordinator.model.ids import EdgeId
from coordinator.model.travel import EdgeTimes, LearnedTimes, WorkTimes
from coordinator.traffic.duration import NOTHING, Duration
from coordinator.traffic.learning import FREE, LEAST_COUNT, faded, learned, shrunk, time_of, wait_of
from coordinator.traffic.resources import Resources, Way
from coordinator.traffic.routing import NODE_S

KEEP_HOUR_S = 14 * 86400.0
"""Time constant with which samples of one hour of the day lose weight."""
KEEP_ALL_S = 86400.0
"""And those over all hours."""
NOTICE_S = 3.0
"""A weight changes only when the learned time differs by more than this from what it was set to."""
NOTICE_RATIO = 0.15
"""And by more than this share of the free time."""
KEPT_S = 1.5
"""The journal is told of an estimate only when it differs by more than this from what it knows,"""
KEPT_RATIO = 0.1
"""and by more than this share of the free time."""
KEPT_COUNT = 48
"""Estimates told to the journal at once at most, those that differ most first; the others come later."""

_PLANT = -1
_ALL = -1
_Key = tuple[int, int]


def hour_of(now_s: float) -> int:
    """UTC hour of the day, 0 to 23."""
    return int(now_s // 3600.0) % 24


def free_s(way: Way, speed_mps: float) -> float:
    """Seconds a robot with this top speed takes for a way on a free floor, its end's turning and slowing counted."""
    return way.length_m / min(way.speed_mps, speed_mps) + NODE_S


class TravelTimes:
    """
    Estimates of all edges and kinds of work.

    Passages change estimates at once; what they say is made public by `publish`, so that it holds still in between.
    """

    def __init__(self, resources: Resources, edges: Iterable[EdgeTimes], work: Iterable[WorkTimes]) -> None:
        self._resources = resources
        self._cells: dict[_Key, LearnedTimes] = {}
        for entry in edges:
            key = self._key(entry)
            if key is not None and entry.times is not None:
                self._cells[key] = entry.times
        self._work = {entry.task_type: entry.times for entry in work}
        self._kept = dict(self._cells)
        self._kept_work = dict(self._work)
        self._now_s = 0.0
        self._extra_s: dict[int, float] = {}
        self._drives: dict[tuple[int, int, float], Duration] = {}
        self._waits: dict[tuple[int, int], Duration] = {}
        self._passages: dict[tuple[int, int, float], Duration] = {}

    @property
    def extra_s(self) -> dict[int, float]:
        """Published seconds beyond free per way number, waits counted; ways much as free are left out."""
        return self._extra_s

    def passed(self, way: int, drive_ratio: float, wait_s: float, now_s: float) -> None:
        """
        A robot drove a way, undisturbed.

        Args:
            drive_ratio: Time from when it was free to leave to its arrival, over its `free_s`.
            wait_s: Time it waited for others before.
        """
        hour = hour_of(now_s)
        for key, wider in (((_PLANT, _ALL), FREE), ((way, _ALL), None), ((way, hour), None)):
            before = self._cells.get(key)
            if before is None:
                before = wider or self._estimate(key[0], _ALL, now_s)
                before = LearnedTimes(
                    0.0, before.median_ratio, before.p90_ratio, before.wait_ratio, before.wait_s, now_s
                )
            self._cells[key] = learned(before, drive_ratio, wait_s, now_s, keep_s=_keep_s(key))

    def worked(self, task_type: str, ratio: float, now_s: float) -> None:
        """A task took this ratio of its expected time, undisturbed."""
        before = self._work.get(task_type, FREE)
        self._work[task_type] = learned(before, ratio, 0.0, now_s, keep_s=KEEP_HOUR_S)

    def publish(self, now_s: float) -> bool:
        """Make public what was learned until now; tell whether `extra_s` changed."""
        self._now_s = now_s
        self._drives.clear()
        self._waits.clear()
        self._passages.clear()
        hour = hour_of(now_s)
        extra_s = dict(self._extra_s)
        known = {way for way, _ in self._cells if way != _PLANT}
        for way in sorted(known | set(extra_s)):
            expected_s = self._free_s(way)
            times = self._estimate(way, hour, now_s) if self._is_known(way, now_s) else None
            new_s = 0.0 if times is None else _mean_s(times, expected_s) - expected_s
            if abs(new_s - extra_s.get(way, 0.0)) > max(NOTICE_S, NOTICE_RATIO * expected_s):
                extra_s[way] = new_s
        has_changed = extra_s != self._extra_s
        self._extra_s = extra_s
        return has_changed

    def drive(self, way: int, speed_mps: float, at_s: float) -> Duration:
        """Time a robot takes for a way once it may leave, as published."""
        key = (way, hour_of(at_s), speed_mps)
        known = self._drives.get(key)
        if known is None:
            times = self._estimate(way, key[1], self._now_s)
            known = self._drives[key] = time_of(times, free_s(self._resources.ways[way], speed_mps))
        return known

    def wait(self, way: int, at_s: float) -> Duration:
        """Time a robot waits for others at the start of a way, as published."""
        key = (way, hour_of(at_s))
        known = self._waits.get(key)
        if known is None:
            known = self._waits[key] = wait_of(self._estimate(way, key[1], self._now_s))
        return known

    def path(self, ways: Sequence[int], speed_mps: float, at_s: float) -> Duration:
        """Time a robot takes for ways one after the other, waits at the start of each counted, as published."""
        hour = hour_of(at_s)
        mean_s = variance = third = 0.0
        for way in ways:
            key = (way, hour, speed_mps)
            passage = self._passages.get(key)
            if passage is None:
                passage = self._passages[key] = self.drive(way, speed_mps, at_s) + self.wait(way, at_s)
            mean_s += passage.mean_s
            variance += passage.variance
            third += passage.third
        return Duration(mean_s, variance, third)

    def rest_of_wait(self, way: int, at_s: float) -> Duration:
        """How much longer a robot waits that waits already: waits have no memory, as far as we know."""
        mean_s = self._estimate(way, hour_of(at_s), self._now_s).wait_s
        return Duration(mean_s, mean_s**2, 2.0 * mean_s**3)

    def work(self, task_type: str, expected_s: float) -> Duration:
        """Time a task takes, as learned until now."""
        times = shrunk(self._work.get(task_type), FREE, self._now_s, keep_s=KEEP_HOUR_S)
        return time_of(times, expected_s) if expected_s > 0.0 else NOTHING

    def news(self, now_s: float) -> tuple[tuple[EdgeTimes, ...], tuple[WorkTimes, ...]]:
        """What the journal should be told now; counts as told."""
        rows: list[tuple[float, _Key]] = []
        for key, times in self._cells.items():
            if times is self._kept.get(key) or faded(times, now_s, keep_s=_keep_s(key)) < LEAST_COUNT:
                continue
            way, _ = key
            expected_s = 20.0 if way == _PLANT else self._free_s(way)
            wider = self._wider(key, now_s)
            now_is_s = _mean_s(shrunk(times, wider, now_s, keep_s=_keep_s(key)), expected_s)
            kept_s = _mean_s(shrunk(self._kept.get(key), wider, now_s, keep_s=_keep_s(key)), expected_s)
            if abs(now_is_s - kept_s) > max(KEPT_S, KEPT_RATIO * expected_s):
                rows.append((-abs(now_is_s - kept_s), key))
        told = []
        for _, key in sorted(rows)[:KEPT_COUNT]:
            self._kept[key] = self._cells[key]
            told.append(self._entry(key, self._cells[key]))
        work = []
        for task_type, times in sorted(self._work.items()):
            kept = shrunk(self._kept_work.get(task_type), FREE, now_s, keep_s=KEEP_HOUR_S)
            new = shrunk(times, FREE, now_s, keep_s=KEEP_HOUR_S)
            if abs(new.median_ratio - kept.median_ratio) > KEPT_RATIO * kept.median_ratio:
                self._kept_work[task_type] = times
                work.append(WorkTimes(task_type, _rounded(times)))
        return tuple(told), tuple(work)

    def _is_known(self, way: int, now_s: float) -> bool:
        times = self._cells.get((way, _ALL))
        return times is not None and faded(times, now_s, keep_s=KEEP_ALL_S) >= LEAST_COUNT

    def _estimate(self, way: int, hour: int, now_s: float) -> LearnedTimes:
        times = shrunk(self._cells.get((_PLANT, _ALL)), FREE, now_s, keep_s=KEEP_ALL_S)
        if way != _PLANT:
            times = shrunk(self._cells.get((way, _ALL)), times, now_s, keep_s=KEEP_ALL_S)
            if hour != _ALL:
                times = shrunk(self._cells.get((way, hour)), times, now_s, keep_s=KEEP_HOUR_S)
        return times

    def _wider(self, key: _Key, now_s: float) -> LearnedTimes:
        way, hour = key
        if way == _PLANT:
            return FREE
        return self._estimate(_PLANT if hour == _ALL else way, _ALL, now_s)

    def _free_s(self, way: int) -> float:
        each = self._resources.ways[way]
        return free_s(each, each.speed_mps)

    def _key(self, entry: EdgeTimes) -> _Key | None:
        way = _PLANT if entry.edge_id is None else self._resources.way_index.get(entry.edge_id)
        return None if way is None else (way, _ALL if entry.hour is None else entry.hour)

    def _entry(self, key: _Key, times: LearnedTimes) -> EdgeTimes:
        way, hour = key
        edge_id: EdgeId | None = None if way == _PLANT else self._resources.ways[way].edge_id
        return EdgeTimes(edge_id, None if hour == _ALL else hour, _rounded(times))


def _keep_s(key: _Key) -> float:
    return KEEP_ALL_S if key[1] == _ALL else KEEP_HOUR_S


def _mean_s(times: LearnedTimes, expected_s: float) -> float:
    return time_of(times, expected_s).mean_s + wait_of(times).mean_s


def _rounded(times: LearnedTimes) -> LearnedTimes:
    """As many digits as the estimate has, so that the journal stays small."""
    return LearnedTimes(
        count=round(times.count, 1),
        median_ratio=round(times.median_ratio, 3),
        p90_ratio=round(times.p90_ratio, 3),
        wait_ratio=round(times.wait_ratio, 3),
        wait_s=round(times.wait_s, 1),
        seen_s=float(round(times.seen_s)),
    )
