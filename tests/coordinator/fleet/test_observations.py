"""The ledger: every result is there once, every loss is declared, limits raise alarms."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.model.effects import AcknowledgeObservations, Append, RefuseObservation
from coordinator.model.events import ObservationReceived, ObservationsDeclaredMissing, UploadOpened
from coordinator.model.ids import AlarmId, PointId, RobotId, TaskId
from coordinator.model.observation import Observation, Severity
from coordinator.model.operator import AcknowledgeAlarm
from coordinator.model.records import ObservationsMissing, ObservationStored
from tests.coordinator.fleet.puppets import Floor
from tests.coordinator.fleet.tiny_plants import alley

A = RobotId("a")


def _result(counter: int, value: float = 1.0, point: str = "W-red", task: str = "W-red.value") -> ObservationReceived:
    observation = Observation(counter, f"o{counter}", PointId(point), TaskId(task), 1.8e9, value=value)
    return ObservationReceived(A, 1, observation)


def _through(effects: Iterable[object]) -> list[int]:
    return [effect.stored_through for effect in effects if isinstance(effect, AcknowledgeObservations)]


@pytest.fixture
def floor(make_floor):
    """One red robot at home."""
    floor = make_floor(alley())
    floor.join("a", "hw1", "red")
    return floor


def test_a_result_is_stored_before_it_is_acknowledged(floor):
    """What a robot may delete from its disk is in the ledger first."""
    effects = floor.feed(_result(1))
    stored = next(i for i, effect in enumerate(effects) if isinstance(effect, Append))
    acknowledged = next(i for i, effect in enumerate(effects) if isinstance(effect, AcknowledgeObservations))

    assert stored < acknowledged
    assert _through(effects) == [1]
    assert floor.fleet.totals().observations_stored_count == 1


def test_a_result_sent_twice_is_stored_once(floor):
    """A result whose acknowledgement was lost comes again: it is acknowledged again and counted as a duplicate."""
    floor.feed(_result(1))
    effects = floor.feed(_result(1, value=99.0))

    assert _through(effects) == [1]
    assert not any(isinstance(effect, Append) for effect in effects)
    totals = floor.fleet.totals()
    assert (totals.observations_stored_count, totals.observations_duplicate_count) == (1, 1)
    assert "W-red.value.high_high" not in floor.alarms()


def test_a_gap_is_not_acknowledged_over(floor):
    """A result behind a missing one is stored, but the robot keeps everything from the gap on."""
    assert _through(floor.feed(_result(1))) == [1]
    assert _through(floor.feed(_result(3))) == [1]
    assert _through(floor.feed(_result(2))) == [3]


def test_a_declared_loss_is_part_of_the_ledger(floor):
    """Results a robot had to drop are declared, alarmed, and not waited for."""
    floor.feed(_result(1))
    floor.feed(_result(5))
    effects = floor.feed(ObservationsDeclaredMissing(A, 1, 2, 4, "disk full"))

    assert _through(effects) == [5]
    assert floor.fleet.totals().observations_missing_count == 3
    assert "a.observations_missing" in floor.listed()
    assert "2 to 4: disk full" in floor.fleet.state.alarms[AlarmId("a.observations_missing")].text
    again = floor.feed(ObservationsDeclaredMissing(A, 1, 2, 4, "disk full"))
    assert not any(isinstance(effect, Append) for effect in again)
    assert floor.fleet.totals().observations_missing_count == 3


def test_a_huge_loss_costs_no_memory(floor):
    """A robot that lost its disk may declare any number of results missing; nonsense is refused with an alarm."""
    effects = floor.feed(ObservationsDeclaredMissing(A, 1, 1, 2**62, "new disk"))
    assert _through(effects) == [2**62]
    assert floor.fleet.totals().observations_missing_count == 2**62

    floor.feed(ObservationsDeclaredMissing(A, 1, 2**62 + 5, 2**63 - 1, "nonsense"))
    assert "a.bad_message" in floor.listed()
    assert floor.robot(floor.puppets[A]).observations_ahead == []


def test_what_was_stored_is_not_declared_missing(floor):
    """A loss that covers results we have doesn't take them away, and they are counted once."""
    floor.feed(_result(2))
    floor.feed(ObservationsDeclaredMissing(A, 1, 1, 3, "disk full"))

    totals = floor.fleet.totals()
    assert (totals.observations_stored_count, totals.observations_missing_count) == (1, 2)


