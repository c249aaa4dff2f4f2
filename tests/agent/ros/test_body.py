"""What a ROS 2 robot makes of its navigation, its sensors and the people at it, without ROS."""

from __future__ import annotations

from dataclasses import replace

from agent.body import Activity, Outcome, Placement, Reading, Task
from agent.ros.battery import Charge
from agent.ros.frames import Pose2
from agent.ros.navigation import Dock, GoalEnd, Ride, Target, Undock
from tests.agent.ros.rig import LIMITS, RosRig
from tests.contract.body_suite import Recorder


class Heard(Recorder):
    """Keeps every reading and every activity, too."""

    def __init__(self) -> None:
        super().__init__()
        self.readings: list[tuple[Outcome, str, Reading | None]] = []
        self.activities: list[Activity] = []

    def telemetry(self, telemetry):
        super().telemetry(telemetry)
        if not self.activities or self.activities[-1] is not telemetry.activity:
            self.activities.append(telemetry.activity)

    def task_ended(self, order_id, outcome, reason="", reading=None):
        super().task_ended(order_id, outcome, reason, reading)
        self.readings.append((outcome, reason, reading))


def started(rig: RosRig) -> Heard:
    """The body's listener, once it has begun."""
    heard = Heard()
    rig.body.start(heard)
    return heard


def codes(heard: Heard) -> set[str]:
    """Codes of the faults it shows now."""
    return {fault.code for fault in heard.last.faults}


def test_a_straight_way_is_driven_without_stopping_at_its_nodes():
    """While the way on is straight and released, the robot heads for the next node before it is on this one."""
    rig = RosRig()
    heard = started(rig)
    rig.body.follow(rig.legs(1, 2))
    while not heard.numbers("reached"):
        rig.advance(0.1)

    assert rig.vehicle.speed_mps > 0.8
    assert [errand.pose.x_m for errand in rig.sent] == [10.0, 20.0]


def test_a_corner_is_driven_on_its_node():
    """At a corner the robot stops on the node, so that it doesn't leave what is reserved for it."""
    rig = RosRig(at=Pose2(10.0, 0.0, 0.0))
    heard = started(rig)
    rig.body.follow([leg for leg in rig.legs(1, 3) if leg.seq > 1])
    while not heard.numbers("reached"):
        rig.advance(0.1)

    assert rig.vehicle.speed_mps < 0.1
    assert abs(rig.vehicle.x_m - 20.0) < 0.3


def test_a_failed_goal_is_tried_again_with_clear_costmaps_and_then_the_robot_is_blocked():
    """After the retries the plant sees a blocked robot; later it tries again by itself."""
    rig = RosRig()
    heard = started(rig)
    rig.next_ends = [GoalEnd.ABORTED] * 3
    rig.body.follow(rig.legs(1, 1))
    rig.advance(4.0)
    assert rig.cleared_count == 2
    assert heard.last.activity is Activity.BLOCKED
    assert heard.last.blocked_edge_id == "e1"
    rig.advance(40.0)

    assert heard.numbers("reached") == [1]


def test_a_refused_goal_is_not_sent_again_until_the_route_is_void():
    """INFEASIBLE is for people: nothing is gained by asking again."""
    rig = RosRig()
    heard = started(rig)
    rig.next_ends = ["rejected"]
    rig.body.follow(rig.legs(1, 1))
    rig.advance(30.0)
    assert len(rig.sent) == 1
    assert codes(heard) == {"leg_refused"}
    assert heard.last.activity is Activity.FAULTED
    rig.body.void_base()
    rig.body.follow(rig.legs(1, 1))
    rig.advance(40.0)

    assert heard.numbers("reached") == [1]


def test_a_goal_nobody_answers_is_a_fault_of_communication_and_sent_again():
    """A lost goal is no lost robot."""
    rig = RosRig()
    heard = started(rig)
    rig.next_ends = ["ignored"]
    rig.body.follow(rig.legs(1, 1))
    rig.advance(5.5)
    assert codes(heard) == {"navigation_unavailable"}
    rig.advance(40.0)

    assert heard.numbers("reached") == [1]
    assert codes(heard) == set()


