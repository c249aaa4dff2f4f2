"""The control room before a real core on a floor of puppets; requests in memory, or over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from coordinator.model.effects import Reply
from coordinator.model.events import Event, OperatorRequested
from coordinator.model.ids import PointId, RobotId, TaskId
from coordinator.model.observation import Observation
from coordinator.model.records import ObservationStored, OperatorActed
from coordinator.runtime.observation_log import ObservationLog
from coordinator.store.blobs import BlobStore
from coordinator.transport.calls import Calls
from coordinator.transport.codec import speed_limits
from coordinator.transport.fleet_service import PlantText
from coordinator.transport.pictures import Pictures
from coordinator.web.app import make_app
from coordinator.web.server import WebServer
from coordinator.web.sources import Sources
from tests.coordinator.fleet.puppets import Floor
from tests.coordinator.fleet.tiny_plants import alley

ADDRESS = "http://127.0.0.1:7402"


class FloorInbox:
    """Hands requests to the floor's core at once, as long as it isn't told to be silent."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.calls: Calls | None = None
        self.is_silent = False
        self.seen: list[OperatorRequested] = []

    def next_connection(self) -> int:
        """A number never given before."""
        self.floor.requests += 1
        return self.floor.requests

    def post(self, event: Event) -> None:
        """Let the core decide, and answer."""
        assert isinstance(event, OperatorRequested)
        self.seen.append(event)
        if not self.is_silent:
            self.floor.feed(event)
            assert self.calls is not None
            self.calls.reply(Reply(event.request, self.floor.outcomes[event.request]))

    async def put(self, event: Event, connection: int) -> None:
        """As post."""
        self.post(event)


@dataclass
class ToldPast:
    """A history that tells what a test wrote."""

    told: tuple[bytes, ...] = (b'{"at_s":1.0,"board":{}}\n',)
    asked: list[tuple[float, float, float]] = field(default_factory=list)
    is_busy: bool = False

    async def lines(self, from_s: float, to_s: float, step_s: float) -> AsyncIterator[bytes]:
        """All of it, whatever was asked."""
        self.asked.append((from_s, to_s, step_s))
        for line in self.told:
            yield line


@dataclass
class Room:
    """All parts, for tests to look into."""

    floor: Floor
    inbox: FloorInbox
    pictures: Pictures
    observations: ObservationLog
    blobs: BlobStore
    sources: Sources
    client: httpx.AsyncClient
    history: ToldPast
    is_stalled: bool = False
    late_s: float = 0.0

    def show(self) -> None:
        """Publish a picture of the floor as it is."""
        self.pictures.publish(self.floor.fleet.snapshot(self.floor.now_s))

    async def post(self, path: str, **more: Any) -> httpx.Response:
        """Change something, then publish what became of it."""
        response = await self.client.post(f"/api/v1/{path}", **more)
        self.show()
        return response

    async def read(self, path: str) -> Any:
        """Look at something."""
        response = await self.client.get(f"/api/v1/{path}")
        assert response.status_code == 200, response.text
        return response.json()

    def store(self, robot_id: str, observation: Observation) -> None:
        """A result became durable."""
        self.observations.note(ObservationStored(RobotId(robot_id), observation, self.floor.now_s))

    def audit(self) -> list[OperatorActed]:
        """What the journal says that people did."""
        return [record for record in self.floor.journal if isinstance(record, OperatorActed)]


@contextlib.contextmanager
def room(folder: Path, *, answer_within_s: float = 5.0) -> Iterator[Room]:
    """The alley with a red robot and points due every ten minutes."""
    floor = Floor(alley(period_s=600.0))
    floor.join("a", "hw1", "red")
    floor.run(2)
    inbox = FloorInbox(floor)
    calls = Calls(inbox, answer_within_s=answer_within_s)
    inbox.calls = calls
    pictures, observations = Pictures(speed_limits(floor.plant)), ObservationLog()
    blobs = BlobStore(folder, max_blob_bytes=1_000_000)
    history = ToldPast()
    made: Room

    sources = Sources(
        plant=floor.plant,
        plant_text=PlantText("tiny", "plant_id: tiny", floor.plant.digest),
        pictures=pictures,
        calls=calls,
        observations=observations,
        blobs=blobs,
        traffic=lambda robot_id, limit: floor.fleet.traffic(floor.now_s, robot_id=robot_id, limit=limit),
        history=history,
        now_s=lambda: floor.now_s + made.late_s,
        is_stalled=lambda: made.is_stalled,
        violation_count=lambda: 0,
    )
    transport = httpx.ASGITransport(app=make_app(sources))
    client = httpx.AsyncClient(transport=transport, base_url=ADDRESS)
    made = Room(floor, inbox, pictures, observations, blobs, sources, client, history)
    made.show()
    yield made


@contextlib.asynccontextmanager
async def served(made: Room) -> AsyncIterator[str]:
    """The same over a real socket; its host and port."""
    server = WebServer(made.sources, host="127.0.0.1", port=0)
    port = await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop()


def observation(counter: int = 1, **more: Any) -> Observation:
    """A result of a point of the alley."""
    fields = {
        "order_id": "o1",
        "point_id": PointId("W-red"),
        "task_id": TaskId("W-red.t"),
        "taken_s": 5.0,
        "value": 7.5,
    }
    return Observation(**{"counter": counter, **fields, **more})  # type: ignore[arg-type]


async def until(holds: Any) -> None:
    """Let sockets work until something holds."""
    async with asyncio.timeout(10.0):
        while not holds():  # noqa: ASYNC110 - conditions of many kinds
            await asyncio.sleep(0.005)
