"""Simulated ROS robots without ROS: wheels, what sensors see, who is in a fleet."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from coordinator.model.ids import LevelId
from sim.ros.fleet import load_plant, robots_of
from sim.ros.scene import Scene
from sim.ros.vehicle import Vehicle, Wheels
from sim.sensors import PlantCondition

WHEELS = Wheels(max_speed_mps=1.0, acceleration_mps2=0.5, turn_radps=1.0)


def drive(vehicle: Vehicle, seconds: float) -> bool:
    """Let time pass; whether it arrived."""
    arrivals = [vehicle.step(0.05) for _ in range(round(seconds / 0.05))]
    return True in arrivals


def test_wheels_bring_the_robot_to_a_pose_and_no_faster_than_they_may():
    """It turns first, drives within its limit, and ends where and as it should."""
    vehicle = Vehicle(WHEELS, 0.0, 0.0, limit_mps=0.4)
    vehicle.head_for(0.0, 4.0, 0.0)
    fastest = 0.0
    for _ in range(600):
        vehicle.step(0.05)
        fastest = max(fastest, vehicle.speed_mps)

    assert (vehicle.x_m, vehicle.y_m) == pytest.approx((0.0, 4.0), abs=0.02)
    assert vehicle.yaw_rad == pytest.approx(0.0, abs=0.02)
    assert fastest == pytest.approx(0.4)
    assert not vehicle.has_target


def test_braking_takes_its_way():
    """A robot told to stand rolls out; it doesn't vanish from the edge it is on."""
    vehicle = Vehicle(WHEELS, 0.0, 0.0)
    vehicle.head_for(20.0, 0.0, 0.0)
    drive(vehicle, 5.0)
    before_m = vehicle.x_m
    vehicle.brake()
    drive(vehicle, 5.0)

    assert vehicle.speed_mps == 0.0
    assert vehicle.x_m - before_m == pytest.approx(1.0, abs=0.1)


def test_a_further_target_is_taken_without_braking():
    """As Nav2 takes a new goal on the way."""
    vehicle = Vehicle(WHEELS, 0.0, 0.0)
    vehicle.head_for(5.0, 0.0, 0.0)
    drive(vehicle, 3.0)
    vehicle.head_for(10.0, 0.0, 0.0)
    speed_mps = vehicle.speed_mps
    drive(vehicle, 0.05)

    assert vehicle.speed_mps >= speed_mps


@pytest.fixture(scope="module")
def scene() -> Scene:
    """The demo plant, healthy."""
    plant = load_plant("demo")
    condition = PlantCondition(plant, seed=1, start_s=0.0, hours=1.0, anomaly_ratio=0.0)
    return Scene(plant, condition, random.Random(1))


def test_a_sensor_sees_the_point_it_looks_at(scene: Scene):
    """At one node two points: the heading says which."""
    ground = LevelId("ground")
    east = scene.value("thermal", 53.0, 18.0, 0.0, ground, now_s=1.0)

    assert east == pytest.approx(95.0, abs=5.0)
    assert scene.value("gas", 53.0, 18.0, 0.0, ground, now_s=1.0) == 0.0
    assert scene.value("thermal", 0.0, 0.0, 0.0, ground, now_s=1.0) == 0.0


def test_the_hottest_pixel_of_a_thermal_frame_is_the_points_temperature(scene: Scene):
    """Centikelvin, as cameras give it."""
    frame = scene.thermal(53.0, 18.0, 0.0, LevelId("ground"), now_s=1.0)

    assert frame.dtype == np.uint16
    assert frame.max() / 100.0 - 273.15 == pytest.approx(95.0, abs=5.0)


def test_a_gauges_needle_turns_with_its_value(scene: Scene):
    """The picture differs between a healthy gauge and no gauge at all."""
    at_gauge = scene.gauge(29.0, 18.0, 0.0, LevelId("ground"), now_s=1.0)
    nowhere = scene.gauge(0.0, 0.0, 0.0, LevelId("ground"), now_s=1.0)

    assert at_gauge.shape == (120, 120, 1)
    assert (at_gauge != nowhere).any()


def test_a_fleet_has_a_namespace_and_a_parking_node_for_each_robot():
    """No two robots begin on one node, and a plant has so many robots as it can park."""
    plant = load_plant("demo")
    robots = robots_of(plant, 8, 1)

    assert len({robot.node_id for robot in robots}) == 8
    assert [robot.namespace for robot in robots][:2] == ["sim_01", "sim_02"]
    assert all(0.0 < robot.charge_ratio <= 1.0 and math.isfinite(robot.charge_ratio) for robot in robots)
    with pytest.raises(ValueError, match="robots is 9: plant demo has 8 parking nodes"):
        robots_of(plant, 9, 1)
