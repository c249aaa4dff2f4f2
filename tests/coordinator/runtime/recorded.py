"""A floor at work whose journal has times, as the store would give it."""

from __future__ import annotations

from typing import Any

from coordinator.fleet.codec import encode_record
from coordinator.model.ids import EdgeId, PointId
from coordinator.model.operator import CloseEdge, CreateMission, OpenEdge, StopRobots
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
