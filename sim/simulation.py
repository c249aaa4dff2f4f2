"""A scenario put together: plant, robots, network, coordinator, faults, and the checker of it all."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from agent import body as port
from coordinator.assignment.assign import plan
from coordinator.assignment.settings import PlannerSettings
from coordinator.fleet.settings import FleetSettings
from coordinator.model.effects import RequestDevice
from coordinator.model.events import DeviceReported
from coordinator.model.ids import EdgeId, NodeId, RobotId, RobotTypeId
from coordinator.model.operator import Accepted, CreateMission, Outcome
from coordinator.model.snapshot import FleetSnapshot
from coordinator.plant.fleet_mix import mix_types
from coordinator.plant.map import NodeRole, PlantMap, RobotType
from sim.chassis import Chassis
from sim.coordinator_host import CoordinatorHost
from sim.devices import SimDevice
from sim.faults import FaultPlan, Plant
from sim.floor import build_floor
from sim.network import Link, LinkProfile
from sim.people import People, walk_times
from sim.radio_field import Heard, RadioField
from sim.robot import BodySettings, SimBody
from sim.robot_host import RobotHost
from sim.scenario import Crowd, Scenario
from sim.sensors import PlantCondition
from sim.services import Services
from sim.truth import Truth
from sim.world import World

DRAIN_S = 900.0
DRAIN_LOOK_S = 10.0
# People see to it that robots get a place to stand before a shift; each joins a little later than the one before.
BOOT_EVERY_S = 0.7


class Simulation:
    """
    One run of a scenario.

    Args:
        robot_count: Instead of the scenario's.
        hours: Instead of the scenario's.
        is_checking: Whether the invariants are checked after each step; without it only to say what that costs.
    """

    def __init__(
        self,
        plant: PlantMap,
        scenario: Scenario,
        *,
        seed: int,
        robot_count: int | None = None,
        hours: float | None = None,
        is_replanning_on_congestion: bool = True,
        is_checking: bool = True,
    ) -> None:
        self.scenario = scenario
        self.seed = seed
        self.hours = scenario.hours if hours is None else hours
        self.plant = _with_demand(plant, scenario.period_ratio)
        self.world = World(scenario.start_at.timestamp())
        self.start_s = self.world.now_s
        self.end_s = self.start_s + self.hours * 3600.0
        self.truth = Truth(self.world)
        self._after_step = self.truth.after_step if is_checking else None
        self.floor = build_floor(self.plant)
        self.people = People(self.world, self.floor, on_change=self._people_moved)
        self.condition = PlantCondition(
            self.plant,
            seed=seed,
            start_s=self.start_s,
            hours=self.hours,
            anomaly_ratio=scenario.anomaly_ratio,
        )
        settings = fleet_settings(scenario, is_replanning_on_congestion=is_replanning_on_congestion)
        self.settings = settings
        planner_settings = replace(PlannerSettings(), **scenario.planner)  # type: ignore[arg-type]
        self.devices = {
            device_id: SimDevice(
                self.world,
                device,
                random.Random(f"{seed}:device:{device_id}"),
                report=self._device_reported,
            )
            for device_id, device in self.plant.devices.items()
        }
        self.coordinator = CoordinatorHost(
            self.world,
            self.plant,
            settings,
            seed=seed,
            watch=self.truth.leaving,
            synced=self.truth.synced,
            ask_device=self._ask_device,
            planner=lambda problem: plan(problem, planner_settings),
            failed=self.truth.report,
        )
        self.services = Services(self.coordinator, malformed=lambda text: self.truth.report("codec", text))
        self.radio = RadioField(self.floor, offset_db=scenario.radio.offset_db)
        self.robots = self._make_robots(robot_count or scenario.robots.count)
        self.faults = FaultPlan(
            Plant(self.world, self.robots, self.coordinator, tuple(self.devices.values())),
            scenario.faults,
            seed=seed,
            until_s=self.end_s,
        )
        self.truth.watch(self.robots, self.coordinator)
        self.mission_count = 0
        # As the shift ended; the liveness phase after it doesn't count. None: the coordinator was down.
        self.last_snapshot: FleetSnapshot | None = None
        self._begin()

    def run(self) -> None:
        """The whole run, then the world heals and everything on its way arrives."""
        self.world.run_until(self.end_s, after_step=self._after_step)
        self.last_snapshot = self._look()
        self.faults.end()
        self.people.clear()
        drain_end_s = self.end_s + DRAIN_S
        while self.world.now_s < drain_end_s:
            self.world.run_until(self.world.now_s + DRAIN_LOOK_S, after_step=self._after_step)
            if self.is_drained() and self.world.now_s > self.end_s + 60.0:
                break
        while self.coordinator.journal.unsynced_count:
            self.world.step()
        self.truth.check_fold()

    def _look(self) -> FleetSnapshot | None:
        fleet = self.coordinator.fleet
        return None if fleet is None else fleet.snapshot(self.world.now_s)

    def is_drained(self) -> bool:
        """Whether every result has been acknowledged."""
        return all(robot.spool.oldest_counter() == 0 for robot in self.robots)

    def _begin(self) -> None:
        self.coordinator.start()
        for i, robot in enumerate(self.robots):
            self.world.after(1.0 + i * BOOT_EVERY_S, robot.boot)
        scenario = self.scenario
        chance = random.Random(f"{self.seed}:people")
        for time_s in walk_times(chance, per_h=scenario.people.per_h, start_s=self.start_s, end_s=self.end_s):
            self.world.at(time_s, lambda: self._step_in_front(chance))
        for i, crowd in enumerate(scenario.crowds):
            self._gather(crowd, random.Random(f"{self.seed}:crowd:{i}"))
        asks = random.Random(f"{self.seed}:missions")
        for time_s in walk_times(asks, per_h=scenario.missions.per_h, start_s=self.start_s + 60.0, end_s=self.end_s):
            self.world.at(time_s, lambda: self._create_mission(asks))

    def _make_robots(self, count: int) -> list[RobotHost]:
        types = _types(self.plant, self.scenario, count)
        nodes = _start_nodes(self.plant, self.scenario, count)
        chance = random.Random(f"{self.seed}:robots")
        body_settings = BodySettings(
            task_failure_ratio=self.scenario.faults.task_failure_ratio, blob_bytes=self.scenario.blob_bytes
        )
        robots = []
        for i in range(count):
            robot_id = RobotId(f"{types[i].robot_type_id}-{i + 1:02d}")
            body = SimBody(
                self.world,
                self.floor,
                robot_id,
                types[i],
                nodes[i],
                people=self.people,
                condition=self.condition,
                settings=body_settings,
                seed=self.seed,
                charge_ratio=chance.uniform(*self.scenario.robots.charge_ratio),
            )
            robots.append(self._make_host(body))
        return robots

    def _make_host(self, body: SimBody) -> RobotHost:
        robot_id = body.robot_id
        chassis: Chassis = body.chassis
        radio = self.radio
        link = Link(
            self.world,
            link_profile(self.scenario),
            random.Random(f"{self.seed}:link:{robot_id}"),
            hear=lambda: radio.heard_by(chassis),
            trace=self.truth.delivered,
        )
        return RobotHost(self.world, body, link, self.services, seed=self.seed, touched=self.truth.touched)

    def _people_moved(self, edge_id: EdgeId) -> None:
        for robot in self.robots:
            robot.body.chassis.look_again(edge_id)

    def _step_in_front(self, chance: random.Random) -> None:
        """Somebody steps onto the edge of a robot on its way, ahead of it."""
        moving = [robot for robot in self.robots if robot.body.chassis.is_moving]
        for_s = chance.uniform(*self.scenario.people.for_s)
        if not moving:
            return
        line, offset_m = chance.choice(moving).body.chassis.place()
        if line is not None:
            at_m = offset_m + chance.uniform(0.3, 1.0) * (line.length_m - offset_m)
            self.people.step_onto(line.edge_id, at_m, for_s)

    def _gather(self, crowd: Crowd, chance: random.Random) -> None:
        begin_s = self.start_s + crowd.from_h * 3600.0
        end_s = min(self.start_s + crowd.to_h * 3600.0, self.end_s)
        edges = [EdgeId(edge_id) for edge_id in crowd.edges]
        for edge_id in edges:
            self.world.at(begin_s, lambda e=edge_id: self.people.set_pace(e, crowd.pace_ratio))  # type: ignore[misc]
            self.world.at(end_s, lambda e=edge_id: self.people.set_pace(e, 1.0))  # type: ignore[misc]
        for time_s in walk_times(chance, per_h=crowd.per_h, start_s=begin_s, end_s=end_s):
            self.world.at(time_s, lambda: self._stand_in(chance, edges, crowd))

    def _stand_in(self, chance: random.Random, edges: list[EdgeId], crowd: Crowd) -> None:
        edge_id = chance.choice(edges)
        length_m = self.floor.lines[edge_id].length_m
        self.people.step_onto(edge_id, chance.uniform(0.2, 0.9) * length_m, chance.uniform(*crowd.for_s))

    def _create_mission(self, chance: random.Random) -> None:
        asked = self.scenario.missions
        point_ids = tuple(chance.sample(sorted(self.plant.points), asked.points_count))
        key = f"mission-{self.mission_count}"
        self.mission_count += 1
        deadline_s = None if asked.deadline_s is None else self.world.now_s + asked.deadline_s
        self._ask(key, CreateMission(point_ids, key, asked.priority, deadline_s))

    def _ask(self, key: str, command: CreateMission) -> None:
        """Ask until answered, with the same key: a coordinator that died meanwhile makes one mission of it."""
        is_answered = False

        def answered(outcome: Outcome) -> None:
            nonlocal is_answered
            is_answered = True
            if not isinstance(outcome, Accepted):
                self.truth.report("mission", f"{key}: {outcome}")

        def ask() -> None:
            if not is_answered:
                self.world.after(5.0, ask)
                self.coordinator.request("simulated operator", key, command, answered)

        ask()

    def _ask_device(self, request: RequestDevice) -> None:
        device = self.devices[request.device_id]
        self.world.after(0.02, lambda: device.ask(request.robot_id, request.edge_id))

    def _device_reported(self, report: DeviceReported) -> None:
        self.world.after(0.02, lambda: self.coordinator.device_reported(report))


def fleet_settings(scenario: Scenario, *, is_replanning_on_congestion: bool) -> FleetSettings:
    """The core's settings of a scenario. Raises TypeError for a name that FleetSettings doesn't have."""
    settings = replace(FleetSettings(), **scenario.settings)  # type: ignore[arg-type]
    if not is_replanning_on_congestion:
        settings = replace(settings, replan_on_congestion=False)
    return settings


def link_profile(scenario: Scenario) -> LinkProfile:
    """The links of a scenario."""
    radio = scenario.radio
    return LinkProfile(
        rtt_s=radio.rtt_s,
        weak_rtt_s=radio.weak_rtt_s,
        stall_every_s=radio.stall_every_s,
        stall_s=radio.stall_s,
        weak_stall_every_s=radio.weak_stall_every_s,
        weak_stall_s=radio.weak_stall_s,
        handover_s=radio.handover_s,
        weak_dbm=radio.weak_dbm,
        hole_dbm=radio.hole_dbm,
        cut_after_s=radio.cut_after_s,
        late_ratio=radio.late_ratio,
        fading_db=radio.fading_db,
        fading_every_s=radio.fading_every_s,
    )


def hear_with(radio: RadioField, chassis: Chassis) -> Callable[[], port.Link]:
    """What a body's modem says, by the coverage where the body is."""
    return lambda: _as_port(radio.heard_by(chassis))


