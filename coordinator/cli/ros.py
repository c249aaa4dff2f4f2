"""`roundsman ros`: what ROS 2 must know of an installation made by pip."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from coordinator.cli.exits import CheckFailedError

ros = typer.Typer(help="Roundsman under ROS 2.", no_args_is_help=True)

MARKER = Path("share", "ament_index", "resource_index", "packages", "roundsman")


@ros.callback()
def _group() -> None:
    pass


@ros.command("env")
def print_env() -> None:
    """Print what a shell must export for `ros2 launch roundsman ...`: eval "$(roundsman ros env)"."""
    for line in environment_of(Path(sys.prefix)):
        typer.echo(line)


def environment_of(prefix: Path) -> list[str]:
    """
    Lines for a POSIX shell.

    Raises:
        CheckFailedError: ROS 2 wouldn't find Roundsman below the prefix.
    """
    if not (prefix / MARKER).is_file():
        raise CheckFailedError(
            f"{prefix} has no {MARKER}: ROS 2 finds Roundsman where it was installed with `pip install` (not editable)"
            " or `colcon build`"
        )
    return [
        f'export AMENT_PREFIX_PATH="{prefix}${{AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}}"',
        f'export PATH="{prefix / "bin"}:$PATH"',
    ]
