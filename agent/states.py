"""The small machines of a session, as tables: the stream, and the latch that makes a robot wait."""

from __future__ import annotations

from enum import Enum


class Latch(Enum):
    """Whether a person or the coordinator made the robot wait. Only a RESUME frees it, no restart does."""

    FREE = "free"
    PAUSED = "paused"
    STOPPED = "stopped"


class LinkState(Enum):
    """How far a stream has come."""

    OFFLINE = "offline"
    GREETING = "greeting"
    OPEN = "open"


class LinkSignal(Enum):
    """What happens to a stream."""

    CONNECTED = "connected"
    WELCOMED = "welcomed"
    DISCONNECTED = "disconnected"


LINKS: dict[LinkState, dict[LinkSignal, LinkState]] = {
    LinkState.OFFLINE: {
        LinkSignal.CONNECTED: LinkState.GREETING,
        LinkSignal.DISCONNECTED: LinkState.OFFLINE,
    },
    LinkState.GREETING: {
        LinkSignal.WELCOMED: LinkState.OPEN,
        LinkSignal.DISCONNECTED: LinkState.OFFLINE,
        LinkSignal.CONNECTED: LinkState.GREETING,
    },
    LinkState.OPEN: {
        LinkSignal.DISCONNECTED: LinkState.OFFLINE,
        LinkSignal.CONNECTED: LinkState.GREETING,
    },
}


class LatchSignal(Enum):
    """Who turns the latch."""

    PAUSE = "pause"
    STOP = "stop"
    RESUME = "resume"


LATCHES: dict[Latch, dict[LatchSignal, Latch]] = {
    Latch.FREE: {
        LatchSignal.PAUSE: Latch.PAUSED,
        LatchSignal.STOP: Latch.STOPPED,
        LatchSignal.RESUME: Latch.FREE,
    },
    Latch.PAUSED: {
        LatchSignal.PAUSE: Latch.PAUSED,
        LatchSignal.STOP: Latch.STOPPED,
        LatchSignal.RESUME: Latch.FREE,
    },
    Latch.STOPPED: {
        LatchSignal.PAUSE: Latch.STOPPED,
        LatchSignal.STOP: Latch.STOPPED,
        LatchSignal.RESUME: Latch.FREE,
    },
}
