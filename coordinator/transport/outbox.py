"""What waits to be written to one robot: bounded, most urgent first, newest wins where that is safe."""

from __future__ import annotations

import asyncio
from typing import assert_never

from coordinator.model.effects import Send
from coordinator.model.messages import (
    Acknowledge,
    Command,
    CommandKind,
    Drain,
    Heartbeat,
    RobotMessage,
    RouteUpdate,
    Welcome,
)

MAX_WAITING = 64

_WELCOME, _STOP, _ROUTE, _COMMAND, _ACKNOWLEDGE, _HEARTBEAT, _DRAIN = range(7)


class OutboxFullError(Exception):
    """The stream doesn't take what it is sent; end it, the robot comes back."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} messages wait to be written: the limit is {MAX_WAITING}")


class Outbox:
    """
    Messages of one stream for its one writer task.

    They leave in another order than they came, so the writer numbers them (`SessionResponse.sequence`).
    """

    def __init__(self) -> None:
        self._waiting: tuple[list[Send], ...] = tuple([] for _ in range(_DRAIN + 1))
        self._came = asyncio.Event()
        self._is_closed = False
        self._is_welcomed = False
        self._stop_id = -1

    def __len__(self) -> int:
        return sum(map(len, self._waiting))

    def put(self, send: Send) -> None:
        """
        Queue a message, or replace an older one that it makes needless.

        Raises:
            OutboxFullError: If too many wait.
        """
        if self._is_closed or self._is_overtaken_by_stop(send.message):
            return
        queue = self._waiting[_rank(send.message)]
        for index, older in enumerate(queue):
            if _replaces(send.message, older.message):
                queue[index] = send
                return
        if len(self) >= MAX_WAITING:
            raise OutboxFullError(len(self))
        queue.append(send)
        self._came.set()

    def _is_overtaken_by_stop(self, message: RobotMessage) -> bool:
        """Whether this resumes a robot that was stopped later; a stop also drops such messages that wait."""
        if not isinstance(message, Command):
            return False
        if message.kind is CommandKind.STOP:
            self._stop_id = max(self._stop_id, message.command_id)
            self._waiting[_COMMAND][:] = [
                older for older in self._waiting[_COMMAND] if not self._is_older_resume(older.message)
            ]
        return self._is_older_resume(message)

    def _is_older_resume(self, message: RobotMessage) -> bool:
        return (
            isinstance(message, Command) and message.kind is CommandKind.RESUME and message.command_id < self._stop_id
        )

    async def take(self) -> Send | None:
        """The most urgent message, but nothing before the Welcome; None when closed and all is taken."""
        while True:
            if self._waiting[_WELCOME]:
                self._is_welcomed = True
            for queue in self._waiting:
                if queue and self._is_welcomed:
                    return queue.pop(0)
            if self._is_closed:
                return None
            self._came.clear()
            await self._came.wait()

    def close(self) -> None:
        """Take nothing more; what waits is still handed out."""
        self._is_closed = True
        self._came.set()

    def abandon(self) -> None:
        """Take nothing more, and drop what waits."""
        for queue in self._waiting:
            queue.clear()
        self.close()


def _rank(message: RobotMessage) -> int:
    match message:
        case Welcome():
            return _WELCOME
        case Command():
            return _STOP if message.kind is CommandKind.STOP else _COMMAND
        case RouteUpdate():
            return _ROUTE
        case Acknowledge():
            return _ACKNOWLEDGE
        case Heartbeat():
            return _HEARTBEAT
        case Drain():
            return _DRAIN
        case _:
            assert_never(message)


def _replaces(newer: RobotMessage, older: RobotMessage) -> bool:
    """Whether a robot that gets only the newer of two messages of one rank lacks nothing."""
    match newer, older:
        case (RouteUpdate(), RouteUpdate()):
            return newer.route_id == older.route_id and newer.revision >= older.revision and _covers(newer, older)
        case (Command(), Command()):
            return newer.command_id == older.command_id
        case (Acknowledge(), Acknowledge()):
            return newer.task_events_through >= older.task_events_through
        case (Heartbeat(), Heartbeat()) | (Drain(), Drain()):
            return True
        case _:
            return False


def _covers(newer: RouteUpdate, older: RouteUpdate) -> bool:
    """Whether the newer base has every step of the older one."""
    if not older.base:
        return True
    return bool(newer.base) and newer.base[0].seq <= older.base[0].seq and newer.base[-1].seq >= older.base[-1].seq
