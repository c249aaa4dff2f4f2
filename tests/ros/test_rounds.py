"""Robots on ROS 2 at work: results, a lost link, and two that meet."""

from __future__ import annotations

import math

from coordinator.client import ClientError
from tests.ros.rig import Plant, until


def test_pictures_frames_and_numbers_of_topics_are_results_in_the_ledger(plant: Plant):
    """What the sensors publish at an inspection is stored with its value, its picture and its place."""
    with plant.robot("eyes-1", "park-1") as robot:
        wanted = {"V-201.state", "B-902.bearing", "K-302.methane", "S-602.leak"}
        until(lambda: wanted <= set(robot.task_values), "all four are stored", within_s=300.0, said=robot.tell)
        found = robot.task_values

    assert found["V-201.state"].blob_sha256
    assert not found["V-201.state"].HasField("value")
    assert abs(found["B-902.bearing"].value - 55.0) < 5.0
    assert found["B-902.bearing"].unit == "degC"
    assert found["B-902.bearing"].blob_sha256
    assert abs(found["K-302.methane"].value - 3.0) < 1.0
    assert abs(found["S-602.leak"].value - 30.0) < 4.0


def test_a_robot_without_nav2s_actions_drives_by_poses_on_a_topic(plant: Plant):
    """Goals on a topic, arrival by odometry: such a robot does its rounds, too."""
    with plant.robot("plain-1", "park-1", nav_driver="pose_topic", pose_source="odom") as robot:
        until(lambda: robot.task_values, "a result is stored", within_s=300.0, said=robot.tell)

        assert robot.sim.goal_count == 0
        assert robot.faults == set()


def test_a_robot_without_its_coordinator_finishes_its_base_and_comes_back(plant: Plant):
    """The coordinator dies and is started again: the robot is the same, and goes on."""
    with plant.robot("link-1", "park-4") as robot:
        robot.until_driving()
        plant.server.kill()
        until(lambda: not robot.is_driving, "it has driven its base to the end")
        assert robot.agent.process is not None
        assert robot.agent.process.poll() is None
        plant.server.start()
        robot.until_live()

        robot.until_driving()


def test_two_robots_meet_in_a_one_lane_alley_and_pass(plant: Plant):
    """From both ends of the pump alley: nobody touches anybody, and both get where they must."""
    with (
        plant.robot("meet-1", "park-2", type_id="sniffer") as first,
        plant.robot("meet-2", "park-6", type_id="scout") as second,
    ):
        gaps: list[float] = []

        def are_done() -> bool:
            a, b = first.sim.vehicle, second.sim.vehicle
            gaps.append(math.hypot(a.x_m - b.x_m, a.y_m - b.y_m) - 0.45 - 0.35)
            try:
                return "P-103.leak" in first.task_values and "P-102.pressure" in second.task_values
            except ClientError:
                return False

        until(are_done, "both points are inspected", within_s=300.0, said=lambda: first.tell() + second.tell())

        assert min(gaps) > 0.0
