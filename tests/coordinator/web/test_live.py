"""The dashboard's line: everything at first, then what changed; poses in frames; a frozen viewer costs nothing."""

from __future__ import annotations

import asyncio
import json
import struct

import pytest
import websockets
from websockets.exceptions import InvalidStatus

from coordinator.web import live
from coordinator.web.board import Board
from coordinator.web.frames import ACTIVITIES, LINKS, encode_frame
from tests.coordinator.web.rig import Room, served, until


def _poses(frame: bytes) -> list[tuple[float, ...]]:
    count = struct.unpack_from("<B3xId", frame)[1]
    return [struct.unpack_from("<HBBffhBB", frame, 16 + 16 * i) for i in range(count)]


def test_a_frame_says_where_each_robot_is(room: Room):
    """Sixteen bytes a robot: where, whither, what it does, how full its battery is."""
    snapshot = room.floor.fleet.snapshot(room.floor.now_s)
    robot = snapshot.robots[0]
    assert robot.pose is not None
    frame = encode_frame(snapshot, lambda name: 7, {robot.pose.level_id: 0})

    (index, activity, flags, x_m, y_m, yaw, charge, level) = _poses(frame)[0]
    assert len(frame) == 32
    assert (index, level, ACTIVITIES[int(activity)], LINKS[int(flags) & 3]) == (7, 0, robot.activity, robot.link)
    assert (x_m, y_m) == pytest.approx((robot.pose.x_m, robot.pose.y_m), abs=1e-3)
    assert yaw / 10_000 == pytest.approx(robot.pose.yaw_rad, abs=1e-3)
    assert charge / 200 == pytest.approx(robot.charge_ratio, abs=0.003)
    assert struct.unpack_from("<B3xId", frame)[2] == snapshot.now_s


def test_the_board_tells_only_what_changed(room: Room):
    """A viewer that knows the board gets the rows that differ, and the ids that are gone."""
    board = Board(room.floor.plant)
    board.update(room.floor.fleet.snapshot(room.floor.now_s))
    whole = json.loads(board.changes(0))
    known = board.number
    assert whole["is_whole"]
    assert [row["robot_id"] for row in whole["robots"]["rows"]] == ["a"]
    robot_id, base, _ = whole["routes"]["rows"][0]
    assert robot_id == "a"
    assert list(room.floor.plant.nodes)[base[0]] == room.floor.fleet.snapshot(room.floor.now_s).robots[0].last_node_id

    board.update(room.floor.fleet.snapshot(room.floor.now_s))
    assert board.number == known, "nothing changed"

    room.floor.join("b", "hw2", "red")
    board.update(room.floor.fleet.snapshot(room.floor.now_s))
    change = json.loads(board.changes(known))
    assert not change["is_whole"]
    assert [row["robot_id"] for row in change["robots"]["rows"]] == ["b"]
    assert [row[0] for row in change["routes"]["rows"]] == ["b"]


def test_a_row_that_went_is_told_and_forgotten_when_it_is_back(room: Room):
    """An edge that is simply open again leaves the viewer's list."""
    board = Board(room.floor.plant)
    board.update(room.floor.fleet.snapshot(room.floor.now_s))
    edge_id = next(iter(room.floor.plant.edges))
    from coordinator.model.operator import CloseEdge, OpenEdge

    room.floor.ask(CloseEdge(edge_id, "crane"))
    board.update(room.floor.fleet.snapshot(room.floor.now_s))
    closed = board.number
    room.floor.ask(OpenEdge(edge_id))
    board.update(room.floor.fleet.snapshot(room.floor.now_s))

    assert edge_id in json.loads(board.changes(closed))["edges"]["gone"]
    room.floor.ask(CloseEdge(edge_id, "crane"))
    board.update(room.floor.fleet.snapshot(room.floor.now_s))
    change = json.loads(board.changes(closed))["edges"]
    assert edge_id not in change["gone"]
    assert edge_id in [row["edge_id"] for row in change["rows"]]


async def test_a_viewer_follows_the_fleet(room: Room):
    """A browser gets the whole board, then frames, then the change that somebody made."""
    async with served(room) as address, websockets.connect(f"ws://{address}/api/v1/live") as socket:
        whole = json.loads(await asyncio.wait_for(socket.recv(), 10))
        frame = await asyncio.wait_for(socket.recv(), 10)
        assert whole["is_whole"]
        assert len(_poses(frame)) == 1

        await room.client.post("/api/v1/robots/stop", json={})
        room.floor.run(1)
        room.show()
        change: dict[str, object] = {}
        while "robots" not in change:
            said = await asyncio.wait_for(socket.recv(), 10)
            change = json.loads(said) if isinstance(said, str) else change
        assert change["robots"]["rows"][0]["is_stopped"]


async def test_a_page_of_another_site_sees_nothing(room: Room):
    """A WebSocket isn't kept apart by the browser, so the coordinator looks at its origin."""
    async with served(room) as address:
        with pytest.raises(InvalidStatus) as refused:
            async with websockets.connect(f"ws://{address}/api/v1/live", origin="http://evil.example"):
                pass
        assert refused.value.response.status_code == 403


async def test_viewers_are_counted_bounded_and_forgotten(room: Room, monkeypatch: pytest.MonkeyPatch):
    """One viewer too many is told to come later; who goes makes room."""
    monkeypatch.setattr(live, "MAX_VIEWERS", 1)

    def viewers() -> str:
        return next(line for line in text.splitlines() if line.startswith("roundsman_viewers "))

    async with served(room) as address:
        url = f"ws://{address}/api/v1/live"
        async with websockets.connect(url) as first:
            await first.recv()
            async with websockets.connect(url) as second:
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await second.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == live.TRY_AGAIN_LATER
        import httpx

        text = ""
        async with httpx.AsyncClient() as client, asyncio.timeout(10):
            while not text or viewers() != "roundsman_viewers 0.0":
                text = (await client.get(f"http://{address}/metrics")).text


async def test_a_frozen_viewer_is_let_go(room: Room, monkeypatch: pytest.MonkeyPatch):
    """A browser that reads nothing any more keeps no memory and no place."""
    monkeypatch.setattr(live, "SEND_WITHIN_S", 0.05)
    monkeypatch.setattr(live, "PERIOD_S", 0.0)
    view = live.LiveView(room.pictures, room.floor.plant)
    blocked = asyncio.Event()

    class Frozen:
        async def accept(self) -> None:
            pass

        async def receive(self) -> dict[str, str]:
            await asyncio.Event().wait()
            return {}

        async def send_text(self, text: str) -> None:
            blocked.set()
            await asyncio.Event().wait()

    await asyncio.wait_for(view.serve(Frozen()), 10)  # type: ignore[arg-type]
    assert blocked.is_set()
    assert view.viewer_count == 0


async def test_the_server_stops_while_viewers_watch(room: Room):
    """A coordinator that ends doesn't wait for its dashboards."""
    async with served(room) as address:
        socket = await websockets.connect(f"ws://{address}/api/v1/live")
        await socket.recv()
    await until(lambda: socket.close_code is not None)
