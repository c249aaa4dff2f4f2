"""What a person who mistypes reads: one line, and an exit status that scripts can rely on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def _run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[3])
    environment = {key: value for key, value in os.environ.items() if key != "ROUNDSMAN_COORDINATOR"}
    return subprocess.run(
        [sys.executable, "-m", "coordinator.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
        cwd=cwd or root,
        env=environment | {"PYTHONPATH": f"{root}:{root}/gen"},
    )


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["robots", "lst"], 2, "No such command 'lst'"),
        (["robots", "list", "--jsn"], 2, "No such option"),
        (["robots", "resume", "r1"], 2, "Missing option '--reason'"),
        (["robots", "stop"], 2, "Missing argument"),
        (["missions", "create", "P-1", "--priority", "200"], 2, "--priority"),
        (["missions", "create", "P-1", "--within", "soon"], 2, "--within 'soon' must be a duration"),
        (["edges", "close", "e1", "--reason", "x", "--for", "0s"], 2, "must be a duration above 0"),
        (["robots", "list", "-c", "localhost"], 2, "must be HOST:PORT"),
        (["robots", "list", "-c", "localhost:http"], 2, "must be a number in [0, 65535]"),
        (["map", "show", "nowhere"], 2, "neither a file nor a known plant"),
        (["map", "show", "demo", "--level", "attic"], 2, "--level 'attic'"),
        (["map", "show", "demo", "--out", "demo.gif"], 2, "must end in .svg or .png"),
        (["journal", "verify", "nowhere"], 2, "no journal at nowhere"),
        (["serve", "--plant", "nowhere"], 2, "neither a file nor a known plant"),
        (["demo", "--plant", "nowhere"], 2, "neither a file nor a known plant"),
    ],
)
def test_a_wrong_argument_gives_one_line(type_command, arguments, status, says):
    """Nothing but one line on stderr, which names the argument and the rule."""
    result = type_command(*arguments)

    assert result.exit_code == status
    assert len(result.stderr.splitlines()) == 1
    assert says in result.stderr
    assert result.stdout == ""


def test_the_installed_command_ends_as_documented():
    """Also as a process of its own, a mistyped command leaves one line and status 2."""
    result = _run("robots", "list", "--jsn")

    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "roundsman robots list --help" in result.stderr


@pytest.mark.parametrize("command", ["robots list", "traffic", "traffic --watch"])
def test_no_coordinator_is_said_with_what_to_do(command):
    """Where nobody listens, the operator learns how to start a coordinator."""
    with socket.socket() as taken:
        # Bound but not listening: nobody answers, and nobody else gets the port meanwhile.
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        result = _run(*command.split(), "-c", f"127.0.0.1:{port}")

    assert result.returncode == 3
    assert result.stderr == f"no coordinator at 127.0.0.1:{port}: start one with `roundsman serve`\n"


def test_a_taken_port_is_one_line(type_command):
    """A second coordinator on a port says so, instead of sharing it."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = type_command("demo", "--listen", f"127.0.0.1:{port}", "--headless", "--duration", "1")

    assert result.exit_code == 3
    assert result.stderr.startswith(f"can't listen on 127.0.0.1:{port}: ")
    assert len(result.stderr.splitlines()) == 1


def test_help_comes_without_the_slow_libraries():
    """Asking for help doesn't load gRPC, numpy or the like, so it answers at once."""
    code = (
        "import sys; import coordinator.cli.app;"
        "print(sorted({'grpc', 'numpy', 'networkx', 'pydantic', 'rich', 'sqlite3'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[3]
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root, timeout=60
    )

    assert result.stdout.strip() == "[]"


def test_help_documents_the_exit_status(type_command):
    """Whoever writes scripts finds the exit status in the help."""
    result = type_command("--help")

    assert result.exit_code == 0
    assert "Exit status: 0 done; 2 wrong" in result.stdout


def test_version_is_that_of_the_package(type_command):
    """The version can be asked for."""
    result = type_command("--version")

    assert result.exit_code == 0
    assert result.stdout.startswith("roundsman 0.")
