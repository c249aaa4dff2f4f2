"""Blobs from the streams to the disk, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from coordinator.model.ids import RobotId
from coordinator.store.blobs import BlobStore, Upload
from coordinator.store.errors import BlobMismatchError, BlobOffsetError, BlobTooLargeError, StoreError
from coordinator.transport.blob_sink import BlobRefusedError, BlobSinkError

T = TypeVar("T")

log = structlog.get_logger()


class ThreadedBlobs:
    """A BlobSink over the blob store. Two threads: one slow upload doesn't hold up the others."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="blobs")

    async def begin(self, robot_id: RobotId, sha256: str, size_bytes: int) -> int:
        """Durable bytes of a blob; its size when complete."""
        return await self._run(lambda: self._begin(robot_id, sha256, size_bytes))

    async def append(self, robot_id: RobotId, sha256: str, size_bytes: int, offset_bytes: int, data: bytes) -> int:
        """Make a part durable; returns where to go on."""
        return await self._run(lambda: self._append(robot_id, sha256, size_bytes, offset_bytes, data))

    def close(self) -> None:
        """Wait for what is being written."""
        self._threads.shutdown(wait=True)

    async def _run(self, function: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function)
        except BlobTooLargeError as error:
            raise BlobRefusedError(str(error)) from error
        except (StoreError, OSError) as error:
            raise BlobSinkError(str(error)) from error

    def _begin(self, robot_id: RobotId, sha256: str, size_bytes: int) -> int:
        upload = self._store.begin(sha256, size_bytes, owner=robot_id)
        # All parts may be there from a stream that broke before the last step.
        return self._finish(upload) if upload.durable_bytes >= size_bytes else upload.durable_bytes

    def _append(self, robot_id: RobotId, sha256: str, size_bytes: int, offset_bytes: int, data: bytes) -> int:
        upload = self._store.begin(sha256, size_bytes, owner=robot_id)
        try:
            upload = self._store.append(upload, offset_bytes, data)
        except BlobOffsetError as error:
            return error.durable_bytes
        return self._finish(upload) if upload.durable_bytes >= size_bytes else upload.durable_bytes

    def _finish(self, upload: Upload) -> int:
        if upload.is_stored:
            return upload.size_bytes
        try:
            self._store.finish(upload)
        except BlobMismatchError as error:
            log.warning("blob_mismatch", sha256=upload.sha256, reason=str(error))
            return 0
        return upload.size_bytes
