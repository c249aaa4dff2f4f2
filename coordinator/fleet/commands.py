"""Commands to robots: sent until answered, effect once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.model.events import CommandReplied, CommandStatus
from coordinator.model.messages import Command
from coordinator.model.observation import Severity
from coordinator.model.records import CommandEnded

if TYPE_CHECKING:
    from coordinator.fleet.core import Core


def replied(core: Core, event: CommandReplied) -> None:
    """A robot answered a command."""
    live = core.live.get(event.robot_id)
    if live is None or live.connection != event.connection:
        return
    robot = core.state.robots[event.robot_id]
    command = next((known for known in robot.commands if known.command_id == event.command_id), None)
    if command is None:
        return
    core.record(CommandEnded(event.robot_id, event.command_id, event.status.value))
    if event.status is CommandStatus.REFUSED:
        text = f"robot {event.robot_id} refuses {command.kind.value}: {event.text}"
        core.raise_alarm(event.robot_id, f"refused_{command.kind.value}", Severity.HIGH, text, event.robot_id)


def resend(core: Core) -> None:
    """Send again what wasn't answered in time."""
    for robot_id in sorted(core.live):
        live, robot = core.live[robot_id], core.state.robots[robot_id]
        if live.connection is None:
            continue
        for command in robot.commands:
            command_id = command.command_id
            if core.now_s - live.commands_sent_s.get(command_id, -1e18) >= core.settings.resend_after_s:
                live.commands_sent_s[command_id] = core.now_s
                core.send(robot_id, Command(command_id, command.kind, command.order_id, reason=command.reason))
        is_unanswered = bool(robot.steps) and live.accepted_seq < robot.base_end.seq
        if is_unanswered and core.now_s - live.sent_s >= core.settings.resend_after_s:
            live.is_route_due = True
