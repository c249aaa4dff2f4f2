"""The route a robot holds: a base that only grows, and how far along it the robot is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from agent.body import Leg, Task
from roundsman.v1 import mission_pb2, robot_pb2, route_pb2

# More released steps ahead than this are a fault of the coordinator, and a bound of the robot's memory.
BASE_LIMIT_COUNT = 4096


class BodyError(Exception):
    """A body broke the rules of agent/body.py; only its author can mend that."""


class HeldRoute:
    """
    One route of one id.

    Attributes:
        revision: Highest seen.
        base_end_seq: Highest step held as released; -1 before the first.
        reached_seq: Highest step whose node was reached.
        cleared_seq: Highest step whose node was left; -1 for none.
        given_seq: Highest step the body was given.
    """

    __slots__ = (
        "_ahead",
        "_end_node_id",
        "_legs",
        "_open_tasks",
        "_uncleared",
        "base_end_seq",
        "cleared_seq",
        "given_seq",
        "reached_seq",
        "revision",
        "route_id",
    )

    def __init__(self, route_id: str) -> None:
        self.route_id = route_id
        self.revision = 0
        self.base_end_seq = -1
        self.reached_seq = 0
        self.cleared_seq = -1
        self.given_seq = 0
        self._end_node_id = ""
        # Legs not given yet; numbers of legs not reached, and of legs whose node isn't left.
        self._legs: deque[Leg] = deque()
        self._ahead: deque[int] = deque()
        self._uncleared: deque[int] = deque()
        self._open_tasks: deque[tuple[int, Task]] = deque()

    def extend(
        self, update: route_pb2.RouteUpdate, is_known: Callable[[str], bool]
    ) -> tuple[route_pb2.RouteReplyStatus.ValueType, str]:
        """
        Take in an update of this route; all of it or nothing.

        Args:
            update: From the coordinator.
            is_known: Whether an order was begun before; such a task isn't performed again.

        Returns:
            The verdict, and for people why it is REFUSED.
        """
        if update.revision < self.revision:
            return route_pb2.ROUTE_REPLY_STATUS_STALE, ""
        steps = update.base
        if steps and not _is_contiguous(steps, max(self.base_end_seq, 0)):
            return route_pb2.ROUTE_REPLY_STATUS_DISCONTINUOUS, ""
        new = [step for step in steps if step.seq > self.base_end_seq]
        if refusal := _refusal(new, self._end_node_id, self.reached_seq):
            return route_pb2.ROUTE_REPLY_STATUS_REFUSED, refusal
        self.revision = update.revision
        for step in new:
            self._append(step, is_known)
        self.pass_stays()
        return route_pb2.ROUTE_REPLY_STATUS_ACCEPTED, ""

    def _append(self, step: route_pb2.RouteStep, is_known: Callable[[str], bool]) -> None:
        self.base_end_seq = step.seq
        self._end_node_id = step.node_id
        if step.edge_id:
            self._ahead.append(step.seq)
            self._uncleared.append(step.seq)
            self._legs.append(Leg(step.seq, step.edge_id, step.node_id, step.max_speed_mps))
        for order in step.tasks:
            if not is_known(order.order_id):
                self._open_tasks.append((step.seq, task_of(order)))

    def take_legs(self) -> tuple[Leg, ...]:
        """Legs the body may have now: up to the first node with an open task. They count as given."""
        legs = self._legs
        if not legs:
            return ()
        barrier_seq = self._open_tasks[0][0] if self._open_tasks else self.base_end_seq
        taken = []
        while legs and legs[0].seq <= barrier_seq:
            taken.append(legs.popleft())
        if taken:
            self.given_seq = taken[-1].seq
        return tuple(taken)

    def due_task(self) -> Task | None:
        """The task to perform where the robot stands; None: drive on or wait."""
        if self._open_tasks and self._open_tasks[0][0] <= self.reached_seq:
            return self._open_tasks[0][1]
        return None

    def find_task(self, order_id: str) -> Task | None:
        """The open task of that order; None: not held, or ended."""
        return next((task for _, task in self._open_tasks if task.order_id == order_id), None)

    def close_task(self, order_id: str) -> None:
        """Forget the task; the way beyond its node opens with the last one there."""
        self._open_tasks = deque(entry for entry in self._open_tasks if entry[1].order_id != order_id)
        self.pass_stays()

    def reach(self, seq: int) -> bool:
        """
        Note that the body reached a node. False: it said so before.

        Raises:
            BodyError: It wasn't given that leg, or left one out.
        """
        if seq <= self.reached_seq:
            return False
        if not self.has_legs_to_drive() or seq != self._ahead[0]:
            raise BodyError(
                f"body reports leg {seq} as reached after {self.reached_seq}, given up to {self.given_seq}: "
                "every leg is reported once, in order"
            )
        self.reached_seq = self._ahead.popleft()
        self.pass_stays()
        return True

    def pass_stays(self) -> None:
        """Steps that stay at the robot's node are reached as soon as the tasks before them are done."""
        next_leg_seq = self._ahead[0] if self._ahead else self.base_end_seq + 1
        next_task_seq = self._open_tasks[0][0] if self._open_tasks else self.base_end_seq + 1
        self.reached_seq = max(self.reached_seq, min(next_leg_seq - 1, next_task_seq))

    def clear(self, seq: int) -> bool:
        """
        Note that the body left a node. False: it said so before, or has no leg to leave by: nothing is freed.

        Raises:
            BodyError: It didn't reach that node.
        """
        if seq > self.reached_seq:
            raise BodyError(
                f"body reports the node of leg {seq} as left, but reached only {self.reached_seq}: "
                "a node is reached before it is left"
            )
        uncleared = self._uncleared
        while uncleared and uncleared[0] <= seq:
            uncleared.popleft()
        if not uncleared or uncleared[0] > self.given_seq or uncleared[0] - 1 <= self.cleared_seq:
            return False
        # With the node all steps that stayed there are left.
        self.cleared_seq = min(uncleared[0] - 1, self.reached_seq)
        return True

    def has_legs_to_drive(self) -> bool:
        """Whether the body has a leg whose node it hasn't reached."""
        return bool(self._ahead) and self._ahead[0] <= self.given_seq

    def fill_progress(self, message: robot_pb2.RouteProgress) -> None:
        """Write into a message how far the robot is."""
        message.route_id = self.route_id
        message.reached_seq = self.reached_seq
        message.cleared_seq = self.cleared_seq
        message.base_end_seq = max(self.base_end_seq, 0)


