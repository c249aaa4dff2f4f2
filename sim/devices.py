"""Doors and lifts of the plant: they open for one robot at a time, as asked, and stay open until told otherwise."""

from __future__ import annotations

import random
from collections.abc import Callable

from coordinator.model.events import DeviceReported, DeviceState
from coordinator.model.ids import DeviceId, EdgeId, RobotId
from coordinator.plant.map import Device
from sim.world import World

# How often a device says how it is, even if nothing changes.
REPORT_PERIOD_S = 10.0


class SimDevice:
    """
    One door or lift.

    Args:
        report: Takes what the device says, at the time it says it.
    """

    def __init__(
        self,
        world: World,
        device: Device,
        chance: random.Random,
        *,
        report: Callable[[DeviceReported], None],
    ) -> None:
        self._world = world
        self.device = device
        self._chance = chance
        self._report = report
        self.state = DeviceState.CLOSED
        self.held_for: RobotId | None = None
        self.at: EdgeId | None = None
        self._asked: tuple[RobotId | None, EdgeId | None] = (None, None)
        self._move = 0
        self._is_broken = False
        world.after(chance.uniform(0.0, REPORT_PERIOD_S), self._tick)

    @property
    def device_id(self) -> DeviceId:
        """Its id in the plant map."""
        return self.device.device_id

    def ask(self, robot_id: RobotId | None, edge_id: EdgeId | None) -> None:
        """Open for a robot at an edge, or let go (None). Asking again for what is under way changes nothing."""
        if self._is_broken:
            self.say()
            return
        if (robot_id, edge_id) == self._asked:
            if self.state is not DeviceState.MOVING:
                self.say()
            return
        self._asked = (robot_id, edge_id)
        self._begin()

    def break_down(self, for_s: float) -> None:
        """Out of order for a while; whatever was open closes."""
        self._is_broken = True
        self._move += 1
        self._become(DeviceState.FAILED)

        def mend() -> None:
            self._is_broken = False
            self._asked = (None, None)
            self._become(DeviceState.CLOSED)

        self._world.after(for_s, mend)

    def say(self) -> None:
        """Report how it is now."""
        is_open = self.state is DeviceState.OPEN
        self._report(
            DeviceReported(
                self.device_id,
                self.state,
                self.held_for if is_open else None,
                self.at if is_open else None,
            )
        )

    def _begin(self) -> None:
        self._move += 1
        move = self._move
        self._become(DeviceState.MOVING)
        duration_s = self.device.open_s * self._chance.uniform(0.9, 1.3)
        self._world.after(duration_s, lambda: self._arrive(move))

    def _arrive(self, move: int) -> None:
        if move != self._move:
            return
        self.held_for, self.at = self._asked
        self._become(DeviceState.CLOSED if self.held_for is None else DeviceState.OPEN)

    def _become(self, state: DeviceState) -> None:
        self.state = state
        if state is not DeviceState.OPEN:
            self.held_for = self.at = None
        self.say()

    def _tick(self) -> None:
        self.say()
        self._world.after(REPORT_PERIOD_S, self._tick)
