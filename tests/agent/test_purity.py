"""The agent decides by tables, without a clock and a network."""

from __future__ import annotations

import ast
from pathlib import Path

from agent.states import LATCHES, LINKS, Latch, LatchSignal, LinkSignal, LinkState

PURE = [
    "body",
    "facts",
    "outputs",
    "states",
    "coordinator_clock",
    "handshake",
    "held_route",
    "task_log",
    "reports",
    "session",
    "driver",
    "spool",
    "uploader_core",
]


def test_every_state_knows_what_may_happen_in_it():
    """The machines have no hole where a robot could fall in."""
    assert set(LATCHES) == set(Latch)
    assert all(set(row) == set(LatchSignal) for row in LATCHES.values())
    assert set(LINKS) == set(LinkState)
    assert all({LinkSignal.CONNECTED, LinkSignal.DISCONNECTED} <= set(row) for row in LINKS.values())
    assert [state for state in LINKS if LinkSignal.WELCOMED in LINKS[state]] == [LinkState.GREETING]


def test_decisions_of_the_agent_need_no_clock_and_no_network():
    """What runs in the simulator is what runs on the robot."""
    forbidden = {"asyncio", "time", "datetime", "random", "logging", "socket", "grpc", "sqlite3", "threading"}
    for name in PURE:
        path = Path(__file__).parents[2] / "agent" / f"{name}.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert not forbidden & {alias.name.split(".")[0] for alias in node.names}, name
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in forbidden, name
                assert not (node.module or "").endswith("_grpc"), name
