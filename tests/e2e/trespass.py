"""Who was somewhere without the right to be there: the bodies' ground truth against the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from coordinator.model.records import BaseExtended, Record, RobotPlaced, StepPassed

# The witness looks ten times a second, and two processes' clocks start a little apart.
TOLERANCE_S = 0.3


def find_trespasses(
    records: Iterable[tuple[float, Record]], sightings: Iterable[dict[str, Any]], end_s: float
) -> list[str]:
    """
    Sightings of bodies outside what the journal had reserved for them just then.

    Args:
        records: With the time each became durable or earlier, in order.
        sightings: `at` events of sim/witness.py.
        end_s: When the last look was.
    """
    claims = _Claims()
    for at_s, record in records:
        claims.take(at_s, record)
    by_robot: dict[str, list[tuple[float, str]]] = {}
    for event in sightings:
        by_robot.setdefault(event["robot_id"], []).append((event["at_s"], event["place"]))
    return list(_outside(claims, by_robot, end_s))


def _outside(claims: _Claims, by_robot: dict[str, list[tuple[float, str]]], end_s: float) -> Iterator[str]:
    for robot_id, seen in sorted(by_robot.items()):
        known_s = claims.placed_s.get(robot_id, end_s)
        ends = [at_s for at_s, _ in seen[1:]] + [end_s]
        for (from_s, place), to_s in zip(seen, ends, strict=True):
            first_s, last_s = max(from_s, known_s), to_s - TOLERANCE_S
            if last_s > known_s and not claims.cover(robot_id, place, first_s, last_s):
                held = claims.spans.get((robot_id, place))
                yield f"robot {robot_id} was on {place} from {first_s:.2f} to {to_s:.2f}, reserved {held}"


class _Claims:
    """From when to when each place was reserved for each robot."""

    def __init__(self) -> None:
        self.spans: dict[tuple[str, str], list[list[float]]] = {}
        self.placed_s: dict[str, float] = {}
        self._steps: dict[str, dict[int, tuple[str, str | None]]] = {}
        self._passed: dict[str, tuple[int, int]] = {}
        self._held: dict[str, set[str]] = {}

    def take(self, at_s: float, record: Record) -> None:
        match record:
            case RobotPlaced():
                self.placed_s.setdefault(record.robot_id, at_s)
                steps: dict[int, tuple[str, str | None]] = {0: (record.node_id, None)}
                if record.edge_id is not None and record.end_node_id is not None:
                    steps[1] = (record.end_node_id, record.edge_id)
                self._steps[record.robot_id] = steps
                self._passed[record.robot_id] = (0, -1)
            case BaseExtended():
                self._steps[record.robot_id].update({step.seq: (step.node_id, step.edge_id) for step in record.steps})
            case StepPassed():
                self._passed[record.robot_id] = (record.reached_seq, record.cleared_seq)
            case _:
                return
        self._renew(record.robot_id, at_s)

    def cover(self, robot_id: str, place: str, from_s: float, to_s: float) -> bool:
        """Whether a place was reserved all the time."""
        return any(
            begin_s - TOLERANCE_S <= from_s and to_s <= end_s + TOLERANCE_S
            for begin_s, end_s in self.spans.get((robot_id, place), [])
        )

    def _renew(self, robot_id: str, at_s: float) -> None:
        reached, cleared = self._passed[robot_id]
        now = set()
        for seq, (node_id, edge_id) in self._steps[robot_id].items():
            if seq > cleared:
                now.add(f"node {node_id}")
            if seq > reached and edge_id is not None:
                now.add(f"edge {edge_id}")
        old = self._held.get(robot_id, set())
        for place in sorted(old - now):
            self.spans[robot_id, place][-1][1] = at_s
        for place in sorted(now - old):
            self.spans.setdefault((robot_id, place), []).append([at_s, float("inf")])
        self._held[robot_id] = now
