"""What an operator reads."""

import json


def test_robots_show_why_they_wait(operator):
    """An operator sees for each robot its link, what it does, where it goes and what holds it up."""
    result = operator.type("robots", "list")

    head, first, second = result.stdout.splitlines()
    assert head.split()[:4] == ["ROBOT", "LINK", "STATE", "NODE"]
    assert first.split()[:5] == ["rover-1", "live", "driving", "n1", "81%"]
    assert "P-1 P-2 P-3 +1" in first
    assert "lost" in second
    assert "resource rack-3 held by rover-1, 30 s" in second


def test_scripts_get_every_field_as_json(operator):
    """Numbers are numbers, words are short, and what isn't known is null."""
    first, second = operator.read("robots", "list")

    assert first["session"] == 3
    assert first["link"] == "live"
    assert first["activity"] == "driving"
    assert first["wait"] is None
    assert first["base"][0]["node_id"] == "n1"
    assert second["wait"]["behind_robot_id"] == "rover-1"


def test_one_robot_is_shown_with_the_time_at_each_stop(operator):
    """Each stop has the time half of such arrivals come before, and the one 9 of 10 do; what nobody knows is a dash."""
    lines = operator.type("robots", "show", "rover-1").stdout.splitlines()

    assert lines[1].split()[:2] == ["rover-1", "live"]
    assert lines[3].split() == ["STOP", "NODE", "MISSION", "RELEASED", "P50", "P90"]
    assert lines[4].split() == ["P-1", "n4", "-", "yes", "in", "40", "s", "in", "55", "s"]
    assert lines[5].split() == ["P-2", "n7", "m-1", "no", "in", "5", "min", "in", "8", "min"]
    assert lines[6].split() == ["charging", "dock-1", "-", "no", "-", "-"]

    shown = operator.read("robots", "show", "rover-1")
    assert shown["stops"][1]["p90_s"] - shown["stops"][1]["p50_s"] == 180.0
    assert shown["stops"][2]["p50_s"] is None
    assert operator.type("robots", "show", "rover-2").stdout.splitlines()[-1] == "no stop ahead"

    missing = operator.type("robots", "show", "rover-9")
    assert missing.exit_code == 4
    assert "no robot 'rover-9'" in missing.stderr


def test_a_latched_stop_is_seen_while_the_robot_still_brakes(operator):
    """A robot told to stop says so in the list before it stands."""
    operator.desk.fleet.robots[0].is_stopped = True

    assert "driving, told to stop" in operator.type("robots", "list").stdout


def test_points_list_the_oldest_first(operator):
    """What is most overdue stands on top; points without a period stand last."""
    lines = operator.type("points", "list").stdout.splitlines()[1:]

    assert [line.split()[0] for line in lines] == ["P-2", "P-1", "P-3"]
    assert lines[0].split()[1:4] == ["overdue", "1.50", "never"]
    assert "in 9 min" in lines[1]
    assert "on demand" in lines[2]
    assert [item["point_id"] for item in operator.read("points", "list", "--overdue")] == ["P-2"]


def test_missions_show_how_far_they_are(operator):
    """Points done of all, the deadline ahead, and why a mission ended as it did."""
    lines = operator.type("missions", "list").stdout.splitlines()[1:]

    assert lines[0].split()[:3] == ["m-1", "running", "1/2"]
    assert "in 10 min" in lines[0]
    assert "edge closed" in lines[1]
    assert [item["mission_id"] for item in operator.read("missions", "list", "--state", "running")] == ["m-1"]


def test_one_mission_is_shown_point_by_point(operator):
    """Each point of a mission has its state and attempts."""
    assert "P-1    done" in operator.type("missions", "show", "m-1").stdout
    assert operator.read("missions", "show", "m-1")["points"][1]["state"] == "open"

    missing = operator.type("missions", "show", "m-9")
    assert missing.exit_code == 4
    assert "no mission 'm-9'" in missing.stderr


def test_alarms_list_the_most_urgent_first_and_hide_shelved_ones(operator):
    """Critical before high; a shelved alarm shows up with --all only."""
    lines = operator.type("alarms", "list").stdout.splitlines()[1:]

    assert [line.split()[0] for line in lines] == ["P-1.high_high", "rover-2.robot_lost"]
    assert "back in 60 s" in operator.type("alarms", "list", "--all").stdout


def test_edges_show_who_holds_and_who_closed_them(operator):
    """A held edge names its robot, a closed one its reason and when it opens."""
    held, closed = operator.type("edges", "list").stdout.splitlines()[1:]

    assert held.split()[:3] == ["rack-3", "held", "rover-1"]
    assert closed.split()[:2] == ["yard-1", "closed"]
    assert "in 30 min" in closed
    assert [item["edge_id"] for item in operator.read("edges", "list", "--closed")] == ["yard-1"]


def test_observations_are_asked_for_by_point_and_robot(operator):
    """The newest stands first, with value and unit."""
    result = operator.type("observations", "list", "--point", "P-1", "--robot", "rover-1", "-n", "5")

    request = operator.desk.requests[-1]
    assert (request.point_id, request.robot_id, request.limit) == ("P-1", "rover-1", 5)
    assert "gauge" in result.stdout.splitlines()[1]
    assert "8.2" in result.stdout.splitlines()[1]
    assert "abababababab" in result.stdout.splitlines()[2]


def test_status_sums_the_fleet_up(operator):
    """One screen tells how many robots live, what is overdue and what they waited for."""
    text = operator.type("fleet", "status").stdout
    data = operator.read("fleet", "status")

    assert "2: 1 live, 1 lost; 1 driving, 1 idle" in text
    assert "3: 1 visited, 1 due, 1 overdue" in text
    assert "1 critical, 1 high, 1 low" in text
    assert "rover-1 at P-1 in 40 s (9 of 10 times in 55 s)" in text
    assert [arrival["robot_id"] for arrival in data["next_arrivals"]] == ["rover-1"]
    assert data["points"]["worst_point_id"] == "P-2"
    assert data["totals"]["wait_s_by_cause"] == {"resource": 30.0}


def test_a_degraded_journal_can_not_be_overlooked(operator):
    """When nothing can be written, the status says so."""
    operator.desk.fleet.is_degraded = True

    assert "CAN'T BE WRITTEN" in operator.type("fleet", "status").stdout


def test_a_watch_prints_one_line_of_json_for_each_picture(operator):
    """Scripts can follow the fleet; when the coordinator ends the watch they are told."""
    result = operator.type("robots", "list", "--watch", "--json")

    assert [len(json.loads(line)) for line in result.stdout.splitlines()] == [2, 2]
    assert result.exit_code == 3
    assert "ended the watch" in result.stderr


def test_an_empty_list_is_said_in_words(operator):
    """Nothing to list is an answer, not an empty screen."""
    operator.desk.fleet.ClearField("robots")

    assert operator.type("robots", "list").stdout == "no robot has said hello yet\n"
    assert operator.read("robots", "list") == []
