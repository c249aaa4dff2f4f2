"""A robot with a scripted body and a coordinator that says what a test tells it to, in simulated time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.body import Activity, Outcome, Placement, Pose, Reading, Task, Telemetry
from agent.driver import AgentDriver
from agent.facts import Factsheet, Identity, Memory, SessionSettings
from agent.outputs import CloseStream
from agent.session import AgentSession
from agent.spool import FindingSpool, MemorySpool
from roundsman.v1 import mission_pb2, route_pb2, session_pb2

POSE = Pose(1.0, 2.0, 0.0, "ground")
READING = Reading(value=4.2, unit="bar")


class ScriptedBody:
    """Does nothing by itself; writes down every command as (name, what)."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, Any]] = []
        self.given: list[int] = []
        self.performed: list[str] = []

    def start(self, listener: object) -> None:
        self.commands.append(("start", None))

    def placement(self) -> Placement:
        return Placement("n0")

    def follow(self, legs: Sequence[Any]) -> None:
        self.given += [leg.seq for leg in legs]
        self.commands.append(("follow", [leg.seq for leg in legs]))

    def perform(self, task: Task) -> None:
        self.performed.append(task.order_id)
        self.commands.append(("perform", task.order_id))

    def end_task(self, order_id: str) -> None:
        self.commands.append(("end_task", order_id))

    def hold(self) -> None:
        self.commands.append(("hold", None))

    def stop(self) -> None:
        self.commands.append(("stop", None))

    def resume(self) -> None:
        self.commands.append(("resume", None))

    def void_base(self) -> None:
        self.commands.append(("void_base", None))

    def names(self) -> list[str]:
        return [name for name, _ in self.commands]


class Robot:
    """
    A robot under test.

    Attributes:
        now_s: Its monotonic clock.
        sent: What it sent, in order.
        closed: Streams it ended.
    """

    def __init__(
        self,
        *,
        boot_id: int = 1,
        memory: Memory | None = None,
        settings: SessionSettings | None = None,
        spool: FindingSpool | None = None,
    ) -> None:
        self.now_s = 1000.0
        self.sent: list[session_pb2.SessionRequest] = []
        self.closed: list[CloseStream] = []
        self.persisted: list[Memory] = []
        self.body = ScriptedBody()
        self.spool = MemorySpool() if spool is None else spool
        self.session = AgentSession(
            Identity("spot-1", boot_id),
            Factsheet("quadruped"),
            memory=memory or Memory(),
            settings=settings or SessionSettings(),
        )
        self.driver = AgentDriver(
            self.session,
            self.body,
            self.spool,
            now=lambda: self.now_s,
            send=self.sent.append,
            close=self.closed.append,
            persist=self.persisted.append,
        )
        self.driver.start()
        self.tell()
        self.epoch, self.number, self.sequence = 1, 0, 0

    # The coordinator's side.

    def say(self, *, epoch: int | None = None, session: int | None = None, sequence: int | None = None, **payload: Any):
        """Send the robot a message with the fences of the session, or others."""
        self.sequence += 1
        message = session_pb2.SessionResponse(
            epoch=self.epoch if epoch is None else epoch,
            session=self.number if session is None else session,
            sequence=self.sequence if sequence is None else sequence,
            **payload,
        )
        self.driver.received(message)
        return message

    def connect(self, *, base_is_valid: bool = False, events_through: int = 0, coordinator_s: float = 5000.0):
        """Open a stream and welcome the robot."""
        self.driver.connected()
        self.number, self.sequence = self.number + 1, 0
        self.say(
            welcome=session_pb2.Welcome(
                version=1,
                heartbeat_period_s=1.0,
                hold_after_s=10.0,
                report_period_s=1.0,
                coordinator_s=coordinator_s,
                base_is_valid=base_is_valid,
                task_events_through=events_through,
            )
        )

    def route(
        self,
        *steps: tuple[int, Sequence[str]] | int,
        route_id: str = "r1",
        revision: int = 1,
        stays: Sequence[int] = (),
    ) -> None:
        """Release steps, each a number or (number, orders); those in `stays` stay at their node."""
        self.say(route=update(*steps, route_id=route_id, revision=revision, stays=stays))

    def command(self, number: int, kind: str, **fields: Any) -> None:
        self.say(
            command=session_pb2.Command(
                command_id=number, kind=session_pb2.CommandKind.Value(f"COMMAND_KIND_{kind}"), **fields
            )
        )

    def heartbeat(self, coordinator_s: float = 5000.0, rtt_s: float = 0.0, nonce: int = 7) -> None:
        self.say(heartbeat=session_pb2.Heartbeat(nonce=nonce, coordinator_s=coordinator_s, rtt_s=rtt_s))

    # The body's side.

    def tell(self, activity: Activity = Activity.IDLE, **fields: Any) -> None:
        self.driver.telemetry(Telemetry(POSE, 0.0, 0.8, activity, **fields))

    def done(self, order_id: str, reading: Reading | None = READING) -> None:
        self.driver.task_ended(order_id, Outcome.DONE, "", reading)

    def wait(self, duration_s: float) -> None:
        """Let time pass, with every deadline met."""
        end_s = self.now_s + duration_s
        while self.driver.next_deadline_s() <= end_s:
            self.now_s = max(self.now_s, self.driver.next_deadline_s())
            self.driver.tick()
        self.now_s = end_s

    # What was sent.

    def all(self, kind: str) -> list[Any]:
        return [getattr(message, kind) for message in self.sent if message.WhichOneof("payload") == kind]

    def last(self, kind: str) -> Any:
        return self.all(kind)[-1]

    def events(self) -> list[tuple[int, str, str]]:
        """Task events as (number, order, outcome)."""
        names = {0: "begun", 1: "done", 2: "failed", 3: "skipped"}
        return [(event.event_seq, event.order_id, names[event.outcome]) for event in self.all("task_event")]


def update(
    *steps: tuple[int, Sequence[str]] | int,
    route_id: str = "r1",
    revision: int = 1,
    stays: Sequence[int] = (),
) -> route_pb2.RouteUpdate:
    """A route update of steps, each a number or (number, orders)."""
    base = []
    for step in steps:
        seq, orders = (step, ()) if isinstance(step, int) else step
        node = seq - sum(1 for stay in stays if stay <= seq)
        base.append(
            route_pb2.RouteStep(
                seq=seq,
                node_id=f"n{node}",
                edge_id="" if seq == 0 or seq in stays else f"e{seq}",
                max_speed_mps=0.0 if seq == 0 or seq in stays else 1.0,
                tasks=[order(name) for name in orders],
            )
        )
    return route_pb2.RouteUpdate(route_id=route_id, revision=revision, base=base)


def order(order_id: str) -> mission_pb2.TaskOrder:
    """A task order; one named charge... is a charge."""
    if order_id.startswith("charge"):
        return mission_pb2.TaskOrder(
            order_id=order_id, task_id="charge", task_type="charge", duration_s=600.0, charge_until_ratio=0.9
        )
    return mission_pb2.TaskOrder(
        order_id=order_id, task_id="gauge", point_id="p1", task_type="read_gauge", sensor="cam", duration_s=5.0
    )
