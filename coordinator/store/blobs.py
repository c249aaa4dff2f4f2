"""
Pictures, sounds and other large results: one file for each content, named by its SHA-256.

Content arrives in parts and survives a broken link or a crash between them. Calls block on the disk:
an event loop makes them in a thread.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coordinator.store.database import sync_directory
from coordinator.store.errors import (
    BlobError,
    BlobFullError,
    BlobMismatchError,
    BlobMissingError,
    BlobNameError,
    BlobOffsetError,
    BlobTooLargeError,
)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_READ_BYTES = 1024 * 1024
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Upload:
    """
    Content on its way.

    Attributes:
        sha256: Announced hash, 64 lowercase hex digits.
        size_bytes: Announced size.
        durable_bytes: Where the next part starts; all before it is on the disk.
        is_stored: Whether the content is there already, so that nothing need be sent.
        part_name: File of the parts, made from owner and hash.
    """

    sha256: str
    size_bytes: int
    durable_bytes: int
    is_stored: bool
    part_name: str


class BlobStore:
    """
    Content under one directory: root/ab/abcdef... for the finished, root/uploads for the others.

    Names from outside never become paths, except a hash that was checked to be one.
    """

    def __init__(self, root: Path, *, max_blob_bytes: int) -> None:
        self._root = root
        self._uploads = root / "uploads"
        self._max_blob_bytes = max_blob_bytes

    def begin(self, sha256: str, size_bytes: int, *, owner: str) -> Upload:
        """
        Begin an upload, or go on with it after a break.

        Args:
            sha256: Hash of the whole content.
            size_bytes: Size of the whole content.
            owner: Who sends it, so that a liar can't spoil another sender's upload of the same hash.

        Raises:
            BlobNameError: If sha256 isn't one.
            BlobTooLargeError: If the size is beyond the limit.
            ValueError: If the size is below 0.
        """
        _check_name(sha256)
        if size_bytes < 0:
            raise ValueError(f"blob {sha256} has {size_bytes} bytes: sizes are at least 0")
        if size_bytes > self._max_blob_bytes:
            raise BlobTooLargeError(sha256, size_bytes, self._max_blob_bytes)
        part_name = hashlib.sha256(f"{owner}\n{sha256}".encode()).hexdigest()
        if self.has(sha256):
            return Upload(sha256, size_bytes, size_bytes, True, part_name)
        self._uploads.mkdir(parents=True, exist_ok=True)
        try:
            durable_bytes = (self._uploads / part_name).stat().st_size
        except FileNotFoundError:
            durable_bytes = 0
        return Upload(sha256, size_bytes, durable_bytes, False, part_name)

    def append(self, upload: Upload, offset_bytes: int, data: bytes) -> Upload:
        """
        Make the next part durable; a part that is there already is taken as a repetition.

        Raises:
            BlobOffsetError: If the part doesn't start where the durable ones end.
            BlobTooLargeError: If it goes beyond the announced size.
            BlobFullError: If there's no room; the parts before are kept.
        """
        if upload.is_stored:
            return upload
        end_bytes = offset_bytes + len(data)
        if end_bytes > upload.size_bytes:
            raise BlobTooLargeError(upload.sha256, end_bytes, upload.size_bytes)
        with self._locked_part(upload) as descriptor:
            durable_bytes = os.fstat(descriptor).st_size
            if 0 <= offset_bytes <= end_bytes <= durable_bytes:
                return _at(upload, durable_bytes)
            if offset_bytes != durable_bytes:
                raise BlobOffsetError(upload.sha256, offset_bytes, durable_bytes)
            _write_part(descriptor, upload.sha256, offset_bytes, data)
        return _at(upload, end_bytes)

    def finish(self, upload: Upload) -> Path:
        """
        Check the whole content and give it its place; calling it again does nothing more.

        Raises:
            BlobOffsetError: If parts are missing.
            BlobMismatchError: If the content has another hash; its parts are dropped, to be sent anew.
        """
        if self.has(upload.sha256):
            self.discard(upload)
            return self.path(upload.sha256)
        part = self._uploads / upload.part_name
        with self._locked_part(upload) as descriptor:
            size_bytes = os.fstat(descriptor).st_size
            if size_bytes < upload.size_bytes:
                raise BlobOffsetError(upload.sha256, upload.size_bytes, size_bytes)
            found = _hash(descriptor)
            if size_bytes != upload.size_bytes or found != upload.sha256:
                part.unlink(missing_ok=True)
                detail = f"{size_bytes} bytes with SHA-256 {found} came, {upload.size_bytes} were announced"
                raise BlobMismatchError(upload.sha256, detail)
            # Parts of a process that died before its fsync may be in memory only.
            os.fsync(descriptor)
            return self._place(part, upload.sha256)

    def _place(self, part: Path, sha256: str) -> Path:
        target = self._path(sha256)
        target.parent.mkdir(exist_ok=True)
        sync_directory(self._root)
        part.rename(target)
        sync_directory(target.parent)
        sync_directory(self._uploads)
        return target

    def discard(self, upload: Upload) -> None:
        """Drop the parts of an upload."""
        (self._uploads / upload.part_name).unlink(missing_ok=True)

    def discard_older(self, than_wall_s: float) -> int:
        """
        Drop uploads that nobody went on with since a time, seconds since the Unix epoch; returns how many.

        A sender that comes back later starts again at 0.
        """
        count = 0
        for part in sorted(self._uploads.glob("*")):
            if part.stat().st_mtime < than_wall_s:
                part.unlink(missing_ok=True)
                count += 1
        return count

    def has(self, sha256: str) -> bool:
        """Whether the content is stored."""
        return self._path(sha256).is_file()

    def path(self, sha256: str) -> Path:
        """
        The file of a content, never to be written.

        Raises:
            BlobNameError: If sha256 isn't one.
            BlobMissingError: If it isn't stored.
        """
        path = self._path(sha256)
        if not path.is_file():
            raise BlobMissingError(sha256)
        return path

    def is_intact(self, sha256: str) -> bool:
        """
        Whether a stored content still has its hash; reads all of it.

        Raises:
            BlobNameError: If sha256 isn't one.
            BlobMissingError: If it isn't stored.
        """
        with self.path(sha256).open("rb") as file:
            return _hash(file.fileno()) == sha256

    def _path(self, sha256: str) -> Path:
        _check_name(sha256)
        return self._root / sha256[:2] / sha256

    @contextmanager
    def _locked_part(self, upload: Upload) -> Iterator[int]:
        """The part file, against a second stream of the same sender."""
        part = self._uploads / upload.part_name
        is_new = not part.exists()
        try:
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise BlobFullError(upload.sha256, 0) from error
            raise BlobError(f"blob {upload.sha256}: {error}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if is_new:
                sync_directory(self._uploads)
            yield descriptor
        except OSError as error:
            raise BlobError(f"blob {upload.sha256}: {error}") from error
        finally:
            os.close(descriptor)


def _check_name(sha256: str) -> None:
    if not _SHA256.fullmatch(sha256):
        raise BlobNameError(sha256)


def _at(upload: Upload, durable_bytes: int) -> Upload:
    return Upload(upload.sha256, upload.size_bytes, durable_bytes, upload.is_stored, upload.part_name)


def _write_part(descriptor: int, sha256: str, offset_bytes: int, data: bytes) -> None:
    try:
        view = memoryview(data)
        position = offset_bytes
        while view:
            written = os.pwrite(descriptor, view, position)
            view, position = view[written:], position + written
        os.fsync(descriptor)
    except OSError as error:
        # Half a part must not count as durable.
        os.ftruncate(descriptor, offset_bytes)
        if error.errno in _NO_ROOM:
            raise BlobFullError(sha256, offset_bytes) from error
        raise


def _hash(descriptor: int) -> str:
    digest = hashlib.sha256()
    position = 0
    while chunk := os.pread(descriptor, _READ_BYTES, position):
        digest.update(chunk)
        position += len(chunk)
    return digest.hexdigest()
