"""What an operator orders."""

import pytest

from roundsman.v1 import fleet_pb2 as wire

from .conftest import INVALID_ARGUMENT, NOT_FOUND, NOW_S, UNAVAILABLE


def test_a_mission_carries_its_points_deadline_and_who_asked(operator):
    """A mission within 45 minutes has a deadline on the coordinator's own time line."""
    result = operator.type(
        *("missions", "create", "P-1", "P-2", "--name", "storm", "--priority", "80", "--within", "45m")
    )

    request = operator.desk.requests[-1]
    assert result.stdout == "mission m-1 of 1 point\n"
    assert list(request.point_ids) == ["P-1", "P-2"]
    assert (request.name, request.priority, request.deadline_s) == ("storm", 80, NOW_S + 2700)
    assert request.context.principal == "ada"
    assert len(request.context.idempotency_key) == 32


def test_a_script_repeats_a_call_with_its_own_key(operator):
    """A key given by hand is sent as it is, so that a repeated order acts once."""
    operator.type("missions", "create", "P-1", "--key", "shift-7")

    assert operator.desk.requests[-1].context.idempotency_key == "shift-7"


def test_a_script_waits_for_the_end_of_a_mission(operator):
    """Whoever waits learns how the mission ended; anything but success fails."""
    operator.desk.fleet.missions[0].state = "failed"
    failed = operator.type("missions", "create", "P-1", "--wait")
    operator.desk.fleet.missions[0].state = "succeeded"
    succeeded = operator.type("missions", "create", "P-1", "--wait")

    assert (failed.exit_code, failed.stderr) == (5, "mission m-1 failed\n")
    assert succeeded.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "change"),
    [
        (["pause", "m-1"], wire.MISSION_CHANGE_PAUSE),
        (["resume", "m-1"], wire.MISSION_CHANGE_RESUME),
        (["cancel", "m-1", "--reason", "rain", "--yes"], wire.MISSION_CHANGE_CANCEL),
        (["rerun-failed", "m-1"], wire.MISSION_CHANGE_RERUN_FAILED),
    ],
)
def test_missions_are_changed(operator, arguments, change):
    """Pause, resume, cancel and re-run reach the coordinator as such."""
    assert operator.type("missions", *arguments).exit_code == 0
    assert operator.desk.requests[-1].change == change


def test_stopping_never_asks(operator):
    """Nobody must answer a question before robots brake."""
    assert operator.type("stop-all").exit_code == 0
    assert operator.type("robots", "stop", "rover-1", "--reason", "smoke").exit_code == 0

    everyone, one = operator.desk.requests
    assert list(everyone.robot_ids) == []
    assert (list(one.robot_ids), one.reason) == (["rover-1"], "smoke")


def test_resuming_asks_first(operator):
    """Robots drive again only after a yes; without anybody to answer nothing is done."""
    declined = operator.type("resume-all", "--reason", "all clear", says="n\n")
    alone = operator.type("resume-all", "--reason", "all clear")
    agreed = operator.type("resume-all", "--reason", "all clear", says="y\n")

    assert (declined.exit_code, alone.exit_code, agreed.exit_code) == (4, 4, 0)
    assert "--yes" in alone.stderr
    assert len(operator.desk.requests) == 1


@pytest.mark.parametrize("arguments", [["robots", "place", "rover-2", "n7"], ["robots", "remove", "rover-2"]])
def test_placing_and_removing_take_two_steps(operator, arguments):
    """A person confirms what the coordinator asks; the token of the answer makes it so."""
    declined = operator.type(*arguments, "--key", "k", says="n\n")
    agreed = operator.type(*arguments, "--key", "k", says="y\n")

    asked, first, second = operator.desk.requests
    assert "Have you looked at the robot?" in declined.stderr
    assert (declined.exit_code, agreed.exit_code) == (4, 0)
    assert (asked.confirm_token, first.confirm_token, second.confirm_token) == ("", "", "t-77")
    assert first.context.idempotency_key != second.context.idempotency_key


def test_edges_are_closed_for_a_while_and_opened(operator):
    """A closure has a reason and may end by itself."""
    operator.type("edges", "close", "rack-3", "--reason", "scaffold", "--for", "2h")
    operator.type("edges", "open", "rack-3")

    closed, opened = operator.desk.requests
    assert (closed.is_closed, closed.reason, closed.for_s) == (True, "scaffold", 7200.0)
    assert not opened.is_closed


def test_alarms_are_acknowledged_and_shelved(operator):
    """Shelving needs a time and a comment."""
    operator.type("alarms", "ack", "P-1.high_high")
    operator.type("alarms", "shelve", "P-2.low", "--for", "8h", "--comment", "sensor ordered")
    without = operator.type("alarms", "shelve", "P-2.low", "--for", "8h")

    seen, shelved = operator.desk.requests
    assert seen.change == wire.ALARM_CHANGE_ACKNOWLEDGE
    assert (shelved.shelve_for_s, shelved.comment) == (28800.0, "sensor ordered")
    assert without.exit_code == 2


def test_a_refusal_says_why_in_one_line(operator):
    """An unknown point is the coordinator's answer, not a traceback."""
    operator.desk.refuse(NOT_FOUND, "point P-9 isn't in plant tank_farm")

    result = operator.type("missions", "create", "P-9")

    assert result.exit_code == 4
    assert result.stderr == "refused: point P-9 isn't in plant tank_farm\n"


def test_a_wrong_field_is_named(operator):
    """When the coordinator says which field is wrong, so does the command."""
    operator.desk.refuse(INVALID_ARGUMENT, "invalid", for_s="must be above 0")

    result = operator.type("edges", "close", "rack-3", "--reason", "x")

    assert result.stderr == "refused: for_s: must be above 0\n"


def test_an_unknown_outcome_is_never_called_missing(operator):
    """When the journal is slow the operator learns that the outcome is open, not that nobody is there."""
    operator.desk.refuse(UNAVAILABLE, "the outcome is unknown: call again with the same key", key="open")

    result = operator.type("stop-all")

    assert result.exit_code == 3
    assert result.stderr == "the outcome is unknown: call again with the same key\n"
