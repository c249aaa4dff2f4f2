"""`roundsman alarms`: list, ack, shelve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from coordinator.cli.connection import DEFAULT_TIMEOUT_S, call_key, connected, report
from coordinator.cli.listing import Listing
from coordinator.cli.options import DEFAULT_ADDRESS, Coordinator, Json, Key, Timeout, Watch, duration_s
from coordinator.cli.output import ago, until

if TYPE_CHECKING:
    from roundsman.v1.fleet_pb2 import AlarmSummary, FleetState

alarms = typer.Typer(help="List, acknowledge and shelve alarms.", no_args_is_help=True)

AlarmId = Annotated[str, typer.Argument(metavar="ALARM", help="Alarm id.")]
SEVERITIES = ("critical", "high", "medium", "low")


def is_shelved(alarm: AlarmSummary, now_s: float) -> bool:
    """Whether an alarm is hidden for now."""
    return alarm.HasField("shelved_until_s") and alarm.shelved_until_s > now_s


def urgent_first(alarms: list[AlarmSummary]) -> list[AlarmSummary]:
    """Active before settled, unseen before seen, then by severity, newest first."""

    def rank(alarm: AlarmSummary) -> tuple[bool, bool, int, float, str]:
        severity = SEVERITIES.index(alarm.severity) if alarm.severity in SEVERITIES else len(SEVERITIES)
        return (not alarm.is_active, alarm.is_acknowledged, severity, -alarm.raised_s, alarm.alarm_id)

    return sorted(alarms, key=rank)


def _state(alarm: AlarmSummary, now_s: float) -> str:
    active = "active" if alarm.is_active else "cleared"
    seen = f"seen by {alarm.acknowledged_by or '?'}" if alarm.is_acknowledged else "unseen"
    shelved = f", back {until(alarm.shelved_until_s, now_s)}" if is_shelved(alarm, now_s) else ""
    return f"{active}, {seen}{shelved}"


def _row(alarm: AlarmSummary, fleet: FleetState) -> tuple[str, ...]:
    return (
        alarm.alarm_id,
        alarm.severity,
        _state(alarm, fleet.now_s),
        ago(alarm.raised_s, fleet.now_s),
        alarm.text or f"{alarm.subject} {alarm.code}",
    )


def listing(*, with_shelved: bool) -> Listing:
    """Alarms, most urgent first."""
    return Listing(
        columns=("ALARM", "SEVERITY", "STATE", "#RAISED", "TEXT"),
        pick=lambda fleet: urgent_first(
            [item for item in fleet.alarms if with_shelved or not is_shelved(item, fleet.now_s)]
        ),
        row=_row,
        empty="no alarms",
    )


@alarms.command("list")
def list_alarms(
    *,
    everything: Annotated[bool, typer.Option("--all", help="With shelved ones.")] = False,
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    as_json: Json = False,
    watch: Watch = False,
) -> None:
    """List alarms, most urgent first."""
    listing(with_shelved=everything).show(coordinator, timeout_s, as_json=as_json, watch=watch)


@alarms.command("ack")
def acknowledge(
    *,
    alarm_id: AlarmId,
    comment: Annotated[str, typer.Option("--comment", help="Goes into the audit.")] = "",
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Say that you have seen an alarm."""
    with connected(coordinator, timeout_s) as client:
        result = client.acknowledge_alarm(alarm_id, key=call_key(key), comment=comment)
        report(result, as_json=as_json)


@alarms.command("shelve")
def shelve(
    *,
    alarm_id: AlarmId,
    duration: Annotated[str, typer.Option("--for", metavar="DURATION", help="For how long, at most 7d.")],
    comment: Annotated[str, typer.Option("--comment", help="Why; goes into the audit.")],
    coordinator: Coordinator = DEFAULT_ADDRESS,
    timeout_s: Timeout = DEFAULT_TIMEOUT_S,
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Hide an alarm for a while; it comes back by itself."""
    for_s = duration_s(duration, option="--for")
    with connected(coordinator, timeout_s) as client:
        result = client.shelve_alarm(alarm_id, for_s=for_s, comment=comment, key=call_key(key))
        report(result, as_json=as_json)
