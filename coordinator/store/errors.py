"""
What can go wrong in the store, and what the caller does about it.

StoreError
├── StoreFullError            no room; nothing was written; free room, then try again
│   ├── JournalFullError
│   └── BlobFullError
├── JournalInUseError         another process has the journal open; don't retry
├── JournalForeignError       another plant's journal, or no journal at all; don't retry
├── JournalCorruptError       damaged content; verify, then recover explicitly
├── JournalBusyError          a foreign lock or too much waiting; nothing was written; try again
├── JournalDiskError          the disk failed; the outcome is unknown: close, open and read again
├── JournalSuspendedError     an earlier append failed; resume and settle that one first
├── JournalClosedError        used after close
├── RecoverRefusedError       the asked truncation would be wrong
└── BlobError
    ├── BlobNameError         not a SHA-256 in lowercase hex
    ├── BlobMissingError      no such content
    ├── BlobOffsetError       part doesn't start where the durable part ends; go on from there
    ├── BlobMismatchError     content isn't what was announced; start again at 0
    └── BlobTooLargeError     beyond the limit; don't retry
"""

from __future__ import annotations

from pathlib import Path


class StoreError(Exception):
    """Anything the store refuses or fails to do."""


class StoreFullError(StoreError):
    """There is no room left; nothing was written."""


class JournalFullError(StoreFullError):
    """The append was rolled back for lack of room; the journal stays readable and usable."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(f"journal {path} is full: {detail}; nothing was written")
        self.path = path


class JournalInUseError(StoreError):
    """Another process, or this one a second time, wants the journal."""

    def __init__(self, path: Path, process_id: int | None) -> None:
        owner = "another process" if process_id is None else f"process {process_id}"
        super().__init__(f"journal {path} is in use by {owner}")
        self.path = path
        self.process_id = process_id


class JournalForeignError(StoreError):
    """The file isn't this plant's journal."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(f"journal {path} {detail}")
        self.path = path


class JournalCorruptError(StoreError):
    """
    The journal's content was changed or lost behind its back.

    Attributes:
        seq: First damaged entry; None when the damage isn't in an entry.
        what: What is wrong with it.
        last_good_seq: Last entry of the unbroken chain; None when that isn't known.
    """

    def __init__(self, seq: int | None, what: str, last_good_seq: int | None, *, path: Path) -> None:
        where = "" if seq is None else f" at entry {seq}"
        known = "unknown" if last_good_seq is None else str(last_good_seq)
        super().__init__(f"journal {path} is damaged{where}: {what}; last good entry: {known}")
        self.path = path
        self.seq = seq
        self.what = what
        self.last_good_seq = last_good_seq


class JournalBusyError(StoreError):
    """The journal couldn't take the append in time; nothing was written."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(f"journal {path} is busy: {detail}; nothing was written")
        self.path = path


class JournalDiskError(StoreError):
    """Reading or writing failed, and whether the last append is durable isn't known."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(f"journal {path} failed: {detail}; close it, open it and read it again")
        self.path = path


class JournalSuspendedError(StoreError):
    """An earlier append failed, so that later ones would leave a hole in the story."""

    def __init__(self, failure: StoreError) -> None:
        super().__init__(f"the journal writer stopped after: {failure}; resume and settle that append first")
        self.failure = failure


class JournalClosedError(StoreError):
    """The journal or its writer was closed before."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is closed")


class RecoverRefusedError(StoreError):
    """The truncation asked for isn't possible."""

    def __init__(self, path: Path, keep_seq: int, detail: str) -> None:
        super().__init__(f"journal {path} can't be truncated at {keep_seq}: {detail}")
        self.path = path
        self.keep_seq = keep_seq


class BlobError(StoreError):
    """Anything about one blob."""


class BlobNameError(BlobError):
    """A name that isn't 64 lowercase hex digits; such a name never reaches the file system."""

    def __init__(self, name: str) -> None:
        super().__init__(f"blob name {name[:80]!r} isn't a SHA-256 of 64 lowercase hex digits")
        self.name = name


class BlobMissingError(BlobError):
    """No such content, or no such upload."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"blob {sha256} isn't stored")
        self.sha256 = sha256


class BlobOffsetError(BlobError):
    """A part leaves a gap or overlaps; the sender goes on from durable_bytes."""

    def __init__(self, sha256: str, offset_bytes: int, durable_bytes: int) -> None:
        super().__init__(
            f"blob {sha256}: part starts at byte {offset_bytes}, the next one must start at {durable_bytes}"
        )
        self.sha256 = sha256
        self.offset_bytes = offset_bytes
        self.durable_bytes = durable_bytes


class BlobMismatchError(BlobError):
    """The finished content isn't the announced one."""

    def __init__(self, sha256: str, detail: str) -> None:
        super().__init__(f"blob {sha256}: {detail}")
        self.sha256 = sha256


class BlobTooLargeError(BlobError):
    """Larger than the limit, or larger than announced."""

    def __init__(self, sha256: str, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(f"blob {sha256} has {size_bytes} bytes, the limit is {limit_bytes}")
        self.sha256 = sha256
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes


class BlobFullError(StoreFullError):
    """No room for the part; the parts before it are kept."""

    def __init__(self, sha256: str, offset_bytes: int) -> None:
        super().__init__(f"blob {sha256}: no room for the part at byte {offset_bytes}")
        self.sha256 = sha256
        self.offset_bytes = offset_bytes
