"""
The 5G network between a robot and the coordinator, carrying real bytes.

A gRPC stream is ordered and complete while it lasts: bad radio shows as delay. What is in flight when a stream breaks
is lost, or (up the link) comes late, after the next stream has begun. Figures are fitted roughly to the CICV5G traces
(X. Zhang et al., Scientific Data 13, 878, 2026): private network in good cover has round trips of 18 ms at the median,
28 ms at 99 % and 0.2 % above 100 ms, at most 343 ms; in weak cover 34 ms at the median, 7.1 s at 90 %, 28 s at 99 %.
Delays of seconds come as stalls that hold up everything: in weak cover a fifth of the time, exponential with mean 10 s.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from math import log
from typing import Protocol

from sim.radio_field import Heard
from sim.world import Action, Timer, World

# A modem measures this often.
HEARD_FOR_S = 0.25


@dataclass(frozen=True, slots=True)
class LinkProfile:
    """
    How a link behaves. Times in seconds.

    Attributes:
        rtt_s, weak_rtt_s: Median round trip in good and in weak cover; a shifted exponential makes the tail.
        stall_every_s, stall_s: Hiccups in good cover: mean time between them, shortest and longest.
        weak_stall_every_s, weak_stall_s: Stalls in weak cover: mean time between them, and mean length.
        handover_s: Shortest and longest gap when the serving cell changes.
        weak_dbm, hole_dbm: Received power below which cover is weak, and below which there is none.
        cut_after_s: A stream that stands still for this long breaks.
        late_ratio: Part of the messages in flight up the link that still arrive after the break.
        fading_db, fading_every_s: Slow fading round the planned power: deviation, mean time of one value.
    """

    rtt_s: float = 0.018
    weak_rtt_s: float = 0.034
    stall_every_s: float = 60.0
    stall_s: tuple[float, float] = (0.1, 0.34)
    weak_stall_every_s: float = 40.0
    weak_stall_s: float = 10.0
    handover_s: tuple[float, float] = (0.03, 0.15)
    weak_dbm: float = -104.0
    hole_dbm: float = -112.0
    cut_after_s: float = 8.0
    late_ratio: float = 0.3
    fading_db: float = 6.0
    fading_every_s: float = 20.0


class End(Enum):
    """A side of a stream."""

    ROBOT = "robot"
    COORDINATOR = "coordinator"


class StreamEnd(Protocol):
    """Who uses a side of a stream."""

    def received(self, stream: Stream, data: bytes) -> None:
        """A message arrived."""

    def closed(self, stream: Stream, reason: str) -> None:
        """The stream is over for this side; told once, never to the side that closed it."""


@dataclass(slots=True)
class Side:
    """
    One side of a stream.

    Attributes:
        due_s: Earliest time for the next delivery to it: streams don't reorder.
        arrive: Lets the first of `flying` arrive.
        flying: Messages on their way to it, in order.
    """

    end: End
    user: StreamEnd
    arrive: Action
    is_open: bool = True
    due_s: float = 0.0
    flying: deque[tuple[bytes, Timer]] = field(default_factory=deque)


class Stream:
    """One bidirectional stream. `number` is the adapter's connection number."""

    __slots__ = ("_coordinator", "_link", "_parked", "_robot", "number")

    def __init__(self, link: Link, number: int, robot: StreamEnd, coordinator: StreamEnd) -> None:
        self._link = link
        self.number = number
        self._robot = Side(End.ROBOT, robot, lambda: self._arrive(self._robot))
        self._coordinator = Side(End.COORDINATOR, coordinator, lambda: self._arrive(self._coordinator))
        self._parked: list[tuple[Side, bytes]] = []

    @property
    def is_over(self) -> bool:
        """Whether it is over for both sides."""
        return not self._robot.is_open and not self._coordinator.is_open

    def send(self, to: End, data: bytes) -> None:
        """Send to a side; silently lost if the stream is over for the sender."""
        sender, receiver = self._sides(to)
        if not sender.is_open:
            return
        if self._link.is_down():
            self._parked.append((receiver, data))
        else:
            self._launch(receiver, data, self._link.delay_s())

    def close(self, by: End, reason: str) -> None:
        """A side ends the stream; the other learns it after what was sent before."""
        other, side = self._sides(by)
        if not side.is_open:
            return
        side.is_open = False
        if self._link.is_down():
            return
        world = self._link.world
        other.due_s = max(other.due_s, world.now_s + self._link.delay_s())
        world.at(other.due_s, lambda: self._end(other, reason))

    def _sides(self, end: End) -> tuple[Side, Side]:
        """The side opposite to one, and that one."""
        return (self._robot, self._coordinator) if end is End.COORDINATOR else (self._coordinator, self._robot)

    def _end(self, side: Side, reason: str) -> None:
        """Tell a side that the stream is over, unless it knows."""
        if side.is_open:
            side.is_open = False
            side.user.closed(self, reason)

    def flush(self) -> None:
        """The link is back: send what waited."""
        parked, self._parked = self._parked, []
        for to, data in parked:
            self._launch(to, data, self._link.delay_s())

    def break_off(self) -> None:
        """The link is gone for good: what is in flight is lost, but for some of it that comes late."""
        world, chance = self._link.world, self._link.chance
        late: list[bytes] = []
        for side in (self._robot, self._coordinator):
            for _, timer in side.flying:
                timer.cancel()
        late.extend(data for data, _ in self._coordinator.flying)
        late.extend(data for to, data in self._parked if to is self._coordinator)
        self._robot.flying.clear()
        self._coordinator.flying.clear()
        self._parked.clear()
        due_s = world.now_s
        # A prefix: the coordinator's buffers are read in order.
        for data in late:
            if chance.random() > self._link.profile.late_ratio:
                break
            due_s += chance.uniform(0.0, 1.0)
            world.at(due_s, lambda data=data: self._deliver(self._coordinator, data))  # type: ignore[misc]
        self._end(self._robot, "link lost")
        world.at(due_s + chance.uniform(0.0, 6.0), lambda: self._end(self._coordinator, "link lost"))

    def _launch(self, to: Side, data: bytes, delay_s: float) -> None:
        world = self._link.world
        to.due_s = max(to.due_s, world.now_s + delay_s)
        to.flying.append((data, world.at(to.due_s, to.arrive)))

    def _arrive(self, to: Side) -> None:
        self._deliver(to, to.flying.popleft()[0])

    def _deliver(self, to: Side, data: bytes) -> None:
        if to.is_open:
            self._link.trace(to.end, self.number, data)
            to.user.received(self, data)


