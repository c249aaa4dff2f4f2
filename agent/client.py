"""The agent's process: a body, a spool and two gRPC streams under asyncio, connected again for ever."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import grpc
import grpc.aio

from agent.body import Body
from agent.channels import CONTROL, OBSERVATIONS, open_channel, settle
from agent.driver import AgentDriver
from agent.facts import Factsheet, SessionSettings
from agent.identity import IdentityFile
from agent.outbox import Outbox
from agent.outputs import CloseStream
from agent.retry import AgentRefusedError, Backoff, StreamEnd, check_addresses, is_slow, refuse_fatal
from agent.session import AgentSession
from agent.spool import FindingSpool
from agent.sqlite_spool import SqliteSpool
from agent.states import LinkState
from agent.upload_client import UploadClient
from roundsman.v1.session_pb2 import SessionRequest, SessionResponse
from roundsman.v1.session_pb2_grpc import AgentServiceStub

__all__ = ["AgentConfig", "AgentRefusedError", "run_agent"]

LOG = logging.getLogger("agent")
CONNECT_TIMEOUT_S = 3.0
FLUSH_TIMEOUT_S = 1.0
# A channel that failed this often in a row is replaced by a new one.
CHANNEL_FAILURES_COUNT = 20


@dataclass(frozen=True)
class AgentConfig:
    """
    What an agent must be told.

    Attributes:
        robot_id: 1 to 64 of A-Z a-z 0-9 . _ -
        robot_type_id: Robot type of the plant map.
        control_address: host:port of the coordinator's control.
        observation_address: host:port for results.
        directory: The robot's own, on a disk that survives power loss: memory and spool.
        credentials: For TLS. None: in the clear, to this machine alone unless `is_insecure_allowed`.
        quota_bytes: Size of the spool.
    """

    robot_id: str
    robot_type_id: str
    control_address: str
    observation_address: str
    directory: Path
    model: str = ""
    agent_version: str = ""
    credentials: grpc.ChannelCredentials | None = None
    is_insecure_allowed: bool = False
    quota_bytes: int = 4 << 30
    settings: SessionSettings = field(default_factory=SessionSettings)


async def run_agent(
    body: Body,
    config: AgentConfig,
    *,
    rng: Random | None = None,
    stop: asyncio.Event | None = None,
    watch: Callable[[AgentSession], None] | None = None,
) -> None:
    """
    Connect a body to the coordinator until `stop` is set, through whatever the link does.

    Args:
        body: Not started yet; its reports must come on this event loop's thread.
        config: Where to and as whom.
        rng: For the jitter of reconnects; None: seeded by the system.
        stop: Set it to leave: the robot waits on the next node.
        watch: Is given the session before the body starts, for looking only.

    Raises:
        AgentRefusedError: The coordinator will never take this robot as it is; the message says why.
        ValueError: The configuration breaks a rule.
        IdentityError, SpoolError: The robot's directory can't be used.
    """
    check_addresses(config.control_address, config.observation_address, is_open=_may_be_open(config))
    stop = asyncio.Event() if stop is None else stop
    rng = Random() if rng is None else rng
    kept = IdentityFile(config.directory / "memory.json", config.robot_id)
    spool = SqliteSpool(config.directory / "spool", quota_bytes=config.quota_bytes)
    uploads = UploadClient(config.robot_id, spool, Backoff(Random(rng.random())))
    control = ControlClient(body, config, kept, uploads.watch(spool), Backoff(rng))
    if watch is not None:
        watch(control.driver.session)
    tasks = [
        asyncio.create_task(control.run(stop), name="control"),
        asyncio.create_task(
            uploads.run(lambda: open_channel(config.observation_address, OBSERVATIONS, config.credentials), stop),
            name="observations",
        ),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        await asyncio.wait(tasks, timeout=3 * FLUSH_TIMEOUT_S)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        spool.close()
    for task in done:
        task.result()


def _may_be_open(config: AgentConfig) -> bool:
    return config.credentials is not None or config.is_insecure_allowed


class ControlClient:
    """The control stream of one robot, opened again whenever it ends."""

    def __init__(
        self, body: Body, config: AgentConfig, kept: IdentityFile, spool: FindingSpool, backoff: Backoff
    ) -> None:
        self._body = body
        self._config = config
        self._backoff = backoff
        self._outbox: Outbox | None = None
        self._closing = asyncio.Event()
        self._close: CloseStream | None = None
        self._wake = asyncio.Event()
        factsheet = Factsheet(config.robot_type_id, config.model, config.agent_version)
        session = AgentSession(kept.identity, factsheet, memory=kept.memory, settings=config.settings)
        self.driver = AgentDriver(
            session,
            body,
            spool,
            now=time.monotonic,
            send=self._send,
            close=self._end_stream,
            persist=kept.persist,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Start the body and stay connected until `stop`."""
        self.driver.start()
        ticker = asyncio.create_task(self._tick())
        stopper = asyncio.create_task(self._leave_on(stop))
        serving = asyncio.create_task(self._connect_for_ever(stop))
        try:
            await asyncio.wait([ticker, serving], return_when=asyncio.FIRST_COMPLETED)
            for task in (ticker, serving):
                if task.done():
                    task.result()
        except BaseException:
            self._body.stop()
            raise
        finally:
            for task in (ticker, stopper, serving):
                task.cancel()
            await asyncio.gather(ticker, stopper, serving, return_exceptions=True)

    async def _connect_for_ever(self, stop: asyncio.Event) -> None:
        channel = self._open()
        failures = 0
        try:
            while not stop.is_set():
                if failures >= CHANNEL_FAILURES_COUNT:
                    await channel.close()
                    channel, failures = self._open(), 0
                end = await self._one_stream(channel)
                failures = 0 if end.was_open else failures + 1
                refuse_fatal(end, self._config.control_address, self._config.robot_id)
                if stop.is_set():
                    return
                delay_s = self._backoff.next_s(end, is_slow=is_slow(end))
                LOG.warning(
                    "control_lost address=%s reason=%r retry_s=%.1f",
                    self._config.control_address,
                    end.text,
                    delay_s,
                )
                await wait_at_most(stop.wait(), delay_s)
        finally:
            await channel.close()

    def _open(self) -> grpc.aio.Channel:
        return open_channel(self._config.control_address, CONTROL, self._config.credentials)

    async def _one_stream(self, channel: grpc.aio.Channel) -> StreamEnd:
        """From connecting to the end. An error of the stream is such an end; one of the body is raised."""
        await wait_at_most(settle(channel), CONNECT_TIMEOUT_S)
        call = AgentServiceStub(channel).Session()
        outbox = self._outbox = Outbox()
        self._closing.clear()
        self._close = None
        self.driver.connected()
        self._wake.set()
        reader = asyncio.create_task(self._read(call))
        writer = asyncio.create_task(_write(call, outbox))
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait([reader, writer, closing], return_when=asyncio.FIRST_COMPLETED)
            was_open = self.driver.session.link is LinkState.OPEN or self._closed_by() is not None
            outbox.close()
            await asyncio.wait([writer], timeout=FLUSH_TIMEOUT_S)
            # Cancelling overtakes what is on its way: let the coordinator end the stream after the last word.
            await asyncio.wait([reader], timeout=FLUSH_TIMEOUT_S)
        finally:
            self._outbox = None
            call.cancel()
            writer.cancel()
            closing.cancel()
            # The reader must have ended before its channel may be closed.
            await asyncio.gather(reader, writer, closing, return_exceptions=True)
        if not reader.cancelled() and (error := reader.exception()) is not None:
            raise error
        self.driver.disconnected()
        self._wake.set()
        if (close := self._closed_by()) is not None:
            return StreamEnd(was_open, None, close.reason, close.reconnect_after_s)
        return StreamEnd(was_open, await call.code(), await call.details() or "the stream ended")

    async def _read(self, call: grpc.aio.StreamStreamCall[SessionRequest, SessionResponse]) -> None:
        while True:
            try:
                message = await call.read()
            except Exception:  # noqa: BLE001  (not only AioRpcError; all mean that the stream is over)
                return
            if not isinstance(message, SessionResponse):
                return
            self.driver.received(message)
            self._wake.set()

    async def _tick(self) -> None:
        while True:
            wait_s = self.driver.next_deadline_s() - time.monotonic()
            if wait_s > 0.0:
                self._wake.clear()
                await wait_at_most(self._wake.wait(), min(wait_s, 3600.0))
            self.driver.tick()

    async def _leave_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.driver.leave("the agent was asked to end")

    def _send(self, message: SessionRequest) -> None:
        if self._outbox is not None:
            self._outbox.put(message)

    def _closed_by(self) -> CloseStream | None:
        return self._close

    def _end_stream(self, close: CloseStream) -> None:
        self._close = close
        self._closing.set()


async def _write(call: grpc.aio.StreamStreamCall[SessionRequest, SessionResponse], outbox: Outbox) -> None:
    """The only writer of the stream: concurrent writes stall it without an error."""
    while (message := await outbox.get()) is not None:
        try:
            await call.write(message)
        except Exception:  # noqa: BLE001  (see ControlClient._read)
            return
    try:
        await call.done_writing()
    except Exception:  # noqa: BLE001
        return


async def wait_at_most(waited: Awaitable[object], timeout_s: float) -> None:
    """Wait for something, no longer than `timeout_s`; then it is cancelled. Its errors are its own affair."""
    task = asyncio.ensure_future(waited)
    try:
        await asyncio.wait([task], timeout=timeout_s)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
