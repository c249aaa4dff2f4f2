"""`roundsman missions`: list, show, create, pause, resume, cancel, rerun-failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from coordinator.cli.connection import DEFAULT_TIMEOUT_S, ask, call_key, connected, report
from coordinator.cli.exits import CheckFailedError, NotConnectedError, NotDoneError
from coordinator.cli.listing import WATCH_PERIOD_S, Listing
from coordinator.cli.options import (
    DEFAULT_ADDRESS,
    Coordinator,
    Json,
    Key,
    Reason,
    Timeout,
    Watch,
    Yes,
    duration_s,
)
from coordinator.cli.output import ago, print_json, show, table, until

if TYPE_CHECKING:
    from coordinator.client import FleetClient
    from roundsman.v1.fleet_pb2 import FleetState, MissionSummary

missions = typer.Typer(help="List, create and change missions.", no_args_is_help=True)

MissionId = Annotated[str, typer.Argument(metavar="MISSION", help="Mission id.")]
ENDED = frozenset({"succeeded", "partly_done", "failed", "cancelled"})


def _row(mission: MissionSummary, fleet: FleetState) -> tuple[str, ...]:
    done_count = sum(point.state == "done" for point in mission.points)
    deadline_s = mission.deadline_s if mission.HasField("deadline_s") else None
    return (
        mission.mission_id,
        mission.state,
        f"{done_count}/{len(mission.points)}",
        str(mission.priority),
        ago(mission.created_s, fleet.now_s),
        until(deadline_s, fleet.now_s) if mission.state not in ENDED else "-",
        mission.name or "-",
        mission.reason or "-",
    )


def listing(state: str = "") -> Listing:
    """All missions, or those in one state."""
    return Listing(
        columns=("MISSION", "STATE", "#DONE", "#PRIORITY", "#AGE", "#DEADLINE", "NAME", "REASON"),
        pick=lambda fleet: [item for item in fleet.missions if state in {"", item.state}],
        row=_row,
        empty="no missions" if not state else f"no missions are {state}",
    )


@missions.command("list")
def list_missions(
    *,
    state: Annotated[str, typer.Option("--state", help="Only those in this state, such as running.")] = "",
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    as_json: Json = False,
    watch: Watch = False,
) -> None:
    """List missions: state, points done, priority, age, deadline."""
    listing(state).show(coordinator, timeout_s, as_json=as_json, watch=watch)


@missions.command("show")
def show_mission(
    *,
    mission_id: MissionId,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    as_json: Json = False,
) -> None:
    """Show one mission point by point."""
    with connected(coordinator, timeout_s) as client:
        fleet = client.fleet()
        mission = _find(fleet, mission_id)
        if as_json:
            print_json(_data(mission))
            return
        head = listing()
        show(table(head.columns, [_row(mission, fleet)]))
        typer.echo()
        rows = [
            (point.point_id, point.state, str(point.attempt_count), point.reason or "-") for point in mission.points
        ]
        show(table(("POINT", "STATE", "#ATTEMPTS", "REASON"), rows))


@missions.command("create")
def create_mission(
    *,
    point_ids: Annotated[list[str], typer.Argument(metavar="POINT...", help="Inspection points to visit once.")],
    name: Annotated[str, typer.Option("--name", help="For people.")] = "",
    priority: Annotated[int, typer.Option("--priority", min=0, max=100, help="Higher goes first.")] = 50,
    within: Annotated[str, typer.Option("--within", metavar="DURATION", help="Deadline from now, as 45m.")] = "",
    mission_id: Annotated[str, typer.Option("--id", help="Id to give it; else the coordinator chooses.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait for its end; fail unless it succeeded.")] = False,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Send the fleet to inspection points once, besides the standing patrol."""
    within_s = duration_s(within, option="--within") if within else None
    with connected(coordinator, timeout_s) as client:
        deadline_s = None if within_s is None else client.fleet().now_s + within_s
        result = client.create_mission(
            point_ids,
            key=call_key(key),
            name=name,
            priority=priority,
            deadline_s=deadline_s,
            mission_id=mission_id,
        )
        if not wait:
            report(result, as_json=as_json)
            return
        mission = _wait_for_end(client, result.subject)
        if as_json:
            print_json(_data(mission))
        else:
            typer.echo(f"{mission.mission_id}: {mission.state} {mission.reason}".rstrip())
        if mission.state != "succeeded":
            raise CheckFailedError(f"mission {mission.mission_id} {mission.state}")


@missions.command("pause")
def pause_mission(
    *,
    mission_id: MissionId,
    reason: Reason = "",
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Start no more points of a mission until it is resumed."""
    _change(mission_id, "pause", reason, coordinator, timeout_s, key=key, as_json=as_json)


@missions.command("resume")
def resume_mission(
    *,
    mission_id: MissionId,
    reason: Reason = "",
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Go on with a paused mission."""
    _change(mission_id, "resume", reason, coordinator, timeout_s, key=key, as_json=as_json)


@missions.command("cancel")
def cancel_mission(
    *,
    mission_id: MissionId,
    reason: Reason,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """End a mission; what a robot has already been released to do is still done."""
    ask(f"Cancel mission {mission_id}?", yes=yes)
    _change(mission_id, "cancel", reason, coordinator, timeout_s, key=key, as_json=as_json)


@missions.command("rerun-failed")
def rerun_failed(
    *,
    mission_id: MissionId,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Create a new mission of the points of an ended one that aren't done."""
    _change(mission_id, "rerun_failed", "", coordinator, timeout_s, key=key, as_json=as_json)


def _change(
    mission_id: str, change: str, reason: str, coordinator: str, timeout_s: float, *, key: str, as_json: bool
) -> None:
    with connected(coordinator, timeout_s) as client:
        report(client.change_mission(mission_id, change, key=call_key(key), reason=reason), as_json=as_json)


def _wait_for_end(client: FleetClient, mission_id: str) -> MissionSummary:
    for fleet in client.watch(period_s=WATCH_PERIOD_S):
        mission = _find(fleet, mission_id)
        if mission.state in ENDED:
            return mission
    raise NotConnectedError(f"the coordinator ended the watch before mission {mission_id} ended")


def _find(fleet: FleetState, mission_id: str) -> MissionSummary:
    for mission in fleet.missions:
        if mission.mission_id == mission_id:
            return mission
    raise NotDoneError(f"refused: no mission {mission_id!r}; see `roundsman missions list`")


def _data(mission: MissionSummary) -> dict[str, Any]:
    from coordinator.client import as_data

    return as_data(mission)
