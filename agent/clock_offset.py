"""How far the coordinator's time is from the robot's monotonic clock, and how well that is known."""

from __future__ import annotations

# Two quartz clocks part by less than this while a measurement ages.
DRIFT_RATIO = 50e-6


class ClockOffset:
    """
    Offset in seconds: coordinator time = monotonic time + offset.

    Every exchange bounds the offset by half its round trip. The measurement with the smallest bound wins,
    where a bound grows by the clocks' drift as it ages: a minimum filter without a window.

    Source:
        Cristian, "Probabilistic clock synchronization", Distributed Computing 3, 1989.
    """

    __slots__ = ("_error_s", "_measured_s", "offset_s")

    def __init__(self) -> None:
        self.offset_s = 0.0
        self._error_s = float("inf")
        self._measured_s = 0.0

    def measured(self, coordinator_s: float, received_s: float, *, rtt_s: float) -> None:
        """Take in a time the coordinator wrote at most `rtt_s` before it came at robot time `received_s`."""
        half_s = 0.5 * max(rtt_s, 0.0)
        if half_s <= self.error_s(received_s):
            self.offset_s = coordinator_s - received_s + half_s
            self._error_s = half_s
            self._measured_s = received_s

    def error_s(self, now_s: float) -> float:
        """Bound of the offset's error at robot time `now_s`; infinite before the first measurement."""
        return self._error_s + DRIFT_RATIO * max(now_s - self._measured_s, 0.0)

    def coordinator_s(self, now_s: float) -> float:
        """The coordinator's time at robot time `now_s`, Unix seconds; before a measurement `now_s` itself."""
        return now_s + self.offset_s
