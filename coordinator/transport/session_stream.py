"""One robot's control stream: words in become events, effects become words out."""

from __future__ import annotations

import asyncio
import time

import grpc
import structlog

from coordinator.model.effects import CloseConnection, Send
from coordinator.model.events import RobotConnected, RobotDisconnected, RobotRejected, StateReported
from coordinator.model.ids import RobotId
from coordinator.model.messages import Drain
from coordinator.transport.codec import SpeedLimits, WireError, decode_hello, decode_request, encode_send
from coordinator.transport.inbox import Inbox
from coordinator.transport.outbox import Outbox, OutboxFullError
from coordinator.transport.status import LINK_ERRORS, Context, abort, abort_wire, code_named
from coordinator.transport.writing import end_tasks
from roundsman.v1 import graph_pb2, session_pb2_grpc

HELLO_WITHIN_S = 5.0
# The keepalive ends a frozen peer first; this ends one that answers pings and reads nothing.
WRITE_WITHIN_S = 5.0

log = structlog.get_logger()


class SessionStream:
    """A stream after its Hello."""

    def __init__(self, robot_id: RobotId, connection: int) -> None:
        self.robot_id = robot_id
        self.connection = connection
        self._outbox = Outbox()
        self._end: asyncio.Future[tuple[grpc.StatusCode, str]] = asyncio.get_running_loop().create_future()
        self._last: Send | None = None
        self._writes_since_s: float | None = None

    def send(self, send: Send) -> None:
        """Queue a message; a stream that can't take it ends."""
        if (
            self._writes_since_s is not None
            and time.monotonic() - self._writes_since_s > WRITE_WITHIN_S
            and not self._end.done()
        ):
            self.end(grpc.StatusCode.RESOURCE_EXHAUSTED, f"nothing was read for {WRITE_WITHIN_S:g} s")
        try:
            self._outbox.put(send)
        except OutboxFullError as full:
            self.end(grpc.StatusCode.RESOURCE_EXHAUSTED, str(full))

    def drain(self, reconnect_after_s: float) -> None:
        """Ask the robot to come back later; before its Welcome there is no need."""
        last = self._last
        if last is not None:
            message = Drain(reconnect_after_s)
            self.send(Send(self.robot_id, self.connection, last.epoch, last.session, 0, message))
        self._outbox.close()

    def end(self, code: grpc.StatusCode, reason: str) -> None:
        """End with a status; the first one counts."""
        if not self._end.done():
            self._end.set_result((code, reason))

    async def run(self, context: Context, inbox: Inbox, limits: SpeedLimits) -> tuple[grpc.StatusCode, str]:
        """
        Read and write until the robot, the core or the link ends it.

        Returns:
            The status to end with.

        Raises:
            WireError: If the robot breaks a rule.
        """
        reader = asyncio.create_task(self._read(context, inbox))
        writer = asyncio.create_task(self._write(context, limits))
        try:
            await asyncio.wait({reader, writer, self._end}, return_when=asyncio.FIRST_COMPLETED)
            if self._end.done():
                # What was queued before the end, such as a stop, still has a moment to leave.
                self._outbox.close()
                await asyncio.wait({writer}, timeout=0.2)
                return self._end.result()
            if reader.done():
                return reader.result()
            return writer.result()
        finally:
            self._outbox.abandon()
            await end_tasks(reader, writer)

    async def _read(self, context: Context, inbox: Inbox) -> tuple[grpc.StatusCode, str]:
        while True:
            request = await context.read()
            if request is grpc.aio.EOF:
                return grpc.StatusCode.OK, "stream ended by the robot"
            event = decode_request(request, self.robot_id, self.connection)
            match event:
                case None:
                    continue
                case StateReported():
                    inbox.post(event)
                case RobotDisconnected():
                    return grpc.StatusCode.OK, event.reason
                case _:
                    await inbox.put(event, self.connection)

    async def _write(self, context: Context, limits: SpeedLimits) -> tuple[grpc.StatusCode, str]:
        """The stream's only writer: concurrent writes stall a stream without an error."""
        sequence = 0
        while (send := await self._outbox.take()) is not None:
            sequence += 1
            self._last = send
            self._writes_since_s = time.monotonic()
            await context.write(encode_send(send, limits, sequence))
            self._writes_since_s = None
        return grpc.StatusCode.UNAVAILABLE, "the coordinator goes down"


