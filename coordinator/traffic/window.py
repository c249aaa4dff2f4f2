"""Sums over the last hour: kept in buckets of five minutes, so that memory doesn't grow with time."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

BUCKET_S = 300.0
BUCKET_COUNT = 12
"""Whole buckets kept beside the one being filled: a window is 60 to 65 minutes long."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True)
class Sum:
    """How much, and how often."""

    amount: float = 0.0
    count: int = 0


class Window(Generic[Key]):
    """Amounts and counts per key, forgotten bucket by bucket. Times are the coordinator's and never run back."""

    def __init__(self, began_s: float) -> None:
        self._began_s = began_s
        self._buckets: dict[int, dict[Key, Sum]] = {}

    def add(self, key: Key, amount: float, at_s: float) -> None:
        """Count something that happened now."""
        bucket = self._bucket(int(at_s // BUCKET_S))
        known = bucket.get(key)
        if known is None:
            known = bucket[key] = Sum()
        known.amount += amount
        known.count += 1

    def add_span(self, key: Key, from_s: float, to_s: float) -> None:
        """Count something that lasted until now; its seconds go to the buckets they lie in, the count to the last."""
        self.add(key, 0.0, to_s)
        last = int(to_s // BUCKET_S)
        for number in range(max(int(from_s // BUCKET_S), last - BUCKET_COUNT), last + 1):
            seconds = min(to_s, (number + 1) * BUCKET_S) - max(from_s, number * BUCKET_S)
            self._bucket(number).setdefault(key, Sum()).amount += seconds

    def start_s(self, now_s: float) -> float:
        """When the window begins."""
        return max(self._began_s, (now_s // BUCKET_S - BUCKET_COUNT) * BUCKET_S)

    def sums(self, now_s: float) -> Mapping[Key, Sum]:
        """All that lies within the window, in the order keys were first seen."""
        oldest = int(now_s // BUCKET_S) - BUCKET_COUNT
        sums: dict[Key, Sum] = {}
        for number in sorted(self._buckets):
            if number < oldest:
                continue
            for key, part in self._buckets[number].items():
                known = sums.setdefault(key, Sum())
                known.amount += part.amount
                known.count += part.count
        return sums

    def _bucket(self, number: int) -> dict[Key, Sum]:
        bucket = self._buckets.get(number)
        if bucket is None:
            bucket = self._buckets[number] = {}
            newest = max(self._buckets)
            for old in [each for each in self._buckets if each < newest - BUCKET_COUNT]:
                del self._buckets[old]
        return bucket