def test_a_server_that_dies_takes_its_goal_with_it():
    """The end of such a goal never comes: two seconds without a server end it."""
    rig = RosRig()
    heard = started(rig)
    rig.body.follow(rig.legs(1, 1))
    rig.advance(2.0)
    rig.is_silent, rig.look = True, rig.look._replace(nav_trouble="no action server navigate_to_pose")
    rig.vehicle.brake()
    rig.advance(3.0)
    assert codes(heard) == {"navigation_unavailable"}
    assert heard.last.activity is Activity.FAULTED
    rig.is_silent, rig.look = False, rig.look._replace(nav_trouble="")
    rig.advance(60.0)

    assert heard.numbers("reached") == [1]


def test_a_server_that_was_gone_for_a_moment_gets_the_goal_again():
    """It may have been started anew, and would never end a goal it doesn't know."""
    rig = RosRig()
    heard = started(rig)
    rig.body.follow(rig.legs(1, 1))
    rig.advance(2.0)
    rig.is_silent, rig.look = True, rig.look._replace(nav_trouble="no action server navigate_to_pose")
    rig.vehicle.brake()
    rig.advance(0.5)
    rig.is_silent, rig.look = False, rig.look._replace(nav_trouble="")
    rig.advance(60.0)

    assert len(rig.sent) == 2
    assert heard.numbers("reached") == [1]


def test_an_end_of_an_older_goal_is_nothing():
    """After a stop and a resume the end of the first goal may still come; it isn't the second one's."""
    rig = RosRig()
    heard = started(rig)
    rig.body.follow(rig.legs(1, 1))
    rig.advance(1.0)
    rig.body.stop()
    rig.advance(2.0)
    rig.body.resume()
    rig.advance(1.0)
    rig.body.goal_ended(1, GoalEnd.SUCCEEDED, "")

    assert heard.numbers("reached") == []


def test_a_goal_that_ends_elsewhere_counts_as_failed():
    """Navigation may say it is there; the pose says where it is."""
    rig = RosRig()
    heard = started(rig)
    rig.next_ends = [GoalEnd.SUCCEEDED] * 3
    rig.body.follow(rig.legs(1, 1))
    rig.advance(5.0)

    assert heard.numbers("reached") == []
    assert heard.last.activity is Activity.BLOCKED


def test_a_cancelled_goal_that_never_ends_is_ended_by_cancelling_all():
    """A STOP doesn't wait for a server that doesn't listen."""
    rig = RosRig()
    started(rig)
    rig.body.follow(rig.legs(1, 1))
    rig.advance(1.0)
    before = rig.cancel_all_count
    rig.is_silent = True
    rig.body.stop()
    rig.advance(6.0)

    assert rig.cancel_all_count == before + 1


def test_somebody_elses_cancel_is_a_stop_at_the_robot():
    """Who cancels the goal from a screen at the robot wants it to stand; the agent doesn't send it again."""
    rig = RosRig()
    heard = started(rig)
    rig.body.follow(rig.legs(1, 1))
    rig.advance(2.0)
    rig.end(GoalEnd.CANCELED, "")
    rig.advance(30.0)
    assert heard.stops == ["a goal was cancelled at the robot"]
    assert len(rig.sent) == 1
    rig.body.resume()
    rig.advance(40.0)

    assert heard.numbers("reached") == [1]


def test_a_person_who_drives_the_robot_is_not_fought():
    """MANUAL stands until the person is done; then the robot says anew where it is."""
    rig = RosRig()
    heard = started(rig)
    rig.body.follow(rig.legs(1, 1))
    rig.advance(2.0)
    rig.look = rig.look._replace(is_manual=True)
    rig.advance(0.2)
    rig.vehicle.x_m, rig.vehicle.y_m, rig.vehicle.speed_mps = 20.0, 10.0, 0.0
    rig.advance(2.0)
    rig.look = rig.look._replace(is_manual=False)
    rig.advance(3.0)

    assert len(rig.sent) == 1
    assert Activity.MANUAL in heard.activities
    assert rig.body.placement() == Placement("n3")


