"""Asking why robots wait."""

import json

from tests.coordinator.cli.conftest import NOT_FOUND, NOW_S


def _table(text: str, title: str) -> list[str]:
    """The lines under a title, the headings first."""
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(title)) + 1
    return lines[first : lines.index("", first) if "" in lines[first:] else len(lines)]


def test_each_waiting_robot_has_a_cause_and_somebody_to_blame(operator):
    """For each robot that waits: for what, behind whom, how long, and who is to blame in the end, or the circle."""
    text = operator.type("traffic").stdout
    head, first, second = _table(text, "Waiting now")

    assert head.split() == ["ROBOT", "CAUSE", "FOR", "BEHIND", "SINCE", "TO", "BLAME"]
    assert first.split() == ["rover-2", "resource", "node", "rack-3", "rover-1", "30", "s", "rover-1", "(working)"]
    assert second.endswith("a circle: rover-3 > rover-2 > rover-3")
    assert "2 robots" in text


def test_queues_hot_edges_and_blockers_are_shown(operator):
    """Where robots queue and in which order, where time is lost, who blocks whom since when, who makes way."""
    text = operator.type("traffic").stdout

    assert "rover-2 30 s, rover-3 12 s" in _table(text, "Queues")[1]
    assert _table(text, "Hot edges in the last 60 min")[1].split() == ["rack-3", "9.0", "7.2", "s", "4.0", "s", "1"]
    assert _table(text, "Who blocks whom")[1].split() == ["rover-1", "working", "rover-2", "2", "20", "s"]
    assert "on its way to bay-2" in _table(text, "Making way")[1]
    assert "in 60 s" in _table(text, "Making way")[1]
    assert "rover-2 into node rack-3, for 40 s" in text


def test_what_was_waited_for_is_summed_up(operator):
    """The totals by cause, what was waited for lately, and what each robot waited for."""
    text = operator.type("traffic").stdout

    assert "resource 2 min, door 30 s" in text
    row = _table(text, "Waited for in the last 60 min")[1]
    assert row.split() == ["resource", "node", "rack-3", "rover-1", "90", "s", "3", "2"]
    assert "in the last 60 min: congestion 2; since the start: congestion 5, give way 1" in text
    assert _table(text, "Waited most since the start")[1].startswith("rover-2  2 min")


def test_scripts_get_the_traffic_as_json(operator):
    """Everything the coordinator says is there, by the names of the wire."""
    data = operator.read("traffic", "--robot", "rover-2", "-n", "5")

    request = operator.desk.requests[-1]
    assert (request.robot_id, request.limit) == ("rover-2", 5)
    assert data["waiting"][0]["behind_robot_ids"] == ["rover-1"]
    assert data["robots"][0]["wait_s_by_cause"] == {"door": 30.0, "resource": 120.0}
    assert data["claim"]["until_s"] == NOW_S + 40


def test_the_traffic_can_be_watched(operator):
    """Pictures come until the coordinator ends them, which is said."""
    result = operator.type("traffic", "--watch", "--json", "--robot", "rover-2")

    assert [json.loads(line)["now_s"] for line in result.stdout.splitlines()] == [NOW_S, NOW_S + 1.0]
    assert (operator.desk.requests[-1].robot_id, operator.desk.requests[-1].min_period_s) == ("rover-2", 1.0)
    assert result.exit_code == 3
    assert "ended the watch" in result.stderr
    assert "Waiting now" in operator.type("traffic", "--watch").stdout


def test_a_quiet_plant_is_said_in_words(operator):
    """Where nobody waits and nobody has driven, that is the answer; empty tables aren't shown."""
    operator.desk.traffic.Clear()
    text = operator.type("traffic").stdout

    assert "waiting     no robots" in text
    assert "waited for  nothing" in text
    assert "Queues" not in text


def test_a_robot_that_is_not_there_is_refused_in_one_line(operator):
    """Who mistypes a robot is told so."""
    operator.desk.refuse(NOT_FOUND, "robot rover-9 isn't known")
    result = operator.type("traffic", "--robot", "rover-9")

    assert result.exit_code == 4
    assert result.stderr == "refused: robot rover-9 isn't known\n"


def test_a_wrong_number_of_rows_is_refused(operator):
    """The border of the option is checked before anybody is asked."""
    result = operator.type("traffic", "-n", "0")

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert operator.desk.requests == []