class Link:
    """
    The radio link of one robot; its streams share its fate.

    Args:
        hear: What the robot hears where it is now.
        trace: Told of every message delivered.
    """

    def __init__(
        self,
        world: World,
        profile: LinkProfile,
        chance: random.Random,
        *,
        hear: Callable[[], Heard],
        trace: Callable[[End, int, bytes], None],
    ) -> None:
        self.world = world
        self.profile = profile
        self.chance = chance
        self.trace = trace
        self._planned = hear
        self._heard: Heard | None = None
        self._heard_until_s = 0.0
        self._fading_db = 0.0
        self._faded_until_s = 0.0
        self._streams: list[Stream] = []
        self._cell_id = ""
        self._down_since_s: float | None = None
        self._cut_until_s = 0.0
        self._stall_begin_s = world.now_s + chance.expovariate(1.0 / profile.stall_every_s)
        self._is_weak = False
        self._watching: Timer | None = None
        self.break_count = 0

    def open_stream(self, number: int, robot: StreamEnd, coordinator: StreamEnd) -> Stream:
        """A new stream; the caller has checked that the link is up."""
        self._streams = [stream for stream in self._streams if not stream.is_over]
        stream = Stream(self, number, robot, coordinator)
        self._streams.append(stream)
        return stream

    def cut(self, for_s: float) -> None:
        """Nothing passes for a while."""
        self._cut_until_s = max(self._cut_until_s, self.world.now_s + for_s)
        self._go_down()

    def heal(self) -> None:
        """End all cuts and stalls at once."""
        self._cut_until_s = self.world.now_s
        if self._watching is not None:
            self._watching.cancel()
            self._watch()

    def heard(self) -> Heard:
        """What the robot's modem says now: the planned power and slow fading."""
        now_s, profile = self.world.now_s, self.profile
        if now_s < self._heard_until_s and self._heard is not None:
            return self._heard
        self._heard_until_s = now_s + HEARD_FOR_S
        planned = self._planned()
        if now_s >= self._faded_until_s:
            self._fading_db = self.chance.gauss(0.0, profile.fading_db)
            self._faded_until_s = now_s + self.chance.expovariate(1.0 / profile.fading_every_s)
        power_dbm = min(0.0, max(-160.0, planned.rsrp_dbm + self._fading_db))
        quality_db = min(50.0, max(-30.0, planned.sinr_db + self._fading_db))
        self._heard = Heard(power_dbm, quality_db, planned.cell_id)
        return self._heard

    def is_down(self) -> bool:
        """Whether nothing passes now."""
        if self._down_since_s is None:
            self._look()
        return self._down_since_s is not None

    def delay_s(self) -> float:
        """One way, now: half the median round trip and a tail."""
        profile = self.profile
        rtt_s = profile.weak_rtt_s if self._is_weak else profile.rtt_s
        # The tail is exponential, drawn by its inverse as random.expovariate does.
        return 0.5 * rtt_s * (0.85 - 0.22 * log(1.0 - self.chance.random()))

    def _look(self) -> None:
        """See where the robot is and what the radio makes of it."""
        now_s, profile = self.world.now_s, self.profile
        heard = self.heard()
        self._is_weak = heard.rsrp_dbm < profile.weak_dbm
        if heard.rsrp_dbm < profile.hole_dbm:
            self._go_down()
            return
        if heard.cell_id != self._cell_id:
            if self._cell_id:
                self._cut_until_s = max(self._cut_until_s, now_s + self.chance.uniform(*profile.handover_s))
            self._cell_id = heard.cell_id
        while self._stall_begin_s <= now_s:
            if self._is_weak:
                stall_s = self.chance.expovariate(1.0 / profile.weak_stall_s)
            else:
                stall_s = self.chance.uniform(*profile.stall_s)
            every_s = profile.weak_stall_every_s if self._is_weak else profile.stall_every_s
            self._cut_until_s = max(self._cut_until_s, self._stall_begin_s + stall_s)
            self._stall_begin_s += stall_s + self.chance.expovariate(1.0 / every_s)
        if now_s < self._cut_until_s:
            self._go_down()

    def _go_down(self) -> None:
        if self._down_since_s is None:
            self._down_since_s = self.world.now_s
            self._watch()

    def _watch(self) -> None:
        """While down: look again when a stall ends, and twice a second in a hole."""
        now_s = self.world.now_s
        since_s = self._down_since_s
        assert since_s is not None
        is_hole = self.heard().rsrp_dbm < self.profile.hole_dbm
        if not is_hole and now_s >= self._cut_until_s:
            self._down_since_s = None
            self._watching = None
            for stream in self._streams:
                stream.flush()
            return
        if now_s - since_s >= self.profile.cut_after_s:
            self._break_streams()
        wait_s = 0.5 if is_hole else self._cut_until_s - now_s
        if now_s < since_s + self.profile.cut_after_s:
            wait_s = min(wait_s, since_s + self.profile.cut_after_s - now_s)
        self._watching = self.world.after(max(wait_s, 1e-3), self._watch)

    def _break_streams(self) -> None:
        streams, self._streams = self._streams, []
        self.break_count += len(streams)
        for stream in streams:
            stream.break_off()
