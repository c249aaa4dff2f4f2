"""The WebSocket of the dashboard: changed rows as JSON texts, poses as binary frames; the newest wins."""

from __future__ import annotations

import asyncio

import structlog
from starlette.websockets import WebSocket

from coordinator.model.snapshot import FleetSnapshot
from coordinator.plant.map import PlantMap
from coordinator.transport.pictures import Pictures
from coordinator.web.board import Board
from coordinator.web.frames import encode_frame

MAX_VIEWERS = 256
# A viewer that takes nothing for this long is let go; it comes back by itself.
SEND_WITHIN_S = 10.0
PERIOD_S = 0.2
BOARD_PERIOD_S = 0.4
TRY_AGAIN_LATER = 1013

log = structlog.get_logger()


class LiveView:
    """Encodes each picture once, whatever the number of viewers; nothing without any."""

    def __init__(self, pictures: Pictures, plant: PlantMap) -> None:
        self._pictures = pictures
        levels = sorted(plant.levels.values(), key=lambda level: (level.elevation_m, level.level_id))
        self._levels = {level.level_id: i for i, level in enumerate(levels)}
        self._board = Board(plant)
        self._board_s = float("-inf")
        self._framed = 0
        self._frame = b""
        self.viewer_count = 0

    async def serve(self, socket: WebSocket) -> None:
        """Follow the fleet until the viewer goes, or takes nothing any more."""
        await socket.accept()
        if self.viewer_count >= MAX_VIEWERS:
            await socket.close(TRY_AGAIN_LATER, f"{MAX_VIEWERS} viewers already")
            return
        self.viewer_count += 1
        tasks = [asyncio.create_task(self._send(socket)), asyncio.create_task(_until_gone(socket))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.viewer_count -= 1
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, socket: WebSocket) -> None:
        picture, board = 0, 0
        try:
            while True:
                picture, snapshot = await self._pictures.newest_after(picture)
                self._encode(picture, snapshot)
                if self._board.number != board:
                    text, board = self._board.changes(board), self._board.number
                    await asyncio.wait_for(socket.send_text(text), SEND_WITHIN_S)
                await asyncio.wait_for(socket.send_bytes(self._frame), SEND_WITHIN_S)
                await asyncio.sleep(PERIOD_S)
        except TimeoutError:
            # No goodbye: it wouldn't be read either.
            log.info("viewer_let_go", silent_s=SEND_WITHIN_S)

    def _encode(self, picture: int, snapshot: FleetSnapshot) -> None:
        if picture == self._framed:
            return
        self._framed = picture
        if snapshot.now_s - self._board_s >= BOARD_PERIOD_S or snapshot.now_s < self._board_s:
            self._board.update(snapshot)
            self._board_s = snapshot.now_s
        self._frame = encode_frame(snapshot, self._board.index, self._levels)


async def _until_gone(socket: WebSocket) -> None:
    """Viewers say nothing; whatever one does say is dropped."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
