"""Missions: what is asked for is done once, or ends with a reason."""

from __future__ import annotations

import pytest

from coordinator.model.ids import MissionId
from coordinator.model.mission import MISSION_TRANSITIONS, MissionState, PointState, TaskOutcome
from coordinator.model.operator import (
    Accepted,
    CancelMission,
    CreateMission,
    PauseMission,
    RefusalCode,
    Refused,
    RerunFailed,
    ResumeMission,
)
from coordinator.model.records import MissionChanged, MissionCreated
from tests.coordinator.fleet.tiny_plants import alley

BOTH = ("W-red", "E-red")


def _states(floor, name: str) -> list[MissionState]:
    return [
        record.state for record in floor.journal if isinstance(record, MissionChanged) and record.mission_id == name
    ]


def _start(make_floor):
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.run(2)
    return floor, robot


def test_a_mission_waits_runs_and_succeeds(make_floor):
    """A mission runs from the first point in a base, and succeeds when all points are done."""
    floor, _ = _start(make_floor)
    assert floor.ask(CreateMission(BOTH)) == Accepted("m1", "mission m1 with 2 points")
    floor.until(lambda: floor.mission("m1").state.is_final)

    assert _states(floor, "m1") == [MissionState.RUNNING, MissionState.SUCCEEDED]
    assert [point.state for point in floor.mission("m1").points] == [PointState.DONE, PointState.DONE]
    assert floor.mission("m1").reason == "all points done"
    assert floor.mission("m1").ended_s == floor.now_s


def test_states_of_a_mission_move_along_their_table_only():
    """What has ended never goes on, and every state can be reached."""
    final = {state for state in MissionState if state.is_final}
    assert final == {MissionState.SUCCEEDED, MissionState.PARTLY_DONE, MissionState.FAILED, MissionState.CANCELLED}
    reached = {state for targets in MISSION_TRANSITIONS.values() for state in targets}
    assert reached == set(MissionState)


def test_a_mission_waits_for_a_robot_that_can_do_it(make_floor):
    """Without a robot with the sensor, a mission waits with an alarm; it is done when one joins."""
    floor, _ = _start(make_floor)
    floor.ask(CreateMission(("E-blue",)))
    floor.run(30)
    assert floor.mission("m1").state is MissionState.WAITING
    assert "m1.unservable" in floor.alarms()

    floor.join("b", "he1", "blue")
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)
    assert "m1.unservable" not in floor.alarms()


def test_a_paused_mission_starts_no_more_points(make_floor):
    """While paused, what is in a base is finished and nothing more begun; after that it goes on."""
    floor, robot = _start(make_floor)
    floor.ask(CreateMission(BOTH))
    floor.until(lambda: robot.counter == 1)
    assert isinstance(floor.ask(PauseMission(MissionId("m1"), "visitors")), Accepted)
    floor.run(20)
    done = robot.counter
    floor.run(120)
    assert floor.mission("m1").state is MissionState.PAUSED
    assert robot.counter == done == 1

    floor.ask(ResumeMission(MissionId("m1")))
    assert floor.mission("m1").state is MissionState.RUNNING
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)


def test_a_cancelled_mission_ends_at_once_with_its_reason(make_floor):
    """Cancelling ends a mission; what was done stays done, the rest counts as failed."""
    floor, robot = _start(make_floor)
    floor.ask(CreateMission(BOTH))
    floor.until(lambda: robot.counter == 1)
    floor.ask(CancelMission(MissionId("m1"), "not needed"))

    mission = floor.mission("m1")
    assert (mission.state, mission.reason) == (MissionState.CANCELLED, "not needed")
    assert sorted(point.state.value for point in mission.points) == ["done", "failed"]
    floor.run(120)
    assert floor.mission("m1") == mission
    refused = floor.ask(CancelMission(MissionId("m1"), "again"))
    assert refused == Refused(RefusalCode.CONFLICT, "mission m1 is cancelled: it can't become cancelled")


def test_a_mission_ends_at_its_deadline_with_what_is_done(make_floor):
    """At the deadline the open points fail, and the mission says how much of it was done."""
    floor, robot = _start(make_floor)
    floor.ask(CreateMission(BOTH, deadline_s=floor.now_s + 600))
    floor.until(lambda: robot.counter == 1)
    floor.cut(robot)
    robot.is_idle = True
    floor.run(610)

    mission = floor.mission("m1")
    assert mission.state is MissionState.PARTLY_DONE
    assert "1 of 2 points failed" in mission.reason
    assert "not reached before the deadline" in mission.reason


def test_a_mission_nobody_began_fails_at_its_deadline(make_floor):
    """A mission for which no robot came ends as failed, not never."""
    floor = make_floor(alley())
    floor.ask(CreateMission(BOTH, deadline_s=floor.now_s + 60))
    floor.run(61)

    assert floor.mission("m1").state is MissionState.FAILED


def test_a_point_is_tried_three_times_and_then_fails_with_the_robots_reason(make_floor):
    """A task that fails is tried again; a point that always fails is given up, and says why."""
    floor, robot = _start(make_floor)
    robot.task_outcome, robot.task_reason = TaskOutcome.FAILED, "lens dirty"
    floor.ask(CreateMission(("W-red",)))
    floor.until(lambda: floor.mission("m1").state.is_final)

    (point,) = floor.mission("m1").points
    assert (point.state, point.attempt_count, point.reason) == (PointState.FAILED, 3, "lens dirty")
    assert floor.mission("m1").state is MissionState.FAILED
    assert "lens dirty" in floor.mission("m1").reason
    assert floor.fleet.totals().visits_count == 0


