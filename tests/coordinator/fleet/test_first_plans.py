"""A large fleet that wants plans all at once: one event mustn't wait for all of them, and nobody is forgotten."""

from __future__ import annotations

import pytest

from coordinator.fleet import releases, schedule
from coordinator.model.ids import EdgeId
from coordinator.model.operator import CloseEdge
from coordinator.model.robot import LinkState
from tests.coordinator.fleet.tiny_plants import yard


def test_an_event_searches_only_so_many_plans(make_floor, monkeypatch: pytest.MonkeyPatch):
    """With work for four robots and one search an event, each has its turn with one of the next events."""
    monkeypatch.setattr(releases, "SEARCH_COUNT", 1)
    searched: list[int] = []
    search = schedule.search_plan

    def counted(core, *arguments, **keywords):
        found = search(core, *arguments, **keywords)
        searched.append(core.searches_count)
        return found

    monkeypatch.setattr(schedule, "search_plan", counted)
    floor = make_floor(yard(period_s=120.0))
    robots = [
        floor.join(name, home, sensor)
        for name, home, sensor in (("a", "hn", "red"), ("b", "he", "blue"), ("c", "hs", "red"), ("d", "hw", "blue"))
    ]
    floor.run(600)

    assert len(searched) > len(robots)
    assert max(searched) < len(robots)
    assert all(floor.view(robot).link is LinkState.LIVE for robot in robots)
    assert set(floor.fleet.state.points) == set(floor.plant.points)


def test_after_a_closure_robots_look_for_quicker_ways_a_few_at_a_time(make_floor, monkeypatch: pytest.MonkeyPatch):
    """Whose way is closed needn't wait until all others have looked for a better one; each of these has its turn."""
    monkeypatch.setattr(schedule, "ROADS_COUNT", 1)
    floor = make_floor(yard())
    for name, home in (("a", "hn"), ("b", "he"), ("c", "hs"), ("d", "hw")):
        floor.join(name, home, "red")
    floor.run(15)
    looked: list[str] = []

    def look(_core, robot_id, *_):
        looked.append(robot_id)
        return True

    monkeypatch.setattr(schedule, "_improve", look)
    floor.ask(CloseEdge(EdgeId("hub-n"), "works"))
    assert looked == ["a"]
    floor.run(3)

    assert looked[:4] == ["a", "b", "c", "d"]
