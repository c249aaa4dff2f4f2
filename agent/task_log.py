"""Tasks of one boot: each order performed at most once, each event kept until the coordinator has it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from agent.body import Outcome, Task
from roundsman.v1 import mission_pb2

# Orders remembered. Older ones are kept out by the fences of the session alone.
KNOWN_LIMIT_COUNT = 65_536
# With so many events unacknowledged, the robot begins no further task.
EVENTS_LIMIT_COUNT = 4_096

_WIRE_OUTCOMES = {
    Outcome.DONE: mission_pb2.TASK_OUTCOME_DONE,
    Outcome.FAILED: mission_pb2.TASK_OUTCOME_FAILED,
    Outcome.SKIPPED: mission_pb2.TASK_OUTCOME_SKIPPED,
}


class TaskLog:
    """
    What was begun, what is under way, what the coordinator hasn't confirmed.

    Attributes:
        current: The task under way.
        is_ending: Whether it was asked to end early.
    """

    __slots__ = ("_events", "_known", "_last_seq", "current", "is_ending")

    def __init__(self) -> None:
        self.current: Task | None = None
        self.is_ending = False
        self._known: dict[str, None] = {}
        self._events: deque[mission_pb2.TaskEvent] = deque()
        self._last_seq = 0

    def is_known(self, order_id: str) -> bool:
        """Whether the order was begun or ended in this boot."""
        return order_id in self._known

    def can_begin(self) -> bool:
        """Whether nothing is under way and the events have room."""
        return self.current is None and len(self._events) < EVENTS_LIMIT_COUNT

    def begin(self, task: Task, now_s: float) -> mission_pb2.TaskEvent:
        """The task is handed to the body."""
        self.current = task
        self.is_ending = False
        return self._event(task.order_id, now_s)

    def end(self, order_id: str, outcome: Outcome, reason: str, now_s: float) -> mission_pb2.TaskEvent:
        """The task under way, or one never begun, has ended."""
        if self.current is not None and self.current.order_id == order_id:
            self.current = None
            self.is_ending = False
        event = self._event(order_id, now_s)
        event.outcome = _WIRE_OUTCOMES[outcome]
        event.reason = reason
        return event

    def _event(self, order_id: str, now_s: float) -> mission_pb2.TaskEvent:
        self._known[order_id] = None
        if len(self._known) > KNOWN_LIMIT_COUNT:
            del self._known[next(iter(self._known))]
        self._last_seq += 1
        event = mission_pb2.TaskEvent(event_seq=self._last_seq, order_id=order_id, robot_s=now_s)
        self._events.append(event)
        return event

    def acknowledge(self, through: int) -> None:
        """Events up to this one needn't be sent again."""
        while self._events and self._events[0].event_seq <= through:
            self._events.popleft()

    def unacknowledged(self) -> Iterable[mission_pb2.TaskEvent]:
        """What to send after a reconnect, in order."""
        return tuple(self._events)
