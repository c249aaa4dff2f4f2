"""Many tasks append through one thread, and nothing is acknowledged before it is durable."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from coordinator.store.errors import (
    JournalBusyError,
    JournalClosedError,
    JournalCorruptError,
    JournalForeignError,
    JournalFullError,
    JournalSuspendedError,
)
from coordinator.store.journal import Journal
from coordinator.store.reserve import ReserveFile
from coordinator.store.verify import verify
from coordinator.store.writer import GroupWriter
from tests.coordinator.store.samples import (
    contents,
    filled_journal,
    open_journal,
    sample_entries,
    sample_entry,
    tamper,
)


async def open_writer(path: Path, *, max_bytes: int | None = None, **options: Any) -> GroupWriter:
    """A writer of the sample plant's journal."""
    settings = {"max_waiting_entries": 1000, **options}
    return await GroupWriter.open(path, lambda: open_journal(path, max_bytes=max_bytes), **settings)


@contextmanager
def held(writer: GroupWriter, tasks: asyncio.TaskGroup) -> Iterator[None]:
    """Keep the writer's thread from committing while the block runs."""
    go_on = threading.Event()

    def wait(_: Journal) -> None:
        assert go_on.wait(timeout=60)

    tasks.create_task(writer.call(wait))
    try:
        yield
    finally:
        go_on.set()


async def turns(count: int = 5) -> None:
    """Let the other tasks run until they wait."""
    for _ in range(count):
        await asyncio.sleep(0)


async def fill(writer: GroupWriter) -> None:
    """Append until the journal refuses."""
    while True:
        await writer.append(sample_entries(writer.last_seq + 1, writer.last_seq + 20))


async def test_an_append_returns_when_it_can_be_read_by_others(journal_path: Path) -> None:
    """When the writer says done, another process already sees the entry on the disk."""
    async with await open_writer(journal_path) as writer:
        assert await writer.append(sample_entries(1, 3)) == 3
        assert verify(journal_path).last_good_seq == 3
        assert await writer.append([sample_entry(4)]) == 4
        assert await writer.call(contents) == sample_entries(1, 4)
        assert (writer.last_seq, writer.healthy, writer.failure) == (4, True, None)


async def test_appends_that_come_together_share_a_commit(journal_path: Path) -> None:
    """Fifty tasks that wait for the disk at the same time cost one commit, in the order they came."""
    async with await open_writer(journal_path) as writer:
        async with asyncio.TaskGroup() as tasks:
            with held(writer, tasks):
                appends = [tasks.create_task(writer.append([sample_entry(n)])) for n in range(1, 51)]
                await turns()
                assert (writer.waiting_count, writer.commit_count) == (50, 0)

        assert [append.result() for append in appends] == list(range(1, 51))
        assert (writer.waiting_count, writer.commit_count) == (0, 1)
        assert await writer.call(contents) == sample_entries(1, 50)


async def test_a_full_group_does_not_wait_for_more(journal_path: Path) -> None:
    """A writer allowed to wait for company commits at once when its queue is full or it's closed."""
    writer = await open_writer(journal_path, max_wait_s=3600.0, max_waiting_entries=4)
    async with asyncio.TaskGroup() as tasks:
        appends = [tasks.create_task(writer.append([sample_entry(n)])) for n in range(1, 5)]
    assert [append.result() for append in appends] == [1, 2, 3, 4]
    assert writer.commit_count == 1

    last = asyncio.ensure_future(writer.append([sample_entry(5)]))
    await turns()
    await writer.close()
    assert await last == 5


async def test_a_full_queue_refuses_and_goes_on(journal_path: Path) -> None:
    """With a disk too slow for the load the writer says busy instead of growing without bound."""
    async with await open_writer(journal_path, max_waiting_entries=10) as writer:
        async with asyncio.TaskGroup() as tasks:
            with held(writer, tasks):
                first = tasks.create_task(writer.append(sample_entries(1, 12)))
                await turns()
                with pytest.raises(JournalBusyError, match="13 entries would wait, the limit is 10"):
                    await writer.append([sample_entry(13)])
        assert await first == 12
        assert writer.healthy
        assert await writer.append([sample_entry(13)]) == 13


