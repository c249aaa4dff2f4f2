"""Simulated time, and the same at the pace of a clock."""

from __future__ import annotations

import asyncio

from sim.realtime import RealtimeWorld
from sim.world import World


def test_things_happen_in_the_order_of_time_and_then_of_asking():
    """Two things at the same moment happen in the order they were asked for."""
    world = World(0.0)
    seen: list[str] = []
    for name, time_s in (("late", 2.0), ("first", 1.0), ("second", 1.0)):
        world.at(time_s, lambda name=name: seen.append(name))
    world.run_until(3.0)

    assert seen == ["first", "second", "late"]
    assert world.now_s == 3.0


def test_what_is_cancelled_does_not_happen():
    """A cancelled timer is as if it had never been set."""
    world = World(0.0)
    seen: list[str] = []
    timer = world.after(1.0, lambda: seen.append("x"))
    timer.cancel()
    world.run_until(2.0)

    assert seen == []


def test_a_step_may_ask_for_more_at_the_same_time():
    """What a step asks for now still happens now."""
    world = World(0.0)
    seen: list[float] = []
    world.at(1.0, lambda: world.at(0.5, lambda: seen.append(world.now_s)))
    world.run_until(1.0)

    assert seen == [1.0]


async def test_the_world_in_real_time_waits_for_its_clock():
    """Real time is the same world, stepped when the clock says so."""
    clock = [100.0]

    async def wait(event: asyncio.Event, timeout_s: float) -> None:
        clock[0] += timeout_s

    world = RealtimeWorld(lambda: clock[0], wait=wait)
    seen: list[float] = []
    for delay_s in (0.5, 0.1, 2.5):
        world.after(delay_s, lambda: seen.append(clock[0]))
    await world.run(until_s=103.0)

    assert [round(at, 6) for at in seen] == [100.1, 100.5, 102.5]
