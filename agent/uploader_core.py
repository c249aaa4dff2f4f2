"""
Which message of the results goes next, pure: the spool's order, a window, blobs before their results.

`now_s` is the robot's monotonic clock, seconds. Every input returns messages to send, in order.
"""

from __future__ import annotations

from agent.spool import Gap, Result, UploadSource
from roundsman.v1 import observation_pb2
from roundsman.v1.observation_pb2 import UploadRequest, UploadResponse

# Results sent beyond the newest acknowledged one.
WINDOW_COUNT = 64
CHUNK_BYTES = 65_536
# A blob whose offset isn't answered for this long is asked for again.
BLOB_TIMEOUT_S = 5.0
BLOB_LOST_REASON = "the blob is missing in the robot's spool"


class UploaderCore:
    """
    One robot's upload, over any number of streams.

    A blob goes one chunk at a time, each from the offset the coordinator named last: whatever broke in
    between, both sides agree on the next byte, and a picture never fills the link's queues.

    Attributes:
        stored_through: Everything up to this counter is the coordinator's.
        refused: Newest refusals by counter, for people; the coordinator has recorded them as missing.
    """

    def __init__(self, robot_id: str, source: UploadSource) -> None:
        self.stored_through = 0
        self.refused: dict[int, str] = {}
        self._robot_id = robot_id
        self._source = source
        self._is_open = False
        self._sent_through = 0
        self._blob: observation_pb2.BlobRef | None = None
        self._asked_s = 0.0
        self._complete_sha256 = ""

    def connected(self, now_s: float) -> list[UploadRequest]:
        """A stream is open: says hello, and goes on from the oldest result not acknowledged."""
        oldest = self._source.oldest_counter()
        self._is_open = True
        self.stored_through = (oldest or self._source.last_counter() + 1) - 1
        self._sent_through = self.stored_through
        self._blob = None
        self._complete_sha256 = ""
        hello = observation_pb2.UploadHello(robot_id=self._robot_id, oldest_counter=oldest)
        return [UploadRequest(hello=hello), *self.poll(now_s)]

    def disconnected(self) -> None:
        """The stream has ended."""
        self._is_open = False

    def next_deadline_s(self) -> float:
        """When to call `poll` at the latest; infinite: not before another input."""
        return self._asked_s + BLOB_TIMEOUT_S if self._is_open and self._blob is not None else float("inf")

    def received(self, response: UploadResponse, now_s: float) -> list[UploadRequest]:
        """The coordinator answered."""
        kind = response.WhichOneof("payload")
        if kind == "stored_through":
            self._stored(response.stored_through)
        elif kind == "refusal":
            self.refused[response.refusal.counter] = response.refusal.reason
            if len(self.refused) > WINDOW_COUNT:
                del self.refused[next(iter(self.refused))]
        elif kind == "blob" and self._blob is not None and response.blob.sha256 == self._blob.sha256:
            return [*self._blob_offset(response.blob.durable_bytes, now_s), *self.poll(now_s)]
        return self.poll(now_s)

    def poll(self, now_s: float) -> list[UploadRequest]:
        """There may be new results, or the deadline has come."""
        out: list[UploadRequest] = []
        if self._blob is not None and now_s >= self._asked_s + BLOB_TIMEOUT_S:
            self._ask(self._blob, now_s, out)
        while self._is_open and self._blob is None and self._sent_through - self.stored_through < WINDOW_COUNT:
            entry = self._source.entry_after(self._sent_through)
            if entry is None:
                break
            if isinstance(entry, Gap):
                self._send_gap(entry, out)
            else:
                self._send_result(entry, now_s, out)
        return out

    def _send_gap(self, gap: Gap, out: list[UploadRequest]) -> None:
        out.append(
            UploadRequest(
                gap=observation_pb2.ObservationGap(
                    first_counter=max(gap.first_counter, self._sent_through + 1),
                    last_counter=gap.last_counter,
                    reason=gap.reason,
                )
            )
        )
        self._sent_through = gap.last_counter

    def _send_result(self, result: Result, now_s: float, out: list[UploadRequest]) -> None:
        observation = result.observation
        if observation.HasField("blob") and observation.blob.sha256 != self._complete_sha256:
            self._ask(observation.blob, now_s, out)
            return
        out.append(UploadRequest(observation=observation))
        self._sent_through = observation.counter

    def _ask(self, blob: observation_pb2.BlobRef, now_s: float, out: list[UploadRequest]) -> None:
        self._blob = blob
        self._asked_s = now_s
        out.append(UploadRequest(blob=blob))

    def _blob_offset(self, durable_bytes: int, now_s: float) -> list[UploadRequest]:
        blob = self._blob
        assert blob is not None
        if durable_bytes >= blob.size_bytes:
            self._blob = None
            self._complete_sha256 = blob.sha256
            return []
        data = self._source.blob(blob.sha256, durable_bytes, CHUNK_BYTES)
        out: list[UploadRequest] = []
        if not data:
            self._blob = None
            entry = self._source.entry_after(self._sent_through)
            if isinstance(entry, Result) and entry.observation.blob.sha256 == blob.sha256:
                counter = entry.last_counter
                self._send_gap(Gap(counter, counter, BLOB_LOST_REASON), out)
            return out
        self._asked_s = now_s
        chunk = observation_pb2.BlobChunk(sha256=blob.sha256, offset_bytes=durable_bytes, data=data)
        return [UploadRequest(chunk=chunk)]

    def _stored(self, through: int) -> None:
        if through > self._source.last_counter():
            # This counter wasn't given out: the spool was replaced. Its results mustn't pass for stored ones.
            self._source.renumber(through)
            self.stored_through = self._sent_through = through
            self._blob = None
        elif through > self.stored_through:
            self.stored_through = through
            self._sent_through = max(self._sent_through, through)
            self._source.acknowledge(through)
