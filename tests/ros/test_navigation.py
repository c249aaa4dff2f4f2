"""What goes wrong at a robot that runs ROS 2, and what the plant sees of it. One robot lives through all of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from geometry_msgs.msg import PoseStamped
from nav2_msgs.action import NavigateToPose
from rclpy.action import ActionClient
from std_srvs.srv import Trigger

from agent.ros.interfaces import INTERFACES, Kind
from roundsman.v1 import robot_pb2
from sim.ros.node import Fate
from tests.ros.rig import Plant, Robot, until


@pytest.fixture(scope="module")
def robot(plant: Plant) -> Iterator[Robot]:
    """A robot on its rounds."""
    with plant.robot("nav-1", "park-2", max_nav_retries=1, blocked_retry_period=2.0, cancel_timeout=3.0) as robot:
        robot.until_live()
        robot.until_driving()
        yield robot


def test_a_robot_joins_and_drives_its_rounds(robot: Robot):
    """One launch, and the robot is where it stands, charged as it is, and on its way."""
    seen = robot.seen

    assert robot.faults == set()
    assert seen.charge_ratio > 0.8
    assert seen.robot_type_id == "ranger"
    assert robot.sim.goal_count > 0


def test_a_goal_that_fails_is_tried_again(robot: Robot):
    """One failure of navigation is nobody's business: the costmaps are cleared and the goal is sent again."""
    robot.until_driving()
    cleared = robot.sim.cleared_count
    robot.sim.fates.append(Fate.ABORT)
    until(lambda: robot.sim.cleared_count > cleared, "costmaps are cleared")
    robot.until_driving()

    assert robot.faults == set()


def test_a_robot_that_finds_no_way_is_blocked_and_goes_on_by_itself(robot: Robot):
    """When trying again doesn't help the plant sees a blocked robot and its edge; when the way is free it drives on."""
    robot.until_driving()
    robot.sim.fates.extend([Fate.ABORT] * 4)
    until(lambda: robot.seen.activity == robot_pb2.ROBOT_ACTIVITY_BLOCKED, "it is blocked")

    robot.until_driving()


def test_a_goal_that_navigation_refuses_is_infeasible(robot: Robot):
    """A refused goal isn't tried again: the robot is faulted until a person or a new route helps."""
    robot.until_driving()
    robot.stop()
    until(lambda: robot.seen.activity == robot_pb2.ROBOT_ACTIVITY_STOPPED and not robot.is_driving, "it stands")
    robot.sim.fates.append(Fate.REJECT)
    robot.resume()
    robot.until_fault("leg_refused")
    sent = robot.sim.goal_count

    assert robot.seen.activity == robot_pb2.ROBOT_ACTIVITY_FAULTED
    assert robot.sim.goal_count == sent
    # A person at the robot looks, drives it, and gives it back: it begins anew where it stands.
    robot.ros.call(lambda: robot.sim.switch_manual(is_manual=True) or True)
    until(lambda: robot.seen.activity == robot_pb2.ROBOT_ACTIVITY_MANUAL, "it is driven by hand")
    robot.ros.call(lambda: robot.sim.switch_manual(is_manual=False) or True)
    robot.until_driving()


def test_the_operators_stop_cancels_the_goal_and_resume_sends_it_again(robot: Robot):
    """STOP brakes a robot on ROS 2 as any other."""
    robot.until_driving()
    robot.stop()
    until(lambda: not robot.is_driving and robot.seen.is_stopped, "it stands")
    sent = robot.sim.goal_count
    robot.resume()
    robot.until_driving()

    assert robot.sim.goal_count == sent + 1


def test_a_navigation_that_dies_is_noticed_and_taken_up_again(robot: Robot):
    """The robot says that its navigation is gone; when it is back the robot goes on without a person."""
    robot.until_driving()
    robot.ros.call(lambda: robot.sim.kill_navigation() or True)
    robot.until_fault("navigation_unavailable")
    robot.ros.call(lambda: robot.sim.start_navigation() or True)
    robot.until_fault("navigation_unavailable", is_present=False)

    robot.until_driving()


def test_lost_localisation_is_told_while_the_robot_stands(robot: Robot):
    """A lost robot stands and keeps talking; found where it was, it drives on."""
    robot.until_driving()
    robot.sim.is_localised = False
    robot.until_fault("localisation_lost")
    until(lambda: not robot.is_driving, "it stands")
    heard_s = robot.seen.heard_s
    until(lambda: robot.seen.heard_s > heard_s, "it is still heard")
    assert not robot.seen.HasField("map_pose_body")
    robot.sim.is_localised = True
    robot.until_fault("localisation_lost", is_present=False)

    robot.until_driving()