class SessionStreams:
    """All open control streams, by connection."""

    def __init__(self) -> None:
        self._streams: dict[int, SessionStream] = {}

    def __len__(self) -> int:
        return len(self._streams)

    def add(self, stream: SessionStream) -> None:
        """A stream said Hello."""
        self._streams[stream.connection] = stream

    def remove(self, stream: SessionStream) -> None:
        """A stream ended."""
        self._streams.pop(stream.connection, None)

    def send(self, effect: Send) -> None:
        """Say something over a connection; dropped if that has ended."""
        stream = self._streams.get(effect.connection)
        if stream is not None:
            stream.send(effect)

    def close(self, effect: CloseConnection) -> None:
        """End a stream with a status."""
        stream = self._streams.get(effect.connection)
        if stream is not None:
            stream.end(code_named(effect.code), effect.reason)

    def drain(self, reconnect_after_s: float) -> None:
        """Ask all robots to come back later."""
        for stream in list(self._streams.values()):
            stream.drain(reconnect_after_s)


class AgentService(session_pb2_grpc.AgentServiceServicer):
    """Control of robots."""

    def __init__(
        self, inbox: Inbox, streams: SessionStreams, limits: SpeedLimits, *, graph: graph_pb2.GetGraphResponse
    ) -> None:
        self._inbox = inbox
        self._streams = streams
        self._limits = limits
        self._graph = graph

    async def Session(  # type: ignore[override]  # noqa: N802 - context.read() is cheaper than the iterator
        self, request_iterator: object, context: Context
    ) -> None:
        """One robot, from Hello to the end."""
        hello = await self._hello(context)
        if hello is None:
            return
        stream = SessionStream(hello.robot_id, hello.connection)
        reason = "stream broken"
        self._streams.add(stream)
        try:
            await self._inbox.put(hello, hello.connection)
            code, reason = await stream.run(context, self._inbox, self._limits)
            if code is not grpc.StatusCode.OK:
                await abort(context, code, reason)
        except WireError as error:
            reason = str(error)
            log.warning("message_refused", robot_id=stream.robot_id, field=error.field, value=error.value)
            self._inbox.post(RobotRejected(stream.robot_id, stream.connection, reason))
            await abort_wire(context, error)
        except LINK_ERRORS as error:
            reason = f"stream broken: {type(error).__name__}"
        finally:
            self._streams.remove(stream)
            self._inbox.post(RobotDisconnected(stream.robot_id, stream.connection, reason))
            log.info("stream_ended", robot_id=stream.robot_id, connection=stream.connection, reason=reason)

    async def GetGraph(  # noqa: N802
        self, request: graph_pb2.GetGraphRequest, context: Context
    ) -> graph_pb2.GetGraphResponse:
        """Where nodes are and what joins them."""
        return self._graph

    async def _hello(self, context: Context) -> RobotConnected | None:
        """The stream's first message; None if it ended before."""
        try:
            request = await asyncio.wait_for(context.read(), HELLO_WITHIN_S)
        except TimeoutError:
            await abort(context, grpc.StatusCode.DEADLINE_EXCEEDED, f"no hello within {HELLO_WITHIN_S:g} s")
        if request is grpc.aio.EOF:
            return None
        try:
            return decode_hello(request, self._inbox.next_connection())
        except WireError as error:
            log.warning("hello_refused", field=error.field, value=error.value)
            await abort_wire(context, error)
