"""`roundsman traffic`: why robots wait, where they queue, and where time is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coordinator.cli.connection import DEFAULT_TIMEOUT_S, connected
from coordinator.cli.listing import WATCH_PERIOD_S, follow
from coordinator.cli.options import DEFAULT_ADDRESS, Coordinator, Json, Timeout, Watch
from coordinator.cli.output import ago, instant, print_json, show, span, table, until

if TYPE_CHECKING:
    from rich.console import RenderableType

    from roundsman.v1.fleet_pb2 import TrafficState, WaitingRobot

    Rows = list[tuple[str, ...]]

MAX_COUNT = 1000
NAMES_COUNT = 4


def traffic_data(traffic: TrafficState) -> dict[str, Any]:
    """What scripts read of the traffic."""
    from coordinator.client import as_data

    return as_data(traffic)


def traffic_tables(traffic: TrafficState, limit: int) -> RenderableType:
    """What people read of the traffic: a table for each question that has an answer; `limit` rows of robots."""
    from rich.console import Group

    lately = f"in the last {span(traffic.window_s)}"
    parts: list[RenderableType] = [_summary(traffic, lately)]
    for title, columns, rows in (
        ("Waiting now", ("ROBOT", "CAUSE", "FOR", "BEHIND", "#SINCE", "TO BLAME"), _waiting(traffic)),
        ("Queues", ("PLACE", "ROBOTS IN ORDER", "HELD BY"), _queues(traffic)),
        ("Who blocks whom", ("ROBOT", "DOES", "BLOCKS", "#HELD UP", "#SINCE"), _blockers(traffic)),
        ("Making way", ("ROBOT", "AT", "FOR", "ENDS"), _stand_asides(traffic)),
        (f"Hot edges {lately}", ("EDGE", "#PER HOUR", "#MEAN DELAY", "#FREE", "#QUEUE"), _hot_edges(traffic)),
        (f"Waited for {lately}", ("CAUSE", "FOR", "BEHIND", "#TIME", "#WAITS", "#ROBOTS"), _sums(traffic)),
        ("Waited most since the start", ("ROBOT", "#TIME", "#LATELY", "#WAITS", "CAUSES"), _accounts(traffic, limit)),
    ):
        if rows:
            parts += ["", table(columns, rows, title=title)]
    return Group(*parts)


def _summary(traffic: TrafficState, lately: str) -> RenderableType:
    from rich.table import Table

    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="bold")
    made.add_column()
    made.add_row("at", instant(traffic.now_s))
    made.add_row("waiting", _counted(len(traffic.waiting)))
    made.add_row("waited for", _listed(traffic.wait_s_by_cause, span))
    replans = _listed(traffic.replans_lately_by_reason, str)
    made.add_row("re-planned", f"{lately}: {replans}; since the start: {_listed(traffic.replans_by_reason, str)}")
    if traffic.HasField("claim"):
        claim = traffic.claim
        text = f"{claim.robot_id} into {_names(claim.resources)}, for {span(claim.until_s - traffic.now_s)}"
        made.add_row("comes first", text)
    return made


def _waiting(traffic: TrafficState) -> Rows:
    return [
        (
            row.robot_id,
            row.cause,
            row.subject or "-",
            _names(row.behind_robot_ids),
            ago(row.since_s, traffic.now_s),
            _blamed(row),
        )
        for row in traffic.waiting
    ]


def _blamed(row: WaitingRobot) -> str:
    if row.circle_robot_ids:
        return "a circle: " + " > ".join([*row.circle_robot_ids, row.circle_robot_ids[0]])
    return f"{row.root_robot_id} ({row.root_state})" if row.root_robot_id else "-"


def _queues(traffic: TrafficState) -> Rows:
    return [
        (
            row.name,
            ", ".join(f"{each.robot_id} {ago(each.since_s, traffic.now_s)}" for each in row.robots),
            _names(row.holder_robot_ids),
        )
        for row in traffic.queues
    ]


def _blockers(traffic: TrafficState) -> Rows:
    return [
        (
            row.robot_id,
            row.state,
            _names(row.blocked_robot_ids),
            str(row.held_up_count),
            ago(row.since_s, traffic.now_s),
        )
        for row in traffic.blockers
    ]


def _stand_asides(traffic: TrafficState) -> Rows:
    return [
        (
            row.robot_id,
            row.node_id if row.is_there else f"on its way to {row.node_id}",
            row.behind_robot_id,
            until(row.until_s, traffic.now_s),
        )
        for row in traffic.stand_asides
    ]


def _hot_edges(traffic: TrafficState) -> Rows:
    return [
        (
            row.edge_id,
            f"{row.passages_per_h:.1f}",
            f"{row.mean_delay_s:.1f} s",
            f"{row.free_s:.1f} s",
            str(row.queue_count or "-"),
        )
        for row in traffic.hot_edges
    ]


def _sums(traffic: TrafficState) -> Rows:
    return [
        (
            row.cause,
            row.subject or "-",
            row.behind_robot_id or "-",
            span(row.wait_s),
            str(row.waits_count),
            str(row.robots_count),
        )
        for row in traffic.wait_sums
    ]


def _accounts(traffic: TrafficState, limit: int) -> Rows:
    robots = sorted(traffic.robots, key=lambda row: (-row.total_s, row.robot_id))
    return [
        (
            row.robot_id,
            span(row.total_s),
            span(row.lately_s),
            str(row.waits_count),
            _listed(row.wait_s_by_cause, span),
        )
        for row in robots[:limit]
    ]


def _listed(amounts: Any, text: Callable[[Any], str]) -> str:
    """Names with their amounts, the largest first."""
    rows = sorted(amounts.items(), key=lambda row: (-row[1], row[0]))
    return ", ".join(f"{name.replace('_', ' ')} {text(amount)}" for name, amount in rows) or "nothing"


def _counted(count: int) -> str:
    return "1 robot" if count == 1 else f"{count or 'no'} robots"


def _names(names: Iterable[str]) -> str:
    known = list(names)
    more = f" +{len(known) - NAMES_COUNT}" if len(known) > NAMES_COUNT else ""
    return (", ".join(known[:NAMES_COUNT]) + more) or "-"


def traffic(
    *,
    robot_id: Annotated[str, typer.Option("--robot", metavar="ROBOT", help="Only what has to do with it.")] = "",
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=MAX_COUNT, help="At most so many rows of what may be long.")
    ] = 10,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    as_json: Json = False,
    watch: Watch = False,
) -> None:
    """Say why robots wait: for what, behind whom, since when; queues, hot edges, who blocks whom."""
    with connected(coordinator, timeout_s) as client:
        if watch:
            pictures = client.watch_traffic(period_s=WATCH_PERIOD_S, robot_id=robot_id, limit=limit)
            render = partial(traffic_tables, limit=limit)
            follow(pictures, coordinator, as_json=as_json, data=traffic_data, render=render)
        state = client.traffic(robot_id=robot_id, limit=limit)
        if as_json:
            print_json(traffic_data(state))
        else:
            show(traffic_tables(state, limit))
