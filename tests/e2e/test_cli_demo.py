"""The demo as a newcomer runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from coordinator.client import Address, FleetClient, UnreachableError

ROOT = Path(__file__).parents[2]
WITHIN_S = 90.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _command(port: int, *arguments: str) -> list[str]:
    ports = ["--listen", f"127.0.0.1:{port}", "--bulk-port", str(_free_port()), "--http", f"127.0.0.1:{_free_port()}"]
    return [sys.executable, "-m", "coordinator.cli", "demo", "--robots", "4", "--headless", *ports, *arguments]


def test_the_demo_inspects_and_loses_nothing():
    """Within a minute robots have inspected points, every result is stored, and the demo says so."""
    result = subprocess.run(
        _command(_free_port(), "--duration", "55", "--seed", "2"),
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * WITHIN_S,
        cwd=ROOT,
    )

    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["is_good"]
    assert summary["robots"]["by_link"] == {"live": 4}
    assert summary["totals"]["observations_stored_count"] > 0
    assert summary["totals"]["observations_missing_count"] == 0


def _listen_to_interrupts() -> None:
    """What a shell starts in the background ignores SIGINT, and so would all that this test starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _watch_to_its_end(client: FleetClient) -> None:
    """A coordinator that goes down ends its streams; only who asks again learns that it's gone."""
    while True:
        for _ in client.watch(period_s=0.2):
            pass


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_an_interrupted_demo_leaves_nothing_behind(number: signal.Signals, status: int):
    """However a demo ends, its coordinator ends too, and the port is free again."""
    port = _free_port()
    with ExitStack() as stack:
        demo = stack.enter_context(
            subprocess.Popen(
                _command(port, "--duration", "600"),
                stderr=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                preexec_fn=_listen_to_interrupts,
            )
        )
        stack.callback(demo.kill)
        client = stack.enter_context(FleetClient(Address("127.0.0.1", port), principal="test", timeout_s=10))
        assert client.wait_until_ready(timeout_s=WITHIN_S)
        assert any(fleet.robots for fleet in client.watch(period_s=0.2))

        os.kill(demo.pid, number)
        demo.wait(WITHIN_S)
        with pytest.raises(UnreachableError):
            _watch_to_its_end(client)

    assert demo.returncode == status
