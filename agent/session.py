"""
The robot's side of a session, pure: what comes in and the time give what to do.

Inputs are methods; each returns outputs to perform in order. `now_s` is the robot's monotonic clock, seconds.
Whoever runs it (agent/driver.py) calls `tick` when `next_deadline_s()` has come. Nothing here waits, reads a
clock or sends.

What it promises, whatever the link does: the body is given legs of its base alone; a base only grows until it
is void; a task is given at its node, in order, and each order at most once a boot; a task is reported as done
only after its reading is durable; STOP holds until RESUME, across restarts.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from agent.body import Activity, Outcome, Placement, Reading, Telemetry
from agent.coordinator_clock import CoordinatorClock
from agent.facts import Factsheet, Identity, Memory, SessionSettings, SilencePolicy
from agent.handshake import hello_message, refusal_of
from agent.held_route import BodyError, HeldRoute
from agent.outputs import (
    CloseStream,
    EndTask,
    Finding,
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
from agent.reports import Telemeter, activity_of
from agent.states import LATCHES, LINKS, Latch, LatchSignal, LinkSignal, LinkState
from agent.task_log import TaskLog
from roundsman.v1 import route_pb2, session_pb2

__all__ = ["AgentSession", "BodyError"]

REPLIES_LIMIT_COUNT = 64
EARLY_RATIO = 0.05
"""So much of the report period a report may come early."""
SUPERSEDED = "superseded by a newer command"

_LATCH_SIGNALS = {
    session_pb2.COMMAND_KIND_STOP: LatchSignal.STOP,
    session_pb2.COMMAND_KIND_PAUSE: LatchSignal.PAUSE,
    session_pb2.COMMAND_KIND_RESUME: LatchSignal.RESUME,
}


class AgentSession:
    """
    One boot of one robot, over any number of streams.

    Attributes:
        memory: What must outlive the process; each change is also a Persist output.
        clock: The coordinator's time.
        dropped_count: Messages kept out by a fence: lower epoch, foreign session, sequence that didn't grow.
        ignored_count: Reports of the body that said nothing new.
    """

    def __init__(
        self,
        identity: Identity,
        factsheet: Factsheet,
        *,
        memory: Memory,
        settings: SessionSettings,
    ) -> None:
        self.identity = identity
        self.memory = memory
        self.clock = CoordinatorClock()
        self.dropped_count = 0
        self.ignored_count = 0
        self._factsheet = factsheet
        self._settings = settings
        self._link = LinkState.OFFLINE
        self._terms = session_pb2.Welcome(hold_after_s=settings.first_hold_after_s)
        self._session_key = (0, 0)
        self._sequence = 0
        self._greeted_s = 0.0
        # When the coordinator counts as silent unless it is heard before; infinite when it does already.
        self._silent_from_s = inf
        self._is_silent = False
        self._route: HeldRoute | None = None
        self._tasks = TaskLog()
        self._unspooled: tuple[str, Outcome, str] | None = None
        self._telemeter = Telemeter()
        self._report_due_s = 0.0
        self._reported: tuple[object, ...] = ()
        self._replies: dict[int, session_pb2.CommandReply] = {}

    # What others may ask.

    @property
    def link(self) -> LinkState:
        """How far the stream has come."""
        return self._link

    @property
    def latch(self) -> Latch:
        """Whether the robot was made to wait."""
        return self.memory.latch

    @property
    def activity(self) -> Activity:
        """What the robot does, in the words of the plant."""
        task = self._tasks.current
        return activity_of(
            self._telemeter.latest,
            self.memory.latch,
            task_type=None if task is None else task.task_type or task.task_id,
            has_legs=self._route is not None and self._route.has_legs_to_drive(),
        )

    @property
    def route(self) -> HeldRoute | None:
        """The route the robot holds, for looking only; None while it holds none."""
        return self._route

    def next_deadline_s(self) -> float:
        """When `tick` has something to do, on the robot's clock; infinite: not before another input."""
        if self._link is LinkState.OPEN:
            return min(self._silent_from_s, self._report_due_s)
        if self._link is LinkState.GREETING:
            return min(self._silent_from_s, self._greeted_s + self._settings.welcome_timeout_s)
        return self._silent_from_s

    # The stream.

    def connected(self, now_s: float, placement: Placement) -> list[Output]:
        """A stream is open. Says Hello; `placement` is what the body just answered."""
        self._link = LINKS[self._link][LinkSignal.CONNECTED]
        self._greeted_s = now_s
        latest = self._telemeter.latest
        charge_ratio = 0.0 if latest is None else latest.charge_ratio
        hello = hello_message(self.identity, self._factsheet, self.memory, placement, charge_ratio)
        if self._route is not None:
            self._route.fill_progress(hello.progress)
        out: list[Output] = []
        if self.memory.latch is Latch.STOPPED:
            out.append(Stop())
        elif self.memory.latch is Latch.PAUSED:
            out.append(Hold())
        out.append(Send(session_pb2.SessionRequest(hello=hello)))
        return out

    def disconnected(self, now_s: float) -> list[Output]:
        """The stream ended, for whatever reason. The robot goes on with its base."""
        self._link = LINKS[self._link][LinkSignal.DISCONNECTED]
        return self.tick(now_s)

    def leave(self, reason: str, now_s: float) -> list[Output]:
        """The agent ends on purpose: the robot waits on the next node, and says goodbye."""
        out: list[Output] = [Hold()]
        if self._link is LinkState.OPEN:
            goodbye = session_pb2.Goodbye(reason=reason)
            out.append(Send(session_pb2.SessionRequest(goodbye=goodbye)))
        self._close(reason, out)
        return out

    def tick(self, now_s: float) -> list[Output]:
        """The time has come to `now_s`; does what is due. Harmless at any time."""
        out: list[Output] = []
        if now_s >= self._silent_from_s:
            self._silent_from_s = inf
            self._is_silent = True
            if self._settings.on_silence is SilencePolicy.HOLD_NOW:
                out.append(Hold())
            if self._link is LinkState.OPEN:
                self._close(f"no heartbeat for {self._terms.hold_after_s:g} s", out)
        if self._link is LinkState.OPEN and now_s >= self._report_due_s:
            self._report(now_s, out)
        elif self._link is LinkState.GREETING and now_s >= self._greeted_s + self._settings.welcome_timeout_s:
            self._close(f"no Welcome within {self._settings.welcome_timeout_s:g} s", out)
        return out

    def received(self, message: session_pb2.SessionResponse, now_s: float) -> list[Output]:
        """A message of the coordinator arrived. What a fence keeps out is counted and has no effect."""
        kind = message.WhichOneof("payload")
        out: list[Output] = []
        if kind == "welcome":
            self._welcomed(message, now_s, out)
            return out
        if (
            self._link is not LinkState.OPEN
            or message.session != self._session_key[1]
            or message.epoch < self.memory.epoch
            or message.sequence <= self._sequence
        ):
            self.dropped_count += 1
            return out
        self._sequence = message.sequence
        if message.epoch > self.memory.epoch:
            self._remember(replace(self.memory, epoch=message.epoch), out)
        if kind == "heartbeat":
            self._heartbeat(message.heartbeat, now_s, out)
        elif kind == "route":
            self._extend(message.route, now_s, out)
        elif kind == "command":
            self._command(message.command, now_s, out)
        elif kind == "acknowledge":
            self._tasks.acknowledge(message.acknowledge.task_events_through)
            self._advance(now_s, out)
        elif kind == "drain":
            self._close("the coordinator asked to reconnect", out, max(message.drain.reconnect_after_s, 0.0))
        return out

    # The body's reports.

    def telemetry(self, telemetry: Telemetry, now_s: float) -> list[Output]:
        """The body reports itself; sent at once if activity or faults changed, else with the next report."""
        out: list[Output] = []
        last = self._telemeter.latest
        was_manual = last is not None and last.activity is Activity.MANUAL
        is_manual = telemetry.activity is Activity.MANUAL
        is_urgent = self._telemeter.take(telemetry, now_s)
        if is_manual and self._route is not None:
            self._void(out)
        if was_manual and not is_manual:
            self._close("a person drove the robot: it must be placed anew", out, 0.0)
        # A look just before the report is due is the report: it would be an old one by then.
        is_due = now_s >= self._report_due_s - EARLY_RATIO * self._terms.report_period_s
        if self._link is LinkState.OPEN and (is_urgent or is_due):
            self._report(now_s, out)
        return out

    def reached(self, seq: int, now_s: float) -> list[Output]:
        """The body is on the node of a leg. Raises BodyError for a leg it wasn't given or left one out."""
        out: list[Output] = []
        if self._route is None or not self._route.reach(seq):
            self.ignored_count += 1
            return out
        self._advance(now_s, out)
        self._report_change(now_s, out)
        return out

    def cleared(self, seq: int, now_s: float) -> list[Output]:
        """The body has left the node of a leg. Raises BodyError for one it hasn't reached."""
        out: list[Output] = []
        if self._route is None or not self._route.clear(seq):
            self.ignored_count += 1
            return out
        self._report_change(now_s, out)
        return out

    def task_ended(
        self, order_id: str, outcome: Outcome, reason: str, reading: Reading | None, *, now_s: float
    ) -> list[Output]:
        """The body ended its task. With a reading the task stays under way until `spooled`."""
        task = self._tasks.current
        if task is None or task.order_id != order_id or self._unspooled is not None:
            self.ignored_count += 1
            return []
        is_charge = task.charge_until_ratio is not None or task.task_type == "charge"
        if self._tasks.is_ending and (is_charge or outcome is not Outcome.DONE):
            outcome, reason = (Outcome.DONE, "") if is_charge else (Outcome.SKIPPED, reason)
        elif outcome is Outcome.DONE and reading is None and not is_charge:
            outcome, reason = Outcome.FAILED, "done without a reading: only a charge needs none"
        if outcome is not Outcome.DONE or reading is None:
            return self._end_task(order_id, outcome, reason, now_s)
        self._unspooled = (order_id, outcome, reason)
        latest = self._telemeter.latest
        pose = reading.pose or (None if latest is None else latest.pose)
        taken_s = self.clock.coordinator_s(now_s)
        error_s = min(self.clock.error_s(now_s), 1e9)
        return [Spool(Finding(order_id, task.point_id, task.task_id, taken_s, error_s, pose, reading))]

    def spooled(self, order_id: str, now_s: float, *, error: str = "") -> list[Output]:
        """The finding of a Spool output is durable; or, with `error`, never will be: the task has failed."""
        if self._unspooled is None or self._unspooled[0] != order_id:
            self.ignored_count += 1
            return []
        _, outcome, reason = self._unspooled
        self._unspooled = None
        if error:
            outcome, reason = Outcome.FAILED, f"the reading wasn't kept: {error}"
        return self._end_task(order_id, outcome, reason, now_s)

    def local_stop(self, reason: str, now_s: float) -> list[Output]:
        """The robot was stopped at the robot; `reason` is for people. Holds until a RESUME."""
        out: list[Output] = []
        self._turn(LatchSignal.STOP, self.memory.command_id, out)
        self._report_change(now_s, out)
        return out

    # Messages.

    def _welcomed(self, message: session_pb2.SessionResponse, now_s: float, out: list[Output]) -> None:
        welcome = message.welcome
        key = (message.epoch, message.session)
        is_old = message.epoch >= self.memory.epoch and key <= self._session_key
        if self._link is not LinkState.GREETING or is_old:
            self.dropped_count += 1
            return
        if refusal := refusal_of(welcome, message.epoch, self.memory.epoch):
            self.dropped_count += 1
            self._close(refusal, out)
            return
        self._link = LINKS[self._link][LinkSignal.WELCOMED]
        self._session_key = key
        self._sequence = message.sequence
        self._terms = session_pb2.Welcome.FromString(welcome.SerializeToString())
        self.clock = CoordinatorClock(welcome.coordinator_s, now_s, rtt_s=now_s - self._greeted_s)
        if message.epoch > self.memory.epoch:
            self._remember(replace(self.memory, epoch=message.epoch), out)
        if not welcome.base_is_valid and self._route is not None:
            self._void(out)
        self._heard(now_s, out)
        self._tasks.acknowledge(welcome.task_events_through)
        out.extend(Send(session_pb2.SessionRequest(task_event=event)) for event in self._tasks.unacknowledged())
        self._advance(now_s, out)
        self._report(now_s, out)

    def _heartbeat(self, heartbeat: session_pb2.Heartbeat, now_s: float, out: list[Output]) -> None:
        stamp_s, rtt_s = heartbeat.coordinator_s, heartbeat.rtt_s
        request = session_pb2.SessionRequest()
        echo = request.heartbeat_echo
        echo.nonce = heartbeat.nonce
        echo.coordinator_s = stamp_s
        echo.robot_received_s = echo.robot_sent_s = now_s
        out.append(Send(request))
        self.clock.heartbeat(stamp_s, now_s, rtt_s=rtt_s)
        self._heard(now_s, out)

    def _heard(self, now_s: float, out: list[Output]) -> None:
        self._silent_from_s = now_s + self._terms.hold_after_s
        if not self._is_silent:
            return
        self._is_silent = False
        if self._settings.on_silence is SilencePolicy.HOLD_NOW and self.memory.latch is Latch.FREE:
            out.append(Resume())
        self._advance(now_s, out)

    def _extend(self, update: route_pb2.RouteUpdate, now_s: float, out: list[Output]) -> None:
        held = self._route
        route = held if held is not None and held.route_id == update.route_id else HeldRoute(update.route_id)
        latest = self._telemeter.latest
        if latest is not None and latest.activity is Activity.MANUAL:
            status, text = route_pb2.ROUTE_REPLY_STATUS_REFUSED, "a person drives the robot"
        else:
            status, text = route.extend(update, self._tasks.is_known)
        out.append(
            Send(
                session_pb2.SessionRequest(
                    route_reply=route_pb2.RouteReply(
                        route_id=update.route_id,
                        revision=update.revision,
                        status=status,
                        base_end_seq=max(route.base_end_seq, 0),
                        text=text,
                    )
                )
            )
        )
        if route is not held and status == route_pb2.ROUTE_REPLY_STATUS_ACCEPTED and route.base_end_seq >= 0:
            if held is not None:
                self._void(out)
            self._route = route
        self._advance(now_s, out)
        self._report_change(now_s, out)

    def _command(self, command: session_pb2.Command, now_s: float, out: list[Output]) -> None:
        reply = self._replies.get(command.command_id)
        if reply is None:
            status, text = self._obey(command, now_s, out)
            reply = session_pb2.CommandReply(command_id=command.command_id, status=status, text=text)
            self._replies[command.command_id] = reply
            if len(self._replies) > REPLIES_LIMIT_COUNT:
                del self._replies[next(iter(self._replies))]
        self._send(session_pb2.SessionRequest(command_reply=reply), out)
        self._report_change(now_s, out)

    def _obey(
        self, command: session_pb2.Command, now_s: float, out: list[Output]
    ) -> tuple[session_pb2.CommandStatus.ValueType, str]:
        # A late STOP is on the safe side: it never expires.
        age_s = self.clock.least_age_s(now_s, heartbeat_period_s=self._terms.heartbeat_period_s)
        if command.kind != session_pb2.COMMAND_KIND_STOP and 0.0 < command.valid_for_s < age_s:
            return session_pb2.COMMAND_STATUS_EXPIRED, ""
        signal = _LATCH_SIGNALS.get(command.kind)
        if signal is not None:
            if command.command_id < self.memory.command_id:
                return session_pb2.COMMAND_STATUS_REFUSED, f"{SUPERSEDED}, {self.memory.command_id}"
            if command.command_id > self.memory.command_id:
                self._turn(signal, command.command_id, out)
                self._advance(now_s, out)
            return session_pb2.COMMAND_STATUS_DONE, ""
        if command.kind == session_pb2.COMMAND_KIND_END_TASK:
            return self._end_early(command.order_id, now_s, out)
        return session_pb2.COMMAND_STATUS_REFUSED, f"command kind {command.kind} isn't known"

    def _end_early(
        self, order_id: str, now_s: float, out: list[Output]
    ) -> tuple[session_pb2.CommandStatus.ValueType, str]:
        current = self._tasks.current
        if current is not None and current.order_id == order_id:
            if self._unspooled is None:
                self._tasks.is_ending = True
                out.append(EndTask(order_id))
            return session_pb2.COMMAND_STATUS_DONE, ""
        task = None if self._route is None else self._route.find_task(order_id)
        if task is not None:
            is_charge = task.charge_until_ratio is not None
            out.extend(self._end_task(order_id, Outcome.DONE if is_charge else Outcome.SKIPPED, "", now_s))
        elif not self._tasks.is_known(order_id):
            return session_pb2.COMMAND_STATUS_REFUSED, f"order {order_id} isn't held"
        return session_pb2.COMMAND_STATUS_DONE, ""

    # What follows from them.

    def _turn(self, signal: LatchSignal, command_id: int, out: list[Output]) -> None:
        before = self.memory.latch
        after = LATCHES[before][signal]
        if signal is LatchSignal.STOP:
            out.append(Stop())
        elif after is Latch.PAUSED and before is Latch.FREE:
            out.append(Hold())
        self._remember(replace(self.memory, latch=after, command_id=command_id), out)
        is_held = self._is_silent and self._settings.on_silence is SilencePolicy.HOLD_NOW
        if after is Latch.FREE and before is not Latch.FREE and not is_held:
            out.append(Resume())

    def _advance(self, now_s: float, out: list[Output]) -> None:
        """Decide what the body does next: the task due where it stands, or more legs, or nothing."""
        route = self._route
        if route is None or self._tasks.current is not None or self.memory.latch is not Latch.FREE:
            return
        if self._is_silent and self._settings.on_silence is SilencePolicy.HOLD_NOW:
            return
        task = route.due_task()
        if task is not None:
            if self._tasks.can_begin():
                event = self._tasks.begin(task, now_s)
                self._send(session_pb2.SessionRequest(task_event=event), out)
                out.append(Perform(task))
            return
        legs = route.take_legs()
        if legs:
            out.append(Follow(legs))

    def _end_task(self, order_id: str, outcome: Outcome, reason: str, now_s: float) -> list[Output]:
        out: list[Output] = []
        event = self._tasks.end(order_id, outcome, reason, now_s)
        if self._route is not None:
            self._route.close_task(order_id)
        self._send(session_pb2.SessionRequest(task_event=event), out)
        self._advance(now_s, out)
        self._report_change(now_s, out)
        return out

    def _void(self, out: list[Output]) -> None:
        self._route = None
        out.append(VoidBase())

    def _remember(self, memory: Memory, out: list[Output]) -> None:
        if memory != self.memory:
            self.memory = memory
            out.append(Persist(memory))

    def _close(self, reason: str, out: list[Output], reconnect_after_s: float | None = None) -> None:
        self._link = LINKS[self._link][LinkSignal.DISCONNECTED]
        out.append(CloseStream(reason, reconnect_after_s))

    def _send(self, message: session_pb2.SessionRequest, out: list[Output]) -> None:
        if self._link is LinkState.OPEN:
            out.append(Send(message))

    def _state_key(self, activity: Activity) -> tuple[object, ...]:
        route = self._route
        if route is None:
            return (activity,)
        return (activity, route.route_id, route.reached_seq, route.cleared_seq)

    def _report_change(self, now_s: float, out: list[Output]) -> None:
        if self._link is LinkState.OPEN and self._state_key(self.activity) != self._reported:
            self._report(now_s, out)

    def _report(self, now_s: float, out: list[Output]) -> None:
        activity = self.activity
        report = self._telemeter.report(now_s, activity, self._route, rtt_s=self.clock.rtt_s)
        self._reported = self._state_key(activity)
        self._report_due_s = now_s + self._terms.report_period_s
        out.append(Send(report))
