"""Results are sent as soon as they are taken."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from agent.retry import Backoff
from agent.spool import MemorySpool
from agent.upload_client import UploadClient
from tests.agent.test_spool import finding


async def test_reading_taken_while_the_hello_is_on_its_way_is_sent():
    """No reading waits for the next one to be noticed."""
    spool = MemorySpool()
    client = UploadClient("spot-1", spool, Backoff(Random(1)))
    watched = client.watch(spool)
    written: list[str | None] = []
    has_result = asyncio.Event()

    class Call:
        async def write(self, request: Any) -> None:
            written.append(request.WhichOneof("payload"))
            if written == ["hello"]:
                watched.append(finding())
            await asyncio.sleep(0)
            if written[-1] == "observation":
                has_result.set()

    client._push(client.core.connected(0.0))
    writer = asyncio.create_task(client._write(Call()))  # type: ignore[arg-type]
    await asyncio.wait_for(has_result.wait(), 5.0)
    writer.cancel()

    assert written == ["hello", "observation"]