def test_nothing_resumes_by_itself_after_an_emergency_stop(robot: Robot):
    """Released, the red button is no start button: an operator resumes the robot."""
    robot.until_driving()
    robot.ros.call(lambda: robot.sim.press_emergency_stop(is_pressed=True) or True)
    robot.until_fault("emergency_stop")
    robot.ros.call(lambda: robot.sim.press_emergency_stop(is_pressed=False) or True)
    robot.until_fault("emergency_stop", is_present=False)
    assert robot.seen.activity == robot_pb2.ROBOT_ACTIVITY_STOPPED
    assert not robot.is_driving
    robot.resume()

    robot.until_driving()


def test_somebody_elses_goal_is_reported_and_not_fought(robot: Robot):
    """Who sends a goal from RViz has the robot; afterwards it reports where it stands and gets a new route."""
    robot.until_driving()
    sent = robot.sim.goal_count
    vehicle = robot.sim.vehicle

    def send() -> tuple[ActionClient, object]:
        client = ActionClient(robot.sim, NavigateToPose, "navigate_to_pose")
        goal = NavigateToPose.Goal(pose=PoseStamped())
        goal.pose.header.frame_id = "map"
        goal.pose.pose.position.x, goal.pose.pose.position.y = vehicle.x_m, vehicle.y_m + 0.5
        goal.pose.pose.orientation.w = 1.0
        return client, client.send_goal_async(goal)

    client, _ = robot.ros.call(send)
    until(lambda: robot.seen.activity == robot_pb2.ROBOT_ACTIVITY_MANUAL, "it is somebody else's")
    assert robot.sim.goal_count == sent + 1
    until(lambda: robot.seen.activity != robot_pb2.ROBOT_ACTIVITY_MANUAL, "it is given back")
    robot.until_driving()
    robot.ros.call(lambda: client.destroy() or True)


def test_a_person_at_the_robot_stops_it_and_gives_it_back(robot: Robot):
    """~/stop holds until ~/resume at the robot and RESUME of an operator: both keys are needed."""
    robot.until_driving()
    stop, resume = (
        robot.ros.call(lambda name=name: robot.sim.create_client(Trigger, f"robot_agent/{name}"))
        for name in ("stop", "resume")
    )
    until(lambda: robot.ros.call(stop.service_is_ready), "the service is there")
    robot.ros.call(lambda: stop.call_async(Trigger.Request()))
    until(lambda: robot.seen.activity == robot_pb2.ROBOT_ACTIVITY_STOPPED and not robot.is_driving, "it stands")
    robot.resume()
    heard_s = robot.seen.heard_s
    until(lambda: robot.seen.heard_s > heard_s + 2.0, "it is heard")
    assert robot.seen.activity == robot_pb2.ROBOT_ACTIVITY_STOPPED
    assert not robot.is_driving
    robot.ros.call(lambda: resume.call_async(Trigger.Request()))
    until(lambda: robot.resume() or robot.is_driving, "it drives")


def test_a_battery_in_percent_or_silent_is_understood(robot: Robot):
    """Drivers that publish 0 to 100, and batteries that say nothing for a while, are read right."""
    robot.sim.spoilt_percentage = float("nan")
    before = robot.seen.charge_ratio
    robot.until_fault("battery_silent")
    assert abs(robot.seen.charge_ratio - before) < 0.05
    robot.sim.spoilt_percentage = 64.0

    until(lambda: abs(robot.seen.charge_ratio - 0.64) < 1e-6, "64 percent are 0.64")
    robot.until_fault("battery_silent", is_present=False)


def test_the_node_has_the_interfaces_that_the_page_lists(robot: Robot):
    """Topics, services and actions of docs/ros2.md are those of the node, relative to its namespace."""
    node = (robot.agent.parameters["robot_id"].replace("-", "_"), "robot_agent")
    listed = {kind: {i.name for i in INTERFACES if i.kind is kind} for kind in Kind}
    asked = {
        Kind.HEARS: robot.sim.get_subscriber_names_and_types_by_node,
        Kind.SAYS: robot.sim.get_publisher_names_and_types_by_node,
        Kind.SERVES: robot.sim.get_service_names_and_types_by_node,
        Kind.CALLS: robot.sim.get_client_names_and_types_by_node,
    }
    found = {kind: _names(robot, ask, *node) for kind, ask in asked.items()}

    for kind, names in found.items():
        assert names >= listed[kind], kind
        assert {name for name in names - listed[kind] if not _is_of_every_node(name)} == set(), kind


def _names(robot: Robot, ask: object, namespace: str, name: str) -> set[str]:
    """Relative names, as the page has them."""
    given = robot.ros.call(lambda: ask(name, f"/{namespace}"))
    relative = {full.removeprefix(f"/{namespace}/") for full, _ in given}
    return {part.replace(f"{name}/", "~/", 1) if part.startswith(f"{name}/") else part for part in relative}


def _is_of_every_node(name: str) -> bool:
    """Parameters, log and lifecycle; and what an action is made of."""
    ending = name.rpartition("/")[2]
    return (
        name.startswith("/")
        or "_parameter" in ending
        or "/_action/" in name
        or ending in {"transition_event", "change_state", "get_state", "get_type_description"}
        or ending.startswith("get_available_")
        or ending == "get_transition_graph"
    )
