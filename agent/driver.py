"""
Performs what a session asks for, on a body, a spool and a stream, in real or simulated time.

Pure but for the things it is handed. One thread only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from agent.body import Body, Outcome, Reading, Telemetry
from agent.facts import Memory
from agent.outputs import (
    CloseStream,
    EndTask,
    Follow,
    Hold,
    Output,
    Perform,
    Persist,
    Resume,
    Send,
    Spool,
    Stop,
    VoidBase,
)
from agent.session import AgentSession
from agent.spool import FindingSpool, SpoolError
from roundsman.v1.session_pb2 import SessionRequest, SessionResponse


class AgentDriver:
    """
    A robot: its session, its body, its spool, and the way out. The body reports to this.

    Attributes:
        session: For looking only; its inputs go through the driver.
    """

    def __init__(
        self,
        session: AgentSession,
        body: Body,
        spool: FindingSpool,
        *,
        now: Callable[[], float],
        send: Callable[[SessionRequest], None],
        close: Callable[[CloseStream], None],
        persist: Callable[[Memory], None],
    ) -> None:
        """
        Bind them.

        Args:
            session: Decides.
            body: Not started yet.
            spool: Keeps findings.
            now: The robot's monotonic clock, seconds.
            send: Queues a message for the control stream; called between `connected` and the end of the
                stream.
            close: Ends the stream; `disconnected` follows when it has ended.
            persist: Returns when the memory is durable.
        """
        self.session = session
        self._body = body
        self._spool = spool
        self._now = now
        self._send = send
        self._close = close
        self._persist = persist
        self._queue: deque[Output] = deque()
        self._is_running = False

    def start(self) -> None:
        """Start the body. Once, before anything else."""
        self._body.start(self)

    def connected(self) -> None:
        """A stream is open."""
        self._run(self.session.connected(self._now(), self._body.placement()))

    def disconnected(self) -> None:
        """The stream has ended."""
        self._run(self.session.disconnected(self._now()))

    def received(self, message: SessionResponse) -> None:
        """A message came over the stream."""
        self._run(self.session.received(message, self._now()))

    def tick(self) -> None:
        """`next_deadline_s` has come; harmless earlier."""
        self._run(self.session.tick(self._now()))

    def next_deadline_s(self) -> float:
        """When to call `tick`, on the robot's clock."""
        return self.session.next_deadline_s()

    def leave(self, reason: str) -> None:
        """The agent ends on purpose."""
        self._run(self.session.leave(reason, self._now()))

    # What the body reports: see BodyListener.

    def telemetry(self, telemetry: Telemetry) -> None:
        self._run(self.session.telemetry(telemetry, self._now()))

    def reached(self, seq: int) -> None:
        self._run(self.session.reached(seq, self._now()))

    def cleared(self, seq: int) -> None:
        self._run(self.session.cleared(seq, self._now()))

    def task_ended(self, order_id: str, outcome: Outcome, reason: str = "", reading: Reading | None = None) -> None:
        self._run(self.session.task_ended(order_id, outcome, reason, reading, now_s=self._now()))

    def local_stop(self, reason: str) -> None:
        self._run(self.session.local_stop(reason, self._now()))

    def _run(self, outputs: Iterable[Output]) -> None:
        """Perform outputs in order; those of a report made inside a command wait for the ones before."""
        self._queue.extend(outputs)
        if self._is_running or not self._queue:
            return
        self._is_running = True
        try:
            while self._queue:
                self._perform(self._queue.popleft())
        finally:
            self._is_running = False

    def _perform(self, output: Output) -> None:
        match output:
            case Send(message):
                self._send(message)
            case Follow(legs):
                self._body.follow(legs)
            case Perform(task):
                self._body.perform(task)
            case EndTask(order_id):
                self._body.end_task(order_id)
            case Hold():
                self._body.hold()
            case Stop():
                self._body.stop()
            case Resume():
                self._body.resume()
            case VoidBase():
                self._body.void_base()
            case Spool():
                self._keep(output)
            case Persist(memory):
                self._persist(memory)
            case CloseStream():
                self._close(output)

    def _keep(self, spool: Spool) -> None:
        order_id = spool.finding.order_id
        try:
            self._spool.append(spool.finding)
        except SpoolError as error:
            self._run(self.session.spooled(order_id, self._now(), error=str(error)))
        else:
            self._run(self.session.spooled(order_id, self._now()))
