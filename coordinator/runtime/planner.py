"""Planning beside the loop, in a process that may be slow, wrong or dead without harm."""

from __future__ import annotations

import asyncio
import pickle
import sys
from collections.abc import Callable, Sequence

import structlog

from coordinator.model.assignment import Plan, Problem
from coordinator.model.events import AssignmentPlanned
from coordinator.runtime.plan_worker import LENGTH

WORKER = (sys.executable, "-m", "coordinator.runtime.plan_worker")
# A plan is a few hundred stops; more than this is no plan.
_MAX_ANSWER_BYTES = 256 * 1024 * 1024

log = structlog.get_logger()


class PlannerDeadError(Exception):
    """The worker process ended or spoke nonsense; a new one is started for the next problem."""


class Planner:
    """
    Solves one problem after the other; a newer problem replaces one that waits.

    Without an answer the core asks again by itself, so a lost problem costs time only.

    Args:
        answer: Takes the plan, as an event.
        within_s: After this long the worker is killed.
        command: Starts the worker.
    """

    def __init__(
        self,
        answer: Callable[[AssignmentPlanned], None],
        *,
        within_s: float,
        command: Sequence[str] = WORKER,
    ) -> None:
        self._answer = answer
        self._within_s = within_s
        self._command = tuple(command)
        self._waiting: Problem | None = None
        self._came = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
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
                problem, self._waiting = self._waiting, None
                if problem is not None:
                    await self._plan(problem)
        finally:
            await self._kill()

    async def _plan(self, problem: Problem) -> None:
        try:
            async with asyncio.timeout(self._within_s):
                plan = await self._ask(problem)
        except (TimeoutError, OSError, PlannerDeadError, asyncio.IncompleteReadError) as error:
            self.failure_count += 1
            log.error("planner_restarted", version=problem.version, error=repr(error))
            await self._kill()
            return
        if plan is None:
            self.failure_count += 1
            log.error("plan_failed", version=problem.version)
            return
        self._answer(AssignmentPlanned(plan))

    async def _ask(self, problem: Problem) -> Plan | None:
        process = self._process or await self._start()
        if process.stdin is None or process.stdout is None:
            raise PlannerDeadError("the worker has no pipes")
        asked = pickle.dumps(problem, protocol=pickle.HIGHEST_PROTOCOL)
        process.stdin.write(LENGTH.pack(len(asked)) + asked)
        await process.stdin.drain()
        (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
        if length > _MAX_ANSWER_BYTES:
            raise PlannerDeadError(f"an answer of {length} bytes: the limit is {_MAX_ANSWER_BYTES}")
        body = await process.stdout.readexactly(length)
        if not body:
            return None
        plan = pickle.loads(body)
        if not isinstance(plan, Plan) or plan.version != problem.version:
            raise PlannerDeadError(f"the answer isn't a plan of version {problem.version}")
        return plan

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe)
        return self._process

    async def _kill(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            if process.returncode is None:
                process.kill()
            await process.wait()
