"""The picture of the traffic, taken when somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from coordinator.fleet.corridor_use import ways_ahead
from coordinator.fleet.holds import is_at_end
from coordinator.fleet.waits import blame
from coordinator.model.ids import EdgeId, RobotId
from coordinator.model.robot import LinkState
from coordinator.model.traffic import (
    Blocker,
    HotEdge,
    Queue,
    QueuedRobot,
    RobotWaits,
    StandAside,
    TrafficClaim,
    TrafficSnapshot,
    WaitingRobot,
    WaitSum,
)

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.waits import WaitKey
    from coordinator.traffic.resources import Way
    from coordinator.traffic.window import Sum

HOUR_S = 3600.0

QUEUE_CAUSES = ("resource", "zone", "door", "lift", "safety")
"""Waits that make a queue before a way."""


def take_traffic(core: Core, now_s: float, robot_id: RobotId | None, limit: int) -> TrafficSnapshot:
    """All of it; with `robot_id` only what that robot has to do with. `limit` bounds hot edges and sums."""
    waiting, queues, blockers, asides = _waiting(core), _queues(core), _blockers(core), _stand_asides(core)
    accounts, hot_edges = _accounts(core, now_s), _hot_edges(core, now_s)
    claim = None
    if core.clearing is not None:
        names = core.resources.names(core.clearing.mask)
        claim = TrafficClaim(core.clearing.owner, names, core.clearing.until_s)
    if robot_id is not None:
        waiting = [row for row in waiting if robot_id in (row.robot_id, row.root, *row.behind, *row.circle)]
        queues = [row for row in queues if robot_id in (*row.holders, *(each.robot_id for each in row.robots))]
        blockers = [row for row in blockers if robot_id in (row.robot_id, *row.blocked)]
        asides = [row for row in asides if robot_id in (row.robot_id, row.behind)]
        accounts = [row for row in accounts if row.robot_id == robot_id]
        ahead = _edges_ahead(core, robot_id)
        hot_edges = [row for row in hot_edges if row.edge_id in ahead]
    return TrafficSnapshot(
        now_s=now_s,
        window_s=core.waits.window_s(now_s),
        robot_ids=tuple(sorted(core.state.robots)),
        waiting=tuple(waiting),
        queues=tuple(queues),
        hot_edges=tuple(hot_edges[:limit]),
        blockers=tuple(blockers),
        accounts=tuple(accounts),
        sums=tuple(_sums(core.waits.lately(now_s), robot_id)[:limit]),
        wait_s_by_cause=tuple(core.waits.by_cause(now_s).items()),
        claim=claim,
        stand_asides=tuple(asides),
        replans_lately=tuple(sorted((why, each.count) for why, each in core.replans_lately.sums(now_s).items())),
        replans=tuple(sorted(core.replans.items())),
    )


def _waiting(core: Core) -> list[WaitingRobot]:
    behind = {robot_id: present.hold.blockers for robot_id, present in core.waits.present.items()}
    rows = []
    for robot_id, present in core.waits.present.items():
        blamed = blame(robot_id, behind)
        rows.append(
            WaitingRobot(
                robot_id=robot_id,
                cause=present.hold.cause,
                subject=present.hold.subject,
                behind=present.hold.blockers,
                since_s=present.since_s,
                cause_since_s=present.hold_since_s,
                root=blamed.root,
                root_state="" if blamed.root is None else _state(core, blamed.root),
                circle=blamed.circle,
            )
        )
    return sorted(rows, key=lambda row: (row.since_s, row.robot_id))


def _state(core: Core, robot_id: RobotId) -> str:
    """What a robot others wait for does, or waits for itself."""
    live, present = core.live.get(robot_id), core.waits.present.get(robot_id)
    if live is None:
        return "gone"
    if live.link is LinkState.LOST:
        return "lost"
    if present is not None:
        return f"waits: {present.hold.cause} {present.hold.subject}"
    return "unknown" if live.activity is None else live.activity.value


def _queues(core: Core) -> list[Queue]:
    """Robots that want the same place, and behind each those that wait for it in turn."""
    wanted = {}
    for robot_id, present in core.waits.present.items():
        number = core.live[robot_id].wait_way
        if number is not None and present.hold.cause in QUEUE_CAUSES:
            wanted[robot_id] = core.resources.ways[number]
    queues: dict[tuple[str, int], list[tuple[int, QueuedRobot]]] = {}
    for robot_id, way in wanted.items():
        head, place = _head(core, robot_id, wanted)
        queued = QueuedRobot(robot_id, way.edge_id, core.waits.present[robot_id].since_s)
        queues.setdefault(_place(core, wanted[head]), []).append((place, queued))
    rows = []
    for (kind, number), members in queues.items():
        name, mask = _corridor(core, number) if kind == "corridor" else _way(core, number)
        holders = tuple(robot_id for robot_id in sorted(core.live) if core.live[robot_id].held & mask)
        members.sort(key=lambda each: (each[0], each[1].since_s, each[1].robot_id))
        rows.append(Queue(name, tuple(queued for _, queued in members), holders))
    return sorted(rows, key=lambda row: (-len(row.robots), row.name))


def _head(core: Core, robot_id: RobotId, wanted: Mapping[RobotId, Way]) -> tuple[RobotId, int]:
    """Who stands first before a robot, and how many stand before it; of a circle the one that waits longest."""
    present = core.waits.present
    chain = [robot_id]
    while True:
        before = present[chain[-1]].hold.behind
        if before is None or before not in wanted:
            return chain[-1], len(chain) - 1
        if before in chain:
            circle = chain[chain.index(before) :]
            head = min(circle, key=lambda each: (present[each].since_s, each))
            return head, chain.index(head)
        chain.append(before)


def _place(core: Core, way: Way) -> tuple[str, int]:
    """What a robot before a way queues for: the corridor it is part of, or the way in either direction."""
    if way.corridor >= 0:
        return "corridor", way.corridor
    reverse_id = core.plant.edges[way.edge_id].reverse_id
    return "edge", way.index if reverse_id is None else min(way.index, core.resources.way_index[reverse_id])


def _corridor(core: Core, number: int) -> tuple[str, int]:
    """Name and mask of a corridor; it is called after the nodes where it is entered."""
    resources = core.resources
    mouths = {way.start for way in resources.ways if way.corridor == number and resources.is_entry(way)}
    return f"corridor at {', '.join(resources.node_ids[node] for node in sorted(mouths))}", resources.corridors[number]


def _way(core: Core, number: int) -> tuple[str, int]:
    """Name and mask of a way with the nodes at its ends."""
    resources, way = core.resources, core.resources.ways[number]
    mask = resources.way_claim[number] | resources.node_claim[way.start] | resources.node_claim[way.end]
    return f"edge {way.edge_id}", mask


def _blockers(core: Core) -> list[Blocker]:
    """Who blocks whom: those that somebody waits for."""
    direct: dict[RobotId, list[tuple[float, RobotId]]] = {}
    for robot_id, present in core.waits.present.items():
        for blocker in present.hold.blockers[:1]:
            direct.setdefault(blocker, []).append((present.hold_since_s, robot_id))
    rows = []
    for blocker, waiting in direct.items():
        waiting.sort()
        held_up = {blocker}
        todo = [blocker]
        while todo:
            for _, robot_id in direct.get(todo.pop(), ()):
                if robot_id not in held_up:
                    held_up.add(robot_id)
                    todo.append(robot_id)
        blocked = tuple(robot_id for _, robot_id in waiting)
        rows.append(Blocker(blocker, _state(core, blocker), blocked, len(held_up) - 1, waiting[0][0]))
    return sorted(rows, key=lambda row: (-row.held_up_count, row.since_s, row.robot_id))


def _hot_edges(core: Core, now_s: float) -> list[HotEdge]:
    queues: dict[int, int] = {}
    for robot_id in core.waits.present:
        number = core.live[robot_id].wait_way
        if number is not None:
            queues[number] = queues.get(number, 0) + 1
    hours = max(core.flow.window_s(now_s), 1.0) / HOUR_S
    rows = []
    for row in core.flow.busiest(now_s):
        way = core.resources.ways[row.way]
        delay_s = row.delay_s / row.count
        rows.append(HotEdge(way.edge_id, row.count, row.count / hours, delay_s, way.free_s, queues.get(way.index, 0)))
    return rows


def _edges_ahead(core: Core, robot_id: RobotId) -> set[EdgeId]:
    if robot_id not in core.live:
        return set()
    return {core.resources.ways[index].edge_id for index in ways_ahead(core, robot_id)}


def _accounts(core: Core, now_s: float) -> list[RobotWaits]:
    lately: dict[RobotId, float] = {}
    for key, each in core.waits.lately(now_s).items():
        lately[key.robot_id] = lately.get(key.robot_id, 0.0) + each.amount
    return [
        RobotWaits(
            robot_id=robot_id,
            total_s=core.waits.total_s(robot_id, now_s),
            waits_count=core.waits.accounts[robot_id].ended_count + (robot_id in core.waits.present),
            wait_s_by_cause=tuple(core.waits.by_cause_of(robot_id, now_s).items()),
            lately_s=lately.get(robot_id, 0.0),
        )
        for robot_id in sorted(core.waits.accounts)
    ]


def _sums(lately: dict[WaitKey, Sum], robot_id: RobotId | None) -> list[WaitSum]:
    """Waiting by cause, subject and robot behind it."""
    sums: dict[tuple[str, str, RobotId | None], WaitSum] = {}
    seen: set[tuple[str, str, RobotId | None, RobotId]] = set()
    for key, each in lately.items():
        if robot_id is not None and key.robot_id != robot_id:
            continue
        what = (key.cause, key.subject, key.behind)
        known = sums.get(what, WaitSum(*what, 0.0, 0, 0))
        sums[what] = replace(
            known,
            wait_s=known.wait_s + each.amount,
            waits_count=known.waits_count + each.count,
            robots_count=known.robots_count + ((*what, key.robot_id) not in seen),
        )
        seen.add((*what, key.robot_id))
    return sorted(sums.values(), key=lambda row: (-row.wait_s, row.cause, row.subject, row.behind or ""))


def _stand_asides(core: Core) -> list[StandAside]:
    rows = []
    for robot_id in sorted(core.live):
        give_way = core.live[robot_id].give_way
        if give_way is not None:
            robot = core.state.robots[robot_id]
            is_there = is_at_end(robot) and robot.base_end.node_id == give_way.node_id
            rows.append(StandAside(robot_id, give_way.node_id, give_way.other, give_way.until_s, is_there))
    return rows
