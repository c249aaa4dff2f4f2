"""`roundsman robots`: list, show, stop, resume, place, remove; and stopping all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from coordinator.cli.connection import DEFAULT_TIMEOUT_S, ask, call_key, connected, report
from coordinator.cli.exits import NotDoneError, UsageError
from coordinator.cli.listing import Listing
from coordinator.cli.options import DEFAULT_ADDRESS, Coordinator, Json, Key, Reason, Timeout, Watch, Yes
from coordinator.cli.output import ago, percent, print_json, print_table, show, table, until

if TYPE_CHECKING:
    from coordinator.client import FleetClient
    from roundsman.v1.fleet_pb2 import CallResult, FleetState, RobotSummary, StopEta

robots = typer.Typer(help="List, show, stop, resume, place and remove robots.", no_args_is_help=True)

RobotIds = Annotated[list[str], typer.Argument(metavar="ROBOT...", help="Robot ids.")]
RobotId = Annotated[str, typer.Argument(metavar="ROBOT", help="Robot id.")]
NEXT_COUNT = 3
STOP_COLUMNS = ("STOP", "NODE", "MISSION", "RELEASED", "#P50", "#P90")


def wait_text(robot: RobotSummary, now_s: float) -> str:
    """Why a robot waits: the cause, what for, who holds it, and how long already."""
    if not robot.HasField("wait"):
        return "-"
    wait = robot.wait
    behind = f" held by {wait.behind_robot_id}" if wait.behind_robot_id else ""
    return f"{wait.cause} {wait.subject}".strip() + f"{behind}, {ago(wait.since_s, now_s)}"


def activity_text(robot: RobotSummary) -> str:
    """What a robot does, by its own account; a latched stop is shown before anything else."""
    from coordinator.client import as_data

    activity = str(as_data(robot)["activity"])
    if robot.is_stopped and activity != "stopped":
        return f"{activity}, told to stop"
    return "-" if activity == "unspecified" else activity


def robot_row(robot: RobotSummary, fleet: FleetState) -> tuple[str, ...]:
    """The cells of one robot."""
    from coordinator.client import as_data

    next_ids = list(robot.next_point_ids)
    more = f" +{len(next_ids) - NEXT_COUNT}" if len(next_ids) > NEXT_COUNT else ""
    return (
        robot.robot_id,
        str(as_data(robot)["link"]),
        activity_text(robot),
        robot.last_node_id or "-",
        percent(robot.charge_ratio),
        (" ".join(next_ids[:NEXT_COUNT]) + more) or "-",
        wait_text(robot, fleet.now_s),
        ago(robot.heard_s or None, fleet.now_s),
    )


ROBOTS = Listing(
    columns=("ROBOT", "LINK", "STATE", "NODE", "#CHARGE", "NEXT POINTS", "WAITS FOR", "#HEARD"),
    pick=lambda fleet: fleet.robots,
    row=robot_row,
    empty="no robot has said hello yet",
)


@robots.command("list")
def list_robots(
    *,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    as_json: Json = False,
    watch: Watch = False,
) -> None:
    """List robots: link, state, last confirmed node, charge, next points, what they wait for."""
    ROBOTS.show(coordinator, timeout_s, as_json=as_json, watch=watch)


@robots.command("show")
def show_robot(
    *,
    robot_id: RobotId,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    as_json: Json = False,
) -> None:
    """Show one robot with all its stops, and when it will be there: half of arrivals before p50, 9 of 10 before p90."""
    from coordinator.client import as_data

    with connected(coordinator, timeout_s) as client:
        fleet = client.fleet()
        robot = _find(fleet, robot_id)
        if as_json:
            print_json(as_data(robot))
            return
        show(table(ROBOTS.columns, [robot_row(robot, fleet)]))
        typer.echo()
        print_table(STOP_COLUMNS, [_stop_row(stop, fleet.now_s) for stop in robot.stops], empty="no stop ahead")


@robots.command("stop")
def stop_robots(
    *,
    robot_ids: RobotIds,
    reason: Reason = "",
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Brake and latch the robots named. Not an emergency stop. Never asks."""
    with connected(coordinator, timeout_s) as client:
        report(client.stop(robot_ids, reason=reason, key=call_key(key)), as_json=as_json)


@robots.command("resume")
def resume_robots(
    *,
    robot_ids: RobotIds,
    reason: Reason,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Drop the latch of stop of the robots named, so that they drive on."""
    ask(f"Let {', '.join(robot_ids)} drive again?", yes=yes)
    with connected(coordinator, timeout_s) as client:
        report(client.resume(robot_ids, reason=reason, key=call_key(key)), as_json=as_json)


@robots.command("place")
def place_robot(
    *,
    robot_id: RobotId,
    node_id: Annotated[str, typer.Argument(metavar="NODE", help="Where the robot stands.")],
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Confirm, having looked, that a robot stands on a node; replaces all its reservations. Asks first."""
    _in_two_steps(
        lambda client, key, token: client.place(robot_id, node_id, key=key, confirm_token=token),
        coordinator,
        timeout_s,
        key=key,
        yes=yes,
        as_json=as_json,
    )


@robots.command("remove")
def remove_robot(
    *,
    robot_id: RobotId,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Confirm, having looked, that a robot is off the floor; frees its reservations. Asks first."""
    _in_two_steps(
        lambda client, key, token: client.remove(robot_id, key=key, confirm_token=token),
        coordinator,
        timeout_s,
        key=key,
        yes=yes,
        as_json=as_json,
    )


def _in_two_steps(
    call: Callable[[FleetClient, str, str], CallResult],
    coordinator: str,
    timeout_s: float,
    *,
    key: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Make a call, let a person confirm what the coordinator asks back, and make it again with the token."""
    with connected(coordinator, timeout_s) as client:
        key = call_key(key)
        result = call(client, _step_key(key, 1), "")
        if result.confirm_token:
            ask(result.text, yes=yes)
            result = call(client, _step_key(key, 2), result.confirm_token)
        report(result, as_json=as_json)


def _find(fleet: FleetState, robot_id: str) -> RobotSummary:
    for robot in fleet.robots:
        if robot.robot_id == robot_id:
            return robot
    raise NotDoneError(f"refused: no robot {robot_id!r}; see `roundsman robots list`")


def _stop_row(stop: StopEta, now_s: float) -> tuple[str, ...]:
    return (
        stop.point_id or "charging",
        stop.node_id,
        stop.mission_id or "-",
        "yes" if stop.is_released else "no",
        until(stop.p50_s if stop.HasField("p50_s") else None, now_s),
        until(stop.p90_s if stop.HasField("p90_s") else None, now_s),
    )


def _step_key(key: str, step: int) -> str:
    """A key for each of the two steps: their bodies differ, and a key belongs to one body."""
    if len(key) > 62:
        raise UsageError(f"--key {key!r} must have at most 62 characters: each of the two steps adds two")
    return f"{key}.{step}"


def stop_all(
    *,
    reason: Reason = "",
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Brake and latch all robots. Not an emergency stop. Never asks."""
    with connected(coordinator, timeout_s) as client:
        report(client.stop([], reason=reason, key=call_key(key)), as_json=as_json)


def resume_all(
    *,
    reason: Reason,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Drop the latch of stop of all robots, so that they drive on."""
    ask("Let all robots drive again?", yes=yes)
    with connected(coordinator, timeout_s) as client:
        report(client.resume([], reason=reason, key=call_key(key)), as_json=as_json)