def task_of(order: mission_pb2.TaskOrder) -> Task:
    """The body's view of a task order."""
    return Task(
        order_id=order.order_id,
        task_id=order.task_id,
        point_id=order.point_id,
        task_type=order.task_type,
        sensor=order.sensor,
        heading_rad=order.heading_rad if order.HasField("heading_rad") else None,
        duration_s=order.duration_s,
        charge_until_ratio=order.charge_until_ratio if order.HasField("charge_until_ratio") else None,
        parameters=dict(order.parameters),
    )


def _is_contiguous(steps: Sequence[route_pb2.RouteStep], base_end_seq: int) -> bool:
    first = steps[0].seq
    return first <= base_end_seq + 1 and all(step.seq == first + i for i, step in enumerate(steps))


def _refusal(new: Sequence[route_pb2.RouteStep], end_node_id: str, reached_seq: int) -> str:
    for step in new:
        if not step.node_id:
            return f"step {step.seq} has no node: every step ends at one"
        if not step.edge_id and end_node_id and step.node_id != end_node_id:
            return f"step {step.seq} goes from {end_node_id} to {step.node_id} by no edge: it must have one"
        if step.edge_id and not 0.0 < step.max_speed_mps < float("inf"):
            return f"step {step.seq} has max_speed_mps {step.max_speed_mps}: it must be above 0"
        if any(not order.order_id for order in step.tasks):
            return f"step {step.seq} has a task without order_id: it must have one"
        end_node_id = step.node_id
    if new and new[-1].seq - reached_seq > BASE_LIMIT_COUNT:
        return f"base would reach {new[-1].seq - reached_seq} steps ahead: the limit is {BASE_LIMIT_COUNT}"
    return ""
