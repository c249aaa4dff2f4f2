"""The `roundsman` command: everything an operator types."""

from __future__ import annotations


def main() -> None:
    """Run the command that was typed and exit with its status."""
    # Imported here so that `coordinator.cli.exits` and its like cost nothing.
    from coordinator.cli.app import app

    app()
