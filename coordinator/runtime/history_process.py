"""Starts the process that reads the past, one at a time, and hands on what it prints."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

WORKER = (sys.executable, "-m", "coordinator.runtime.history_worker")
MAX_LINE_BYTES = 64 * 1024 * 1024


@dataclass
class HistoryProcess:
    """
    The journal's past as lines of JSON.

    Attributes:
        within_s: A longer one is ended.
        command: Starts the worker.
        is_busy: Whether one is being read; who asks looks here first.
    """

    journal: Path
    plant: Path
    within_s: float = 300.0
    command: Sequence[str] = WORKER
    is_busy: bool = field(default=False, init=False)

    async def lines(self, from_s: float, to_s: float, step_s: float) -> AsyncIterator[bytes]:
        """
        What changed between two times, a line each step in which something did.

        Raises:
            TimeoutError: If it takes too long.
        """
        self.is_busy = True
        try:
            async with asyncio.timeout(self.within_s):
                async for line in self._run(str(from_s), str(to_s), str(step_s)):
                    yield line
        finally:
            self.is_busy = False

    async def _run(self, *times: str) -> AsyncIterator[bytes]:
        process = await asyncio.create_subprocess_exec(
            *self.command,
            str(self.journal),
            str(self.plant),
            *times,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            limit=MAX_LINE_BYTES,
        )
        try:
            assert process.stdout is not None
            async for line in process.stdout:
                yield line
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