def _as_port(heard: Heard) -> port.Link:
    return port.Link(heard.rsrp_dbm, heard.sinr_db, heard.cell_id)


def _with_demand(plant: PlantMap, period_ratio: float) -> PlantMap:
    """The plant with revisit periods changed; the same plant for 1."""
    if period_ratio == 1.0:
        return plant
    points = {
        point_id: replace(point, period_s=point.period_s * period_ratio) if point.period_s else point
        for point_id, point in plant.points.items()
    }
    return replace(plant, points=points, digest=f"{plant.digest[:48]}-{period_ratio:g}")


def _types(plant: PlantMap, scenario: Scenario, count: int) -> list[RobotType]:
    """Types of the robots: by shares, spread evenly so that fewer robots are still a mixture."""
    shares = {RobotTypeId(k): v for k, v in sorted(scenario.robots.types.items())}
    shares = shares or dict.fromkeys(plant.robot_types, 1)
    return [plant.robot_types[type_id] for type_id in mix_types(shares, count)]


def _start_nodes(plant: PlantMap, scenario: Scenario, count: int) -> list[NodeId]:
    parking = plant.nodes_with(NodeRole.PARKING)
    chargers = plant.nodes_with(NodeRole.CHARGER)
    nodes = [*chargers, *parking] if scenario.robots.start == "charger" else list(parking)
    if len(nodes) < count or len(parking) < count:
        raise ValueError(f"plant {plant.plant_id} has {len(parking)} parking nodes for {count} robots")
    # Spread over the plant rather than crowded at its first gate.
    if scenario.robots.start == "parking" and len(nodes) > count:
        step = len(nodes) / count
        return [nodes[int(i * step)] for i in range(count)]
    return nodes[:count]