@pytest.mark.parametrize(
    ("point", "task", "value"),
    [("nowhere", "nowhere.value", 1.0), ("W-red", "W-red.other", 1.0), ("W-red", "W-red.value", float("nan"))],
)
def test_a_result_nobody_asked_for_is_refused_and_not_waited_for(floor, point, task, value):
    """A result for an unknown task or without a real value is refused, recorded as missing, and the next ones go on."""
    effects = floor.feed(_result(1, value, point, task))

    assert [effect.counter for effect in effects if isinstance(effect, RefuseObservation)] == [1]
    assert any(isinstance(e, Append) and isinstance(e.record, ObservationsMissing) for e in effects)
    assert _through(effects) == [1]
    assert _through(floor.feed(_result(2))) == [2]


def test_a_robot_that_begins_to_upload_is_told_where_to_go_on(floor):
    """After a break the robot learns which results are safe, also from a restarted coordinator."""
    floor.feed(_result(1))
    floor.feed(_result(2))
    floor.crash()

    assert _through(floor.feed(UploadOpened(A, 2, 1))) == [2]


def test_an_unknown_robot_can_not_upload(floor):
    """Results of a robot that never joined aren't taken."""
    effects = floor.feed(UploadOpened(RobotId("z"), 1, 1))
    assert any(isinstance(effect, RefuseObservation) for effect in effects)
    observation = _result(1).observation
    assert _through(floor.feed(ObservationReceived(RobotId("z"), 1, observation))) == []


@pytest.mark.parametrize(
    ("value", "code", "severity"),
    [
        (-20.0, "low_low", Severity.CRITICAL),
        (-10.0, "low", Severity.HIGH),
        (10.0, "high", Severity.HIGH),
        (25.0, "high_high", Severity.CRITICAL),
    ],
)
def test_a_value_beyond_a_limit_raises_its_alarm_and_a_good_one_clears_it(floor, value, code, severity):
    """The worst limit a value is beyond is alarmed; back in range, the alarm is over and goes once it was seen."""
    floor.feed(_result(1, value))
    alarm_id = AlarmId(f"W-red.value.{code}")
    assert floor.alarms() == [alarm_id]
    assert floor.fleet.state.alarms[alarm_id].severity is severity

    floor.feed(_result(2, 0.0))
    assert floor.alarms() == []
    assert alarm_id in floor.fleet.state.alarms, "nobody has seen it yet"
    floor.ask(AcknowledgeAlarm(alarm_id))
    assert floor.fleet.state.alarms == {}


def test_a_worse_value_replaces_the_alarm(floor):
    """From high to very high is one alarm after another, not two at once."""
    floor.feed(_result(1, 12.0))
    floor.feed(_result(2, 22.0))
    assert floor.alarms() == ["W-red.value.high_high"]


@given(
    st.lists(st.one_of(st.integers(1, 12), st.tuples(st.integers(1, 12), st.integers(0, 4))), min_size=1, max_size=40)
)
def test_any_order_of_results_and_losses_counts_each_number_once(happenings):
    """However results and losses come, each number is stored or missing, and nothing is acknowledged early."""
    floor = Floor(alley())
    floor.join("a", "hw1", "red")
    fates: dict[int, str] = {}
    for happening in happenings:
        if isinstance(happening, int):
            floor.feed(_result(happening))
            fates.setdefault(happening, "stored")
        else:
            first, more = happening
            floor.feed(ObservationsDeclaredMissing(A, 1, first, first + more, "x"))
            for counter in range(first, first + more + 1):
                fates.setdefault(counter, "missing")
    through = 0
    while through + 1 in fates:
        through += 1
    robot = floor.fleet.state.robots[A]
    assert robot.observations_through == through
    assert robot.stored_count == list(fates.values()).count("stored")
    assert robot.missing_count == list(fates.values()).count("missing")
    stored = [record.observation.counter for record in floor.journal if isinstance(record, ObservationStored)]
    assert len(stored) == len(set(stored))
    floor.check_fold()
