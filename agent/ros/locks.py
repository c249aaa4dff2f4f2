"""Who keeps the robot from driving: the coordinator, and people at the robot."""

from __future__ import annotations

from enum import Enum


class Lock(Enum):
    """STOP and HOLD are the coordinator's; PAUSE is of a person at the robot."""

    STOP = "stop"
    HOLD = "hold"
    PAUSE = "pause"


class Locks:
    """Nothing here is ever released by time."""

    def __init__(self) -> None:
        self._set: set[Lock] = set()
        self._local = ""
        self._emergency = ""

    @property
    def stops(self) -> bool:
        """Whether it must stand at once."""
        return Lock.STOP in self._set or bool(self._local or self._emergency)

    @property
    def holds(self) -> bool:
        """Whether it must wait on the next node."""
        return Lock.HOLD in self._set or Lock.PAUSE in self._set

    @property
    def local_reason(self) -> str:
        """Why a person at the robot keeps it; empty: nobody does."""
        return self._emergency or self._local

    def set(self, lock: Lock, *, is_set: bool) -> None:
        """Set or drop one."""
        if is_set:
            self._set.add(lock)
        else:
            self._set.discard(lock)

    def lock(self, reason: str) -> None:
        """A person at the robot stops it."""
        self._local = reason

    def unlock(self) -> None:
        """The person is done; an emergency stop stays what it is."""
        self._local = ""
        self._set.discard(Lock.PAUSE)

    def emergency(self, reason: str) -> bool:
        """The emergency stop is pressed (a reason) or not (empty); True at the moment it is pressed."""
        is_edge = bool(reason) and not self._emergency
        self._emergency = reason
        return is_edge