def test_a_lost_robot_stands_keeps_talking_and_goes_on_when_found_where_it_was():
    """No pose, no drive; but never silence."""
    rig = RosRig()
    heard = started(rig)
    rig.body.follow(rig.legs(1, 1))
    rig.advance(3.0)
    rig.has_pose = False
    rig.advance(5.0)
    assert heard.last.pose is None
    assert codes(heard) == {"localisation_lost"}
    assert rig.vehicle.speed_mps == 0.0
    rig.has_pose = True
    rig.advance(40.0)

    assert heard.numbers("reached") == [1]


def test_a_robot_found_elsewhere_says_anew_where_it_is():
    """It isn't where its reservations are: the coordinator must hear that before anything else."""
    rig = RosRig()
    heard = started(rig)
    rig.body.follow(rig.legs(1, 1))
    rig.advance(3.0)
    rig.has_pose = False
    rig.advance(1.0)
    rig.vehicle.x_m, rig.vehicle.y_m = 30.0, 10.0
    rig.has_pose = True
    rig.advance(0.1)
    assert heard.last.activity is Activity.MANUAL
    rig.body.void_base()
    rig.advance(2.0)

    assert heard.last.activity is Activity.IDLE
    assert rig.body.placement() == Placement("n4")


def test_nothing_resumes_by_itself_after_an_emergency_stop():
    """Only RESUME lets it drive, and not while the button is pressed."""
    rig = RosRig()
    heard = started(rig)
    rig.body.follow(rig.legs(1, 1))
    rig.advance(2.0)
    rig.look = rig.look._replace(is_emergency_stopped=True)
    rig.advance(1.0)
    assert heard.stops == ["emergency stop"]
    rig.body.resume()
    rig.advance(5.0)
    assert heard.stops == ["emergency stop", "emergency stop"]
    rig.look = rig.look._replace(is_emergency_stopped=False)
    rig.advance(30.0)
    assert heard.numbers("reached") == []
    rig.body.resume()
    rig.advance(40.0)

    assert heard.numbers("reached") == [1]


def test_a_robot_without_a_place_gets_one_as_soon_as_it_knows_where_it_is():
    """Started before its localisation, it is announced without a place, and announces itself anew with one."""
    rig = RosRig()
    rig.has_pose = False
    rig.body = rig.make_body(LIMITS)
    heard = started(rig)
    assert rig.body.placement() == Placement("")
    rig.has_pose = True
    rig.advance(1.0)

    assert heard.activities[-2:] == [Activity.MANUAL, Activity.IDLE]
    assert rig.body.placement() == Placement("n0")


def test_a_picture_is_taken_with_the_tasks_heading_once_the_robot_stands():
    """The robot turns, stands still, and only then looks."""
    rig = RosRig()
    heard = started(rig)
    rig.body.perform(Task("o1", "t1", "p1", "photo", "camera", heading_rad=1.5, duration_s=5.0))
    rig.advance(10.0)

    assert rig.sent == [Target(Pose2(0.0, 0.0, 1.5), 0.3)]
    assert abs(rig.vehicle.yaw_rad - 1.5) < 0.05
    assert heard.readings == [(Outcome.DONE, "", Reading(blob=b"picture", media_type="image/jpeg"))]


def test_a_task_for_a_sensor_the_robot_lacks_fails_at_once():
    """The plant hears why, and gives it to another robot."""
    rig = RosRig()
    heard = started(rig)
    rig.body.perform(Task("o1", "t1", "p1", "gas_sniff", "gas"))

    assert heard.readings == [(Outcome.FAILED, "the robot has no sensor 'gas'", None)]


def test_a_charge_ends_when_the_battery_is_full_enough():
    """Charging is watched, not timed."""
    rig = RosRig()
    heard = started(rig)
    rig.look = rig.look._replace(charge=Charge(0.4, True))
    rig.body.perform(Task("o1", "charge", task_type="charge", charge_until_ratio=0.9))
    rig.advance(60.0)
    assert heard.last.activity is Activity.CHARGING
    rig.look = rig.look._replace(charge=Charge(0.9, True))
    rig.advance(0.2)

    assert heard.readings == [(Outcome.DONE, "", None)]


