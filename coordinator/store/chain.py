"""The seal of entries: a CRC for accidents, and the hash of the predecessor for anything else."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from coordinator.store.entry import Entry, NewEntry

_HEADER = struct.Struct(">QdHI")  # seq, at_s, length of kind, length of body

Row = tuple[object, ...]
"""seq, at_s, kind, body, crc, prev_hash, hash, as they lie in the table."""


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the chain: the hash of entry seq. Seq 0 is the beginning of the log."""

    seq: int
    hash: bytes


class BrokenLinkError(Exception):
    """Entry seq isn't what was appended; internal to the store."""

    def __init__(self, seq: int, what: str) -> None:
        super().__init__(f"entry {seq}: {what}")
        self.seq = seq
        self.what = what


def first_link(log_id: str, plant_id: str) -> Link:
    """Where the chain of a log begins, so that entries of another log never fit."""
    return Link(0, hashlib.sha256(f"roundsman journal\n{log_id}\n{plant_id}".encode()).digest())


def seal(entries: Iterable[NewEntry], after: Link) -> tuple[list[Row], Link]:
    """Rows for new entries behind a link, and the link of the last one."""
    rows: list[Row] = []
    for entry in entries:
        kind = entry.kind.encode()
        # SQLite keeps whole numbers as integers and so loses the sign of -0.0; adding 0.0 does too.
        at_s = float(entry.at_s) + 0.0
        seq = after.seq + 1
        content = _content(seq, at_s, kind, entry.body)
        digest = hashlib.sha256(after.hash + content).digest()
        rows.append((seq, at_s, entry.kind, entry.body, zlib.crc32(content), after.hash, digest))
        after = Link(seq, digest)
    return rows, after


def check_row(row: Row, after: Link) -> Entry:
    """
    The entry of a row that must follow a link.

    Raises:
        BrokenLinkError: If the row isn't that entry, unchanged.
    """
    seq, at_s, kind, body, crc, prev_hash, digest = row
    expected_seq = after.seq + 1
    if not isinstance(seq, int) or seq != expected_seq:
        raise BrokenLinkError(expected_seq, f"it's missing, the next one is {seq!r}")
    if not (isinstance(at_s, float) and isinstance(kind, bytes) and isinstance(body, bytes)):
        raise BrokenLinkError(seq, "time, kind or body has another type than was written")
    if len(kind) > 0xFFFF or len(body) > 0xFFFFFFFF:
        raise BrokenLinkError(seq, "kind or body is longer than an entry can be")
    content = _content(seq, at_s, kind, body)
    if crc != zlib.crc32(content):
        raise BrokenLinkError(seq, "its content doesn't match its CRC")
    if prev_hash != after.hash:
        raise BrokenLinkError(seq, f"it doesn't follow entry {after.seq}: the predecessor's hash differs")
    true_hash = hashlib.sha256(after.hash + content).digest()
    if digest != true_hash:
        raise BrokenLinkError(seq, "its content doesn't match its hash")
    try:
        name = kind.decode()
    except UnicodeDecodeError:
        raise BrokenLinkError(seq, "its kind isn't text") from None
    return Entry(seq=seq, kind=name, body=body, at_s=at_s, hash=true_hash)


def as_hash(value: object) -> bytes:
    """A hash column as bytes; anything else becomes a hash that nothing follows."""
    return value if isinstance(value, bytes) else b""


def _content(seq: int, at_s: float, kind: bytes, body: bytes) -> bytes:
    return b"".join((_HEADER.pack(seq, at_s, len(kind), len(body)), kind, body))
