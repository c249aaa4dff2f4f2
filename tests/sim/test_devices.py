"""Simulated doors and lifts."""

from __future__ import annotations

import random

from coordinator.model.events import DeviceReported, DeviceState
from coordinator.model.ids import DeviceId, EdgeId, RobotId
from coordinator.plant.map import Device, DeviceKind
from sim.devices import SimDevice
from sim.world import World

R1, R2, EDGE = RobotId("r1"), RobotId("r2"), EdgeId("e")


class Yard:
    """One door, and what it said."""

    def __init__(self) -> None:
        self.world = World(0.0)
        self.said: list[DeviceReported] = []
        device = Device(DeviceId("d"), DeviceKind.DOOR, open_s=4.0)
        self.door = SimDevice(self.world, device, random.Random(1), report=self.said.append)


def test_a_door_opens_for_one_robot_and_says_for_whom():
    """A door is open only after its time, and for the robot that asked."""
    yard = Yard()
    yard.door.ask(R1, EDGE)
    assert yard.said[-1].state is DeviceState.MOVING

    yard.world.run_until(6.0)
    assert (yard.door.state, yard.door.held_for, yard.door.at) == (DeviceState.OPEN, R1, EDGE)


def test_a_door_asked_for_another_robot_closes_first():
    """While a door changes over, it is open for nobody."""
    yard = Yard()
    yard.door.ask(R1, EDGE)
    yard.world.run_until(6.0)
    yard.door.ask(R2, EDGE)
    assert yard.door.held_for is None

    yard.world.run_until(20.0)
    assert yard.door.held_for == R2


def test_asking_a_moving_door_again_changes_nothing():
    """A request that comes again neither restarts the door nor makes it chatter."""
    yard = Yard()
    yard.door.ask(R1, EDGE)
    yard.world.run_until(2.0)
    before = len(yard.said)
    yard.door.ask(R1, EDGE)
    assert len(yard.said) == before

    yard.world.run_until(6.0)
    assert yard.door.state is DeviceState.OPEN


def test_a_broken_door_says_so_and_is_closed_when_mended():
    """Out of order means closed for everybody until it is mended and asked anew."""
    yard = Yard()
    yard.door.ask(R1, EDGE)
    yard.world.run_until(6.0)
    yard.door.break_down(30.0)
    assert yard.said[-1].state is DeviceState.FAILED

    yard.door.ask(R2, EDGE)
    yard.world.run_until(40.0)
    assert yard.said[-1].state is DeviceState.CLOSED