def test_a_charger_without_current_fails_the_charge():
    """A robot that stands at a dead charger says so instead of waiting for ever."""
    rig = RosRig()
    heard = started(rig)
    rig.body.perform(Task("o1", "charge", task_type="charge", charge_until_ratio=0.9))
    rig.advance(31.0)

    assert heard.readings == [(Outcome.FAILED, "the charger gave no current for 30 s", None)]


def test_a_robot_with_a_dock_docks_to_charge_and_undocks_to_drive():
    """DockRobot before the charge, UndockRobot before the next drive."""
    rig = RosRig(replace(LIMITS, work=replace(LIMITS.work, docks=True)))
    heard = started(rig)
    rig.body.perform(Task("o1", "charge", task_type="charge", charge_until_ratio=0.9))
    rig.advance(1.0)
    rig.look = rig.look._replace(charge=Charge(0.95, True))
    rig.advance(1.0)
    rig.body.follow(rig.legs(1, 1))
    rig.advance(30.0)

    assert [type(errand) for errand in rig.sent] == [Dock, Undock, Target]
    assert heard.numbers("reached") == [1]


def test_a_lift_takes_a_robot_to_a_level_that_it_has_a_map_of():
    """In the lift it takes the other level's map, and tells its poses there from then on."""
    drive = replace(LIMITS.drive, levels=frozenset({"ground", "deck"}))
    rig = RosRig(replace(LIMITS, drive=drive), at=Pose2(30.0, 10.0, 0.0))
    heard = started(rig)
    rig.body.follow([replace(rig.legs(4, 4)[0], edge_id="e5", node_id="up", seq=1)])
    rig.advance(2.0)

    assert rig.sent == [Ride("deck", Pose2(30.0, 10.0, 0.0))]
    assert rig.levels == ["deck"]
    assert heard.numbers("reached") == [1]
    assert heard.last.pose.level_id == "deck"
    assert rig.body.placement() == Placement("up")


def test_a_lift_to_a_level_without_a_map_is_a_leg_the_robot_cannot_drive():
    """The fault says so, and others get its tasks."""
    rig = RosRig(at=Pose2(30.0, 10.0, 0.0))
    heard = started(rig)
    rig.body.follow([replace(rig.legs(4, 4)[0], edge_id="e5", node_id="up", seq=1)])

    assert codes(heard) == {"leg_unfit"}
    assert rig.sent == []


def test_the_robots_map_may_lie_anywhere_in_the_plants():
    """Poses are told in the plant's map, goals in the robot's."""
    limits = replace(LIMITS, site_pose_map=Pose2(10.0, 0.0, 1.5707963267948966))
    rig = RosRig(limits, at=Pose2(0.0, 0.0, -1.5707963267948966))
    heard = started(rig)
    assert rig.body.placement() == Placement("n1")
    rig.body.follow([leg for leg in rig.legs(1, 2) if leg.seq == 2])
    rig.advance(30.0)

    assert heard.numbers("reached") == [2]
    assert abs(rig.vehicle.y_m + 10.0) < 0.3
    assert abs(heard.last.pose.x_m - 20.0) < 0.3


def test_a_robot_that_never_said_its_charge_is_reported_with_a_fault():
    """Nobody plans on a charge that was made up without a word about it."""
    rig = RosRig()
    rig.look = rig.look._replace(charge=Charge())
    rig.body = rig.make_body(LIMITS)
    heard = started(rig)

    assert heard.last.charge_ratio == 0.5
    assert "battery_unknown" in codes(heard)


def test_a_battery_that_falls_silent_is_told_and_its_last_word_kept():
    """The plant plans on the last charge it knows, and a person sees that it is an old one."""
    rig = RosRig()
    heard = started(rig)
    rig.look = rig.look._replace(charge=Charge(None, None))
    rig.advance(1.0)

    assert heard.last.charge_ratio == 0.8
    assert codes(heard) == {"battery_silent"}
