"""A large fleet that wants plans all at once: one event mustn't wait for all of them, and nobody is forgotten."""

from __future__ import annotations

import pytest

from coordinator.fleet import releases, schedule
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
