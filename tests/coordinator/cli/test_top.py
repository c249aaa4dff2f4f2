"""The screen that an operator leaves open."""

from __future__ import annotations

from rich.console import Console

from coordinator.cli.top import need, screen
from tests.coordinator.cli.conftest import NOW_S, canned_fleet


def _shown(height: int, fleet=None) -> list[str]:
    console = Console(width=200, record=True, force_terminal=False)
    with console.capture() as said:
        console.print(screen(fleet or canned_fleet(), height))
    return said.get().splitlines()


def test_top_prints_once_where_no_terminal_is(operator):
    """In a pipe it is one picture: the lost robot before the one at work, the oldest point, the worst alarm."""
    text = operator.type("top").stdout

    assert text.index("rover-2") < text.index("rover-1  live")
    assert "resource rack-3 held by rover-1" in text
    assert text.index("P-2") < text.index("P-3")
    assert text.index("P-1.high_high") < text.index("rover-2.robot_lost")


def test_who_needs_a_person_comes_first():
    """Silent and broken robots, then stopped ones, then the longest wait, then by name."""
    well, lost = canned_fleet().robots
    stopped, waits, waits_longer, broken = (type(well)() for _ in range(4))
    for robot, name in ((stopped, "s"), (waits, "v"), (waits_longer, "w"), (broken, "x")):
        robot.CopyFrom(well)
        robot.robot_id = name
    stopped.is_stopped = True
    waits.wait.since_s, waits_longer.wait.since_s = NOW_S - 5, NOW_S - 50
    broken.faults.add(code="motor", stops_driving=True)
    robots = [well, stopped, waits, waits_longer, broken, lost]

    ordered = [robot.robot_id for robot in sorted(robots, key=lambda robot: need(robot, NOW_S))]
    assert ordered == ["rover-2", "x", "s", "w", "v", "rover-1"]


def test_a_large_fleet_fits_the_screen():
    """What doesn't fit is counted, and who needs help is never among it."""
    fleet = canned_fleet()
    for i in range(100):
        robot = fleet.robots.add()
        robot.CopyFrom(fleet.robots[0])
        robot.robot_id = f"sim-{i:03d}"
    lines = _shown(40, fleet)

    assert len(lines) <= 40
    assert any("more" in line for line in lines)
    assert any(line.startswith("rover-2") for line in lines)


def test_a_full_disk_is_said_in_the_first_line():
    """Nobody overlooks that nothing is released."""
    fleet = canned_fleet()
    fleet.is_degraded = True

    assert "JOURNAL" in _shown(40, fleet)[0]