async def test_row_9_after_a_failed_append_nothing_passes_until_resumed(journal_path: Path) -> None:
    """When the journal is full, neither the append nor those behind it are acknowledged, until settled."""
    async with await open_writer(journal_path, max_bytes=64 * 1024) as writer:
        with pytest.raises(JournalFullError):
            await fill(writer)
        last_seq = writer.last_seq
        assert not writer.healthy
        with pytest.raises(JournalSuspendedError, match="resume and settle"):
            await writer.append([sample_entry(last_seq + 1)])

        writer.resume()
        async with asyncio.TaskGroup() as tasks:
            with held(writer, tasks):
                large = asyncio.ensure_future(writer.append(sample_entries(last_seq + 1, last_seq + 500)))
                await turns()
                look = tasks.create_task(writer.call(lambda journal: journal.last_seq))
                await turns()
                small = asyncio.ensure_future(writer.append([sample_entry(last_seq + 501)]))
                await turns()
            outcomes = await asyncio.gather(large, small, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [JournalFullError, JournalFullError]
        assert await look == last_seq
        assert await writer.call(contents) == sample_entries(1, last_seq)
    assert verify(journal_path).is_good


async def test_row_9_on_a_full_disk_the_reserve_takes_the_alarm(small_disk: Path) -> None:
    """When the disk is full the reserve makes room for the alarm, and comes back when there's room again."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(200 * 1024))
    path = small_disk / "journal.db"
    reserve = ReserveFile(small_disk / "journal.db.reserve", size_bytes=256 * 1024)
    async with await open_writer(path, reserve=reserve) as writer:
        assert writer.has_reserve
        with pytest.raises(JournalFullError):
            await fill(writer)
        last_seq = writer.last_seq
        assert (writer.healthy, writer.has_reserve) == (False, False)

        writer.resume()
        assert await writer.append([sample_entry(last_seq + 1)]) == last_seq + 1
        assert (writer.healthy, writer.has_reserve) == (True, False)

        ballast.unlink()
        await writer.call(lambda journal: journal.write_snapshot(journal.last_seq, b"{}", made_at_s=1.0))
        assert await writer.append([sample_entry(last_seq + 2)]) == last_seq + 2
        await writer.call(lambda journal: None)
        assert await writer.call(contents) == sample_entries(1, last_seq + 2)
    assert verify(path).is_good


async def test_damage_under_a_running_writer_can_not_be_resumed(journal_path: Path) -> None:
    """After somebody else wrote into the journal only a new start helps."""
    async with await open_writer(journal_path) as writer:
        await writer.append([sample_entry(1)])
        tamper(journal_path, "UPDATE head SET seq = 9")
        with pytest.raises(JournalCorruptError):
            await writer.append([sample_entry(2)])

        with pytest.raises(JournalCorruptError):
            writer.resume()
        assert not writer.healthy


async def test_what_waits_is_written_before_closing(journal_path: Path) -> None:
    """Closing finishes what was handed in, refuses what comes later, and lets the next process in."""
    writer = await open_writer(journal_path)
    async with asyncio.TaskGroup() as tasks:
        with held(writer, tasks):
            append = tasks.create_task(writer.append(sample_entries(1, 5)))
            await turns()
            closing = tasks.create_task(writer.close())
            await turns()
            with pytest.raises(JournalClosedError):
                await writer.append([sample_entry(6)])

    assert append.result() == 5
    assert closing.done()
    await writer.close()
    assert not writer.healthy
    with open_journal(journal_path) as journal:
        assert contents(journal) == sample_entries(1, 5)


async def test_errors_of_opening_and_calling_reach_the_caller(journal_path: Path) -> None:
    """A journal that can't be opened or read says why where it was asked for."""
    filled_journal(journal_path, 3)
    with pytest.raises(JournalForeignError):
        await GroupWriter.open(
            journal_path, lambda: Journal.open(journal_path, plant_id="other"), max_waiting_entries=10
        )
    async with await open_writer(journal_path) as writer:
        with pytest.raises(ValueError, match="not after 9"):
            await writer.call(lambda journal: list(journal.entries(9)))
        assert writer.healthy


async def test_a_cancelled_caller_does_not_disturb_the_others(journal_path: Path) -> None:
    """A caller that gives up while the disk works leaves the others' appends and the order alone."""
    async with await open_writer(journal_path) as writer:
        async with asyncio.TaskGroup() as tasks:
            with held(writer, tasks):
                appends = [tasks.create_task(writer.append([sample_entry(n)])) for n in (1, 2, 3)]
                await turns()
                appends[1].cancel()
                await turns()
        assert (appends[0].result(), appends[2].result()) == (1, 3)
        assert await writer.call(contents) == sample_entries(1, 3)


def test_the_reserve_never_takes_the_last_room(small_disk: Path) -> None:
    """The reserve is only made where as much stays free beside it, and giving it away makes room."""
    reserve = ReserveFile(small_disk / "reserve", size_bytes=300 * 1024)
    assert reserve.restore()
    assert reserve.is_kept
    (small_disk / "ballast").write_bytes(bytes(500 * 1024))

    assert reserve.release()
    assert not reserve.release()
    assert not reserve.restore()
    (small_disk / "ballast").unlink()
    assert reserve.restore()
