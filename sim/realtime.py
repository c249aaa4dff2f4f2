"""The simulated world at the pace of a real clock: it sleeps until the next thing is due, then steps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sim.world import Action, Timer, World


class RealtimeWorld(World):
    """
    A World whose time is a real clock's.

    Args:
        clock: Seconds on a clock that never runs back; the world starts at its present value.
        wait: Waits until the event is set or the seconds are over.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        wait: Callable[[asyncio.Event, float], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(clock())
        self._clock = clock
        self._woken = asyncio.Event()
        self._wait = wait or wait_for_event

    def touch(self) -> None:
        """Bring the clock up to date before acting from outside of a step."""
        due_s = self.next_s()
        now_s = self._clock()
        self.now_s = max(self.now_s, now_s if due_s is None else min(now_s, due_s))

    def at(self, time_s: float, action: Action) -> Timer:
        """Let something happen, and wake a sleeping `run`."""
        timer = super().at(time_s, action)
        self._woken.set()
        return timer

    async def run(self, until_s: float | None = None) -> None:
        """Step in real time until cancelled, or until a time."""
        while until_s is None or self.now_s < until_s:
            due_s = self.next_s()
            now_s = self._clock()
            if due_s is not None and due_s <= now_s:
                self.step()
                # Others of this loop get their turn even while the world is behind.
                await asyncio.sleep(0)
                continue
            self.now_s = max(self.now_s, now_s)
            target_s = min(t for t in (due_s, until_s, now_s + 1.0) if t is not None)
            self._woken.clear()
            await self._wait(self._woken, max(0.0, target_s - now_s))


async def wait_for_event(event: asyncio.Event, timeout_s: float) -> None:
    """Return when the event is set or the time is over."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
