"""What the journal holds: entries, snapshots and the marks of truncations."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

# A kind is a class name. The bound keeps the length field of the sealed form (two bytes) honest.
_KIND = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
# One entry is one decision; content of this size belongs into the blob store.
MAX_BODY_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class NewEntry:
    """
    An entry to append.

    Attributes:
        kind: Name of what happened, an identifier of at most 100 characters.
        body: The record, JSON by agreement; the journal doesn't look inside.
        at_s: When it happened, on the coordinator's timeline.

    Raises:
        ValueError: If kind isn't a name, at_s isn't finite or body is beyond MAX_BODY_BYTES.
    """

    kind: str
    body: bytes
    at_s: float

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise ValueError(f"entry kind {self.kind[:120]!r} isn't an identifier of at most 100 characters")
        if not math.isfinite(self.at_s):
            raise ValueError(f"entry {self.kind} has the time {self.at_s}: times must be finite")
        if len(self.body) > MAX_BODY_BYTES:
            raise ValueError(f"entry {self.kind} has {len(self.body)} bytes, the limit is {MAX_BODY_BYTES}")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that was read back and checked; seq counts from 1 without gaps."""

    seq: int
    kind: str
    body: bytes
    at_s: float
    hash: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state after entry seq, so that reading can start behind it; seq 0 is the empty state."""

    seq: int
    body: bytes
    made_at_s: float


@dataclass(frozen=True, slots=True)
class Truncation:
    """
    A cut made by a person to recover a damaged journal.

    Attributes:
        keep_seq: Last entry that was kept.
        lost_count: Entries known to have been behind it; at least this many were lost.
        backup: File name of the untouched copy, beside the journal.
    """

    keep_seq: int
    lost_count: int
    backup: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a journal; seq is the entry or snapshot it's about, if any."""

    seq: int | None
    what: str
