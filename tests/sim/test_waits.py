"""Waiting by the truth of the floor, against what the coordinator books."""

from __future__ import annotations

from coordinator.model.ids import RobotId
from sim.robot_host import RobotHost
from sim.run import Overrides, prepare
from sim.simulation import Simulation

LOOK_S = 0.2
# How far off the books may be for each wait: the coordinator's tick.
TICK_S = 1.0


class Watcher:
    """Looks at the floor five times a second and counts who stands at the end of its base with an aim."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.seconds: dict[RobotId, float] = {}
        self.waits: dict[RobotId, int] = {}
        self._waiting: set[RobotId] = set()
        simulation.world.after(LOOK_S, self._look)

    def _look(self) -> None:
        simulation = self._simulation
        if simulation.world.now_s + LOOK_S < simulation.end_s:
            simulation.world.after(LOOK_S, self._look)
        fleet = simulation.coordinator.fleet
        assert fleet is not None
        live = fleet._core.live
        for robot in simulation.robots:
            robot_id = robot.robot_id
            has_aim = robot_id in live and bool(live[robot_id].path or live[robot_id].give_way)
            if has_aim and _stands_at_the_end(robot):
                self.seconds[robot_id] = self.seconds.get(robot_id, 0.0) + LOOK_S
                self.waits[robot_id] = self.waits.get(robot_id, 0) + (robot_id not in self._waiting)
                self._waiting.add(robot_id)
            else:
                self._waiting.discard(robot_id)


def _stands_at_the_end(robot: RobotHost) -> bool:
    """Whether a body stands and neither drives, turns nor works, with all driven that its agent was sent."""
    chassis = robot.body.chassis
    if chassis.is_moving or chassis.is_turning or chassis.legs or robot.body.is_working or robot.driver is None:
        return False
    route = robot.driver.session.route
    return route is not None and route.reached_seq == route.base_end_seq


def test_what_robots_waited_by_the_floor_is_what_is_booked():
    """Each robot's booked waiting is the time its body stood at the end of its base with somewhere to go."""
    simulation = prepare("rush", seed=5, overrides=Overrides(hours=0.12))
    watcher = Watcher(simulation)
    simulation.world.run_until(simulation.end_s)
    fleet = simulation.coordinator.fleet
    assert fleet is not None
    booked = {row.robot_id: row for row in fleet.traffic(simulation.world.now_s).accounts}

    assert sum(watcher.seconds.values()) > 60.0
    for robot in simulation.robots:
        seconds = watcher.seconds.get(robot.robot_id, 0.0)
        account = booked.get(robot.robot_id)
        total_s = 0.0 if account is None else account.total_s
        count = max(watcher.waits.get(robot.robot_id, 0), 0 if account is None else account.waits_count)
        assert abs(total_s - seconds) <= TICK_S * max(count, 1), f"{robot.robot_id}: {total_s} s, {seconds} s seen"
