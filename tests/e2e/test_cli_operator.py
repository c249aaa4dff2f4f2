"""An operator's shift: a real coordinator, real robots' agents with simulated bodies, and the real command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ROBOTS = ("sim-01", "sim-02", "sim-03")
# Ample for a busy machine; nothing waits longer than it must.
WITHIN_S = 90.0


def _start(*arguments: str, log: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "coordinator.cli", *arguments, "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log.open("w"),
        text=True,
        cwd=ROOT,
    )


@dataclass(frozen=True)
class Desk:
    """A terminal at a running plant."""

    address: str
    data: Path

    def type(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `roundsman ARGUMENTS`."""
        return subprocess.run(
            [sys.executable, "-m", "coordinator.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=WITHIN_S,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env=os.environ | {"ROUNDSMAN_COORDINATOR": self.address, "LOGNAME": "ada"},
        )

    def read(self, *arguments: str) -> Any:
        """The JSON that a command prints."""
        result = self.type(*arguments, "--json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    def watch(self, listing: str, until: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Follow a listing until it shows something."""
        command = [sys.executable, "-m", "coordinator.cli", listing, "list", "--watch", "--json"]
        environment = os.environ | {"ROUNDSMAN_COORDINATOR": self.address}
        with ExitStack() as stack:
            process = stack.enter_context(
                subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            shown: list[dict[str, Any]] = []
            begin_s = None
            for line in process.stdout:
                shown = json.loads(line)
                if until(shown):
                    return shown
                now_s = max((robot["heard_s"] for robot in shown if "heard_s" in robot), default=None)
                begin_s = now_s if begin_s is None else begin_s
                assert now_s is None or begin_s is None or now_s - begin_s < WITHIN_S, shown
        raise AssertionError(f"the watch ended with {shown}")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The demo plant with three robots that have said hello."""
    folder = tmp_path_factory.mktemp("shift")
    with ExitStack() as stack:
        serve = _start(
            *("serve", "--plant", "demo", "--listen", "127.0.0.1:0", "--bulk-port", "0", "--no-http"),
            *("--data", str(folder / "data")),
            log=folder / "serve.log",
        )
        stack.callback(_end, serve)
        assert serve.stdout is not None
        said = re.search(r"at (127\.0\.0\.1:\d+), results at port (\d+)", serve.stdout.readline())
        assert said is not None, (folder / "serve.log").read_text()
        fleet = _start(
            *("sim", "fleet", "--coordinator", said[1], "--bulk-port", said[2], "--robots", "3", "--seed", "4"),
            *("--plant", "demo", "--state", str(folder / "robots")),
            log=folder / "fleet.log",
        )
        stack.callback(_end, fleet)
        desk = Desk(said[1], folder / "data")
        desk.watch("robots", lambda robots: [robot["link"] for robot in robots] == ["live"] * len(ROBOTS))
        yield desk


def _end(process: subprocess.Popen[str]) -> None:
    """End a child by closing its pipe, as a parent that dies would."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(20)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_robots_report_to_the_operator(desk: Desk):
    """All robots are listed with a charge and a node they have confirmed."""
    robots = desk.read("robots", "list")

    assert [robot["robot_id"] for robot in robots] == list(ROBOTS)
    assert all(0.0 < robot["charge_ratio"] <= 1.0 and robot["last_node_id"] for robot in robots)
    assert "3 live" in desk.type("fleet", "status").stdout


def test_a_mission_is_created_once_per_key_and_can_be_cancelled(desk: Desk):
    """Repeating an order with its key changes nothing; a cancelled mission says why."""
    order = ("missions", "create", "P-101A", "--name", "storm", "--key", "shift-1")
    first, again = desk.read(*order), desk.read(*order)
    other = desk.type("missions", "create", "K-301", "--key", "shift-1")
    cancelled = desk.type("missions", "cancel", first["subject"], "--reason", "rain", "--yes")
    missions = desk.watch("missions", lambda items: any(item["state"] == "cancelled" for item in items))

    assert first == again
    assert other.returncode == 4
    assert cancelled.returncode == 0, cancelled.stderr
    assert [item["name"] for item in missions] == ["storm"]


def test_an_edge_is_closed_and_opened(desk: Desk):
    """A closed edge is listed with its reason and by whom, until it is opened."""
    assert desk.type("edges", "close", "alley-1--alley-2", "--reason", "scaffold").returncode == 0
    closed = desk.watch("edges", lambda edges: any(edge["is_closed"] for edge in edges))
    assert desk.type("edges", "open", "alley-1--alley-2").returncode == 0
    desk.watch("edges", lambda edges: not any(edge["is_closed"] for edge in edges))

    assert {(edge["reason"], edge["source"]) for edge in closed if edge["is_closed"]} == {("scaffold", "ada")}


def test_all_robots_stop_and_go_on(desk: Desk):
    """Stopping reaches every robot; none goes on before somebody says so, with a reason."""
    assert desk.type("stop-all", "--reason", "drill").returncode == 0
    desk.watch("robots", lambda robots: all(robot["activity"] == "stopped" for robot in robots))
    unasked = desk.type("resume-all", "--reason", "over")
    assert desk.type("resume-all", "--reason", "over", "--yes").returncode == 0
    desk.watch("robots", lambda robots: not any(robot["activity"] == "stopped" for robot in robots))

    assert unasked.returncode == 4


def test_the_journal_of_the_running_coordinator_is_whole(desk: Desk):
    """Everything that was ordered stands in the journal, with who ordered it."""
    desk.type("stop-all", "--reason", "journal drill")
    desk.type("resume-all", "--reason", "journal drill", "--yes")
    verified = desk.type("journal", "verify", str(desk.data))
    shown = desk.type("journal", "show", str(desk.data), "--json", "--grep", "journal drill")

    assert verified.returncode == 0, verified.stderr
    assert "ada" in shown.stdout


def test_a_stopped_robot_waits_for_a_person_and_the_operator_sees_it(desk: Desk):
    """Asked why a robot stands, the coordinator answers with the stop, and the time is in the robot's books."""
    assert desk.type("robots", "stop", ROBOTS[0], "--reason", "look").returncode == 0
    desk.watch("robots", lambda robots: any(robot["wait"] and robot["wait"]["cause"] == "stop" for robot in robots))
    data = desk.read("traffic", "--robot", ROBOTS[0])
    assert desk.type("robots", "resume", ROBOTS[0], "--reason", "seen", "--yes").returncode == 0

    assert [(row["robot_id"], row["cause"]) for row in data["waiting"]] == [(ROBOTS[0], "stop")]
    assert data["robots"][0]["wait_s_by_cause"]["stop"] >= 0.0
    missing = desk.type("traffic", "--robot", "nobody")
    assert (missing.returncode, missing.stderr) == (4, "refused: robot nobody isn't known\n")


def test_what_does_not_exist_is_refused_in_one_line(desk: Desk):
    """Wrong names never reach a robot."""
    for arguments in (
        ("missions", "create", "P-999"),
        ("edges", "close", "nowhere", "--reason", "x"),
        ("robots", "stop", "nobody"),
        ("alarms", "ack", "nothing"),
        ("robots", "place", "nobody", "pump-a", "--yes"),
    ):
        result = desk.type(*arguments)

        assert (result.returncode, len(result.stderr.splitlines())) == (4, 1), arguments
