"""A shift report says what the journal says, to the last figure."""

from __future__ import annotations

import csv
import io
import json

import pytest

from coordinator.cli.report import page, points_table, report_data, sums
from coordinator.model.records import AlarmChanged, BaseExtended, OperatorActed, PointVisited, StepPassed
from coordinator.runtime.shift import ShiftReport, shift_report
from tests.coordinator.runtime.recorded import DURATION_S, Recorded


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    """Two minutes with a closure, a mission, a drill and a lost robot."""
    return Recorded()


def _report(recorded: Recorded, begin_s: float = 0.0, end_s: float = DURATION_S) -> ShiftReport:
    start_s = recorded.start_s
    return shift_report(recorded.entries, recorded.floor.plant, from_s=start_s + begin_s, to_s=start_s + end_s)


@pytest.mark.parametrize(("begin_s", "end_s"), [(0, DURATION_S), (0, 60), (60, DURATION_S), (30, 31)])
def test_the_totals_are_those_of_the_records(recorded: Recorded, begin_s: float, end_s: float):
    """Counting the journal's records by hand gives the same figures, for any time."""
    made = _report(recorded, begin_s, end_s)
    start_s = recorded.start_s
    within = [
        record
        for record, at_s in zip(recorded.floor.journal, recorded.times, strict=True)
        if start_s + begin_s < at_s <= start_s + end_s
    ]
    visits = [record for record in within if isinstance(record, PointVisited)]
    raised = {(record.alarm.alarm_id, record.alarm.raised_s) for record in within if isinstance(record, AlarmChanged)}

    assert made.totals["visits_count"] == len(visits)
    assert made.totals["late_count"] == sum(visit.is_late for visit in visits)
    assert made.totals["alarms_count"] == len(raised)
    assert made.totals["acts_count"] == sum(isinstance(record, OperatorActed) for record in within)
    assert {point.point_id for point in made.points if point.visits_count} == {visit.point_id for visit in visits}
    assert {robot.robot_id: robot.visits_count for robot in made.robots if robot.visits_count} == {
        robot_id: sum(visit.robot_id == robot_id for visit in visits) for robot_id in {v.robot_id for v in visits}
    }


def test_distance_is_that_of_the_edges_confirmed(recorded: Recorded):
    """Each released edge that a robot reached the end of counts once, with its length."""
    edges: dict[tuple[str, str, int], str] = {}
    reached: dict[tuple[str, str], int] = {}
    for record in recorded.floor.journal:
        if isinstance(record, BaseExtended):
            for step in record.steps:
                if step.edge_id is not None:
                    edges[record.robot_id, record.route_id, step.seq] = step.edge_id
        elif isinstance(record, StepPassed):
            reached[record.robot_id, record.route_id] = record.reached_seq
    lengths = recorded.floor.plant.edges
    expected_m = sum(
        lengths[edge_id].length_m  # type: ignore[index]
        for (robot_id, route_id, seq), edge_id in edges.items()
        if seq <= reached.get((robot_id, route_id), -1)
    )

    assert expected_m > 0.0
    assert _report(recorded).totals["distance_m"] == pytest.approx(expected_m)


def test_scripts_read_every_part_as_plain_data(recorded: Recorded):
    """The report's data are numbers, texts and lists, with states by their short names."""
    data = json.loads(json.dumps(report_data(_report(recorded))))

    assert data["alarms"], "a robot was lost"
    assert data["alarms"][0]["severity"] in ("low", "medium", "high", "critical")
    assert data["missions"][0]["name"] == "look"
    assert [act["principal"] for act in data["acts"]] == ["ann"] * 4


def test_shifts_add_up(recorded: Recorded):
    """Two shifts one after the other have the visits, results and metres of the whole."""
    whole, first, second = _report(recorded), _report(recorded, 0, 47), _report(recorded, 47, DURATION_S)

    for name in ("visits_count", "late_count", "observations_count", "distance_m", "acts_count"):
        assert whole.totals[name] == pytest.approx(first.totals[name] + second.totals[name])


def test_the_page_shows_hostile_texts_as_texts(recorded: Recorded):
    """A reason or a name from outside never becomes markup in the report, nor a formula in the spreadsheet."""
    from dataclasses import replace

    made = _report(recorded)
    hostile = replace(made.acts[0], principal="<script>alert(1)</script>")
    made = replace(made, acts=(hostile,), points=(replace(made.points[0], tag="=HYPERLINK(1)"),))

    shown = page(made, recorded.floor.plant)
    assert "<script>" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    rows = list(csv.DictReader(io.StringIO(points_table(made))))
    assert rows[0]["tag"] == "'=HYPERLINK(1)"
    assert all(value in shown for _, value in sums(made))
