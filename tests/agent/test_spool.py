"""No reading is lost silently: the same rules for the spool on disk and the one in memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent.body import Pose, Reading
from agent.outputs import Finding
from agent.spool import QUOTA_REASON, ROW_BYTES, Gap, MemorySpool, Result, SpoolError, SpoolFullError
from agent.sqlite_spool import SqliteSpool


def finding(order_id: str = "o1", blob: bytes = b"", *, is_alarm: bool = False) -> Finding:
    """A finding of one gauge."""
    reading = Reading(1.5, "bar", 0.9, blob, "image/jpeg" if blob else "", is_alarm=is_alarm)
    return Finding(order_id, "p1", "gauge", 9000.0, 0.01, Pose(1.0, 2.0, 0.5, "ground"), reading)


@pytest.fixture(params=["memory", "sqlite"])
def open_spool(request, tmp_path):
    """Make a spool with a quota."""
    opened = []

    def make(quota_bytes: int = 1 << 20):
        if request.param == "memory":
            return MemorySpool(quota_bytes=quota_bytes)
        spool = SqliteSpool(tmp_path / "spool", quota_bytes=quota_bytes)
        opened.append(spool)
        return spool

    yield make
    for spool in opened:
        spool.close()


def entries(spool) -> list[tuple[int, int] | int]:
    """Every entry: a counter, or the first and last of a gap."""
    found, after = [], 0
    while (entry := spool.entry_after(after)) is not None:
        found.append((entry.first_counter, entry.last_counter) if isinstance(entry, Gap) else entry.last_counter)
        after = entry.last_counter
    return found


def test_counters_grow_from_one_without_gaps(open_spool):
    """Each reading has a number; a missing number means a missing reading."""
    spool = open_spool()
    assert [spool.append(finding(f"o{i}")) for i in range(3)] == [1, 2, 3]
    assert (spool.oldest_counter(), spool.last_counter()) == (1, 3)

    entry = spool.entry_after(1)
    assert isinstance(entry, Result)
    assert entry.observation.counter == 2
    assert entry.observation.order_id == "o1"
    assert entry.observation.value == 1.5
    spool.acknowledge(3)
    assert entries(spool) == []
    assert spool.oldest_counter() == 0
    assert spool.append(finding()) == 4


def test_blob_is_read_in_pieces_until_it_is_acknowledged(open_spool):
    """A picture stays on the robot until the plant has it."""
    spool = open_spool()
    spool.append(finding("o1", b"abcdefgh"))
    spool.append(finding("o2", b"abcdefgh"))
    blob = spool.entry_after(0).observation.blob
    assert blob.size_bytes == 8
    assert spool.blob(blob.sha256, 3, 4) == b"defg"

    spool.acknowledge(1)
    assert spool.blob(blob.sha256, 0, 8) == b"abcdefgh"
    spool.acknowledge(2)
    assert spool.blob(blob.sha256, 0, 8) == b""


def test_full_spool_declares_the_oldest_missing_and_keeps_alarms(open_spool):
    """When a robot is out of reach for days, it keeps alarms and the newest, and says what it dropped."""
    spool = open_spool(4 * ROW_BYTES)
    for number in range(1, 7):
        spool.append(finding(f"o{number}", is_alarm=number == 2))
    assert entries(spool) == [(1, 1), 2, (3, 3), 4, 5, 6]

    assert spool.entry_after(2).reason == QUOTA_REASON
    spool.append(finding("o7"))
    spool.append(finding("o8"))
    assert entries(spool) == [(1, 1), 2, (3, 5), 6, 7, 8]
    assert spool.entry_after(4) == Gap(3, 5, QUOTA_REASON)


def test_spool_full_of_alarms_refuses_visibly(open_spool):
    """With alarms alone in a full spool, an inspection fails rather than push one out."""
    spool = open_spool(2 * ROW_BYTES)
    spool.append(finding(is_alarm=True))
    spool.append(finding(is_alarm=True))

    with pytest.raises(SpoolFullError, match="finds no room in a spool of 1024 bytes"):
        spool.append(finding())
    assert spool.last_counter() == 2


def test_replaced_spool_goes_on_behind_the_coordinators_numbers(open_spool):
    """A robot with a new disk doesn't lose its first readings to old numbers."""
    spool = open_spool(3 * ROW_BYTES)
    for number in range(4):
        spool.append(finding(f"o{number}"))
    spool.renumber(500)

    assert entries(spool) == [(501, 501), 502, 503, 504]
    assert spool.append(finding()) == 505


def test_spool_on_disk_goes_on_after_a_restart(tmp_path):
    """Switching a robot off loses no reading and no number."""
    spool = SqliteSpool(tmp_path)
    spool.append(finding("o1", b"picture"))
    spool.acknowledge(0)
    spool.close()

    again = SqliteSpool(tmp_path)
    assert again.append(finding("o2")) == 2
    assert entries(again) == [1, 2]
    assert again.blob(again.entry_after(0).observation.blob.sha256, 0, 100) == b"picture"
    again.close()


def test_leftovers_of_a_crash_are_removed(tmp_path):
    """A picture without its reading doesn't fill the disk for ever."""
    SqliteSpool(tmp_path).close()
    (tmp_path / "blobs" / "0badc0de.part").write_bytes(b"half")
    SqliteSpool(tmp_path).close()

    assert list((tmp_path / "blobs").iterdir()) == []


def test_second_agent_on_one_spool_is_refused(tmp_path):
    """Two agents never give the same number to two readings."""
    first = SqliteSpool(tmp_path)
    with pytest.raises(SpoolError, match="can't be opened"):
        SqliteSpool(tmp_path, lock_timeout_s=0.05)
    first.close()


def test_blob_is_on_disk_before_its_row(tmp_path):
    """A disk that takes no picture keeps no reading of it either."""
    spool = SqliteSpool(tmp_path)
    (tmp_path / "blobs").rmdir()
    with pytest.raises(SpoolError, match="order o1 can't be written"):
        spool.append(finding("o1", b"picture"))

    assert spool.last_counter() == 0
    spool.close()


WRITER = """
import sys
from pathlib import Path
from agent.body import Reading
from agent.outputs import Finding
from agent.sqlite_spool import SqliteSpool

spool = SqliteSpool(Path(sys.argv[1]))
for number in range(100_000):
    reading = Reading(float(number), blob=b"%d" % number * 1000)
    counter = spool.append(Finding("o%d" % number, "p", "t", 0.0, 0.0, None, reading))
    print(counter, flush=True)
"""


@pytest.mark.parametrize("after", [1, 7, 23])
def test_kill_at_any_moment_loses_no_reading_that_was_kept(tmp_path, after):
    """Pulling the plug between two readings, or in one, costs at most the one not reported yet."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "gen")])}
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert writer.stdout is not None
    said = 0
    while said < after:
        said = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    said = max([said, *(int(line) for line in writer.stdout.read().splitlines() if line)])
    writer.wait()
    writer.stdout.close()

    spool = SqliteSpool(tmp_path)
    kept = entries(spool)
    assert kept == list(range(1, len(kept) + 1))
    assert said <= len(kept) <= said + 1
    for counter in kept:
        blob = spool.entry_after(counter - 1).observation.blob
        assert len(spool.blob(blob.sha256, 0, 1 << 20)) == blob.size_bytes
    assert len(list((tmp_path / "blobs").iterdir())) == len(kept)
    spool.close()
