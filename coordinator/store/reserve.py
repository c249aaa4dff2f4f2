"""Room on the disk that is kept for the moment when there is none left."""

from __future__ import annotations

import os
from pathlib import Path

from coordinator.store.database import sync_directory

# Room for tens of thousands of entries: alarms and a tidy end, not a shift.
DEFAULT_SIZE_BYTES = 4 * 1024 * 1024


class ReserveFile:
    """A file of real, empty blocks beside a journal; deleting it makes room for the last entries."""

    def __init__(self, path: Path, *, size_bytes: int = DEFAULT_SIZE_BYTES) -> None:
        if size_bytes <= 0:
            raise ValueError(f"reserve {path} has {size_bytes} bytes: it must have more than 0")
        self._path = path
        self._size_bytes = size_bytes

    @property
    def is_kept(self) -> bool:
        """Whether the room is there."""
        try:
            return self._path.stat().st_size >= self._size_bytes
        except OSError:
            return False

    def release(self) -> bool:
        """Give the room away; False if there was none."""
        was_kept = self.is_kept
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return False
        return was_kept

    def restore(self) -> bool:
        """
        Keep the room again, if as much would stay free beside it; never raises.

        Otherwise the reserve would take back the room that it just gave.
        """
        if self.is_kept:
            return True
        try:
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize < 2 * self._size_bytes:
                return False
            self._allocate()
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def _allocate(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size_bytes)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_directory(self._path.parent)
