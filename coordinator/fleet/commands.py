"""Commands to robots: sent until answered, effect once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.model.events import CommandReplied, CommandStatus
from coordinator.model.ids import RobotId
from coordinator.model.messages import Command, CommandKind
from coordinator.model.observation import Severity
from coordinator.model.records import CommandEnded, CommandIssued

if TYPE_CHECKING:
    from coordinator.fleet.core import Core


LATCHES = frozenset({CommandKind.STOP, CommandKind.RESUME, CommandKind.PAUSE})


def issue(core: Core, robot_id: RobotId, kind: CommandKind, *, order_id: str = "", reason: str = "") -> None:
    """Issue a command: sent now, and again until answered. A newer stop or resume voids the older one."""
    robot, live = core.state.robots[robot_id], core.live[robot_id]
    command_id = robot.last_command_id + 1
    if kind in LATCHES:
        for older in [known for known in robot.commands if known.kind in LATCHES]:
            core.record(CommandEnded(robot_id, older.command_id, "superseded"))
    core.record(CommandIssued(robot_id, command_id, kind, order_id, reason))
    live.commands_sent_s[command_id] = core.now_s
    core.send(robot_id, Command(command_id, kind, order_id=order_id, reason=reason))


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
        core.note_alarm(event.robot_id, f"refused_{command.kind.value}", Severity.HIGH, text, event.robot_id)


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
