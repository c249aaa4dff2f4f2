"""What goes wrong, drawn from the seed before the run: who, when, how long."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sim import scenario
from sim.coordinator_host import CoordinatorHost
from sim.devices import SimDevice
from sim.people import walk_times
from sim.robot_host import RobotHost
from sim.world import World


@dataclass(frozen=True, slots=True)
class Plant:
    """All that can break."""

    world: World
    robots: Sequence[RobotHost]
    coordinator: CoordinatorHost
    devices: Sequence[SimDevice]


class FaultPlan:
    """
    Breaks things at their times until `end`.

    Attributes:
        counts: How often each kind happened.
    """

    def __init__(self, plant: Plant, rates: scenario.Faults, *, seed: int, until_s: float) -> None:
        self._plant = plant
        self._seed = seed
        self._until_s = until_s
        self._is_over = False
        self.counts: dict[str, int] = {}
        kinds: tuple[tuple[str, float, Callable[[RobotHost, random.Random], None]], ...] = (
            ("reboot", rates.reboot_per_h, self._reboot),
            ("motor", rates.motor_per_h, self._break_motor),
            ("localisation", rates.localisation_per_h, self._lose_localisation),
            ("sensor", rates.sensor_per_h, self._break_sensor),
            ("battery", rates.battery_per_h, self._drop_charge),
            ("link_cut", rates.link_cut_per_h, self._cut_link),
        )
        for robot in plant.robots:
            for kind, per_h, strike in kinds:
                self._draw(kind, per_h, robot.robot_id, lambda c, s=strike, r=robot: s(r, c))  # type: ignore[misc]
        self._draw("coordinator", rates.coordinator_per_h, "", self._crash)
        for device in plant.devices:
            self._draw(
                "device",
                rates.device_per_h,
                device.device_id,
                lambda chance, d=device: d.break_down(chance.uniform(30.0, 240.0)),  # type: ignore[misc]
            )

    def end(self) -> None:
        """Nothing breaks any more, and what can be mended at once is."""
        self._is_over = True
        for robot in self._plant.robots:
            robot.link.heal()
            body = robot.body
            for fault in body.faults:
                body.clear_fault(fault.code)
            body.find_localisation()
            if robot.driver is None:
                robot.boot()
        if not self._plant.coordinator.is_up:
            self._plant.coordinator.start()

    def _draw(self, kind: str, per_h: float, subject: str, strike: Callable[[random.Random], None]) -> None:
        world = self._plant.world
        chance = random.Random(f"{self._seed}:fault:{kind}:{subject}")
        for time_s in walk_times(chance, per_h=per_h, start_s=world.now_s + 30.0, end_s=self._until_s):

            def happen() -> None:
                if not self._is_over:
                    self.counts[kind] = self.counts.get(kind, 0) + 1
                    strike(chance)

            world.at(time_s, happen)

    def _reboot(self, robot: RobotHost, chance: random.Random) -> None:
        if robot.driver is None:
            return
        robot.kill()
        self._plant.world.after(chance.uniform(5.0, 40.0), lambda: None if robot.driver is not None else robot.boot())

    def _break_motor(self, robot: RobotHost, chance: random.Random) -> None:
        self._fault(robot, "motor_hot", "a wheel motor is too hot", chance.uniform(60.0, 600.0))

    def _fault(self, robot: RobotHost, code: str, text: str, for_s: float) -> None:
        robot.body.set_fault(code, text, stops=True)
        self._plant.world.after(for_s, lambda: robot.body.clear_fault(code))

    def _lose_localisation(self, robot: RobotHost, chance: random.Random) -> None:
        robot.body.lose_localisation()
        self._plant.world.after(chance.uniform(5.0, 90.0), robot.body.find_localisation)

    def _break_sensor(self, robot: RobotHost, chance: random.Random) -> None:
        sensor = chance.choice(sorted(robot.body.robot_type.sensors))
        code = f"sensor_{sensor}"
        robot.body.set_fault(code, f"sensor {sensor} gives nothing", stops=False)
        self._plant.world.after(chance.uniform(120.0, 1200.0), lambda: robot.body.clear_fault(code))

    def _drop_charge(self, robot: RobotHost, chance: random.Random) -> None:
        robot.body.battery.change(self._plant.world.now_s, -chance.uniform(0.05, 0.3))

    def _cut_link(self, robot: RobotHost, chance: random.Random) -> None:
        robot.link.cut(chance.uniform(5.0, 90.0))

    def _crash(self, chance: random.Random) -> None:
        coordinator = self._plant.coordinator
        if not coordinator.is_up:
            return
        coordinator.crash()
        self._plant.world.after(chance.uniform(1.0, 30.0), lambda: None if coordinator.is_up else coordinator.start())
