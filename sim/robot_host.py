"""A robot's computer in simulated time: the production agent session between a body, a spool and two streams."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import inf
from typing import Protocol

from agent.driver import AgentDriver
from agent.facts import Factsheet, Identity, Memory, SessionSettings
from agent.outputs import CloseStream, Finding
from agent.session import AgentSession
from agent.spool import MemorySpool
from roundsman.v1 import session_pb2
from sim.network import End, Link, Stream, StreamEnd
from sim.robot import SimBody
from sim.upload import Uploads
from sim.world import Timer, World

BACKOFF_S = (0.2, 0.5)
BACKOFF_LIMIT_S = 8.0


class Door(Protocol):
    """Where streams lead to: the coordinator's two services."""

    def open_session(self, link: Link, robot: StreamEnd) -> Stream | None:
        """A control stream; None when nobody listens."""

    def open_upload(self, link: Link, robot: StreamEnd) -> Stream | None:
        """An upload stream; None when nobody listens."""


class RobotHost:
    """
    One robot with its agent.

    Attributes:
        driver: Of the present boot; None while the agent is down.
        memory: On the robot's disk, as the spool.
        spool: Counts what the robot captured.

    Args:
        touched: Called after anything the session did, for those who check.
    """

    def __init__(
        self,
        world: World,
        body: SimBody,
        link: Link,
        door: Door,
        *,
        seed: int,
        touched: Callable[[RobotHost], None],
    ) -> None:
        self._world = world
        self.body = body
        self.robot_id = body.robot_id
        self.link = link
        self._door = door
        self._touched = touched
        self._chance = random.Random(f"{seed}:agent:{body.robot_id}")
        # The robot's clock began some time ago and runs a little fast or slow.
        self._clock_rate = 1.0 + self._chance.uniform(-50e-6, 50e-6)
        self._clock_begin_s = world.now_s - self._chance.uniform(10.0, 1e6)
        self.memory = Memory()
        self.spool = RobotSpool(self._pump)
        self.uploads = Uploads(world, body.robot_id, self.spool, link, self._chance, open_stream=door.open_upload)
        self.driver: AgentDriver | None = None
        self.boot_count = 0
        self._stream: Stream | None = None
        self._deadline: Timer | None = None
        self._backoff_s = BACKOFF_S[0]
        self._is_connecting = False

    def robot_s(self) -> float:
        """The robot's monotonic clock."""
        return (self._world.now_s - self._clock_begin_s) * self._clock_rate

    def boot(self) -> None:
        """Start the agent's process."""
        self.boot_count += 1
        session = AgentSession(
            Identity(self.robot_id, self.boot_count),
            Factsheet(self.body.robot_type.robot_type_id, model="simulated"),
            memory=self.memory,
            settings=SessionSettings(),
        )
        self.driver = AgentDriver(
            session,
            self.body,
            self.spool,
            now=self.robot_s,
            send=self._send,
            close=self._close,
            persist=self._persist,
        )
        self.driver.start()
        self._connect_after(0.0)
        self.uploads.start()

    def kill(self) -> None:
        """End the agent's process without a word."""
        self.driver = None
        self.body.leave()
        self.uploads.kill()
        if self._stream is not None:
            self._stream.close(End.ROBOT, "agent is gone")
            self._stream = None

    # StreamEnd of the control stream.

    def received(self, stream: Stream, data: bytes) -> None:
        if self.driver is not None and stream is self._stream:
            self.driver.received(session_pb2.SessionResponse.FromString(data))
            self._rearm()
            self._touched(self)

    def closed(self, stream: Stream, reason: str) -> None:
        del reason
        if stream is not self._stream:
            return
        self._stream = None
        if self.driver is not None:
            self.driver.disconnected()
            self._rearm()
            self._retry()

    def _send(self, message: session_pb2.SessionRequest) -> None:
        if self._stream is not None:
            self._stream.send(End.COORDINATOR, message.SerializeToString())
        self._touched(self)

    def _persist(self, memory: Memory) -> None:
        self.memory = memory

    def _close(self, output: CloseStream) -> None:
        if self._stream is not None:
            self._stream.close(End.ROBOT, output.reason)
            self._stream = None
        if output.reconnect_after_s is None:
            self._retry()
        else:
            self._connect_after(output.reconnect_after_s + self._chance.uniform(0.0, 0.5))

    def _retry(self) -> None:
        self._connect_after(self._backoff_s * self._chance.uniform(0.5, 1.0))
        self._backoff_s = min(2.0 * self._backoff_s, BACKOFF_LIMIT_S)

    def _connect_after(self, delay_s: float) -> None:
        if not self._is_connecting:
            self._is_connecting = True
            self._world.after(delay_s, self._connect)

    def _connect(self) -> None:
        self._is_connecting = False
        driver = self.driver
        if driver is None or self._stream is not None:
            return
        self._stream = None if self.link.is_down() else self._door.open_session(self.link, self)
        if self._stream is None:
            self._retry()
            return
        self._backoff_s = BACKOFF_S[0]
        driver.connected()
        self._rearm()

    def _pump(self) -> None:
        self.uploads.pump()

    def _rearm(self) -> None:
        """One timer for the session's deadline; a timer that comes too early is set again."""
        if self.driver is None:
            return
        due_s = self._clock_begin_s + self.driver.next_deadline_s() / self._clock_rate
        timer = self._deadline
        if due_s == inf or (timer is not None and timer.is_pending and timer.time_s <= due_s):
            return
        if timer is not None:
            timer.cancel()
        # A little late rather than a little early by rounding.
        self._deadline = self._world.at(due_s + 1e-6, self._wake)

    def _wake(self) -> None:
        if self.driver is not None:
            self.driver.tick()
            self._rearm()


class RobotSpool(MemorySpool):
    """The agent's spool, which outlives the agent here; `added` is called after each result."""

    def __init__(self, added: Callable[[], None]) -> None:
        super().__init__()
        self._added = added
        self.captured_count = 0

    def append(self, finding: Finding) -> int:
        counter = super().append(finding)
        self.captured_count += 1
        self._added()
        return counter
