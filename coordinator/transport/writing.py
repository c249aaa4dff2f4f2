"""Ending a stream's writer."""

from __future__ import annotations

import asyncio
from typing import Any

FINISH_WITHIN_S = 1.0


async def end_tasks(reader: asyncio.Task[Any] | None, writer: asyncio.Task[Any]) -> None:
    """
    Cancel a stream's reader, and let its writer finish the message under way.

    The writer must have been told to end. A status can't be sent while a write that was cancelled is still under
    way in the library, so it is only cancelled if the peer takes nothing.
    """
    if reader is not None:
        reader.cancel()
    await asyncio.wait({writer}, timeout=FINISH_WITHIN_S)
    writer.cancel()
    await asyncio.gather(writer, *([] if reader is None else [reader]), return_exceptions=True)
