"""One process for one journal."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from coordinator.store.errors import JournalInUseError


class FileLock:
    """
    The right to write a journal, held until released or until the process dies.

    The lock file stays when the lock is gone: deleting it would let two processes lock two files of one name.
    A process forked without exec shares the lock and may outlive the owner, so workers are spawned instead.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, journal_path: Path) -> FileLock:
        """
        Lock a journal at once or not at all.

        Raises:
            JournalInUseError: If somebody else holds it, this process included.
            OSError: If the lock file can't be opened.
        """
        lock_path = journal_path.with_name(journal_path.name + ".lock")
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _owner(descriptor)
            os.close(descriptor)
            raise JournalInUseError(journal_path, owner) from None
        except BaseException:
            os.close(descriptor)
            raise
        _sign(descriptor)
        return cls(descriptor)

    def release(self) -> None:
        """Let the next one in; a second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _sign(descriptor: int) -> None:
    # The number only serves the error message of the next process: on a full disk the lock holds without it.
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError:
        pass


def _owner(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else None
