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


class CoordinatorClock:
    """
    What a session's messages say about the coordinator's time.

    Attributes:
        rtt_s: Newest round trip the coordinator measured; 0: none yet.
    """

    __slots__ = ("_last", "_offset", "_stamp_s", "rtt_s")

    def __init__(self, coordinator_s: float = 0.0, now_s: float = 0.0, *, rtt_s: float | None = None) -> None:
        """Begin with the time in a Welcome that came `rtt_s` after the Hello; without one, knowing nothing."""
        self.rtt_s = 0.0
        self._offset = ClockOffset()
        self._stamp_s = coordinator_s
        self._last: tuple[float, float] | None = None
        if rtt_s is not None:
            self._offset.measured(coordinator_s, now_s, rtt_s=rtt_s)

    def heartbeat(self, coordinator_s: float, now_s: float, *, rtt_s: float) -> None:
        """Take in a heartbeat. The round trip that comes with it is that of the one before."""
        if rtt_s > 0.0 and self._last is not None:
            self._offset.measured(*self._last, rtt_s=rtt_s)
        self._last = (coordinator_s, now_s)
        self._stamp_s = coordinator_s
        self.rtt_s = rtt_s

    def coordinator_s(self, now_s: float) -> float:
        """The coordinator's time at robot time `now_s`, Unix seconds."""
        return self._offset.coordinator_s(now_s)

    def error_s(self, now_s: float) -> float:
        """Bound of the error of `coordinator_s`; infinite before the first Welcome."""
        return self._offset.error_s(now_s)

    def least_age_s(self, now_s: float, *, heartbeat_period_s: float) -> float:
        """
        How long ago a message that arrives now was sent, at the least.

        Commands carry no time. Streams keep order, so it was sent after the last stamp heard and, at the latest,
        one heartbeat period after it.
        """
        sent_latest_s = self._stamp_s + heartbeat_period_s
        return self.coordinator_s(now_s) - self.error_s(now_s) - sent_latest_s
