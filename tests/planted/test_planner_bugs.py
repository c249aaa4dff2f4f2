"""
Bugs planted into planner and release rule while the plant runs.

Whatever they ask for, the checker refuses it or the failure is contained: an alarm names robot and rule, the other
robots go on inspecting, and neither the core's invariants nor the independent audit find anything.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from coordinator.checker.audit import audit
from coordinator.fleet import releases
from coordinator.model.ids import RobotId
from coordinator.model.records import BaseExtended, PointVisited
from coordinator.plant.map import NodeRole
from tests.coordinator.fleet.puppets import Floor
from tests.coordinator.fleet.tiny_plants import yard
from tests.planted.bugs import BUGS, Bug
from tests.planted.planner_bugs import base_not_entered
from tests.planted.release_bugs import (
    steps_skipped,
)
from tests.planted.victim import VICTIM, Patch, for_victim


def _join(floor: Floor) -> None:
    """The victim is blue, all others are red."""
    for number, home in enumerate(floor.plant.nodes_with(NodeRole.PARKING)):
        floor.join("abcdefgh"[number], home, "blue" if number == 0 else "red")


def _visits(floor: Floor, *, but: RobotId | None = None) -> int:
    return sum(isinstance(record, PointVisited) and record.robot_id != but for record in floor.journal)


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS.keys())
def test_a_bug_of_the_planner_costs_time_and_never_safety(monkeypatch: Patch, bug: Bug):
    """What a broken planner asks for isn't released, somebody is told, and the other robots go on."""
    bug.before(monkeypatch)
    floor = Floor(bug.plant(), seed=1)
    floor.has_planner_bug = True
    _join(floor)
    floor.run(5)
    bug.when(floor)
    bug.put(monkeypatch, floor)
    begun = _visits(floor, but=VICTIM)
    floor.run(600, laziness=0.2)

    refusals = dict(floor.fleet.totals().refusals_by_rule)
    assert not bug.rule or bug.rule in refusals, refusals
    listed = [alarm_id for alarm_id in floor.listed() if alarm_id.rpartition(".")[2] in
              ("release_refused", "planning_failed", "bad_plan")]  # fmt: skip
    assert bug.alarm in listed or (not bug.alarm and bool(listed) == bool(bug.rule)), listed
    # One visit each may have been under way already.
    assert _visits(floor, but=VICTIM) - begun >= 2 * (len(floor.puppets) - 1), "the others stand still"
    assert all(puppet.connection is not None for puppet in floor.puppets.values())
    floor.fleet.check_invariants()
    floor.check_truth()
    floor.check_fold()
    assert audit(floor.journal, floor.plant) == ()


def test_an_alarm_names_robot_resource_and_rule(monkeypatch: Patch):
    """An operator reads who was refused what and why, and the robot waits for safety's sake."""
    floor = Floor(yard(period_s=120.0), seed=1)
    floor.has_planner_bug = True
    _join(floor)
    floor.run(5)
    steps_skipped(monkeypatch, floor)
    floor.until(lambda: "a.release_refused" in floor.alarms())
    floor.run(30)

    alarm = next(alarm for alarm in floor.fleet.state.alarms.values() if alarm.code == "release_refused")
    assert "robot a" in alarm.text
    assert "I2" in alarm.text
    assert alarm.robot_id == "a"
    wait = floor.fleet.waits()[VICTIM]
    assert (wait.cause, wait.behind) == ("safety", None)
    assert wait.since_s <= floor.now_s - 20


def test_a_timetable_that_missed_a_base_hears_where_it_ends(monkeypatch: Patch):
    """What the timetable failed to hear of doesn't make it plan from a place where the robot no longer is."""
    floor = Floor(yard(period_s=120.0), seed=1)
    floor.has_planner_bug = True
    _join(floor)
    floor.run(5)
    base_not_entered(monkeypatch, floor)
    floor.run(300)

    assert "a.planning_failed" in floor.listed()
    core = floor.fleet._core
    ends = {robot_id: robot.base_end.seq for robot_id, robot in floor.fleet.state.robots.items()}
    assert {robot_id: row.granted for robot_id, row in core.timetable.rows.items()} == ends


def test_when_the_bug_is_gone_the_robot_goes_on(monkeypatch: Patch):
    """A refusal is for the moment: with a planner that is right again the alarm clears and the robot works."""
    floor = Floor(yard(period_s=120.0), seed=1)
    floor.has_planner_bug = True
    _join(floor)
    floor.run(5)
    steps_skipped(monkeypatch, floor)
    floor.until(lambda: "a.release_refused" in floor.alarms())
    floor.run(60)
    monkeypatch.undo()
    begun = floor.robot(floor.puppets[VICTIM]).base_end.seq
    floor.until(lambda: floor.robot(floor.puppets[VICTIM]).base_end.seq > begun + 3)

    assert "a.release_refused" not in floor.alarms()


def test_what_was_refused_is_neither_journaled_nor_sent(monkeypatch: Patch):
    """A refused release leaves no trace but its alarm."""
    floor = Floor(yard(period_s=120.0), seed=1)
    floor.has_planner_bug = True
    _join(floor)
    floor.run(2)
    for_victim(monkeypatch, releases, "_release", lambda right, core, robot, live, steps: right(
        core, robot, live, tuple(replace(step, seq=step.seq + 1) for step in steps)))  # fmt: skip
    count = sum(isinstance(record, BaseExtended) and record.robot_id == VICTIM for record in floor.journal)
    end = floor.puppets[VICTIM].end
    floor.run(120)

    assert sum(isinstance(record, BaseExtended) and record.robot_id == VICTIM for record in floor.journal) == count
    assert floor.puppets[VICTIM].end == end
