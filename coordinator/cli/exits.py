"""How a command ends: its exit status, and one line on stderr that says why."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What scripts may rely on; 1 is left to our own bugs."""

    DONE = 0
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4
    CHECK_FAILED = 5
    INTERRUPTED = 130


EXIT_HELP = (
    "Exit status: 0 done; 2 wrong arguments or files; 3 no coordinator answers; 4 refused, nothing done;"
    " 5 a check failed; 130 interrupted."
)


class CommandError(Exception):
    """A command can't go on; its text is what the person reads."""

    status = ExitStatus.USAGE


class UsageError(CommandError):
    """The arguments, or a file they name, are wrong."""


class NotConnectedError(CommandError):
    """No coordinator answers in time, or the port it should listen on is taken."""

    status = ExitStatus.UNREACHABLE


class NotDoneError(CommandError):
    """The coordinator or the person asked said no; nothing was done."""

    status = ExitStatus.REFUSED


class CheckFailedError(CommandError):
    """What was checked isn't good."""

    status = ExitStatus.CHECK_FAILED
