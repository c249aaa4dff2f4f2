"""A planner that is slow, broken or dead costs a plan, never the fleet."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from coordinator.model.assignment import Problem
from coordinator.model.events import AssignmentPlanned
from coordinator.runtime.planner import WORKER, Planner

_READY = "import sys, time; sys.stdout.buffer.write(bytes(8)); sys.stdout.flush(); "
NEVER_READY = (sys.executable, "-c", "import time; time.sleep(100)")
HANGS = (sys.executable, "-c", _READY + "time.sleep(100)")
DIES = (sys.executable, "-c", "")
DIES_LATER = (sys.executable, "-c", _READY)
BABBLES = (sys.executable, "-c", "print('x' * 100, flush=True); import time; time.sleep(100)")
BABBLES_LATER = (sys.executable, "-c", _READY + "sys.stdin.buffer.read(8); print('x' * 100, flush=True)")
_FAIL = """
import struct, sys
sys.stdout.buffer.write(bytes(8))
sys.stdout.flush()
while head := sys.stdin.buffer.read(8):
    sys.stdin.buffer.read(struct.unpack(">Q", head)[0])
    sys.stdout.buffer.write(bytes(8))
    sys.stdout.flush()
"""
FAILS = (sys.executable, "-c", _FAIL)
_SLOW_START = """
import time
time.sleep(1.0)
from coordinator.runtime.plan_worker import main
main()
"""
SLOW_START = (sys.executable, "-c", _SLOW_START)


def _problem(version: int) -> Problem:
    return Problem(version, 0.0, (), (), (), {}, np.zeros((0, 0)), 1.0)


@asynccontextmanager
async def _planning(
    command, within_s: float, ready_within_s: float = 300.0
) -> AsyncIterator[tuple[Planner, asyncio.Queue]]:
    plans: asyncio.Queue[AssignmentPlanned] = asyncio.Queue()
    planner = Planner(plans.put_nowait, within_s=within_s, ready_within_s=ready_within_s, command=command)
    task = asyncio.create_task(planner.run())
    try:
        yield planner, plans
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_problem_is_solved_beside_the_loop():
    """Planning happens in another process and comes back as an event."""
    async with _planning(WORKER, 60.0) as (planner, plans):
        planner.submit(_problem(7))
        first = await asyncio.wait_for(plans.get(), 300.0)
        planner.submit(_problem(8))
        second = await asyncio.wait_for(plans.get(), 300.0)

        assert (first.plan.version, second.plan.version) == (7, 8)
        assert planner.failure_count == 0


async def test_a_worker_that_is_slow_to_begin_isnt_taken_for_a_hanging_one():
    """Loading counts apart from planning, and what was asked last meanwhile is planned."""
    async with _planning(SLOW_START, 0.9) as (planner, plans):
        planner.submit(_problem(7))
        planner.submit(_problem(8))
        only = await asyncio.wait_for(plans.get(), 300.0)

        assert only.plan.version == 8
        assert planner.failure_count == 0


@pytest.mark.parametrize("command", [NEVER_READY, HANGS, DIES, DIES_LATER, BABBLES, BABBLES_LATER])
async def test_a_worker_that_hangs_dies_or_babbles_is_replaced(command):
    """Whatever the planner does, the next problem finds a fresh one."""
    async with _planning(command, 0.5, 0.5) as (planner, plans):
        planner.submit(_problem(1))
        async with asyncio.timeout(20.0):
            while planner.failure_count < 1:  # noqa: ASYNC110 - real processes
                await asyncio.sleep(0.01)
            planner.submit(_problem(2))
            while planner.failure_count < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        assert plans.empty()


async def test_a_problem_that_makes_the_planner_raise_costs_only_itself():
    """A planner's bug loses one plan; the process goes on."""
    async with _planning(FAILS, 20.0) as (planner, plans):
        for count in (1, 2):
            planner.submit(_problem(count))
            async with asyncio.timeout(20.0):
                while planner.failure_count < count:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

        assert plans.empty()
