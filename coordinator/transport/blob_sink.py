"""Where blobs go. The runtime has the implementation, over the store and off the event loop."""

from __future__ import annotations

from typing import Protocol

from coordinator.model.ids import RobotId


class BlobSinkError(Exception):
    """A blob can't be taken now; the robot tries again later."""


class BlobRefusedError(BlobSinkError):
    """A blob can't ever be taken: too large."""


class BlobSink(Protocol):
    """Durable storage of content that arrives in parts."""

    async def begin(self, robot_id: RobotId, sha256: str, size_bytes: int) -> int:
        """
        Durable bytes of a blob; equal to its size when it is complete and its hash right.

        Raises:
            BlobSinkError: If the store can't take it.
        """
        ...

    async def append(self, robot_id: RobotId, sha256: str, size_bytes: int, offset_bytes: int, data: bytes) -> int:
        """
        Make a part durable, and return as `begin` does: another offset than expected says where to go on.

        Raises:
            BlobSinkError: If the store can't take it.
        """
        ...
