"""
Keeps findings until the coordinator has them: the rules, and the spool in memory.

Every finding gets a counter, from 1 without gaps for the life of a robot. What can't be kept is declared
missing; nothing is lost silently. agent/sqlite_spool.py is the durable one with the same rules.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from agent.outputs import Finding
from agent.reports import fill_pose
from roundsman.v1 import observation_pb2

QUOTA_REASON = "dropped: the robot's spool was full"
# A row's own size, so that results without blobs count, too.
ROW_BYTES = 512


class SpoolError(Exception):
    """The spool can't keep a finding. The task has failed; trying again later may help."""


class SpoolFullError(SpoolError):
    """Everything that may be dropped was dropped, and there is still no room."""

    def __init__(self, needed_bytes: int, quota_bytes: int) -> None:
        super().__init__(f"a result of {needed_bytes} bytes finds no room in a spool of {quota_bytes} bytes")


@dataclass(frozen=True, slots=True)
class Result:
    """One kept result; the counter is in the observation."""

    observation: observation_pb2.Observation

    @property
    def last_counter(self) -> int:
        """The counter it accounts for."""
        return self.observation.counter


@dataclass(frozen=True, slots=True)
class Gap:
    """Results that are missing for good, both counters included."""

    first_counter: int
    last_counter: int
    reason: str


Entry = Result | Gap


class FindingSpool(Protocol):
    """What a session's driver needs."""

    def append(self, finding: Finding) -> int:
        """
        Keep a finding; returns its counter when it is durable.

        Raises:
            SpoolError: It isn't kept, and has no counter.
        """


class UploadSource(Protocol):
    """What the uploader needs."""

    def last_counter(self) -> int:
        """Newest counter given; 0 for none."""

    def oldest_counter(self) -> int:
        """Lowest counter not acknowledged; 0 for an empty spool."""

    def entry_after(self, counter: int) -> Entry | None:
        """The first entry beyond a counter; None: nothing yet."""

    def blob(self, sha256: str, offset_bytes: int, limit_bytes: int) -> bytes:
        """A piece of a blob; empty when the blob isn't there any more."""

    def acknowledge(self, through: int) -> None:
        """Forget everything up to this counter."""

    def renumber(self, after: int) -> None:
        """
        Give every entry a counter beyond `after`, order kept.

        For a spool that was replaced: the coordinator has results of this robot that this spool never gave
        out.
        """


def observation_of(finding: Finding) -> observation_pb2.Observation:
    """The finding for the wire, without its counter."""
    reading = finding.reading
    observation = observation_pb2.Observation(
        order_id=finding.order_id,
        point_id=finding.point_id,
        task_id=finding.task_id,
        taken_s=finding.taken_s,
        taken_error_s=finding.taken_error_s,
        value=reading.value,
        unit=reading.unit,
        quality_ratio=reading.quality_ratio,
    )
    if finding.pose is not None:
        fill_pose(observation.map_pose_body, finding.pose)
    if reading.blob:
        observation.blob.sha256 = hashlib.sha256(reading.blob).hexdigest()
        observation.blob.size_bytes = len(reading.blob)
        observation.blob.media_type = reading.media_type or "application/octet-stream"
    return observation


class MemorySpool:
    """A spool that dies with its process: for simulated robots."""

    def __init__(self, *, quota_bytes: int = 1 << 30) -> None:
        self._quota_bytes = quota_bytes
        self._used_bytes = 0
        self._last_counter = 0
        self._entries: OrderedDict[int, tuple[Entry, bytes, bool]] = OrderedDict()

    def append(self, finding: Finding) -> int:
        blob = finding.reading.blob
        needed_bytes = ROW_BYTES + len(blob)
        for counter in self._victims(needed_bytes):
            self._drop(counter)
        observation = observation_of(finding)
        self._last_counter += 1
        observation.counter = self._last_counter
        self._entries[self._last_counter] = (Result(observation), blob, finding.reading.is_alarm)
        self._used_bytes += needed_bytes
        return self._last_counter

    def last_counter(self) -> int:
        return self._last_counter

    def oldest_counter(self) -> int:
        for entry, _, _ in self._entries.values():
            return entry.first_counter if isinstance(entry, Gap) else entry.last_counter
        return 0

    def entry_after(self, counter: int) -> Entry | None:
        if counter >= self._last_counter:
            return None
        if counter + 1 in self._entries:
            return self._entries[counter + 1][0]
        # Only a gap, kept under its first counter, can begin before and end beyond.
        return next((entry for entry, _, _ in self._entries.values() if entry.last_counter > counter), None)

    def blob(self, sha256: str, offset_bytes: int, limit_bytes: int) -> bytes:
        for entry, blob, _ in self._entries.values():
            if isinstance(entry, Result) and entry.observation.blob.sha256 == sha256:
                return blob[offset_bytes : offset_bytes + limit_bytes]
        return b""

    def acknowledge(self, through: int) -> None:
        for first in list(self._entries):
            entry, blob, _ = self._entries[first]
            if entry.last_counter > through:
                break
            del self._entries[first]
            self._used_bytes -= 0 if isinstance(entry, Gap) else ROW_BYTES + len(blob)

    def renumber(self, after: int) -> None:
        first = self.oldest_counter() or self._last_counter + 1
        shift = after + 1 - first
        if shift <= 0:
            return
        entries, self._entries = self._entries, OrderedDict()
        self._last_counter += shift
        for entry, blob, is_alarm in entries.values():
            if isinstance(entry, Gap):
                gap = Gap(entry.first_counter + shift, entry.last_counter + shift, entry.reason)
                self._entries[gap.first_counter] = (gap, blob, is_alarm)
            else:
                entry.observation.counter += shift
                self._entries[entry.last_counter] = (entry, blob, is_alarm)

    def _victims(self, needed_bytes: int) -> list[int]:
        """The oldest results that make room, no alarms. Raises SpoolFullError if they don't suffice."""
        excess_bytes = self._used_bytes + needed_bytes - self._quota_bytes
        victims: list[int] = []
        for counter, (entry, blob, is_alarm) in self._entries.items():
            if excess_bytes <= 0:
                break
            if isinstance(entry, Result) and not is_alarm:
                victims.append(counter)
                excess_bytes -= ROW_BYTES + len(blob)
        if excess_bytes > 0:
            raise SpoolFullError(needed_bytes, self._quota_bytes)
        return victims

    def _drop(self, counter: int) -> None:
        _, blob, _ = self._entries[counter]
        self._used_bytes -= ROW_BYTES + len(blob)
        before = [(first, e) for first, (e, _, _) in self._entries.items() if first < counter]
        if before and isinstance(before[-1][1], Gap) and before[-1][1].last_counter == counter - 1:
            first, _ = before[-1]
            del self._entries[counter]
            self._entries[first] = (Gap(first, counter, QUOTA_REASON), b"", False)
        else:
            self._entries[counter] = (Gap(counter, counter, QUOTA_REASON), b"", False)
