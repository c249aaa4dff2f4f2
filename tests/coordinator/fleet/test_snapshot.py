"""The picture people get: complete, sorted, and no more than what is known."""

from __future__ import annotations

from coordinator.model.mission import MissionState
from coordinator.model.operator import CreateMission
from coordinator.model.robot import Activity, Fault, LinkState
from tests.coordinator.fleet.tiny_plants import alley


def test_a_new_fleet_has_nothing_to_show_but_its_points(make_floor):
    """Before any robot came, the picture has the plant's points, never visited, and nothing else."""
    floor = make_floor(alley(period_s=100.0))
    picture = floor.fleet.snapshot()

    assert (picture.plant_id, picture.epoch, picture.robots, picture.missions) == ("tiny", 1, (), ())
    assert [point.point_id for point in picture.points] == ["E-blue", "E-red", "W-blue", "W-red"]
    assert all(point.last_visit_s is None and point.visit_count == 0 for point in picture.points)


def test_a_robot_is_shown_as_it_reports_itself(make_floor):
    """Link, activity, place, base, horizon, charge and faults of a robot are in the picture."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red",)))
    floor.until(lambda: robot.reached == 1)
    robot.activity, robot.faults, robot.rsrp_dbm = Activity.DRIVING, (Fault("dust", "", stops_driving=False),), -80.0
    floor.report(robot)
    view = floor.view(robot)

    assert (view.link, view.activity, view.last_node_id, view.home) == (LinkState.LIVE, Activity.DRIVING, "west", "hw1")
    assert view.base == tuple(floor.robot(robot).steps)
    assert view.base[-1].seq + 1 == view.horizon[0].seq if view.horizon else True
    assert view.next_point_ids == ("E-red",)
    assert [fault.code for fault in view.faults] == ["dust"]
    assert view.quality is not None
    assert view.pose is not None
    assert view.session == 1
    holders = {row.edge_id: row.holder for row in floor.fleet.snapshot().edges}
    assert set(holders.values()) == {"a"}


def test_a_robot_says_where_it_was_last_heard(make_floor):
    """Of a lost robot the picture keeps the last word, and says how old it is."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.run(2)
    heard_s = floor.now_s
    floor.cut(robot)
    robot.is_idle = True
    floor.run(60)
    view = floor.view(robot)

    assert view.link is LinkState.LOST
    assert view.heard_s == heard_s
    assert view.last_node_id == "hw1"


def test_points_grow_older_and_overdue(make_floor):
    """A point's age counts from its last visit; past period and tolerance it is overdue."""
    floor = make_floor(alley(period_s=100.0))
    floor.run(50)
    row = floor.fleet.snapshot(floor.now_s).points[1]
    assert row.age_ratio is not None
    assert (round(row.age_ratio, 2), row.is_overdue) == (0.5, False)
    floor.run(61)
    assert floor.fleet.snapshot(floor.now_s).points[1].is_overdue

    floor.join("a", "he1", "red")
    floor.until(lambda: floor.fleet.totals().visits_count > 0)
    row = floor.fleet.snapshot(floor.now_s).points[1]
    assert (row.visit_count, row.is_overdue) == (1, False)
    assert floor.fleet.totals().late_visits_count == 1
    assert floor.fleet.totals().max_age_ratio > 1.1


def test_a_taken_picture_never_changes(make_floor):
    """Watchers may keep a picture: later events don't reach it."""
    floor = make_floor(alley())
    floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red",)))
    picture = floor.fleet.snapshot()
    copy = repr(picture)
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)

    assert repr(picture) == copy
