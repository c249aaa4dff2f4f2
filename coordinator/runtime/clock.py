"""The coordinator's timeline."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time of the coordinator's timeline."""

    def now_s(self) -> float:
        """Seconds since the Unix epoch; never less than before."""
        ...


class AnchoredClock:
    """
    Anchored to the wall clock at start, advanced by the monotonic clock: steps of the wall clock don't show.

    Args:
        not_before_s: Newest time in the journal; time goes on from there if the wall clock was set back.
    """

    def __init__(self, *, not_before_s: float = 0.0) -> None:
        self._anchor_s = max(time.time(), not_before_s) - time.monotonic()

    def now_s(self) -> float:
        """Seconds since the Unix epoch; never less than before."""
        return self._anchor_s + time.monotonic()
