"""Operators' calls on their way through the core."""

from __future__ import annotations

import asyncio

from coordinator.model.effects import Reply
from coordinator.model.events import OperatorRequested
from coordinator.model.operator import OperatorCommand, Outcome
from coordinator.transport.inbox import Inbox

MAX_OPEN_CALLS = 256


class TooManyCallsError(Exception):
    """Too many calls wait for an answer; try again later."""

    def __init__(self) -> None:
        super().__init__(f"{MAX_OPEN_CALLS} calls wait for their answer: try again later")


class Calls:
    """Pairs requests with their replies, by number."""

    def __init__(self, inbox: Inbox, *, answer_within_s: float) -> None:
        self._inbox = inbox
        self._answer_within_s = answer_within_s
        self._open: dict[int, asyncio.Future[Outcome]] = {}

    async def request(self, principal: str, idempotency_key: str, command: OperatorCommand) -> Outcome:
        """
        Ask the core.

        Raises:
            TimeoutError: If no answer is durable in time; whether the command takes effect isn't known.
            TooManyCallsError: If too many calls are open; nothing was done.
        """
        if len(self._open) >= MAX_OPEN_CALLS:
            raise TooManyCallsError
        number = self._inbox.next_connection()
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._open[number] = answer
        try:
            self._inbox.post(OperatorRequested(number, principal, idempotency_key, command))
            return await asyncio.wait_for(answer, self._answer_within_s)
        finally:
            del self._open[number]

    def reply(self, effect: Reply) -> None:
        """The core answered; dropped if nobody waits any more."""
        answer = self._open.get(effect.request)
        if answer is not None and not answer.done():
            answer.set_result(effect.outcome)
