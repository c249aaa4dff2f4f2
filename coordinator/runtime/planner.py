"""Planning beside the loop, in a process that may be slow, wrong or dead without harm."""

from __future__ import annotations

import asyncio
import pickle
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

from coordinator.model.assignment import Plan, Problem
from coordinator.model.events import AssignmentPlanned
from coordinator.runtime.plan_worker import LENGTH

READY_WITHIN_S = 180.0
"""The first worker ever on a machine compiles the kernel; those after it load it in a second."""
WORKER = (sys.executable, "-m", "coordinator.runtime.plan_worker")
# A plan is a few hundred stops; more than this is no plan.
_MAX_ANSWER_BYTES = 256 * 1024 * 1024

log = structlog.get_logger()

T = TypeVar("T")


class PlannerDeadError(Exception):
    """The worker process ended or spoke nonsense; a new one is started for the next problem."""


class Planner:
    """
    Solves one problem after the other; a newer problem replaces one that waits.

    Without an answer the core asks again by itself, so a lost problem costs time only.

    Args:
        answer: Takes the plan, as an event.
        within_s: A worker that takes longer to plan is killed.
        ready_within_s: And one that takes longer to begin.
        command: Starts the worker.
    """

    def __init__(
        self,
        answer: Callable[[AssignmentPlanned], None],
        *,
        within_s: float,
        ready_within_s: float = READY_WITHIN_S,
        command: Sequence[str] = WORKER,
    ) -> None:
        self._answer = answer
        self._within_s = within_s
        self._ready_within_s = ready_within_s
        self._command = tuple(command)
        self._waiting: Problem | None = None
        self._came = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._is_ready = False
        self.failure_count = 0

    def submit(self, problem: Problem) -> None:
        """Plan this as soon as the worker is free."""
        self._waiting = problem
        self._came.set()

    async def run(self) -> None:
        """Plan until cancelled."""
        try:
            await self._start()
            while True:
                await self._came.wait()
                self._came.clear()
                process = await self._within(self._ready_worker(), self._ready_within_s)
                problem = self._waiting
                if process is None or problem is None:
                    continue
                self._waiting = None
                plan = await self._within(self._ask(process, problem), self._within_s)
                if plan is not None:
                    self._answer(AssignmentPlanned(plan))
        finally:
            await self._kill()

    async def _within(self, doing: Awaitable[T], within_s: float) -> T | None:
        """Await something of the worker's; None if it goes wrong or takes too long, and the worker is gone then."""
        try:
            async with asyncio.timeout(within_s):
                return await doing
        except (TimeoutError, OSError, PlannerDeadError, asyncio.IncompleteReadError) as error:
            self.failure_count += 1
            log.error("planner_restarted", error=repr(error))
            await self._kill()
            return None

    async def _ready_worker(self) -> asyncio.subprocess.Process:
        """Wait until there is a worker that has everything loaded."""
        process = self._process or await self._start()
        if not self._is_ready:
            if await self._frame(process):
                raise PlannerDeadError("the worker doesn't begin with an empty frame")
            self._is_ready = True
        return process

    async def _ask(self, process: asyncio.subprocess.Process, problem: Problem) -> Plan | None:
        if process.stdin is None:
            raise PlannerDeadError("the worker has no pipes")
        asked = pickle.dumps(problem, protocol=pickle.HIGHEST_PROTOCOL)
        process.stdin.write(LENGTH.pack(len(asked)) + asked)
        await process.stdin.drain()
        body = await self._frame(process)
        if not body:
            self.failure_count += 1
            log.error("plan_failed", version=problem.version)
            return None
        plan = pickle.loads(body)
        if not isinstance(plan, Plan) or plan.version != problem.version:
            raise PlannerDeadError(f"the answer isn't a plan of version {problem.version}")
        return plan

    async def _frame(self, process: asyncio.subprocess.Process) -> bytes:
        if process.stdout is None:
            raise PlannerDeadError("the worker has no pipes")
        (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
        if length > _MAX_ANSWER_BYTES:
            raise PlannerDeadError(f"an answer of {length} bytes: the limit is {_MAX_ANSWER_BYTES}")
        return await process.stdout.readexactly(length)

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        self._is_ready = False
        self._process = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe)
        return self._process

    async def _kill(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            if process.returncode is None:
                process.kill()
            if process.stdin is not None:
                process.stdin.close()
            await process.wait()