def test_a_second_try_may_succeed(make_floor):
    """A point that fails once and then works is done."""
    floor, robot = _start(make_floor)
    robot.task_outcome = TaskOutcome.FAILED
    floor.ask(CreateMission(("W-red",)))
    floor.until(lambda: floor.mission("m1").points[0].attempt_count == 1)
    robot.task_outcome = TaskOutcome.DONE
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)

    assert floor.mission("m1").points[0].attempt_count == 2


def test_failed_points_can_be_run_again_as_a_new_mission(make_floor):
    """Running again makes a mission of what wasn't done, and only of that."""
    floor, robot = _start(make_floor)
    floor.ask(CreateMission(BOTH, name="round"))
    assert isinstance(floor.ask(RerunFailed(MissionId("m1"))), Refused), "it hasn't ended"
    floor.until(lambda: robot.counter == 1)
    floor.ask(CancelMission(MissionId("m1"), "later"))
    left = [point.point_id for point in floor.mission("m1").points if point.state is not PointState.DONE]
    assert isinstance(floor.ask(RerunFailed(MissionId("m1"))), Accepted)

    again = floor.mission("m2")
    assert [point.point_id for point in again.points] == left
    assert again.name == "round again"
    floor.until(lambda: floor.mission("m2").state is MissionState.SUCCEEDED)
    assert isinstance(floor.ask(RerunFailed(MissionId("m2"))), Refused), "all is done"


def test_one_key_makes_one_mission(make_floor):
    """A request sent again with its key gets the first answer, also after a restart of the coordinator."""
    floor, robot = _start(make_floor)
    first = floor.ask(CreateMission(BOTH), key="k1")
    again = floor.ask(CreateMission(BOTH), key="k1")
    floor.crash()
    floor.connect(robot)
    later = floor.ask(CreateMission(BOTH), key="k1")

    assert first == again == later == Accepted("m1", "mission m1 with 2 points")
    assert sum(isinstance(record, MissionCreated) for record in floor.journal) == 1


def test_one_key_for_two_different_requests_is_refused(make_floor):
    """A key can't be used for another request: nothing is done."""
    floor, _ = _start(make_floor)
    floor.ask(CreateMission(BOTH), key="k1")
    second = floor.ask(CreateMission(("W-red",)), key="k1")

    assert isinstance(second, Refused)
    assert second.code == RefusalCode.KEY_REUSED
    assert list(floor.fleet.state.missions) == ["m1"]


def test_a_refused_request_is_refused_again_by_its_key(make_floor):
    """The answer to a key is kept, also when it was no."""
    floor, _ = _start(make_floor)
    first = floor.ask(CreateMission(("nowhere",)), key="k1")
    assert isinstance(first, Refused)
    assert floor.ask(CreateMission(("nowhere",)), key="k1") == first


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (CreateMission(()), RefusalCode.INVALID),
        (CreateMission(("nowhere",)), RefusalCode.NOT_FOUND),
        (CreateMission(BOTH, priority=101), RefusalCode.INVALID),
        (CreateMission(BOTH, deadline_s=1.0), RefusalCode.INVALID),
        (CreateMission(BOTH, mission_id=MissionId("../x")), RefusalCode.INVALID),
        (CreateMission(BOTH, mission_id=MissionId("m1")), RefusalCode.CONFLICT),
        (PauseMission(MissionId("m9")), RefusalCode.NOT_FOUND),
        (ResumeMission(MissionId("m1")), RefusalCode.CONFLICT),
        (RerunFailed(MissionId("m9")), RefusalCode.NOT_FOUND),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused_and_changes_nothing(make_floor, command, code):
    """Wrong requests are answered with the reason; nothing else happens."""
    floor = make_floor(alley())
    floor.ask(CreateMission(BOTH))
    before = dict(floor.fleet.state.missions)
    outcome = floor.ask(command)

    assert isinstance(outcome, Refused)
    assert outcome.code == code
    assert outcome.text
    assert floor.fleet.state.missions == before


def test_urgent_missions_are_served_first(make_floor):
    """Of two missions for one robot, the one with the higher priority is done first."""
    floor = make_floor(alley())
    floor.ask(CreateMission(("W-red",), priority=0))
    floor.ask(CreateMission(("E-red",), priority=100))
    floor.join("a", "hw1", "red")
    floor.until(lambda: floor.mission("m2").state.is_final)

    assert floor.mission("m1").state is MissionState.WAITING


def test_a_visit_serves_the_patrol_and_a_mission_together(make_floor):
    """A mission's visit counts for the point's revisit period, too."""
    floor = make_floor(alley(period_s=600.0))
    floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)

    point = next(row for row in floor.fleet.snapshot().points if row.point_id == "E-red")
    assert point.visit_count == 1
    assert point.age_ratio == pytest.approx(0.0, abs=0.01)


def test_a_mission_goes_on_after_a_restart_of_the_coordinator(make_floor):
    """A crash of the coordinator in the middle of a mission costs time, not the mission."""
    floor, robot = _start(make_floor)
    floor.ask(CreateMission(BOTH))
    floor.until(lambda: robot.counter == 1)
    floor.crash()
    floor.run(3)
    floor.connect(robot)
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)

    assert robot.counter == 2
