"""A replay shows what was known at the time, second by second, from the journal alone."""

from __future__ import annotations

from typing import Any

import pytest

from coordinator.fleet.codec import encode_record
from coordinator.model.ids import EdgeId, PointId
from coordinator.model.operator import CloseEdge, CreateMission, OpenEdge, StopRobots
from coordinator.model.robot import LinkState
from coordinator.model.snapshot import FleetSnapshot
from coordinator.runtime.history import past_pictures
from coordinator.store.entry import Entry
from tests.coordinator.fleet.puppets import Floor
from tests.coordinator.fleet.tiny_plants import alley

DURATION_S = 120


class Recorded:
    """A floor at work, with the time of each record and a picture of each second."""

    def __init__(self) -> None:
        self.floor = Floor(alley(period_s=300.0))
        self.start_s = self.floor.now_s
        self.times: list[float] = []
        self.live: dict[float, FleetSnapshot] = {}
        self.floor.join("a", "hw1", "red")
        self.floor.join("b", "he1", "blue")
        edge_id = EdgeId("west-lw")
        acts: dict[int, Any] = {
            20: lambda: self.floor.ask(CloseEdge(edge_id, "crane")),
            40: lambda: self.floor.ask(CreateMission((PointId("E-red"),), "look")),
            60: lambda: self.floor.ask(StopRobots((), "drill")),
            80: lambda: self.floor.ask(OpenEdge(edge_id)),
            100: lambda: self.floor.cut(self.floor.puppets["a"]),  # type: ignore[index]
        }
        for second in range(DURATION_S):
            if second in acts:
                acts[second]()
            self.floor.run(1)
            self.note()

    def note(self) -> None:
        """Stamp what came into the journal in this second, and keep the picture."""
        self.times += [self.floor.now_s] * (len(self.floor.journal) - len(self.times))
        self.live[self.floor.now_s] = self.floor.fleet.snapshot(self.floor.now_s)

    @property
    def entries(self) -> list[Entry]:
        """The journal as the store would give it."""
        made = []
        for seq, (record, at_s) in enumerate(zip(self.floor.journal, self.times, strict=True), start=1):
            kind, body = encode_record(record)
            made.append(Entry(seq, kind, body, at_s, b""))
        return made

    def past(self, from_s: float, to_s: float, step_s: float = 1.0) -> list[FleetSnapshot]:
        """What a replay shows."""
        return list(past_pictures(self.entries, self.floor.plant, from_s=from_s, to_s=to_s, step_s=step_s))


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    """Two minutes with a closure, a mission, a drill and a lost robot."""
    return Recorded()


def _known(snapshot: FleetSnapshot) -> object:
    """All that the journal tells of a picture."""
    return (
        snapshot.epoch,
        [(robot.robot_id, robot.last_node_id, robot.base, robot.is_stopped) for robot in snapshot.robots],
        [(point.point_id, point.last_visit_s, point.due_s, point.visit_count) for point in snapshot.points],
        snapshot.missions,
        snapshot.alarms,
        {edge.edge_id: edge.reason for edge in snapshot.edges if edge.is_closed},
        (snapshot.totals.visits_count, snapshot.totals.late_visits_count),
    )


def test_every_moment_is_as_it_was(recorded: Recorded):
    """Each picture of the replay tells what the live one told in that second."""
    shown = recorded.past(recorded.start_s, recorded.start_s + DURATION_S)

    compared = [
        (_known(picture), _known(recorded.live[picture.now_s])) for picture in shown if picture.now_s in recorded.live
    ]
    assert len(compared) >= 20
    assert all(past == live for past, live in compared)
    # Nothing happened between two pictures.
    by_time = {picture.now_s: _known(picture) for picture in shown}
    last = None
    for at_s, live in sorted(recorded.live.items()):
        last = by_time.get(at_s, last)
        assert last == _known(live), at_s - recorded.start_s


def test_a_replay_begins_in_the_middle(recorded: Recorded):
    """The first picture of a later shift has all that came before it."""
    middle_s = recorded.start_s + 70
    first = recorded.past(middle_s, middle_s + 10)[0]

    assert first.now_s == middle_s
    assert _known(first) == _known(recorded.live[middle_s])
    assert all(robot.is_stopped for robot in first.robots)
    assert [edge.reason for edge in first.edges] == ["crane", "crane"]


def test_a_robot_whose_stream_ended_is_shown_as_lost(recorded: Recorded):
    """After its stream broke it is lost, since then."""
    end_s = recorded.start_s + DURATION_S
    robots = {robot.robot_id: robot for robot in recorded.past(end_s, end_s + 1)[-1].robots}

    assert robots["b"].link is LinkState.LIVE  # type: ignore[index]
    assert robots["a"].link is LinkState.LOST  # type: ignore[index]
    assert robots["a"].heard_s == pytest.approx(recorded.start_s + 101, abs=1.0)  # type: ignore[index]


def test_longer_steps_show_fewer_pictures(recorded: Recorded):
    """A long shift is shown in longer steps, and ends the same."""
    end_s = recorded.start_s + DURATION_S
    fine = recorded.past(recorded.start_s, end_s)
    coarse = recorded.past(recorded.start_s, end_s, step_s=30.0)

    assert len(coarse) <= 6 < len(fine)
    assert _known(coarse[-1]) == _known(fine[-1])


def test_before_the_journal_there_is_nothing(recorded: Recorded):
    """A time before the first entry shows an empty floor."""
    pictures = recorded.past(recorded.start_s - 100, recorded.start_s - 50)

    assert [picture.robots for picture in pictures] == [()]
