"""Results reach the coordinator complete and once, whatever breaks in between."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from agent.spool import ROW_BYTES, MemorySpool
from agent.uploader_core import BLOB_TIMEOUT_S, CHUNK_BYTES, WINDOW_COUNT, UploaderCore
from roundsman.v1 import observation_pb2
from roundsman.v1.observation_pb2 import UploadRequest, UploadResponse
from tests.agent.test_spool import finding


class Store:
    """The coordinator's side of the contract: strict about offsets, acknowledging only what is complete."""

    def __init__(self) -> None:
        self.results: dict[int, str] = {}
        self.through = 0
        self.blobs: dict[str, bytes] = {}
        self.gaps: list[tuple[int, int]] = []
        self.repeated = 0

    def handle(self, request: UploadRequest) -> list[UploadResponse]:
        kind = request.WhichOneof("payload")
        if kind == "hello":
            return [UploadResponse(stored_through=self.through)]
        if kind == "blob":
            return [self.offset(request.blob.sha256)]
        if kind == "chunk":
            held = self.blobs.get(request.chunk.sha256, b"")
            assert len(request.chunk.data) <= CHUNK_BYTES
            if request.chunk.offset_bytes == len(held):
                self.blobs[request.chunk.sha256] = held + request.chunk.data
            return [self.offset(request.chunk.sha256)]
        if kind == "gap":
            self.gaps.append((request.gap.first_counter, request.gap.last_counter))
            for counter in range(request.gap.first_counter, request.gap.last_counter + 1):
                self.results.setdefault(counter, "missing")
        else:
            observation = request.observation
            if observation.HasField("blob"):
                assert len(self.blobs[observation.blob.sha256]) == observation.blob.size_bytes
            self.repeated += observation.counter in self.results
            self.results.setdefault(observation.counter, observation.order_id)
        while self.through + 1 in self.results:
            self.through += 1
        return [UploadResponse(stored_through=self.through)]

    def offset(self, sha256: str) -> UploadResponse:
        done = len(self.blobs.get(sha256, b""))
        return UploadResponse(blob=observation_pb2.BlobOffset(sha256=sha256, durable_bytes=done))


def run(core: UploaderCore, store: Store, first: list[UploadRequest], *, limit: int = 10_000) -> None:
    """Carry messages until nobody has anything to say, or `limit` requests were carried."""
    waiting = list(first)
    while waiting and limit:
        limit -= 1
        for response in store.handle(waiting.pop(0)):
            waiting += core.received(response, 0.0)


def test_results_arrive_in_order_and_leave_the_spool():
    """What the plant has, the robot forgets."""
    spool, store = MemorySpool(), Store()
    core = UploaderCore("spot-1", spool)
    for number in range(200):
        spool.append(finding(f"o{number}"))
    run(core, store, core.connected(0.0))

    assert store.through == 200
    assert spool.oldest_counter() == 0
    spool.append(finding("late"))
    run(core, store, core.poll(1.0))
    assert store.results[201] == "late"


def test_unanswered_results_fill_a_window_and_no_more():
    """A slow coordinator isn't buried."""
    spool = MemorySpool()
    core = UploaderCore("spot-1", spool)
    for number in range(200):
        spool.append(finding(f"o{number}"))

    assert len(core.connected(0.0)) == 1 + WINDOW_COUNT
    assert core.poll(1.0) == []


def test_blob_goes_on_where_the_link_broke():
    """A picture interrupted by a radio hole isn't sent from the start again."""
    picture = bytes(range(256)) * 1000
    spool, store = MemorySpool(), Store()
    core = UploaderCore("spot-1", spool)
    spool.append(finding("o1", picture))
    run(core, store, core.connected(0.0), limit=3)
    core.disconnected()
    sha256 = hashlib.sha256(picture).hexdigest()
    assert len(store.blobs[sha256]) == CHUNK_BYTES

    asked = []
    again = core.connected(10.0)
    for request in again:
        asked += store.handle(request)
    chunk = next(r for response in asked for r in core.received(response, 10.0) if r.HasField("chunk"))
    assert chunk.chunk.offset_bytes == CHUNK_BYTES
    run(core, store, [chunk])
    assert store.blobs[sha256] == picture
    assert store.results == {1: "o1"}


def test_unanswered_blob_is_asked_for_again():
    """A lost answer doesn't stop the uploads for ever."""
    spool = MemorySpool()
    core = UploaderCore("spot-1", spool)
    spool.append(finding("o1", b"picture"))
    core.connected(0.0)

    assert core.next_deadline_s() == BLOB_TIMEOUT_S
    assert core.poll(BLOB_TIMEOUT_S - 0.1) == []
    assert core.poll(BLOB_TIMEOUT_S)[0].blob.size_bytes == 7


def test_dropped_results_are_declared():
    """The plant learns which readings a full robot had to drop."""
    spool, store = MemorySpool(quota_bytes=2 * ROW_BYTES), Store()
    core = UploaderCore("spot-1", spool)
    for number in range(5):
        spool.append(finding(f"o{number}"))
    run(core, store, core.connected(0.0))

    assert store.gaps == [(1, 3)]
    assert store.through == 5


def test_results_of_a_replaced_spool_are_not_taken_for_old_ones():
    """A robot with a new disk loses nothing."""
    spool, store = MemorySpool(), Store()
    store.through = 500
    core = UploaderCore("spot-1", spool)
    spool.append(finding("new"))
    run(core, store, core.connected(0.0))

    assert store.results[501] == "new"
    assert store.through == 501


@given(st.lists(st.sampled_from(["append", "picture", "break", "carry", "carry", "quiet"]), max_size=60))
def test_every_result_arrives_complete_however_often_the_link_breaks(actions):
    """After the link heals the plant has every reading, each once, in the robot's order."""
    spool, store = MemorySpool(), Store()
    core = UploaderCore("spot-1", spool)
    now_s, taken = 0.0, 0
    waiting = core.connected(now_s)
    for action in [*actions, "break", *["quiet"] * 3]:
        now_s += 1.0
        if action in ("append", "picture"):
            taken += 1
            spool.append(finding(f"o{taken}", b"%d" % taken * 40_000 if action == "picture" else b""))
            waiting += core.poll(now_s)
        elif action == "break":
            core.disconnected()
            waiting = core.connected(now_s)
        else:
            carried = 0
            while waiting and carried < (1 if action == "carry" else 10_000):
                carried += 1
                for response in store.handle(waiting.pop(0)):
                    waiting += core.received(response, now_s)

    assert list(store.results.items()) == [(number, f"o{number}") for number in range(1, taken + 1)]
    assert spool.oldest_counter() == 0
