"""
Ground truth of a fleet in real time: what its bodies really did, written down beside all sockets.

One JSON object a line: `captured` when a body has a result, `at` when it came to another node or edge, `touch` when two
bodies met. Times are Unix seconds. Nothing here is known to agents or coordinator, so it can convict them.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from pathlib import Path

from agent.body import BodyListener, Outcome, Reading, Telemetry
from coordinator.model.ids import RobotId
from sim.robot import SimBody
from sim.world import World

LOOK_S = 0.1
TOUCH_M = 0.001


class Witness:
    """Looks at all bodies ten times a second."""

    def __init__(self, path: Path, world: World, bodies: Sequence[SimBody]) -> None:
        self._world = world
        self._bodies = bodies
        self._seen: dict[RobotId, str] = {}
        self._touching: set[tuple[RobotId, RobotId]] = set()
        # Line buffered: what happened before a kill is on record.
        self._file = path.open("a", buffering=1, encoding="utf-8")

    def overhear(self, body: SimBody, listener: BodyListener) -> BodyListener:
        """A listener that passes on what a body reports, and notes its results."""
        return _Overheard(self, body.robot_id, listener)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Note who came to another place, and who touches whom."""
        for body in self._bodies:
            line = body.chassis.line
            where = f"node {body.chassis.node_id}" if line is None else f"edge {line.edge_id}"
            if self._seen.get(body.robot_id) != where:
                self._seen[body.robot_id] = where
                self.note("at", body.robot_id, place=where)
        for number, first in enumerate(self._bodies):
            for second in self._bodies[number + 1 :]:
                self._look_at_pair(first, second)

    def note(self, what: str, robot_id: RobotId, **more: object) -> None:
        """Write a line."""
        self._file.write(json.dumps({"what": what, "at_s": self._world.now_s, "robot_id": robot_id} | more) + "\n")

    def close(self) -> None:
        """Write no more."""
        self._file.close()

    def _look_at_pair(self, first: SimBody, second: SimBody) -> None:
        a, b = first.chassis.pose(), second.chassis.pose()
        if a.level_id != b.level_id:
            return
        pair = (first.robot_id, second.robot_id)
        gap_m = math.hypot(a.x_m - b.x_m, a.y_m - b.y_m) - first.robot_type.radius_m - second.robot_type.radius_m
        if gap_m >= -TOUCH_M:
            self._touching.discard(pair)
        elif pair not in self._touching:
            self._touching.add(pair)
            self.note("touch", first.robot_id, other=second.robot_id, gap_m=gap_m)


class _Overheard:
    """See Witness.overhear."""

    def __init__(self, witness: Witness, robot_id: RobotId, listener: BodyListener) -> None:
        self._witness = witness
        self._robot_id = robot_id
        self._listener = listener

    def telemetry(self, telemetry: Telemetry) -> None:
        self._listener.telemetry(telemetry)

    def reached(self, seq: int) -> None:
        self._listener.reached(seq)

    def cleared(self, seq: int) -> None:
        self._listener.cleared(seq)

    def task_ended(self, order_id: str, outcome: Outcome, reason: str = "", reading: Reading | None = None) -> None:
        if outcome is Outcome.DONE and reading is not None:
            self._witness.note("captured", self._robot_id, order_id=order_id)
        self._listener.task_ended(order_id, outcome, reason, reading)

    def local_stop(self, reason: str) -> None:
        self._listener.local_stop(reason)
