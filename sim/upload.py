"""The robot's upload stream in simulated time: the spool in order, blobs before their results, until acknowledged."""

from __future__ import annotations

from agent.spool import Gap, MemorySpool, Result
from roundsman.v1 import observation_pb2
from sim.network import End, Stream

CHUNK_BYTES = 65_536
# Results under way without an acknowledgement.
WINDOW_COUNT = 32


class Upload:
    """One upload stream of one robot."""

    def __init__(self, stream: Stream, spool: MemorySpool, robot_id: str) -> None:
        self._stream = stream
        self._spool = spool
        self._sent = 0
        self._blobs: dict[str, observation_pb2.Observation] = {}
        hello = observation_pb2.UploadHello(robot_id=robot_id, oldest_counter=spool.oldest_counter())
        self._send(observation_pb2.UploadRequest(hello=hello))
        self.pump()

    def pump(self) -> None:
        """Send what is new in the spool, as far as the window goes."""
        oldest = self._spool.oldest_counter()
        if not oldest:
            return
        self._sent = max(self._sent, oldest - 1)
        while self._sent < oldest + WINDOW_COUNT:
            entry = self._spool.entry_after(self._sent)
            if entry is None:
                return
            self._sent = entry.last_counter
            match entry:
                case Result():
                    self._offer(entry.observation)
                case Gap():
                    gap = observation_pb2.ObservationGap(
                        first_counter=entry.first_counter,
                        last_counter=entry.last_counter,
                        reason=entry.reason,
                    )
                    self._send(observation_pb2.UploadRequest(gap=gap))

    def received(self, data: bytes) -> None:
        """The coordinator answered."""
        response = observation_pb2.UploadResponse.FromString(data)
        match response.WhichOneof("payload"):
            case "stored_through":
                self._spool.acknowledge(response.stored_through)
            case "refusal":
                # Recorded as missing; an acknowledgement beyond it follows.
                return
            case "blob":
                self._go_on(response.blob)
            case None:
                return
        self.pump()

    def _offer(self, observation: observation_pb2.Observation) -> None:
        if observation.HasField("blob"):
            self._blobs[observation.blob.sha256] = observation
            self._send(observation_pb2.UploadRequest(blob=observation.blob))
        else:
            self._send(observation_pb2.UploadRequest(observation=observation))

    def _go_on(self, offset: observation_pb2.BlobOffset) -> None:
        observation = self._blobs.get(offset.sha256)
        if observation is None:
            return
        if offset.durable_bytes < observation.blob.size_bytes:
            data = self._spool.blob(offset.sha256, offset.durable_bytes, CHUNK_BYTES)
            chunk = observation_pb2.BlobChunk(
                sha256=offset.sha256, offset_bytes=offset.durable_bytes, data=data
            )
            self._send(observation_pb2.UploadRequest(chunk=chunk))
            return
        del self._blobs[offset.sha256]
        self._send(observation_pb2.UploadRequest(observation=observation))

    def _send(self, request: observation_pb2.UploadRequest) -> None:
        self._stream.send(End.COORDINATOR, request.SerializeToString())
