"""The root command: turns whatever ends a command into one line and an exit status."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from coordinator.cli.exits import CommandError, ExitStatus


class RootGroup(TyperGroup):
    """A group whose `main` never shows a traceback for what a person did."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run a command and exit."""
        try:
            outcome = super().main(args, prog_name or "roundsman", complete_var, False, windows_expand_args, **extra)
        except CommandError as error:
            _end(str(error), error.status)
        except TyperException as error:
            _end(_usage_line(error), ExitStatus.USAGE)
        except typer.Abort:
            # Raised for Ctrl-C and for the end of input at a prompt alike.
            _end("interrupted", ExitStatus.INTERRUPTED)
        except KeyboardInterrupt:
            _end("interrupted", ExitStatus.INTERRUPTED)
        sys.exit(outcome if isinstance(outcome, int) else ExitStatus.DONE)


def _end(text: str, status: ExitStatus) -> NoReturn:
    typer.echo(text, err=True)
    sys.exit(int(status))


def _usage_line(error: TyperException) -> str:
    text = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "roundsman"
    return f"{command}: {text}; try `{command} --help`"
